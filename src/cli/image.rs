//! `pulsecam image`: send pictures.

use std::ffi::OsString;

use super::{
    Error,
    delivery::DeliveryArgs,
    host::{HostOption, Operands},
    link::Reach,
    values,
};
use crate::{app::image, link::Role};

const EXAMPLES: &str = "\
Examples:
  pulsecam image desk.local plan.jpg
  pulsecam image desk.local *.png --quality 90
  pulsecam image --host desk.local *.png
  pulsecam image desk1.lan,desk2.lan plan.jpg     to the first relay that answers
  pulsecam image desk.local scan.png --size 1920x1080
  scrot - | pulsecam image desk.local -

With --host or PULSECAM_HOST, all arguments are files.

Pictures arrive upright, opaque (transparent parts become white) and as JPEG. Pictures larger than
viewers decode (16384 pixels per side, 40 megapixels) are scaled down. Films, HEIC, TIFF, SVG and
PDF are rejected with the command that converts them.

All files are checked before the first is sent. The exit status is 0 only after the relay has
acknowledged every picture. A picture that the relay rejects is reported, the others are sent, and
the exit status is 1.";

/// Send pictures: an upright JPEG that every viewer can show as it is, all others converted to JPEG
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    override_usage = "pulsecam image [OPTIONS] HOST[:PORT],... FILE...\n       pulsecam image [OPTIONS] --host HOST[:PORT],... FILE..."
)]
pub(super) struct Args {
    /// The relay, unless --host names it; then the pictures, with - for standard input
    #[arg(value_name = "HOST[:PORT],...] [FILE")]
    words: Vec<OsString>,
    #[command(flatten)]
    host: HostOption,
    #[command(flatten)]
    reach: Reach,
    /// JPEG quality from 1 to 100, for pictures that are converted
    #[arg(long, value_name = "Q", default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: u8,
    /// Scale pictures down to fit into this size in pixels
    #[arg(long, value_name = "WxH", value_parser = values::picture_size, env = "PULSECAM_IMAGE_SIZE")]
    size: Option<(usize, usize)>,
    #[command(flatten)]
    sender: DeliveryArgs,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let (relay, files) = args.host.or_first_of(Operands::Files, &args.words, &[])?;
    if files.is_empty() {
        return Err(Error::Usage("no picture is named: add FILE after the relay".into()));
    }
    let target = args.reach.target(&relay, Role::Sender)?;
    let sender = args.sender.options(target.advice);
    image::run(&image::Options { target, files, quality: args.quality, size: args.size, sender })
}

//! `pulsecam image`: send pictures.

use std::ffi::OsString;

use super::{
    Error,
    delivery::DeliveryArgs,
    host::{HostOption, Words},
    link::Reach,
    values,
};
use crate::{app::image, link::Role};

const EXAMPLES: &str = "\
Examples:
  pulsecam image desk.local plan.jpg
  pulsecam image desk.local *.png --quality 90
  pulsecam image --host desk.local *.png
  pulsecam image desk.local scan.png --size 1920x1080
  scrot - | pulsecam image desk.local -

With --host or PULSECAM_HOST, every argument is a file.

Pictures arrive upright, opaque (transparent parts become white) and as JPEG. One that is larger than viewers decode (16384 pixels a
side, 40 million in all) is scaled down. A film, HEIC, TIFF, SVG or PDF is refused with the command that converts it.

Exits with 0 only once the relay has taken all of them. All files are checked before the first is sent. A picture that the relay
does not take is reported, the others are sent, and the exit status is 1.";

/// Send pictures: JPEG as it is, if it is upright and of a kind that each viewer shows; else, and PNG, GIF, WebP and BMP, as JPEG.
///
/// Exits with 0 only once the relay has taken every byte: it has answered a heartbeat that was sent after them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    override_usage = "pulsecam image [OPTIONS] HOST[:PORT] FILE...\n       pulsecam image [OPTIONS] --host HOST[:PORT] FILE..."
)]
pub(super) struct Args {
    /// The relay unless --host names it, then the pictures; - is standard input
    #[arg(value_name = "HOST[:PORT]] [FILE")]
    words: Vec<OsString>,
    #[command(flatten)]
    host: HostOption,
    #[command(flatten)]
    reach: Reach,
    /// JPEG quality from 1 to 100, for pictures that are no JPEG
    #[arg(long, value_name = "Q", default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: u8,
    /// Scale pictures down to fit into this size
    #[arg(long, value_name = "WxH", value_parser = values::picture_size, env = "PULSECAM_IMAGE_SIZE")]
    size: Option<(usize, usize)>,
    #[command(flatten)]
    sender: DeliveryArgs,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let (relay, files) = args.host.or_first_of(Words::Files, &args.words, &[])?;
    if files.is_empty() {
        return Err(Error::Usage("no picture is named: give FILE after the relay".into()));
    }
    let target = args.reach.target(&relay, Role::Sender)?;
    let sender = args.sender.options(target.advice);
    image::run(&image::Options { target, files, quality: args.quality, size: args.size, sender })
}

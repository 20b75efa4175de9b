//! `pulsecam image`: send pictures, and say whether they arrived.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use super::{
    Error,
    link::{self, LinkArgs},
    runtime,
    text::{Delivered, Sender},
};
use crate::{
    jpeg::{Encoder, MAX_DIMENSION, header},
    link::{Role, connect},
    picture::{Picture, Pixels},
    wire::Message,
};

const EXAMPLES: &str = "\
Examples:
  pulsecam image desk.local plan.jpg
  pulsecam image desk.local *.png --quality 90";

/// Memory that decoding one picture may take: the largest that is allowed, at eight bytes a pixel.
const DECODE_LIMIT: u64 = 8 * crate::jpeg::MAX_PIXELS as u64;

/// Send pictures: JPEG as it is; PNG, GIF, WebP and BMP become JPEG.
///
/// Ends with 0 only once the relay has taken every byte: it has answered a heartbeat that was sent after them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    link: LinkArgs,
    /// The pictures
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// JPEG quality from 1 to 100, for pictures that are no JPEG
    #[arg(long, value_name = "Q", default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: u8,
    #[command(flatten)]
    sender: Sender,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    // All files are read before the first is sent: a wrong name must not leave half of them delivered.
    let mut encoder = Encoder::new(args.quality)?;
    let jpegs = args.files.iter().map(|file| jpeg(file, &mut encoder)).collect::<Result<Vec<_>, _>>()?;
    runtime(1)?.block_on(async {
        let (link, inbox) = connect(args.link.config(Role::Sender)?).await?;
        let reporting = link::report(&link, args.sender.output());
        link::discard(inbox);
        let run = fastrand::u64(..);
        for ((file, jpeg), count) in args.files.iter().zip(jpegs).zip(0..) {
            link.send(Message::image(jpeg, &args.sender.origin(run, count))?)?;
            args.sender.delivered(&link, &format!("the picture {}", file.display())).await?;
        }
        drop(reporting);
        args.sender.output().last(&Delivered { messages: args.files.len() as u64 }, None);
        Ok(())
    })
}

/// The file as it is where it is a JPEG, else its pixels as one.
fn jpeg(path: &Path, encoder: &mut Encoder) -> Result<Bytes, Error> {
    let wrong = |reason: String| Error::File { path: path.to_owned(), reason };
    let bytes = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        header(&bytes).map_err(|error| wrong(error.to_string()))?;
        return Ok(bytes.into());
    }
    let mut reader = image::ImageReader::new(std::io::Cursor::new(&bytes));
    let mut limits = image::Limits::default();
    limits.max_image_width = u32::try_from(MAX_DIMENSION).ok();
    limits.max_image_height = limits.max_image_width;
    limits.max_alloc = Some(DECODE_LIMIT);
    reader.limits(limits);
    let decoded = reader
        .with_guessed_format()
        .map_err(|error| wrong(error.to_string()))?
        .decode()
        .map_err(|error| wrong(format!("no picture that can be read ({error})")))?
        .into_rgb8();
    let (width, height) = (decoded.width() as usize, decoded.height() as usize);
    let picture = Picture { width, height, pixels: Pixels::Rgb(decoded.into_raw()) };
    encoder.encode(&picture).map_err(|error| wrong(error.to_string()))
}

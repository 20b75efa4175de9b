//! `pulsecam image`: send pictures, and say whether they arrived.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use super::{
    Error,
    host::{HostOption, Words},
    link::{self, Reach},
    runtime,
    text::{Outcome, Sender},
};
use crate::{
    jpeg::{Encoder, Length, MAX_DIMENSION, Repaired, Repairer},
    link::Role,
    picture::{Picture, Pixels},
    wire::Message,
};

const EXAMPLES: &str = "\
Examples:
  pulsecam image desk.local plan.jpg
  pulsecam image desk.local *.png --quality 90
  pulsecam image --host desk.local *.png

With --host or PULSECAM_HOST, every argument is a file.

Exits with 0 only once the relay has taken all of them. All files are checked before the first is sent. A picture that the relay
does not take is reported, the others are sent, and the exit status is 1.";

/// Memory that decoding one picture may take: the largest that is allowed, at eight bytes a pixel.
const DECODE_LIMIT: u64 = 8 * crate::jpeg::MAX_PIXELS as u64;

/// Bytes of a message that its size does not count.
const SIZE_FIELD: usize = 4;

/// Send pictures: JPEG as it is; PNG, GIF, WebP and BMP become JPEG.
///
/// Exits with 0 only once the relay has taken every byte: it has answered a heartbeat that was sent after them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    override_usage = "pulsecam image [OPTIONS] HOST[:PORT] FILE...\n       pulsecam image [OPTIONS] --host HOST[:PORT] FILE..."
)]
pub(super) struct Args {
    /// The relay unless --host names it, then the pictures
    #[arg(value_name = "HOST[:PORT]] [FILE")]
    words: Vec<OsString>,
    #[command(flatten)]
    host: HostOption,
    #[command(flatten)]
    reach: Reach,
    /// JPEG quality from 1 to 100, for pictures that are no JPEG
    #[arg(long, value_name = "Q", default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: u8,
    #[command(flatten)]
    sender: Sender,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let (relay, files) = args.host.or_first_of(Words::Files, &args.words, &[])?;
    if files.is_empty() {
        return Err(Error::Usage("no picture is named: give FILE after the relay".into()));
    }
    let config = args.reach.config(&relay, Role::Sender)?;
    let pictures = read(&files, args, config.max_message)?;
    let sender = &args.sender;
    runtime(1)?.block_on(async {
        let always = || true;
        let (link, inbox) = sender.connect("the first picture", config, always).await?;
        let reporting = link::report(&link, sender.output());
        link::discard(inbox);
        let mut outcome = Outcome::default();
        for (file, picture) in pictures {
            let what = format!("the picture {}", file.display());
            outcome.count(sender.deliver(&link, &what, picture, always).await)?;
        }
        drop(reporting);
        outcome.end(sender.output())
    })
}

/// All pictures, before the first is sent: a wrong name must not leave half of them delivered.
fn read(files: &[OsString], args: &Args, max_message: u32) -> Result<Vec<(PathBuf, Message)>, Error> {
    let mut encoder = Encoder::new(args.quality)?;
    let mut pictures = Vec::with_capacity(files.len());
    for file in files.iter().map(PathBuf::from) {
        let wrong = |reason: String| Error::File { path: file.clone(), reason };
        let picture = Message::image(jpeg(&file, &mut encoder)?, &args.sender.origin());
        let picture = picture.map_err(|fault| wrong(fault.to_string()))?;
        let size = picture.wire_len() - SIZE_FIELD;
        if size > max_message as usize {
            let reason =
                format!("a message of {size} bytes, and at most {max_message} are allowed (--max-message)");
            return Err(wrong(reason));
        }
        pictures.push((file, picture));
    }
    Ok(pictures)
}

/// The file as it is if it is a JPEG, repaired if it has a flaw; else its pixels as one.
fn jpeg(path: &Path, encoder: &mut Encoder) -> Result<Bytes, Error> {
    let wrong = |reason: String| Error::File { path: path.to_owned(), reason };
    let bytes = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    if bytes.starts_with(&[0xff, 0xd8]) {
        let repaired = Repairer::default().with_cuts().repair(&bytes, Length::Unknown);
        return match repaired.map_err(|error| wrong(error.to_string()))? {
            Repaired::Whole(_) => Ok(bytes.into()),
            Repaired::Mended { jpeg, flaw } => {
                if let Some(flaw) = flaw {
                    tracing::warn!("{} is repaired: {flaw}", path.display());
                }
                Ok(jpeg)
            }
        };
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

//! `pulsecam image`: send pictures, and say whether they arrived.

use std::{ffi::OsString, io, path::Path};

use tracing::{info, warn};

use super::{
    Error,
    host::{HostOption, Words},
    link::{self, Reach},
    runtime,
    text::{Outcome, Sender},
};
use crate::{
    link::Role,
    still::{self, Changes, Outgoing},
    wire::Message,
};

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

/// The name of standard input among the files.
const STDIN: &str = "-";

/// Bytes of a message that its size does not count.
const SIZE_FIELD: usize = 4;

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
    #[arg(long, value_name = "WxH", value_parser = super::values::picture_size, env = "PULSECAM_IMAGE_SIZE")]
    size: Option<(usize, usize)>,
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
            let what = format!("the picture {file}");
            outcome.count(sender.deliver(&link, &what, picture, always).await)?;
        }
        drop(reporting);
        outcome.end(sender.output())
    })
}

/// All pictures, before the first is sent: a wrong name must not leave half of them delivered.
fn read(files: &[OsString], args: &Args, max_message: u32) -> Result<Vec<(String, Message)>, Error> {
    let mut pictures = Vec::with_capacity(files.len());
    for file in files {
        let path = if file == STDIN { Path::new("standard input") } else { Path::new(file) };
        let wrong = |reason: String| Error::File { path: path.to_owned(), reason };
        let content = if file == STDIN { still::read(io::stdin().lock()) } else { still::read_file(path) };
        let made = content.and_then(|content| still::outgoing(content, args.quality, args.size));
        let Outgoing { jpeg, changes, .. } = made.map_err(|error| wrong(advised(&error)))?;
        let recoded = changes.recoded;
        if changes.flaw.is_some() || changes.repaired.is_some() {
            warn!("{}: {changes}", path.display());
        } else if changes != Changes::default() {
            info!("{}: {changes}", path.display());
        }
        let picture =
            Message::image(jpeg, &args.sender.origin()).map_err(|fault| wrong(fault.to_string()))?;
        let size = picture.wire_len() - SIZE_FIELD;
        if size > max_message as usize {
            let quality = if recoded { ", or with a lower --quality" } else { "" };
            return Err(wrong(format!(
                "a message of {size} bytes, and at most {max_message} are allowed: send it smaller, with --size 1920x1080{quality} (--max-message allows more)"
            )));
        }
        pictures.push((path.display().to_string(), picture));
    }
    Ok(pictures)
}

/// Why it cannot be sent, with what else can be done with a film.
fn advised(error: &still::Error) -> String {
    match error {
        still::Error::Foreign(foreign) if foreign.is_film() => {
            format!("{foreign} | pulsecam send HOST --source -")
        }
        other => other.to_string(),
    }
}

//! Sends pictures, and reports whether they arrived.

use std::{ffi::OsString, io, path::Path};

use tracing::{info, warn};

use super::{
    Error,
    delivery::{self, Outcome},
    link::{self, Target},
    runtime,
};
use crate::{
    still::{self, Changes, OutgoingImage},
    wire::Message,
};

/// The name of standard input among the files.
const STDIN: &str = "-";

/// Bytes of a message that its size field does not count.
const SIZE_FIELD: usize = 4;

/// Which pictures to send, and how.
pub(crate) struct Options {
    pub(crate) target: Target,
    /// `-` is standard input.
    pub(crate) files: Vec<OsString>,
    /// JPEG quality of pictures that are converted.
    pub(crate) quality: u8,
    /// Size in pixels into which pictures are scaled down.
    pub(crate) size: Option<(usize, usize)>,
    pub(crate) sender: delivery::Options,
}

/// Sends all pictures.
///
/// # Errors
/// A picture cannot be read, or not all of them arrived.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let config = options.target.config.clone();
    let pictures = read(options)?;
    let sender = &options.sender;
    runtime(1)?.block_on(async {
        let always = || true;
        let (link, inbox) = sender.connect("the first picture", config, always).await?;
        let reporting = link::report(&link, sender.output());
        link::discard(inbox);
        let mut outcome = Outcome::new(sender.hint);
        for (file, picture) in pictures {
            let what = format!("the picture {file}");
            outcome.count(sender.deliver(&link, &what, picture, always).await)?;
        }
        drop(reporting);
        outcome.end(sender.output())
    })
}

/// Reads all pictures before the first is sent: a wrong name must not leave half of them delivered.
fn read(options: &Options) -> Result<Vec<(String, Message)>, Error> {
    let Options { target, files, quality, size, sender } = options;
    let max_message = target.config.max_message;
    let mut pictures = Vec::with_capacity(files.len());
    for file in files {
        let path = if file == STDIN { Path::new("standard input") } else { Path::new(file) };
        let wrong = |reason: String| Error::File { path: path.to_owned(), reason };
        let content = if file == STDIN { still::read(io::stdin().lock()) } else { still::read_file(path) };
        let made = content.and_then(|content| still::outgoing(content, *quality, *size));
        let OutgoingImage { jpeg, changes, .. } =
            made.map_err(|source| Error::Picture { path: path.to_owned(), source })?;
        let recoded = changes.recoded;
        if changes.flaw.is_some() || changes.repaired.is_some() {
            warn!("{}: {changes}", path.display());
        } else if changes != Changes::default() {
            info!("{}: {changes}", path.display());
        }
        let picture = Message::image(jpeg, &sender.origin()).map_err(|fault| wrong(fault.to_string()))?;
        let size = picture.wire_len() - SIZE_FIELD;
        if size > max_message as usize {
            return Err(Error::PictureTooLarge { path: path.to_owned(), size, max_message, recoded });
        }
        pictures.push((path.display().to_string(), picture));
    }
    Ok(pictures)
}

//! What can go wrong, in one line for a person.

use std::{io, path::PathBuf, time::Duration};

use crate::{bench::plot, capture, jpeg, key, link, pipeline, recording, still, tls, view, wire};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot listen on {addr}: {source}")]
    Listen { addr: String, source: io::Error },
    #[error("the service manager passed {0} (one ListenStream= in the .socket unit, as in docs/deploy)")]
    Inherited(String),
    #[error(transparent)]
    Link(#[from] link::Error),
    #[error(transparent)]
    Source(#[from] capture::Error),
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
    #[error(transparent)]
    Jpeg(#[from] jpeg::Error),
    #[error(transparent)]
    Tls(#[from] tls::Error),
    #[error("the key: {0}")]
    Key(#[from] key::Error),
    #[error(transparent)]
    Recording(#[from] recording::Error),
    #[error("the window: {0}")]
    Window(#[from] view::Error),
    #[error(transparent)]
    Message(#[from] wire::Fault),
    #[error("{}: {reason}", path.display())]
    File { path: PathBuf, reason: String },
    #[error("{}: is there already", path.display())]
    Exists { path: PathBuf },
    #[error("{}: {source}", path.display())]
    Picture { path: PathBuf, source: still::Error },
    #[error("{}: a message of {size} bytes, and at most {max_message} are allowed: send it smaller", path.display())]
    PictureTooLarge { path: PathBuf, size: usize, max_message: u32, recoded: bool },
    #[error("{what} did not reach the relay at {host} within {}: {why}", humantime::format_duration(*.deadline))]
    NotDelivered { what: String, host: String, deadline: Duration, why: String, patience: bool },
    #[error("{what} did not reach the relay at {host}: {why}")]
    Undeliverable { what: String, host: String, why: String },
    #[error("{what} was not taken: {why}")]
    Refused { what: String, why: String },
    #[error("{refused} of {of} were not taken; the reasons stand above")]
    SomeRefused { refused: u64, of: u64 },
    #[error("nothing to send: give a text, or lines on standard input")]
    NothingToSend,
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Bench(String),
    #[error("the plots: {0}")]
    Plot(#[from] plot::Error),
    /// The reader of standard output closed its end: no fault of anybody's.
    #[error("nobody reads the output")]
    ReaderGone,
    #[error("cannot write to standard output: {0}: what is there is not complete")]
    Print(String),
    /// The time is over, and nothing was done in it.
    #[error("{0}")]
    Nothing(String),
    /// What was to be kept is lost.
    #[error("not everything that came was saved: {0}")]
    NotSaved(String),
    /// The source failed on the way; what came before was sent.
    #[error("the source ended early: {0}")]
    SourceFailed(String),
    /// A signal ended it before it had begun: what runs for as long as it is wanted is done then.
    #[error("ended by a signal")]
    Stopped,
    #[error(transparent)]
    Io(#[from] io::Error),
}

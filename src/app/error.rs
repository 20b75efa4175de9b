//! Errors of commands, each in one line for people.

use std::{io, path::PathBuf, time::Duration};

#[cfg(feature = "discovery")]
use crate::discovery;
#[cfg(feature = "cluster")]
use crate::relay;
use crate::{auth, tls, wire};
#[cfg(feature = "client")]
use crate::{capture, jpeg, link, pipeline, recording, still, view, virtual_camera};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot listen on {addr}: {source}")]
    Listen { addr: String, source: io::Error },
    #[error("cannot listen on {addr}: there is no such address ({reason})")]
    NoAddress { addr: String, reason: String },
    #[cfg(target_os = "linux")]
    #[error("the service manager passed {0} (one ListenStream= in the .socket unit, as in docs/deploy)")]
    Inherited(String),
    #[cfg(feature = "client")]
    #[error(transparent)]
    Link(#[from] link::Error),
    #[cfg(feature = "client")]
    #[error(transparent)]
    Source(#[from] capture::Error),
    #[cfg(feature = "client")]
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
    #[cfg(feature = "client")]
    #[error(transparent)]
    Jpeg(#[from] jpeg::Error),
    #[error(transparent)]
    Tls(#[from] tls::Error),
    #[error("the key: {0}")]
    Key(#[from] auth::Error),
    #[cfg(feature = "client")]
    #[error(transparent)]
    Recording(#[from] recording::Error),
    #[cfg(feature = "client")]
    #[error("the window: {0}")]
    Window(#[from] view::Error),
    #[cfg(feature = "client")]
    #[error(transparent)]
    VirtualCamera(#[from] virtual_camera::Error),
    #[error(transparent)]
    Message(#[from] wire::Fault),
    #[error("{}: {reason}", path.display())]
    File { path: PathBuf, reason: String },
    #[cfg(feature = "client")]
    #[error("cannot save into {}: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{}: already exists", path.display())]
    Exists { path: PathBuf },
    #[cfg(feature = "client")]
    #[error("{}: {source}", path.display())]
    Picture { path: PathBuf, source: still::Error },
    #[cfg(feature = "client")]
    #[error("{}: the message would have {size} bytes, and at most {max_message} are allowed: send a smaller picture", path.display())]
    PictureTooLarge { path: PathBuf, size: usize, max_message: u32, recoded: bool },
    #[cfg(feature = "client")]
    #[error("{what} did not reach the relay at {host} within {}: {why}", humantime::format_duration(*.deadline))]
    NotDelivered { what: String, host: String, deadline: Duration, why: String, patience: bool },
    #[cfg(feature = "client")]
    #[error("{what} did not reach the relay at {host}: {why}")]
    Undeliverable { what: String, host: String, why: String },
    #[cfg(feature = "client")]
    #[error("{what} was rejected: {why}")]
    Refused { what: String, why: String },
    #[cfg(feature = "client")]
    #[error("line {number} was rejected: it has {bytes} bytes, and a message may have at most {max_message}")]
    LineTooLong { number: u64, bytes: u64, max_message: usize },
    #[cfg(feature = "client")]
    #[error("{refused} of {of} were rejected, for the reasons above")]
    SomeRefused { refused: u64, of: u64 },
    #[cfg(feature = "client")]
    #[error("nothing to send: add a text, or write lines to standard input")]
    NothingToSend,
    #[cfg(feature = "discovery")]
    #[error(transparent)]
    Discovery(#[from] discovery::Error),
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Cluster(#[from] relay::cluster::Error),
    #[cfg(feature = "cluster")]
    #[error("{host}: {reason}")]
    Unknown { host: String, reason: String },
    #[cfg(feature = "cluster")]
    #[error("this machine has no address at which other relays reach {0}")]
    Unreachable(String),
    #[cfg(all(feature = "client", feature = "discovery"))]
    #[error("the relay at {host} cannot be asked: {reason}")]
    Unanswered { host: String, reason: String },
    #[error("{0}")]
    Usage(String),
    #[cfg(feature = "relay")]
    #[error("there is no folder for a certificate: set STATE_DIRECTORY")]
    NoStateFolder,
    #[cfg(feature = "relay")]
    #[error("the dashboard needs a terminal")]
    NoTerminalForDashboard,
    #[cfg(feature = "client")]
    #[error("drawing the streams needs a terminal")]
    NoTerminalForStreams,
    #[cfg(feature = "bench")]
    #[error("{0}")]
    Bench(String),
    /// The reader of standard output closed its end, which is no failure.
    #[error("the reader of standard output is gone")]
    ReaderGone,
    #[error("cannot write to standard output: {0}: the output is not complete")]
    Print(String),
    /// The time is over, and nothing was done.
    #[error("{0}")]
    Nothing(String),
    #[cfg(feature = "client")]
    /// Something that should have been saved was not.
    #[error("not everything that arrived was saved: {0}")]
    NotSaved(String),
    #[cfg(feature = "client")]
    /// The source failed midway; the frames before were sent.
    #[error("the source ended early: {0}")]
    SourceFailed(String),
    /// A signal came before the command had started. A command that runs until it is stopped is then done.
    #[error("stopped by a signal")]
    Stopped,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    /// The error of opening a listener at this address.
    pub(super) fn listen(addr: String, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::NoAddress { addr, reason: source.to_string() },
            _ => Self::Listen { addr, source },
        }
    }
}

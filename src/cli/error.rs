//! What can go wrong, in one line for a person, with what to do next.

use std::{io, path::PathBuf, time::Duration};

use crate::{bench::plot, capture, jpeg, key, link, pipeline, recording, tls, view, wire};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("cannot listen on {addr}: {source}{}", hint(source))]
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
    #[error("{}", tls_words(.0))]
    Tls(#[from] tls::Error),
    #[error("the key: {}", key_words(.0))]
    Key(#[from] key::Error),
    #[error(transparent)]
    Recording(#[from] recording::Error),
    #[error("the window: {0}")]
    Window(#[from] view::Error),
    #[error(transparent)]
    Message(#[from] wire::Fault),
    #[error("{}: {reason}", path.display())]
    File { path: PathBuf, reason: String },
    #[error("{what} did not reach the relay at {host} within {}: {why}{}", humantime::format_duration(*.deadline), longer(*.patience))]
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

impl Error {
    /// 2 for what the person wrote wrong, 0 for an end that was asked for, 1 for everything else.
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::ReaderGone | Self::Stopped => 0,
            Self::NothingToSend | Self::Usage(_) | Self::Link(link::Error::Address(_)) => 2,
            _ => 1,
        }
    }

    /// Whether a person has to hear of it.
    pub(super) const fn is_told(&self) -> bool {
        !matches!(self, Self::ReaderGone | Self::Stopped)
    }
}

/// Only if it would help.
const fn longer(patience: bool) -> &'static str {
    if patience { " (give it longer with --deadline)" } else { "" }
}

fn tls_words(error: &tls::Error) -> String {
    match error {
        tls::Error::NoAuthorities => {
            format!("{error}: name one with --tls-ca, or the relay's fingerprint with --tls-pin")
        }
        _ => error.to_string(),
    }
}

fn key_words(error: &key::Error) -> String {
    match error {
        key::Error::TooShort(_) => format!("{error}: `pulsecam key` makes a good one"),
        _ => error.to_string(),
    }
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => " (another relay runs there? choose another port with --listen)",
        io::ErrorKind::PermissionDenied => " (ports below 1024 need root: choose one above)",
        _ => "",
    }
}

//! Why nothing was measured.

use std::io;

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Rustix(#[from] rustix::io::Errno),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Link(#[from] pulsecam_net::link::Error),
    #[error("{0}")]
    Other(String),
}

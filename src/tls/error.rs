//! What can be wrong with certificates and keys.

use std::{io, path::PathBuf};

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("{}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{} is no PEM file with a {what}", file.display())]
    NotPem {
        /// The file.
        file: PathBuf,
        /// What was to be in it.
        what: &'static str,
    },
    /// Certificate and key do not go together, or the like.
    #[error("the certificate cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// No authority is known.
    #[error(
        "this system knows no certificate authorities: name one (--tls-ca) or the relay's fingerprint (--tls-pin)"
    )]
    NoAuthorities,
    /// It is neither a name nor an address.
    #[error("{0:?} is no name of a host and no address")]
    Name(String),
    /// A certificate could not be made.
    #[error("no certificate can be made: {0}")]
    Make(#[from] rcgen::Error),
}

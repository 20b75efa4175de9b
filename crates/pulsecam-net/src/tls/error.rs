//! What can be wrong with certificates and keys.

use std::{io, path::PathBuf};

use super::explain::words;

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
    #[error("{} is no PEM file with a {what}{found}", file.display())]
    NotPem {
        /// The file.
        file: PathBuf,
        /// What was to be in it.
        what: &'static str,
        /// What is in it instead, in brackets; empty if that is not known.
        found: String,
    },
    /// A private key can be used only by whoever knows its passphrase.
    #[error(
        "{}: the key is encrypted, and nobody is there to type its passphrase: `openssl pkey -in FILE -out PLAIN` writes one without",
        file.display()
    )]
    Encrypted {
        /// The file.
        file: PathBuf,
    },
    /// Certificate and key do not go together, or the like.
    #[error("the certificate cannot be used: {}", words(.0))]
    Unusable(#[from] rustls::Error),
    /// A private key is of a kind that is not known here.
    #[error(
        "{}: the key is of a kind that cannot be used here: RSA from 2048 bits, ECDSA on P-256 or P-384, and Ed25519 can",
        file.display()
    )]
    OddKey {
        /// The file.
        file: PathBuf,
    },
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

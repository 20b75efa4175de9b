//! Errors of certificates and keys.

use std::{io, path::PathBuf};

use super::explain::words;

/// An error that makes TLS impossible.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("{}: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file has other contents.
    #[error("{} is not a PEM file with a {what}{found}", file.display())]
    NotPem {
        /// The file.
        file: PathBuf,
        /// The expected contents.
        what: &'static str,
        /// The actual contents in brackets; empty if unknown.
        found: String,
    },
    /// A private key is protected by a passphrase.
    #[error(
        "{}: the key is encrypted, and must not be: `openssl pkey -in FILE -out PLAIN` writes it without a passphrase",
        file.display()
    )]
    Encrypted {
        /// The file.
        file: PathBuf,
    },
    /// Certificate and key do not match, or cannot be used for another reason.
    #[error("the certificate cannot be used: {0}")]
    Unusable(String),
    /// A private key has an unsupported type.
    #[error(
        "{}: this type of key is not supported; RSA from 2048 bits, ECDSA on P-256 or P-384, and Ed25519 are",
        file.display()
    )]
    OddKey {
        /// The file.
        file: PathBuf,
    },
    /// The system trusts no authority.
    #[error("this system has no trusted certificate authorities")]
    NoAuthorities,
    /// Neither a host name nor an address.
    #[error("{0:?} is neither a host name nor an address")]
    Name(String),
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Make(String),
}

impl Error {
    /// An error of rustls, in words: its type would bind this crate's version to that of rustls.
    #[allow(clippy::needless_pass_by_value, reason = "for map_err")]
    pub(super) fn unusable(error: rustls::Error) -> Self {
        Self::Unusable(words(&error))
    }

    /// The same for rcgen.
    #[allow(clippy::needless_pass_by_value, reason = "for map_err")]
    pub(super) fn make(error: rcgen::Error) -> Self {
        Self::Make(error.to_string())
    }
}

//! Options of a client's authentication: TLS trust, and the key to a room.

use std::path::PathBuf;

use super::{Error, environment, values};
use crate::{
    auth::Key,
    tls::{Connector, Fingerprint, Trust},
};

/// TLS trust, and the key to a room.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
pub(super) struct ClientAuthArgs {
    /// Use TLS; the relay's certificate must be signed by an authority that this system trusts
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_TLS")]
    tls: bool,
    /// Use TLS, and trust the authorities, or the relay's own certificate, in this file (PEM or DER)
    #[arg(long, value_name = "FILE", env = "PULSECAM_TLS_CA", conflicts_with = "tls_pin")]
    tls_ca: Option<PathBuf>,
    /// Use TLS, and accept only the certificate with this SHA-256 fingerprint (printed by `pulsecam cert` and
    /// by the relay); its name and dates are ignored
    #[arg(long, value_name = "FINGERPRINT", env = "PULSECAM_TLS_PIN")]
    tls_pin: Option<Fingerprint>,
    /// File with the key to the room (or set the key itself in the variable PULSECAM_KEY; it is no option,
    /// because command lines are visible to other users)
    #[arg(long, value_name = "FILE", env = "PULSECAM_KEY_FILE")]
    key_file: Option<PathBuf>,
}

impl ClientAuthArgs {
    pub(super) fn tls(&self) -> Result<Option<Connector>, Error> {
        let trust = match (&self.tls_ca, self.tls_pin) {
            (Some(file), _) => Trust::Authority(file.clone()),
            (None, Some(fingerprint)) => Trust::Pinned(fingerprint),
            (None, None) if self.tls => Trust::System,
            (None, None) => return Ok(None),
        };
        Ok(Some(Connector::new(&trust)?))
    }

    pub(super) fn key(&self) -> Result<Option<Key>, Error> {
        match &self.key_file {
            Some(file) => Ok(Some(Key::load(file)?)),
            None => environment::key(),
        }
    }
}

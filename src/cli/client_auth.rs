//! What a client trusts, and what it is trusted by: TLS and the key.

use std::path::PathBuf;

use super::{Error, values};
use crate::{
    key::Key,
    tls::{Client, Fingerprint, Trust},
};

/// TLS and the key to a room.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
pub(super) struct ClientAuthArgs {
    /// Speak TLS: the relay's certificate has to be of an authority that this system knows
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_TLS")]
    tls: bool,
    /// The same with the authorities in this file (PEM or DER), or with the relay's own certificate in it
    #[arg(long, value_name = "FILE", env = "PULSECAM_TLS_CA", conflicts_with = "tls_pin")]
    tls_ca: Option<PathBuf>,
    /// The same with this one certificate, whatever it says: the fingerprint that `pulsecam cert` and the relay print
    #[arg(long, value_name = "FINGERPRINT", env = "PULSECAM_TLS_PIN")]
    tls_pin: Option<Fingerprint>,
    /// The key to the room, in a file (or itself in the variable PULSECAM_KEY: never on the command line, where others see it)
    #[arg(long, value_name = "FILE", env = "PULSECAM_KEY_FILE")]
    key_file: Option<PathBuf>,
}

impl ClientAuthArgs {
    pub(super) fn tls(&self) -> Result<Option<Client>, Error> {
        let trust = match (&self.tls_ca, self.tls_pin) {
            (Some(file), _) => Trust::Authority(file.clone()),
            (None, Some(fingerprint)) => Trust::Pinned(fingerprint),
            (None, None) if self.tls => Trust::System,
            (None, None) => return Ok(None),
        };
        Ok(Some(Client::new(&trust)?))
    }

    pub(super) fn key(&self) -> Result<Option<Key>, Error> {
        match &self.key_file {
            Some(file) => Ok(Some(Key::load(file)?)),
            None => key_from_environment(),
        }
    }
}

/// The variable that holds a key itself.
const KEY: &str = "PULSECAM_KEY";

/// The key in the environment, if there is one.
pub(super) fn key_from_environment() -> Result<Option<Key>, Error> {
    match std::env::var(KEY) {
        Ok(text) if !text.trim().is_empty() => Ok(Some(Key::new(&text)?)),
        _ => Ok(None),
    }
}

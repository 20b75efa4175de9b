//! Options of a relay's authentication: its certificate, and the keys to its rooms.

use std::{env, path::PathBuf};

use super::{Error, environment};
use crate::app::server_auth::{KeyFile, KeySource, Options};

/// The variable for [`ServerAuthArgs::key_file`].
const VARIABLE: &str = "PULSECAM_KEY_FILE";

/// Certificate, and keys to the rooms.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Trust")]
pub(super) struct ServerAuthArgs {
    /// Accept TLS connections only, with a certificate that is made when it is first needed: self-signed
    #[arg(long, value_name = "HOW", conflicts_with = "tls_cert", env = "PULSECAM_TLS")]
    tls: Option<SelfSigned>,
    /// Accept TLS connections only, with this certificate (PEM; `pulsecam cert` creates one)
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "PULSECAM_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert", env = "PULSECAM_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// Admit only clients that have the key in this file; with ROOM=, admit them to that room. Can be
    /// repeated, once per room. The variable PULSECAM_KEY_FILE can name several files, separated by commas or
    /// line breaks; the variable PULSECAM_KEY holds a key itself
    // Not by clap's `env`: it would also split values on the command line, where a comma belongs to a file's
    // name.
    #[arg(long, value_name = "[ROOM=]FILE")]
    key_file: Vec<KeyFile>,
}

/// The only certificate that needs no files.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum SelfSigned {
    /// A certificate that names this machine.
    SelfSigned,
}

impl ServerAuthArgs {
    /// The options, with defaults from the environment.
    pub(super) fn options(&self) -> Result<Options, Error> {
        let tls = self.tls_cert.clone().zip(self.tls_key.clone());
        Ok(Options { tls, self_signed: self.tls.is_some(), keys: self.keys()? })
    }

    fn keys(&self) -> Result<KeySource, Error> {
        let files = if self.key_file.is_empty() { from_variable()? } else { self.key_file.clone() };
        if !files.is_empty() {
            return Ok(KeySource::Files(files));
        }
        Ok(environment::key()?.map_or(KeySource::None, KeySource::Key))
    }
}

/// The files that the variable names; none if it is unset or empty.
fn from_variable() -> Result<Vec<KeyFile>, Error> {
    let Some(value) = env::var_os(VARIABLE) else { return Ok(Vec::new()) };
    let value = value.into_string().map_err(|_| Error::Usage(format!("{VARIABLE} is not valid UTF-8")))?;
    Ok(several(&value))
}

/// Splits at line breaks if there are any, else at commas.
fn several(value: &str) -> Vec<KeyFile> {
    let separators: &[char] = if value.contains('\n') { &['\n', '\r'] } else { &[','] };
    let parts = value.split(separators).filter(|part| !part.trim().is_empty());
    parts.map(KeyFile::of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_names_several_by_commas_or_line_breaks() {
        let file = |room: &str, file: &str| KeyFile { room: room.into(), file: file.into() };
        assert_eq!(several("lab=a.key,office=b.key"), [file("lab", "a.key"), file("office", "b.key")]);
        assert_eq!(several("lab=a,b/k\noffice=c\r\n"), [file("lab", "a,b/k"), file("office", "c")]);
        assert_eq!(several("a,b/k\n"), [file("", "a,b/k")]);
        assert_eq!(several(""), []);
    }
}

//! Creates a certificate for a relay.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Error, output::print};
use crate::tls::Certificate;

/// Names in the certificate, and the files to write.
#[derive(Debug)]
pub(crate) struct Options {
    /// Names and addresses by which clients reach the relay.
    pub(crate) names: Vec<String>,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// Replaces existing files.
    pub(crate) replace: bool,
}

/// Creates a certificate and its key, and prints the fingerprint.
///
/// # Errors
/// A file cannot be written, or already exists.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let made = Certificate::for_relay(options.names.clone())?;
    write(&made, &options.certificate, &options.key, options.replace)?;
    print(&made.fingerprint.to_string())
}

/// Writes a certificate and its key.
pub(super) fn write(made: &Certificate, certificate: &Path, key: &Path, replace: bool) -> Result<(), Error> {
    // The key first: a certificate without its key is useless. Both are complete before either is renamed, so
    // that a full disk does not destroy the pair in use.
    let key = New::write(key, &made.key, true, replace)?;
    let certificate = New::write(certificate, &made.certificate, false, replace)?;
    key.keep()?;
    certificate.keep()
}

/// A new file, which is removed on drop unless it is kept.
struct New {
    /// Its final path.
    target: PathBuf,
    /// Its path until it is kept: beside the file that it replaces.
    path: PathBuf,
    kept: bool,
}

impl New {
    fn write(target: &Path, text: &str, secret: bool, replace: bool) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(if secret { 0o600 } else { 0o644 });
        }
        #[cfg(not(unix))]
        let _ = secret;
        let mut path = target.to_owned();
        if replace {
            // Not overwritten in place: the existing file may have other permissions.
            path.as_mut_os_string().push(format!(".{}.new", std::process::id()));
        }
        let mut opened = options.open(&path).map_err(|error| failed(target, &error))?;
        let new = Self { target: target.to_owned(), path, kept: false };
        // A network file system may report a full disk only at the end.
        opened
            .write_all(text.as_bytes())
            .and_then(|()| opened.sync_all())
            .map_err(|error| failed(target, &error))?;
        Ok(new)
    }

    fn keep(mut self) -> Result<(), Error> {
        if self.path != self.target {
            fs::rename(&self.path, &self.target).map_err(|error| failed(&self.target, &error))?;
        }
        self.kept = true;
        Ok(())
    }
}

impl Drop for New {
    /// An incomplete file would be in the way of the next attempt.
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path); // the first error is the one to report
        }
    }
}

fn failed(file: &Path, error: &io::Error) -> Error {
    let path = file.to_owned();
    match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists { path },
        _ => Error::File { path, reason: error.to_string() },
    }
}

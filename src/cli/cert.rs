//! `pulsecam cert`: make a certificate for a relay.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Error, output::print};
use crate::tls::Certificate;

const EXAMPLES: &str = "\
Examples:
  pulsecam cert desk.local 192.168.1.7           cert.pem and key.pem, and the fingerprint
  pulsecam relay --tls-cert cert.pem --tls-key key.pem
  pulsecam view desk.local --tls-pin AB:CD:…     trust this certificate alone
  pulsecam view desk.local --tls-ca cert.pem     or the file, and the name in it";

/// Make a certificate that signs itself, and print its fingerprint.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Names and addresses by which clients reach the relay
    #[arg(value_name = "NAME", default_value = "localhost")]
    names: Vec<String>,
    /// Where the certificate goes
    #[arg(long, value_name = "FILE", default_value = "cert.pem")]
    cert: PathBuf,
    /// Where its key goes, for nobody else to read
    #[arg(long, value_name = "FILE", default_value = "key.pem")]
    key: PathBuf,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let made = Certificate::for_relay(args.names.clone())?;
    // The key first: a certificate without one is of no use. Neither takes its place before both are whole: a full disk must not cost the
    // pair that is in use.
    let key = New::write(&args.key, &made.key, true, args.force)?;
    let certificate = New::write(&args.cert, &made.certificate, false, args.force)?;
    key.keep()?;
    certificate.keep()?;
    print(&made.fingerprint.to_string())
}

/// A file that is written and goes again unless it is kept.
struct New {
    /// Where it shall be.
    target: PathBuf,
    /// Where it is until then: beside a file that it replaces.
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
            // Not written over: its permissions may be others.
            path.as_mut_os_string().push(format!(".{}.new", std::process::id()));
        }
        let mut opened = options.open(&path).map_err(|error| failed(target, &error))?;
        let new = Self { target: target.to_owned(), path, kept: false };
        // A network disk says only at the end that it is full.
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
    /// A part of a file would be in the way of the next try.
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path); // what matters is why it is not complete
        }
    }
}

fn failed(file: &Path, error: &io::Error) -> Error {
    let reason = match error.kind() {
        io::ErrorKind::AlreadyExists => "is there already (--force replaces it)".into(),
        _ => error.to_string(),
    };
    Error::File { path: file.to_owned(), reason }
}

//! `pulsecam cert`: make a certificate for a relay.

use std::{
    fs::OpenOptions,
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
    // The key first: a certificate without one is of no use.
    write(&args.key, &made.key, true, args.force)?;
    write(&args.cert, &made.certificate, false, args.force).inspect_err(|_| {
        let _ = std::fs::remove_file(&args.key); // it would be in the way of the next try
    })?;
    print(&made.fingerprint.to_string())
}

fn write(file: &Path, text: &str, secret: bool, force: bool) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if secret { 0o600 } else { 0o644 });
    }
    #[cfg(not(unix))]
    let _ = secret;
    let failed = |error: io::Error| {
        let reason = match error.kind() {
            io::ErrorKind::AlreadyExists => "is there already (--force replaces it)".into(),
            _ => error.to_string(),
        };
        Error::File { path: file.to_owned(), reason }
    };
    if force {
        // Not written over: its permissions may be others.
        let _ = std::fs::remove_file(file);
    }
    let mut opened = options.open(file).map_err(failed)?;
    // A network disk says only at the end that it is full. A part of it would be in the way of the next try.
    opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()).map_err(|error| {
        let _ = std::fs::remove_file(file); // what matters is why it is not complete
        failed(error)
    })
}

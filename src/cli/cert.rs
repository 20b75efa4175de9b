//! `pulsecam cert`: create a certificate for a relay.

use std::path::PathBuf;

use super::Error;
use crate::app::cert;

const EXAMPLES: &str = "\
Examples:
  pulsecam cert desk.local 192.168.1.7           write cert.pem and key.pem, print the fingerprint
  pulsecam relay --tls-cert cert.pem --tls-key key.pem
  pulsecam view desk.local --tls-pin AB:CD:…     trust only this certificate
  pulsecam view desk.local --tls-ca cert.pem     or trust the file, and check the name in it";

/// Create a self-signed certificate and print its fingerprint
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Names and IP addresses by which clients reach the relay
    #[arg(value_name = "NAME", default_value = "localhost")]
    names: Vec<String>,
    /// Write the certificate to this file
    #[arg(long, value_name = "FILE", default_value = "cert.pem")]
    cert: PathBuf,
    #[cfg_attr(unix, doc = "Write its private key to this file, readable only by you")]
    #[cfg_attr(
        not(unix),
        doc = "Write its private key to this file, readable by everyone who can read its folder"
    )]
    #[arg(long, value_name = "FILE", default_value = "key.pem")]
    key: PathBuf,
    /// Replace existing files
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    cert::run(&cert::Options {
        names: args.names.clone(),
        certificate: args.cert.clone(),
        key: args.key.clone(),
        replace: args.force,
    })
}

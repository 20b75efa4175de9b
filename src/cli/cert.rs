//! `pulsecam cert`: make a certificate for a relay.

use std::path::PathBuf;

use super::Error;
use crate::app::cert;

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
    cert::run(&cert::Options {
        names: args.names.clone(),
        certificate: args.cert.clone(),
        key: args.key.clone(),
        replace: args.force,
    })
}

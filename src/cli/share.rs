//! `pulsecam share`: print a link that opens a relay's page for viewing.

use std::path::PathBuf;

use super::{Error, environment, host::HostOption, values};
use crate::{address::AddressList, app::share, auth::Key};

const EXAMPLES: &str = "\
Examples:
  pulsecam share desk.local --key-file room.key              http://desk.local:6868/?token=…
  pulsecam share desk.local --key-file room.key --stream door
                                                             one stream alone: …/view/door?token=…
  pulsecam share desk.local --key-file room.key --tls        https://…, for a relay with a certificate

Anyone who has the link can watch, also by /stream/NAME?token=… and /snapshot/NAME?token=… in other
programs, and cannot send anything. It does not contain the key, and is valid as long as the key is.
A relay without keys needs no such link: anyone may open http://desk.local:6868.";

/// Print a link that opens a relay's page for viewing only, for browsers and other programs
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The relay, as browsers reach it: HOST or HOST:PORT [default: the one named by --host]
    #[arg(value_name = "HOST[:PORT]")]
    relay: Option<AddressList>,
    #[command(flatten)]
    host: HostOption,
    /// Show only the stream of this name
    #[arg(long, value_name = "NAME")]
    stream: Option<String>,
    /// Make a link with https://: the relay has a certificate
    #[arg(long, value_parser = values::flag())]
    tls: bool,
    /// File with the key to the room (or set the key itself in the variable PULSECAM_KEY)
    #[arg(long, value_name = "FILE", env = "PULSECAM_KEY_FILE")]
    key_file: Option<PathBuf>,
}

impl Args {
    fn key(&self) -> Result<Key, Error> {
        let key = match &self.key_file {
            Some(file) => Some(Key::load(file)?),
            None => environment::key()?,
        };
        key.ok_or_else(|| {
            Error::Usage(
                "a link is made from the key to the room: add --key-file FILE, or set PULSECAM_KEY".into(),
            )
        })
    }
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    share::run(&share::Options {
        // A link names one relay.
        relay: args.host.or_by_position(args.relay.as_ref())?.first().clone(),
        tls: args.tls,
        key: args.key()?,
        stream: args.stream.clone(),
    })
}

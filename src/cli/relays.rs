//! `pulsecam relays`: list the relays of this network, or those that act as one with a relay.

use std::time::Duration;

use super::{Error, values};
#[cfg(feature = "client")]
use super::{aliases::Aliases, client_auth::ClientAuthArgs};
use crate::app::relays;
#[cfg(feature = "client")]
use crate::{address::Address, app::relay_inquiry};

const EXAMPLES: &str = "\
Examples:
  pulsecam relays
  pulsecam relays --json | jq -r .address
  pulsecam relays --for 5s                           on a slow network
  pulsecam relays desk.local                         the relays of its cluster, and the links with them

Without HOST, only relays that are announced are found: `pulsecam relay --announce`, or by Avahi
(docs/deploy). Anyone on the network can announce a relay under any name; a key or a
certificate proves which one it is. With HOST, that relay is asked at its port for browsers; at
a relay with keys, only about the room that the key opens.";

/// List the relays of this network, or those that act as one with the relay at HOST
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Ask this relay which others act as one with it
    #[cfg(feature = "client")]
    #[arg(value_name = "HOST[:PORT]", conflicts_with = "time")]
    relay: Option<Address>,
    /// Search for this long
    #[arg(long = "for", value_name = "TIME", default_value = "1s", value_parser = values::some_time)]
    time: Duration,
    /// Print one JSON object per relay; with HOST, one with all of them
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
    #[cfg(feature = "client")]
    #[command(flatten)]
    aliases: Aliases,
    #[cfg(feature = "client")]
    #[command(flatten)]
    auth: ClientAuthArgs,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    #[cfg(feature = "client")]
    if let Some(relay) = &args.relay {
        return relay_inquiry::run(&relay_inquiry::Options {
            relay: args.aliases.resolve(&relay.clone().into())?.first().clone(),
            tls: args.auth.tls()?,
            key: args.auth.key()?,
            json: args.json,
        });
    }
    relays::list(args.time, args.json)
}

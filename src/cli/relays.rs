//! `pulsecam relays`: list the relays of this network.

use std::time::Duration;

use super::{Error, values};
use crate::app::relays;

const EXAMPLES: &str = "\
Examples:
  pulsecam relays
  pulsecam relays --json | jq -r .address
  pulsecam relays --for 5s                           on a slow network

Only relays that are announced are found: `pulsecam relay --announce`, or by Avahi
(docs/deploy). Anyone on the network can announce a relay under any name; a key or a
certificate proves which one it is.";

/// List the relays of this network
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Search for this long
    #[arg(long = "for", value_name = "TIME", default_value = "1s", value_parser = values::some_time)]
    time: Duration,
    /// Print one JSON object per relay
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    relays::list(args.time, args.json)
}

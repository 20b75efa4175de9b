//! `pulsecam key`: create a key for a room, or for a cluster of relays.

use super::Error;
use crate::{app::output::print_for_good, auth::Key};

const EXAMPLES: &str = "\
Examples:
  (umask 077; pulsecam key > room.key)           create a key that only you can read
  pulsecam relay --key-file room.key             admit only clients that have it
  pulsecam view desk.local --key-file room.key
  (umask 077; pulsecam key > cluster.key)        the key that several relays share:
  pulsecam relay --cluster 10.0.0.1 --cluster-key-file cluster.key";

/// Print a new key for a room, or for a cluster of relays, made from 32 random bytes
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> Result<(), Error> {
    print_for_good(&Key::generate()?)
}

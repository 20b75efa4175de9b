//! `pulsecam key`: make a key to a room.

use super::Error;
use crate::{app::output::print_for_good, key::Key};

const EXAMPLES: &str = "\
Examples:
  (umask 077; pulsecam key > room.key)           make one that only you can read
  pulsecam relay --key-file room.key             let in who knows it
  pulsecam view desk.local --key-file room.key";

/// Print a key to a room, of 32 random bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> Result<(), Error> {
    print_for_good(&Key::generate()?)
}

//! Cores that are kept busy beside a measurement.

use std::hint::{black_box, spin_loop};

use super::super::Error;
use crate::{app::signal, bench::BusyCores};

/// The subcommand that keeps a core busy.
const SUBCOMMAND: [&str; 2] = ["bench", "busy"];

/// Low, as that of a backup or a build in the background: enough to hold up a thread that is pinned.
#[cfg(unix)]
const PRIORITY: i32 = 15;

/// Other programs beside the measurement.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct BusyArgs {
    /// Keep this many cores busy meanwhile, by other programs of low priority
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=64), env = "PULSECAM_BUSY")]
    busy: u8,
}

impl BusyArgs {
    /// The number of cores.
    pub(super) fn cores(self) -> usize {
        self.busy.into()
    }
}

/// Keeps cores busy until the result is dropped.
pub(super) fn start(count: usize) -> Result<BusyCores, Error> {
    Ok(BusyCores::start(&std::env::current_exe()?, &SUBCOMMAND, count)?)
}

/// Keeps a core busy until standard input ends.
pub(super) fn run() -> ! {
    signal::exit_with_input();
    #[cfg(unix)]
    let _ = rustix::process::nice(PRIORITY); // at the usual priority it disturbs more
    loop {
        black_box(());
        spin_loop();
    }
}

//! The pulsecam program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    pulsecam::cli::main()
}

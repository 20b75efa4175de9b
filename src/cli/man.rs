//! `pulsecam man`: the manual pages, for packages.

use std::path::PathBuf;

use clap::CommandFactory;

use super::{Cli, Error};

/// Write a manual page for each command
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder to write to
    folder: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::File { path: args.folder.clone(), reason: error.to_string() };
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(failed)
}

//! `pulsecam completions`: shell completion scripts.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Error};
use crate::app::output::print_bytes;

const EXAMPLES: &str = "\
Examples:
  pulsecam completions bash > ~/.local/share/bash-completion/completions/pulsecam
  pulsecam completions zsh > ~/.zfunc/_pulsecam
  pulsecam completions fish > ~/.config/fish/completions/pulsecam.fish";

/// Print a shell completion script
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "pulsecam", &mut script);
    print_bytes(&script)
}

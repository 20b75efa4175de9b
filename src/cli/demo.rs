//! `pulsecam demo`: relay, source and viewer in one process, over real sockets.

use super::{Error, advice, link::LinkTimeouts, show::ShowArgs, source::SourceArgs, values};
use crate::app::demo;

const EXAMPLES: &str = "\
Examples:
  pulsecam demo                                  your camera, or a test pattern
  pulsecam demo --source holiday/ --for 1m
  pulsecam demo --no-window --for 10s            lines instead of pictures";

/// Run relay, source and viewer in one process: source → JPEG → link → relay → link → window
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    show: ShowArgs,
    #[command(flatten)]
    patience: LinkTimeouts,
    /// Print events as JSON, one object per line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    demo::run(&demo::Options {
        source: args.source.options(),
        show: args.show.options(args.json),
        target: args.patience.here()?,
        setting_name: advice::to_set,
        purpose: demo::Purpose::Demonstration,
    })
}

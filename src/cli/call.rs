//! `pulsecam call`: send and view on one link.

use super::{
    Error,
    link::{Entered, LinkArgs},
    show::ShowArgs,
    source::SourceArgs,
    values,
};
use crate::{app::call, link::Role};

const EXAMPLES: &str = "\
Examples:
  pulsecam call desk.local
  pulsecam call desk1.lan,desk2.lan                        the first relay that answers
  pulsecam call desk.local --name Ann --source camera:1
  pulsecam call desk.local --camera-off                    start with the camera off

A mirrored self-view is shown in the corner. Press m to turn your camera off or on; while it is
off, the others see a placeholder.";

/// Send your camera and show the others, on one link
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    link: LinkArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    show: ShowArgs,
    /// Start with the camera off; press m to turn it on
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_CAMERA_OFF")]
    camera_off: bool,
    /// Print events as JSON, one object per line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    run_with(args, Entered::default())
}

/// Calls the relay that is named, with what was entered in a window.
pub(super) fn run_with(args: &Args, entered: Entered) -> Result<(), Error> {
    call::run(&call::Options {
        target: args.link.target_with(Role::Both, entered)?,
        source: args.source.options(),
        show: args.show.options(args.json),
        camera_off: args.camera_off,
    })
}

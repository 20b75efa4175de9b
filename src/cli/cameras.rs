//! `pulsecam cameras`: what can be streamed from here.

use super::{
    Error,
    output::{Output, harmless, print},
};
use crate::capture;

const EXAMPLES: &str = "\
Examples:
  pulsecam cameras
  pulsecam cameras --json | jq .name";

/// List the cameras of this machine and their modes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Print one JSON object a camera
    #[arg(long, value_parser = super::values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let output = Output::new(args.json);
    let cameras = capture::cameras()?;
    if cameras.is_empty() {
        return Err(capture::Error::NoCamera.into());
    }
    for camera in cameras {
        output.event(&camera, Some(&format!("camera:{}  {}  ({})", camera.index, camera.name, camera.path)));
        if !output.is_json() {
            for mode in &camera.modes {
                print(&harmless(&format!("  {mode}")));
            }
        }
    }
    Ok(())
}

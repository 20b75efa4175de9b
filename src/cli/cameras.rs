//! `pulsecam cameras`: lists cameras, or the controls of one.

use super::{Error, values};
use crate::{
    app::cameras,
    capture::{Spec, Which},
};

const EXAMPLES: &str = "\
Examples:
  pulsecam cameras
  pulsecam cameras --json | jq .name
  pulsecam cameras --controls camera:0
  pulsecam cameras --controls camera:C920 --json | jq 'select(.key == \"brightness\")'";

/// List the cameras of this machine and their modes, or the controls of one
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// List the controls of one camera instead, with their values and ranges: camera:0, camera:NAME or
    /// camera:/dev/video0 [without CAMERA: the first camera]
    #[arg(
        long,
        value_name = "CAMERA",
        num_args = 0..=1,
        default_missing_value = "camera",
        value_parser = camera,
        env = "PULSECAM_CONTROLS"
    )]
    controls: Option<Which>,
    /// Print one JSON object per camera or control
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

/// Parses a camera as `--source` does.
fn camera(text: &str) -> Result<Which, String> {
    match text.parse() {
        Ok(Spec::Camera(which)) => Ok(which),
        _ => Err("expected a camera, such as camera:0, camera:NAME or camera:/dev/video0".into()),
    }
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    match &args.controls {
        Some(which) => cameras::list_controls(which, args.json),
        None => cameras::list(args.json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_written_as_for_source() {
        assert_eq!(camera("camera"), Ok(Which::First));
        assert_eq!(camera("camera:1"), Ok(Which::Index(1)));
        assert_eq!(camera("camera:/dev/video2"), Ok(Which::Name("/dev/video2".into())));
        for wrong in ["", "pattern", "0", "/dev/video0"] {
            assert!(camera(wrong).unwrap_err().contains("camera:0"), "{wrong}");
        }
    }
}

//! `pulsecam cameras`: lists cameras, or the controls of one, or shows its picture.

use super::{Error, advice, show::ShowArgs, values};
use crate::{
    app::{cameras, demo, link::Target, source},
    capture::{Settings, Spec, Which},
    link::Config,
};

const EXAMPLES: &str = "\
Examples:
  pulsecam cameras
  pulsecam cameras --json | jq .name
  pulsecam cameras --preview                         look at the first camera before you join
  pulsecam cameras --preview camera:C920 --terminal
  pulsecam cameras --controls camera:0
  pulsecam cameras --controls camera:C920 --json | jq 'select(.key == \"brightness\")'

The preview is shown on this machine only. To try sizes and other options of send and call, use
`pulsecam demo --source camera:0 --size 1920x1080`.";

/// List the cameras of this machine and their modes, or the controls of one, or show its picture
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
    /// Show the picture of one camera, to no one else: camera:0, camera:NAME or camera:/dev/video0 [without
    /// CAMERA: the first camera]
    #[arg(
        long,
        value_name = "CAMERA",
        num_args = 0..=1,
        default_missing_value = "camera",
        value_parser = camera,
        conflicts_with = "controls"
    )]
    preview: Option<Which>,
    /// Print one JSON object per camera or control
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
    #[command(flatten)]
    show: ShowArgs,
}

impl Args {
    /// Whether it shows a picture, and does not only print.
    pub(super) const fn previews(&self) -> bool {
        self.preview.is_some()
    }
}

/// Parses a camera as `--source` does.
fn camera(text: &str) -> Result<Which, String> {
    match text.parse() {
        Ok(Spec::Camera(which)) => Ok(which),
        _ => Err("expected a camera, such as camera:0, camera:NAME or camera:/dev/video0".into()),
    }
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    match (&args.controls, &args.preview) {
        (Some(which), _) => cameras::list_controls(which, args.json),
        (None, Some(which)) => preview(args, which),
        (None, None) => cameras::list(args.json),
    }
}

fn preview(args: &Args, which: &Which) -> Result<(), Error> {
    demo::run(&demo::Options {
        source: source::Options {
            spec: Some(Spec::Camera(which.clone())),
            settings: Settings::default(),
            quality: None,
            name: None,
            skip_still: false,
            max_age: None,
        },
        show: args.show.options(args.json),
        target: Target { config: Config::new(String::new()), advice: advice::to_change },
        setting_name: advice::to_set,
        purpose: demo::Purpose::Preview,
    })
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

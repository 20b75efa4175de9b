//! `pulsecam cameras`: what can be streamed from here, and what can be adjusted on it.

use std::fmt::Write;

use super::{
    Error, controls,
    output::{print, print_json},
};
use crate::{
    capture::{self, CameraInfo, Mode, Spec, Which},
    harmless,
};

const EXAMPLES: &str = "\
Examples:
  pulsecam cameras
  pulsecam cameras --json | jq .name
  pulsecam cameras --controls camera:0
  pulsecam cameras --controls camera:C920 --json | jq 'select(.key == \"brightness\")'";

/// List the cameras of this machine and their modes, or what can be adjusted on one.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// List the controls of a camera, their values and what they take, instead: camera:0, camera:NAME,
    /// camera:/dev/video0 [without CAMERA: the first]
    #[arg(
        long,
        value_name = "CAMERA",
        num_args = 0..=1,
        default_missing_value = "camera",
        value_parser = camera,
        env = "PULSECAM_CONTROLS"
    )]
    controls: Option<Which>,
    /// Print one JSON object a camera, or a control
    #[arg(long, value_parser = super::values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

/// A camera as `--source` takes it.
fn camera(text: &str) -> Result<Which, String> {
    match text.parse() {
        Ok(Spec::Camera(which)) => Ok(which),
        _ => Err("a camera is written like camera:0, camera:NAME or camera:/dev/video0".into()),
    }
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    if let Some(which) = &args.controls {
        return controls::list(which, args.json);
    }
    let cameras = capture::cameras();
    if cameras.is_empty() {
        return Err(capture::Error::NoCamera.into());
    }
    for camera in cameras {
        if args.json {
            print_json(&camera)?;
        } else {
            for line in described(&camera).lines() {
                print(&harmless::line(line))?;
            }
        }
    }
    Ok(())
}

/// A camera and its modes for a person: a line for each size.
fn described(camera: &CameraInfo) -> String {
    let mut text = format!("camera:{}  {}  ({})\n", camera.index, camera.name, camera.path);
    if let Some(problem) = &camera.problem {
        let _ = writeln!(text, "  {problem}"); // writing to a String cannot fail
    }
    let users: Vec<_> = camera.in_use_by.iter().map(ToString::to_string).collect();
    if !users.is_empty() {
        let _ = writeln!(text, "  in use by {}", users.join(", "));
    }
    let mut format = None;
    for sizes in camera.modes.chunk_by(|a, b| size(a) == size(b)) {
        let Some(first) = sizes.first() else { continue };
        let label = if format == Some(first.format) { String::new() } else { first.format.to_string() };
        format = Some(first.format);
        let size = format!("{}x{}", first.width, first.height);
        let rates: Vec<_> = sizes.iter().map(|mode| mode.rate.to_string()).collect();
        let _ = writeln!(text, "  {label:<6} {size:<10} {} fps", rates.join(", "));
    }
    if !camera.other_formats.is_empty() {
        let _ = writeln!(
            text,
            "  and in formats that are not understood here: {}",
            camera.other_formats.join(", ")
        );
    }
    text
}

fn size(mode: &Mode) -> impl PartialEq + use<> {
    (mode.format, mode.width, mode.height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{PixelFormat, Rate, User};

    #[test]
    fn a_camera_is_written_as_for_source() {
        assert_eq!(camera("camera"), Ok(Which::First));
        assert_eq!(camera("camera:1"), Ok(Which::Index(1)));
        assert_eq!(camera("camera:/dev/video2"), Ok(Which::Name("/dev/video2".into())));
        for wrong in ["", "pattern", "0", "/dev/video0"] {
            assert!(camera(wrong).unwrap_err().contains("camera:0"), "{wrong}");
        }
    }

    #[test]
    fn a_camera_is_told_in_a_line_for_each_size() {
        let mode = |format, width, height, frames, seconds| Mode {
            format,
            width,
            height,
            rate: Rate::new(frames, seconds).unwrap(),
        };
        let mut camera = CameraInfo::new(2, "C920", "/dev/video2");
        camera.modes = vec![
            mode(PixelFormat::Mjpeg, 1920, 1080, 30, 1),
            mode(PixelFormat::Mjpeg, 640, 480, 30, 1),
            mode(PixelFormat::Mjpeg, 640, 480, 15, 2),
            mode(PixelFormat::Yuyv, 640, 480, 15, 1),
        ];
        camera.other_formats = vec!["H264".into()];
        camera.in_use_by = vec![User { pid: 7, program: "zoom".into() }];
        let wanted = "\
camera:2  C920  (/dev/video2)
  in use by zoom (process 7)
  MJPEG  1920x1080  30 fps
         640x480    30, 7.5 fps
  YUYV   640x480    15 fps
  and in formats that are not understood here: H264
";
        assert_eq!(described(&camera), wanted);
    }
}

//! Lists the cameras of this machine.

use std::fmt::Write;

use super::{
    Error, controls,
    output::{print, print_json},
};
use crate::{
    capture::{self, CameraInfo, Mode, Which},
    sanitize,
};

/// Lists the controls of a camera.
///
/// # Errors
/// There is no such camera, or standard output cannot be written.
pub(crate) fn list_controls(which: &Which, json: bool) -> Result<(), Error> {
    controls::list(which, json)
}

/// Lists the cameras and their modes.
///
/// # Errors
/// There is no camera, or standard output cannot be written.
pub(crate) fn list(json: bool) -> Result<(), Error> {
    let cameras = capture::cameras();
    if cameras.is_empty() {
        return Err(capture::Error::NoCamera.into());
    }
    for camera in cameras {
        if json {
            print_json(&camera)?;
        } else {
            for line in described(&camera).lines() {
                print(&sanitize::line(line))?;
            }
        }
    }
    Ok(())
}

/// A camera and its modes as text: one line per size.
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
        let _ =
            writeln!(text, "  and in formats that are not supported: {}", camera.other_formats.join(", "));
    }
    text
}

fn size(mode: &Mode) -> impl PartialEq + use<> {
    (mode.format, mode.width, mode.height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{DeviceUser, FrameRate, PixelFormat};

    #[test]
    fn a_camera_has_one_line_per_size() {
        let mode = |format, width, height, frames, seconds| {
            Mode::new(format, width, height, FrameRate::new(frames, seconds).unwrap())
        };
        let mut camera = CameraInfo::new(2, "C920", "/dev/video2");
        camera.modes = vec![
            mode(PixelFormat::Mjpeg, 1920, 1080, 30, 1),
            mode(PixelFormat::Mjpeg, 640, 480, 30, 1),
            mode(PixelFormat::Mjpeg, 640, 480, 15, 2),
            mode(PixelFormat::Yuyv, 640, 480, 15, 1),
        ];
        camera.other_formats = vec!["H264".into()];
        camera.in_use_by = vec![DeviceUser::new(7, "zoom")];
        let wanted = "\
camera:2  C920  (/dev/video2)
  in use by zoom (process 7)
  MJPEG  1920x1080  30 fps
         640x480    30, 7.5 fps
  YUYV   640x480    15 fps
  and in formats that are not supported: H264
";
        assert_eq!(described(&camera), wanted);
    }
}

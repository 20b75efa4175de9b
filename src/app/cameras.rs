//! Lists the cameras of this machine, and the virtual ones.

use std::fmt::Write;

use serde::Serialize;

use super::{
    Error, controls,
    output::{print, print_json},
};
use crate::{
    capture::{self, CameraInfo, Mode, Which},
    sanitize,
    virtual_camera::{Loopback, loopbacks},
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
    let (cameras, virtual_cameras) = (capture::cameras(), loopbacks());
    if cameras.is_empty() && virtual_cameras.is_empty() {
        return Err(capture::Error::NoCamera.into());
    }
    for camera in cameras {
        if json {
            print_json(&camera)?;
        } else {
            print_lines(&described(&camera))?;
        }
    }
    for device in &virtual_cameras {
        if json {
            print_json(&VirtualCamera { is_virtual: true, device, problems: device.problems() })?;
        } else {
            print_lines(&virtual_camera(device))?;
        }
    }
    Ok(())
}

/// A device of v4l2loopback as a JSON object.
#[derive(Serialize)]
struct VirtualCamera<'a> {
    #[serde(rename = "virtual")]
    is_virtual: bool,
    #[serde(flatten)]
    device: &'a Loopback,
    problems: Vec<String>,
}

fn print_lines(text: &str) -> Result<(), Error> {
    text.lines().try_for_each(|line| print(&sanitize::line(line)))
}

/// A device of v4l2loopback as text: what is written to it, and what is wrong with it.
fn virtual_camera(device: &Loopback) -> String {
    let mut text = format!("virtual camera  {}  ({})\n", device.name, device.path);
    match &device.format {
        Some(format) => _ = writeln!(text, "  gets {format}"),
        None => text.push_str("  no program writes to it\n"),
    }
    let users: Vec<_> = device.in_use_by.iter().map(ToString::to_string).collect();
    if !users.is_empty() {
        let _ = writeln!(text, "  in use by {}", users.join(", "));
    }
    for problem in device.problems() {
        let _ = writeln!(text, "  {problem}");
    }
    text
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
    fn a_virtual_camera_tells_what_it_gets_and_what_is_wrong() {
        let mut device = Loopback::new(9, "pulsecam", "/dev/video9");
        assert_eq!(
            virtual_camera(&device),
            "virtual camera  pulsecam  (/dev/video9)\n  no program writes to it\n"
        );
        device.format = Some("YU12:640x360@30".into());
        device.in_use_by = vec![DeviceUser::new(7, "zoom")];
        device.exclusive_caps = Some(false);
        let text = virtual_camera(&device);
        assert!(text.contains("\n  gets YU12:640x360@30\n  in use by zoom (process 7)\n"), "{text}");
        assert!(text.lines().last().unwrap().contains("without exclusive_caps=1"), "{text}");
    }

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

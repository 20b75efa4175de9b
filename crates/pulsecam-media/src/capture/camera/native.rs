//! Cameras over nokhwa: on all systems but Linux, and on Linux for comparison.
//!
//! nokhwa's own mode selection ignores half of the request, so one exact mode is requested. Its decoding is
//! never used: it pulls in mozjpeg, whose symbols collide with libjpeg-turbo's. Reading a frame has no
//! timeout, so it happens on a separate thread; if a camera stalls for good, that thread stays until the
//! program exits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::Duration,
};

use nokhwa::{
    Buffer, Camera, NokhwaError,
    utils::{ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType},
};

use super::{
    control::ControlSetting,
    device::{
        Backend, BufferFormat, CapturedBuffer, Device, DeviceFault, DeviceInfo, DeviceUser, ModeRequest,
        Modes,
    },
    mode::{FrameRate, Mode, PixelFormat},
    permission,
};
use crate::{clock::Timestamp, jpeg::Length, queue};

/// Time limit for opening a camera. Some need seconds; a driver that hangs must not hang the program.
const OPENING: Duration = Duration::from_secs(15);

/// Pixel formats that a camera may be asked for.
///
/// AVFoundation converts whatever a camera gives to YUYV. If asked for a format that it cannot make (MJPEG, which is
/// a codec there, or grey), it raises an Objective-C exception, which aborts the program.
const REQUESTABLE: &[PixelFormat] =
    if cfg!(target_os = "macos") { &[PixelFormat::Yuyv] } else { &PixelFormat::ALL };

/// AVFoundation pads rows to a multiple of 16 or of 64 bytes.
const ROW_ALIGNMENT: std::ops::RangeInclusive<usize> = 16..=64;

/// The nokhwa backend, on any system.
pub(super) struct Native;

impl Backend for Native {
    fn present(&self) -> Vec<DeviceInfo> {
        permission::request();
        let mut found: Vec<_> = nokhwa::query(ApiBackend::Auto)
            .inspect_err(|error| tracing::debug!(%error, "the system lists no cameras"))
            .unwrap_or_default()
            .iter()
            .filter_map(|device| {
                let description = device.description();
                let path = description.rsplit_once("@ ").map_or(description, |(_, path)| path).to_owned();
                let index = device.index().as_index().ok()?;
                Some(DeviceInfo { index, name: device.human_name(), path, bus_path: String::new() })
            })
            .collect();
        found.sort_by_key(|camera| camera.index);
        found.dedup_by_key(|camera| camera.index);
        found
    }

    fn modes(&self, camera: &DeviceInfo, _: ModeRequest) -> Result<Option<Modes>, DeviceFault> {
        permission::require()?;
        let any = RequestedFormat::with_formats(RequestedFormatType::None, nokhwa::utils::frame_formats());
        let listed = Camera::new(CameraIndex::Index(camera.index), any)
            .and_then(|mut camera| camera.compatible_camera_formats());
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) if has_no_formats(&error) => return Ok(None),
            Err(error) => return Err(fault("list its modes", &error)),
        };
        let mut known: Vec<_> = listed.iter().filter_map(mode_of).collect();
        known.retain(|mode| REQUESTABLE.contains(&mode.format));
        known.sort_by_key(Mode::listed);
        known.dedup();
        Ok(Some(Modes { known, unknown: Vec::new() }))
    }

    fn start(
        &self,
        camera: &DeviceInfo,
        mode: Mode,
        controls: &[ControlSetting],
    ) -> Result<Box<dyn Device>, DeviceFault> {
        if !controls.is_empty() {
            let reason = "setting controls is not supported with nokhwa".into();
            return Err(DeviceFault::Driver { what: "set its controls", reason });
        }
        permission::require()?;
        let index = camera.index;
        let open = move || {
            let format = format_of(mode);
            let formats = [format.format()];
            let exactly = RequestedFormat::with_formats(RequestedFormatType::Exact(format), &formats);
            let mut camera = Camera::new(CameraIndex::Index(index), exactly)?;
            camera.open_stream()?;
            Ok(camera)
        };
        Ok(Box::new(Running::start(open, mode)?))
    }

    fn users(&self, _: &DeviceInfo) -> Vec<DeviceUser> {
        Vec::new()
    }
}

/// A camera that streams on its own thread.
struct Running {
    shape: BufferFormat,
    frames: queue::Receiver<(), Result<Buffer, NokhwaError>>,
    taken: Option<Buffer>,
    stop: Arc<AtomicBool>,
}

impl Running {
    fn start(
        open: impl FnOnce() -> Result<Camera, NokhwaError> + Send + 'static,
        mode: Mode,
    ) -> Result<Self, DeviceFault> {
        let (give, frames) = queue::channel(0);
        let (opened, is_open) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let read = move || {
            let mut camera = match open() {
                Ok(camera) => {
                    let _ = opened.send(Ok(()));
                    camera
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            while !stopped.load(Relaxed) {
                let frame = camera.frame();
                let failed = frame.is_err();
                if give.send_latest((), frame).is_err() || failed {
                    return;
                }
            }
        };
        let system = |reason: String| DeviceFault::Driver { what: "start it", reason };
        thread::Builder::new()
            .name("nokhwa".into())
            .spawn(read)
            .map_err(|error| system(error.to_string()))?;
        match is_open.recv_timeout(OPENING) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(fault("start it", &error)),
            Err(_) => return Err(system(format!("it takes longer than {} s", OPENING.as_secs()))),
        }
        // nokhwa reports neither row padding, which each frame's length shows, nor range.
        let shape = BufferFormat { mode, stride: 0, full_range: false };
        Ok(Self { shape, frames, taken: None, stop })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

impl Device for Running {
    fn shape(&self) -> BufferFormat {
        self.shape
    }

    fn take(&mut self, limit: Duration) -> Result<Option<CapturedBuffer<'_>>, DeviceFault> {
        let buffer = match self.frames.recv_timeout(limit) {
            Ok(None) => return Ok(None),
            Ok(Some(frame)) => frame.item.map_err(|error| fault("read a frame", &error))?,
            Err(queue::Closed) => return Err(DeviceFault::Gone),
        };
        let micros = |since: Duration| u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        let captured = buffer.capture_timestamp().map(|since| Timestamp::from_micros(micros(since)));
        let bytes = self.taken.insert(buffer).buffer();
        let is_padded = cfg!(target_os = "macos");
        Ok(Some(CapturedBuffer {
            bytes,
            stride: is_padded.then(|| padded_stride(self.shape.mode, bytes.len())).flatten(),
            length: Length::Unknown,
            sequence: None,
            captured: captured.unwrap_or_else(Timestamp::now),
            damaged: false,
        }))
    }
}

/// Bytes from row to row of a packed frame of this length; `None` if its rows are not padded.
///
/// Not for Linux, where nokhwa returns whole pages.
fn padded_stride(mode: Mode, length: usize) -> Option<usize> {
    let per_two = (mode.format == PixelFormat::Yuyv).then_some(4)?;
    let row = (mode.width as usize).div_ceil(2) * per_two;
    let stride = length.checked_div(mode.height as usize)?;
    let is_plausible =
        stride > row && stride.is_multiple_of(*ROW_ALIGNMENT.start()) && stride - row < *ROW_ALIGNMENT.end();
    is_plausible.then_some(stride)
}

/// Whether it is a node for metadata or output, with no capture format or none that is known. nokhwa reports
/// that as an error of this property; errors of other properties mean a busy camera or one left in an odd
/// state.
fn has_no_formats(error: &NokhwaError) -> bool {
    matches!(error, NokhwaError::GetPropertyError { property, .. } if property == "CameraFormat")
}

/// Classifies an error by its text: nokhwa passes on the system's message.
fn fault(what: &'static str, error: &NokhwaError) -> DeviceFault {
    let reason = error.to_string();
    let lower = reason.to_lowercase();
    if lower.contains("no such device") || lower.contains("no such file") {
        DeviceFault::Gone
    } else if lower.contains("busy") {
        DeviceFault::Busy(Vec::new())
    } else {
        DeviceFault::Driver { what, reason }
    }
}

fn mode_of(format: &CameraFormat) -> Option<Mode> {
    let pixels = match format.format() {
        FrameFormat::MJPEG => PixelFormat::Mjpeg,
        FrameFormat::YUYV => PixelFormat::Yuyv,
        FrameFormat::NV12 => PixelFormat::Nv12,
        FrameFormat::GRAY => PixelFormat::Grey,
        FrameFormat::RAWRGB => PixelFormat::Rgb,
        FrameFormat::RAWBGR => PixelFormat::Bgr,
    };
    let rate = FrameRate::new(format.frame_rate(), 1)?;
    Some(Mode { width: format.width(), height: format.height(), rate, format: pixels })
}

fn format_of(mode: Mode) -> CameraFormat {
    let format = match mode.format {
        PixelFormat::Mjpeg => FrameFormat::MJPEG,
        PixelFormat::Nv12 => FrameFormat::NV12,
        PixelFormat::Grey => FrameFormat::GRAY,
        PixelFormat::Rgb => FrameFormat::RAWRGB,
        PixelFormat::Bgr => FrameFormat::RAWBGR,
        // nokhwa does not know the others and never lists them.
        PixelFormat::Yuyv | PixelFormat::Uyvy | PixelFormat::I420 => FrameFormat::YUYV,
    };
    CameraFormat::new_from(mode.width, mode.height, format, mode.rate.fps().round() as u32)
}

#[cfg(test)]
#[path = "native_tests.rs"]
mod tests;

//! Tests of the nokhwa backend, on a fake nokhwa camera.

use std::{borrow::Cow, collections::HashMap};

use nokhwa::{
    camera_traits::CaptureBackendTrait,
    utils::{CameraControl, CameraInfo, ControlValueSetter, KnownCameraControl, Resolution},
};

use super::*;

/// Returns frames until it runs out of them, then fails like an unplugged camera.
struct Played {
    info: CameraInfo,
    frames: Vec<Result<Vec<u8>, &'static str>>,
}

fn unused<T>() -> Result<T, NokhwaError> {
    Err(NokhwaError::GeneralError("not asked for".into()))
}

fn vga() -> CameraFormat {
    CameraFormat::new_from(4, 2, FrameFormat::MJPEG, 30)
}

impl CaptureBackendTrait for Played {
    fn backend(&self) -> ApiBackend {
        ApiBackend::Auto
    }
    fn camera_info(&self) -> &CameraInfo {
        &self.info
    }
    fn refresh_camera_format(&mut self) -> Result<(), NokhwaError> {
        Ok(())
    }
    fn camera_format(&self) -> CameraFormat {
        vga()
    }
    fn set_camera_format(&mut self, _: CameraFormat) -> Result<(), NokhwaError> {
        unused()
    }
    fn compatible_list_by_resolution(
        &mut self,
        _: FrameFormat,
    ) -> Result<HashMap<Resolution, Vec<u32>>, NokhwaError> {
        unused()
    }
    fn compatible_fourcc(&mut self) -> Result<Vec<FrameFormat>, NokhwaError> {
        unused()
    }
    fn resolution(&self) -> Resolution {
        vga().resolution()
    }
    fn set_resolution(&mut self, _: Resolution) -> Result<(), NokhwaError> {
        unused()
    }
    fn frame_rate(&self) -> u32 {
        30
    }
    fn set_frame_rate(&mut self, _: u32) -> Result<(), NokhwaError> {
        unused()
    }
    fn frame_format(&self) -> FrameFormat {
        FrameFormat::MJPEG
    }
    fn set_frame_format(&mut self, _: FrameFormat) -> Result<(), NokhwaError> {
        unused()
    }
    fn camera_control(&self, _: KnownCameraControl) -> Result<CameraControl, NokhwaError> {
        unused()
    }
    fn camera_controls(&self) -> Result<Vec<CameraControl>, NokhwaError> {
        unused()
    }
    fn set_camera_control(
        &mut self,
        _: KnownCameraControl,
        _: ControlValueSetter,
    ) -> Result<(), NokhwaError> {
        unused()
    }
    fn open_stream(&mut self) -> Result<(), NokhwaError> {
        Ok(())
    }
    fn is_stream_open(&self) -> bool {
        true
    }
    fn frame(&mut self) -> Result<Buffer, NokhwaError> {
        let next =
            if self.frames.is_empty() { Err("No such device (os error 19)") } else { self.frames.remove(0) };
        match next {
            Ok(bytes) => {
                let at = Some(Duration::from_secs(7));
                Ok(Buffer::with_timestamp(self.resolution(), &bytes, FrameFormat::MJPEG, at))
            }
            Err(reason) => Err(NokhwaError::ReadFrameError(reason.into())),
        }
    }
    fn frame_raw(&mut self) -> Result<Cow<'_, [u8]>, NokhwaError> {
        unused()
    }
    fn stop_stream(&mut self) -> Result<(), NokhwaError> {
        Ok(())
    }
}

fn mode() -> Mode {
    mode_of(&vga()).unwrap()
}

fn start(frames: Vec<Result<Vec<u8>, &'static str>>) -> Result<Running, DeviceFault> {
    let open = move || {
        let info = CameraInfo::new("Played", "", "", CameraIndex::Index(0));
        Ok(Camera::with_custom(CameraIndex::Index(0), ApiBackend::Auto, Box::new(Played { info, frames })))
    };
    Running::start(open, mode())
}

/// Generous: the frame is on its way, and the test must not fail because of timing.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn the_newest_frame_is_handed_over_whole_with_its_time_and_then_the_loss() {
    let mut device = start(vec![Ok(b"frame".to_vec())]).unwrap();
    assert_eq!(device.shape().mode, mode());
    // The error may already have replaced the frame: only the newest item is returned.
    match device.take(LIMIT) {
        Ok(Some(taken)) => {
            assert_eq!((taken.bytes, taken.length), (&b"frame"[..], Length::Unknown));
            assert_eq!(taken.captured, Timestamp::from_micros(7_000_000));
            assert!(matches!(device.take(LIMIT), Err(DeviceFault::Gone)));
        }
        other => assert!(matches!(other, Err(DeviceFault::Gone)), "{other:?}"),
    }
    assert!(matches!(device.take(LIMIT), Err(DeviceFault::Gone)), "and stays lost");
}

#[test]
fn a_camera_that_does_not_open_says_why() {
    let busy =
        || Err(NokhwaError::OpenDeviceError("0".into(), "Device or resource busy (os error 16)".into()));
    assert!(matches!(Running::start(busy, mode()).map(|_| ()), Err(DeviceFault::Busy(_))));
    let odd = || Err(NokhwaError::OpenStreamError("Input/output error".into()));
    let fault = Running::start(odd, mode()).map(|_| ()).unwrap_err();
    assert!(fault.to_string().contains("Input/output error"), "{fault}");
}

#[test]
fn modes_and_nokhwas_formats_stand_for_one_another() {
    for format in nokhwa::utils::frame_formats() {
        let format = CameraFormat::new_from(640, 480, *format, 30);
        assert_eq!(format_of(mode_of(&format).unwrap()), format);
    }
    assert_eq!(mode_of(&CameraFormat::new_from(640, 480, FrameFormat::NV12, 0)), None);
}

#[test]
fn padding_of_rows_shows_in_a_frames_length() {
    let mode = |width, height, format| Mode { width, height, format, rate: FrameRate::new(30, 1).unwrap() };
    let yuyv = |width, height| mode(width, height, PixelFormat::Yuyv);
    assert_eq!(padded_stride(yuyv(640, 480), 640 * 2 * 480), None, "rows end where they should");
    assert_eq!(padded_stride(yuyv(1000, 4), 2048 * 4), Some(2048));
    assert_eq!(padded_stride(yuyv(1000, 4), 2048 * 4 + 3), Some(2048), "with a few bytes behind them");
    assert_eq!(padded_stride(yuyv(1000, 4), 2000 * 3), None, "too short");
    assert_eq!(padded_stride(yuyv(1000, 4), 4096 * 4), None, "more than padding");
    assert_eq!(padded_stride(yuyv(999, 4), 2004 * 4), None, "not aligned");
    assert_eq!(padded_stride(yuyv(1000, 0), 2048), None);
    assert_eq!(padded_stride(mode(1000, 4, PixelFormat::Mjpeg), 2048 * 4), None, "compressed");
}

#[test]
fn nodes_without_formats_are_told_from_cameras_that_are_busy() {
    let error = |property: &str| NokhwaError::GetPropertyError {
        property: property.into(),
        error: "Failed to Fufill".into(),
    };
    assert!(has_no_formats(&error("CameraFormat")));
    assert!(!has_no_formats(&error("V4L2 FrameRate")));
    assert!(!has_no_formats(&error("FrameFormat")), "left in a format that nokhwa does not know");
    assert!(!has_no_formats(&NokhwaError::OpenDeviceError("0".into(), "busy".into())));
}

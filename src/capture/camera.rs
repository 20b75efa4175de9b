//! Cameras, over nokhwa.
//!
//! nokhwa's own choices of a mode ignore half of what is asked, so the choice is made here: list the
//! modes, pick one, ask for exactly that. Its decoding is never used: a camera's JPEGs are passed on,
//! trimmed to their true length (a buffer is handed over whole, with old data behind the picture), and
//! raw pixels become the planes that the encoder takes.

use nokhwa::{
    Buffer, NokhwaError,
    utils::{ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType},
};
use serde::Serialize;

use super::{
    Error, Frame, FrameData, Source,
    mode::{Mode, PixelFormat, Wanted},
    unpack,
};
use crate::{clock::Timestamp, jpeg};

/// Modes that are tried before giving up: a driver may list what it then refuses.
const ATTEMPTS: usize = 4;

/// Damaged frames in a row that are taken for a broken camera: a second's worth. A cable that is touched
/// damages a few.
const DAMAGED_IN_A_ROW: u32 = 30;

/// A camera that is there.
#[derive(Clone, Debug, Serialize)]
pub struct CameraInfo {
    /// Its number, as in `camera:0`.
    pub index: u32,
    /// What it calls itself.
    pub name: String,
    /// Its device, such as `/dev/video0`; what the system has instead elsewhere.
    pub path: String,
    /// What it offers; empty where it could not be asked, for instance because another program has it.
    pub modes: Vec<Mode>,
}

/// Which camera.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// The first.
    #[default]
    First,
    /// By its number.
    Index(u32),
    /// By its name, its device, or a part of its name.
    Name(String),
}

impl Which {
    /// The camera that is meant; an exact name wins over a part of one.
    fn find<'a>(&self, cameras: &'a [CameraInfo]) -> Option<&'a CameraInfo> {
        match self {
            Self::First => cameras.first(),
            Self::Index(index) => cameras.iter().find(|camera| camera.index == *index),
            Self::Name(name) => {
                let exact = |camera: &&CameraInfo| camera.name == *name || camera.path == *name;
                let lower = name.to_lowercase();
                let part = |camera: &&CameraInfo| camera.name.to_lowercase().contains(&lower);
                cameras.iter().find(exact).or_else(|| cameras.iter().find(part))
            }
        }
    }
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::First => f.write_str("camera"),
            Self::Index(index) => write!(f, "camera:{index}"),
            Self::Name(name) => write!(f, "camera:{name}"),
        }
    }
}

/// The cameras that are there, by number. Asks each for its modes, which opens it for a moment.
///
/// # Errors
/// [`Error::Camera`] where the system cannot be asked at all.
pub fn cameras() -> Result<Vec<CameraInfo>, Error> {
    let found = nokhwa::query(ApiBackend::Auto).map_err(|error| failed("list", &error))?;
    let mut cameras: Vec<_> = found
        .iter()
        .filter_map(|device| {
            let index = device.index().as_index().ok()?;
            let name = device.human_name();
            let modes = match modes_of(index) {
                Ok(modes) => modes,
                Err(error) if has_no_formats(&error) => return None,
                Err(error) => {
                    tracing::debug!(name, %error, "cannot tell its modes");
                    Vec::new()
                }
            };
            let description = device.description();
            let path = description.rsplit_once("@ ").map_or(description, |(_, path)| path).to_owned();
            Some(CameraInfo { index, name, path, modes })
        })
        .collect();
    cameras.sort_by_key(|camera| camera.index);
    cameras.dedup_by_key(|camera| camera.index);
    Ok(cameras)
}

/// Name and device of the camera that is meant.
pub(super) fn camera_path(which: &Which) -> Result<(String, String), Error> {
    let cameras = cameras()?;
    let camera = which.find(&cameras).ok_or_else(|| missing(which, &cameras))?;
    Ok((camera.name.clone(), camera.path.clone()))
}

/// That none of those that are there is meant.
fn missing(which: &Which, cameras: &[CameraInfo]) -> Error {
    if cameras.is_empty() {
        return Error::NoCamera;
    }
    Error::NoSuchCamera {
        wanted: which.to_string(),
        present: cameras
            .iter()
            .map(|camera| format!("camera:{} ({})", camera.index, camera.name))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// Every mode that a camera lists and that is understood here, best first by size.
fn modes_of(index: u32) -> Result<Vec<Mode>, NokhwaError> {
    let any = RequestedFormat::with_formats(RequestedFormatType::None, nokhwa::utils::frame_formats());
    let mut camera = nokhwa::Camera::new(CameraIndex::Index(index), any)?;
    let mut modes: Vec<_> = camera.compatible_camera_formats()?.iter().map(mode_of).collect();
    modes.sort();
    modes.dedup();
    modes.reverse();
    Ok(modes)
}

/// A node for metadata or output: it has no format to capture in, or none that is known. nokhwa tells it by
/// the name of a property; under others it tells of cameras that are busy or were left in an odd state.
fn has_no_formats(error: &NokhwaError) -> bool {
    matches!(error, NokhwaError::GetPropertyError { property, .. } if property == "CameraFormat")
}

fn mode_of(format: &CameraFormat) -> Mode {
    let pixels = match format.format() {
        FrameFormat::MJPEG => PixelFormat::Mjpeg,
        FrameFormat::YUYV => PixelFormat::Yuyv,
        FrameFormat::NV12 => PixelFormat::Nv12,
        FrameFormat::GRAY => PixelFormat::Grey,
        FrameFormat::RAWRGB => PixelFormat::Rgb,
        FrameFormat::RAWBGR => PixelFormat::Bgr,
    };
    Mode { width: format.width(), height: format.height(), fps: format.frame_rate(), format: pixels }
}

fn format_of(mode: Mode) -> CameraFormat {
    let format = match mode.format {
        PixelFormat::Mjpeg => FrameFormat::MJPEG,
        PixelFormat::Yuyv => FrameFormat::YUYV,
        PixelFormat::Nv12 => FrameFormat::NV12,
        PixelFormat::Grey => FrameFormat::GRAY,
        PixelFormat::Rgb => FrameFormat::RAWRGB,
        PixelFormat::Bgr => FrameFormat::RAWBGR,
    };
    CameraFormat::new_from(mode.width, mode.height, format, mode.fps)
}

/// A camera as a source. Stays on the thread that opened it.
pub(super) struct Camera {
    device: nokhwa::Camera,
    name: String,
    mode: Mode,
    seq: u64,
    damaged: u64,
}

impl Camera {
    /// Opens a camera in the mode that is nearest to what is wanted.
    pub(super) fn open(which: &Which, wanted: Wanted) -> Result<Self, Error> {
        let cameras = cameras()?;
        let camera = which.find(&cameras).ok_or_else(|| missing(which, &cameras))?;
        let name = &camera.name;
        let mut modes = camera.modes.clone();
        if modes.is_empty() {
            modes = modes_of(camera.index).map_err(|error| failed(name, &error))?;
        }
        wanted.sort(&mut modes);
        let mut refused =
            Error::Camera { name: name.clone(), reason: "it offers no mode that is known".into() };
        for &mode in modes.iter().take(ATTEMPTS) {
            match start(camera.index, mode) {
                Ok(device) => return Ok(Self { device, name: name.clone(), mode, seq: 0, damaged: 0 }),
                Err(error) => {
                    tracing::debug!(name, %mode, %error, "refused");
                    refused = failed(name, &error);
                }
            }
        }
        Err(refused)
    }

    /// What a buffer holds, where it holds a whole picture.
    fn unpack(&self, buffer: &Buffer) -> Option<FrameData> {
        let (bytes, width, height) = (buffer.buffer(), self.mode.width as usize, self.mode.height as usize);
        let picture = match self.mode.format {
            PixelFormat::Mjpeg => {
                jpeg::header(bytes).ok()?;
                let length = jpeg::trimmed(bytes)?.len();
                return Some(FrameData::Jpeg(buffer.buffer_bytes().slice(..length)));
            }
            PixelFormat::Yuyv => unpack::yuyv(bytes, width, height),
            PixelFormat::Nv12 => unpack::nv12(bytes, width, height),
            PixelFormat::Grey => unpack::grey(bytes, width, height),
            PixelFormat::Rgb => unpack::rgb(bytes, width, height),
            PixelFormat::Bgr => unpack::bgr(bytes, width, height),
        };
        picture.map(FrameData::Picture)
    }
}

impl Source for Camera {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        for _ in 0..DAMAGED_IN_A_ROW {
            let buffer = self.device.frame().map_err(|error| failed(&self.name, &error))?;
            let captured = buffer.capture_timestamp().map_or_else(Timestamp::now, |since_epoch| {
                Timestamp::from_micros(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
            });
            let seq = self.seq;
            self.seq += 1;
            if let Some(data) = self.unpack(&buffer) {
                return Ok(Some(Frame { seq, captured, data }));
            }
            self.damaged += 1;
            tracing::debug!(camera = self.name, seq, damaged = self.damaged, "damaged frame skipped");
        }
        let reason = format!("{DAMAGED_IN_A_ROW} damaged frames in a row");
        Err(Error::Camera { name: self.name.clone(), reason })
    }

    fn describe(&self) -> String {
        format!("camera {}, {}", self.name, self.mode)
    }
}

fn start(index: u32, mode: Mode) -> Result<nokhwa::Camera, NokhwaError> {
    let format = format_of(mode);
    let formats = [format.format()];
    let exactly = RequestedFormat::with_formats(RequestedFormatType::Exact(format), &formats);
    let mut device = nokhwa::Camera::new(CameraIndex::Index(index), exactly)?;
    device.open_stream()?;
    Ok(device)
}

fn failed(name: &str, error: &NokhwaError) -> Error {
    Error::Camera { name: name.into(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(index: u32, name: &str) -> CameraInfo {
        CameraInfo { index, name: name.into(), path: format!("/dev/video{index}"), modes: Vec::new() }
    }

    #[test]
    fn cameras_are_found_by_number_name_device_and_part_of_a_name() {
        let cameras = [camera(0, "Integrated Camera: IR"), camera(2, "C920"), camera(4, "C920 Pro")];
        let find = |which: Which| which.find(&cameras).map(|camera| camera.index);
        assert_eq!(find(Which::First), Some(0));
        assert_eq!(find(Which::Index(2)), Some(2));
        assert_eq!(find(Which::Index(1)), None);
        let by_name = |name: &str| find(Which::Name(name.into()));
        assert_eq!(by_name("C920"), Some(2));
        assert_eq!(by_name("c920 p"), Some(4));
        assert_eq!(by_name("integrated"), Some(0));
        assert_eq!(by_name("/dev/video4"), Some(4));
        assert_eq!(by_name("Brio"), None);
    }

    #[test]
    fn modes_and_nokhwas_formats_stand_for_one_another() {
        for format in nokhwa::utils::frame_formats() {
            let format = CameraFormat::new_from(640, 480, *format, 30);
            assert_eq!(format_of(mode_of(&format)), format);
        }
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

    #[cfg(target_os = "linux")]
    #[test]
    fn a_machine_without_cameras_has_an_empty_list_and_no_error() {
        let nodes = std::fs::read_dir("/dev").unwrap().flatten();
        if nodes.map(|node| node.file_name()).any(|name| name.to_string_lossy().starts_with("video")) {
            return; // this machine has some: their state is not the test's business
        }
        assert!(cameras().unwrap().is_empty());
        assert!(matches!(Camera::open(&Which::First, Wanted::default()), Err(Error::NoCamera)));
    }
}

//! A device of v4l2loopback, open for writing.
//!
//! Pictures are written with `write`, as FFmpeg does: it works with all versions of the module. With mapped buffers,
//! versions before 0.14 give the writer the buffer that it has just filled, which readers then see being overwritten.
//! `write` never waits for a reader: the module copies the picture and is done.

use std::{
    fmt,
    io::{self, Write},
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

use rustix::io::Errno;
use v4l::{
    Device, Format, FourCC,
    buffer::Type,
    capability::{Capabilities, Flags},
    io::{mmap::Stream, traits::Stream as _},
    video::Output,
};

use super::{
    Error, PixelLayout,
    loopback::{Loopback, loopbacks},
};
use crate::{
    capture::{
        DeviceUser,
        camera::{
            node, users,
            v4l2::{Guarded, asked},
        },
    },
    picture::Canvas,
};

/// A virtual camera that is being fed. Closing it is enough to end.
pub struct VirtualCamera {
    device: Device,
    path: PathBuf,
    layout: PixelLayout,
    size: (usize, usize),
    /// Memory of a packed picture.
    bytes: Vec<u8>,
    /// Makes older versions of the module note that there is a writer, and when it ends.
    _started: Option<Guarded>,
}

impl fmt::Debug for VirtualCamera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VirtualCamera").field(&self.path).field(&self.layout).field(&self.size).finish()
    }
}

impl VirtualCamera {
    /// Checks whether pictures can be written to the device, without changing anything about it.
    ///
    /// # Errors
    /// All but [`Error::Layout`].
    pub fn check(path: &Path) -> Result<(), Error> {
        opened(path).map(|_| ())
    }

    /// Opens the device for pictures of this size. If other programs still have it open, it keeps the size that they
    /// know: see [`VirtualCamera::size`].
    ///
    /// # Errors
    /// Why no pictures can be written to it.
    pub fn open(path: &Path, size: (usize, usize)) -> Result<Self, Error> {
        let Opened { device, caps, loopback } = opened(path)?;
        let failed = |what| move |error: &io::Error| refused(path, what, error, &caps);
        let wanted = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        let mut format = None;
        for layout in PixelLayout::ALL {
            let request = Format::new(wanted(size.0), wanted(size.1), FourCC::new(&layout.code()));
            let set = asked(|| Output::set_format(&device, &request));
            let set = set.map_err(|error| failed("set its format")(&error))?;
            format = Some(set);
            if set.fourcc.repr == layout.code() {
                break;
            }
        }
        let shape = format.and_then(|format| shape(&format));
        let Some((layout, size)) = shape else {
            let found =
                format.map_or_else(String::new, |it| format!("{} at {}x{}", it.fourcc, it.width, it.height));
            return Err(Error::Layout { path: path.into(), found, users: users::of(path) });
        };
        let is_forgetful = loopback.as_ref().is_some_and(|device| !device.knows_its_writer());
        let started = is_forgetful.then(|| started(&device)).transpose();
        let started = started.map_err(|error| failed("start it")(&error))?;
        Ok(Self { device, path: path.into(), layout, size, bytes: Vec::new(), _started: started })
    }

    /// Width and height of its pictures.
    #[must_use]
    pub const fn size(&self) -> (usize, usize) {
        self.size
    }

    /// How its pixels lie in memory.
    #[must_use]
    pub const fn layout(&self) -> PixelLayout {
        self.layout
    }

    /// Writes a picture of the camera's size; another size is ignored. Waits for no reader.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Io`], if the device is gone or another program has begun to feed it.
    pub fn write(&mut self, picture: &Canvas) -> Result<(), Error> {
        if (picture.width, picture.height) != self.size {
            return Ok(());
        }
        self.layout.pack(picture, &mut self.bytes);
        self.repeat()
    }

    /// Writes the last picture once more, if there is one.
    ///
    /// # Errors
    /// Those of [`VirtualCamera::write`].
    pub fn repeat(&mut self) -> Result<(), Error> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        loop {
            return match self.device.write(&self.bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // A real output device that is not through with the last one: this picture is left out.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                    Err(Error::Busy { path: self.path.clone(), users: users::of(&self.path) })
                }
                Err(source) => Err(Error::Io { path: self.path.clone(), what: "write a picture", source }),
                Ok(_) => Ok(()),
            };
        }
    }
}

/// A device that may be written to.
struct Opened {
    device: Device,
    caps: Flags,
    /// What is known of it, if it is one of v4l2loopback's.
    loopback: Option<Loopback>,
}

fn opened(path: &Path) -> Result<Opened, Error> {
    let others = loopbacks();
    let Ok(about) = path.metadata() else {
        return Err(Error::NotThere { path: path.into(), others });
    };
    let not_an_output = |what: String| {
        let others = others.iter().filter(|other| Path::new(&other.path) != path).cloned().collect();
        Error::NotAnOutput { path: path.into(), what, others }
    };
    if !about.file_type().is_char_device() {
        return Err(not_an_output(if about.is_dir() { "a folder" } else { "a file" }.into()));
    }
    let device = Device::with_path(path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Error::Denied { path: path.into(), group: node::group_of(path) },
        // More programs than `max_openers` allows.
        io::ErrorKind::ResourceBusy => Error::Busy { path: path.into(), users: users::of(path) },
        _ => Error::Io { path: path.into(), what: "open it", source: error },
    })?;
    let Ok(caps) = asked(|| device.query_caps()) else {
        return Err(not_an_output("no video device".into()));
    };
    // Links such as those in /dev/v4l/by-id are resolved.
    let resolved = path.canonicalize().unwrap_or_else(|_| path.into());
    let loopback = others.iter().find(|other| Path::new(&other.path) == resolved).cloned();
    let Capabilities { card, capabilities: caps, .. } = caps;
    match judged(caps, loopback.as_ref().map(Loopback::knows_its_writer), || users::of(path)) {
        Verdict::Free => Ok(Opened { device, caps, loopback }),
        Verdict::Camera => Err(not_an_output(format!("a camera ({card})"))),
        Verdict::Stuck => Err(Error::Stuck { path: path.into() }),
        Verdict::Busy(users) => Err(Error::Busy { path: path.into(), users }),
    }
}

/// Whether a device may be written to, as its capabilities tell.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Free,
    Camera,
    Stuck,
    Busy(Vec<DeviceUser>),
}

/// `knows_its_writer`: see [`Loopback::knows_its_writer`]; `None` for other devices.
fn judged(caps: Flags, knows_its_writer: Option<bool>, users: impl FnOnce() -> Vec<DeviceUser>) -> Verdict {
    if caps.contains(Flags::VIDEO_OUTPUT) {
        return Verdict::Free;
    }
    let Some(knows_its_writer) = knows_its_writer else { return Verdict::Camera };
    if !caps.contains(Flags::VIDEO_CAPTURE) {
        return Verdict::Stuck;
    }
    // With exclusive_caps, a device that is fed is a camera only. Newer versions say so too while the format is kept,
    // and refuse a second writer themselves.
    if knows_its_writer {
        return Verdict::Free;
    }
    match users() {
        // The one that feeds it belongs to another user, or has ended; nothing else is known.
        none if none.is_empty() => Verdict::Free,
        users => Verdict::Busy(users),
    }
}

/// The error for a refused request.
fn refused(path: &Path, what: &'static str, error: &io::Error, caps: &Flags) -> Error {
    let is_invalid = error.raw_os_error() == Some(Errno::INVAL.raw_os_error());
    // A device with exclusive_caps knows nothing of output while it is fed.
    if error.kind() == io::ErrorKind::ResourceBusy || is_invalid && !caps.contains(Flags::VIDEO_OUTPUT) {
        return Error::Busy { path: path.into(), users: users::of(path) };
    }
    let source = error
        .raw_os_error()
        .map_or_else(|| io::Error::other(error.to_string()), io::Error::from_raw_os_error);
    Error::Io { path: path.into(), what, source }
}

/// The layout and size that were set, if pictures can be packed that way.
fn shape(format: &Format) -> Option<(PixelLayout, (usize, usize))> {
    let layout = PixelLayout::of_code(format.fourcc.repr)?;
    let (width, height) = (format.width as usize, format.height as usize);
    let is_even = width > 0 && height > 0 && width.is_multiple_of(2) && height.is_multiple_of(2);
    let is_dense = format.stride == 0 || format.stride as usize == layout.row(width);
    (is_even && is_dense).then_some((layout, (width, height)))
}

/// Starts a stream without buffers of our own.
fn started(device: &Device) -> io::Result<Guarded> {
    let mut stream = Guarded::new(asked(|| Stream::with_buffers(device, Type::VideoOutput, 0))?);
    stream.start()?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Flags = Flags::VIDEO_CAPTURE.union(Flags::VIDEO_OUTPUT);
    const OLD: Option<bool> = Some(false);
    const NEW: Option<bool> = Some(true);

    fn nobody() -> Vec<DeviceUser> {
        Vec::new()
    }

    fn obs() -> Vec<DeviceUser> {
        vec![DeviceUser { pid: 7, program: "obs".into() }]
    }

    #[test]
    fn outputs_are_free_and_cameras_are_not() {
        for version in [OLD, NEW, None] {
            assert_eq!(judged(Flags::VIDEO_OUTPUT, version, obs), Verdict::Free);
            assert_eq!(judged(BOTH, version, obs), Verdict::Free);
        }
        assert_eq!(judged(Flags::VIDEO_CAPTURE, None, nobody), Verdict::Camera);
        assert_eq!(judged(Flags::empty(), None, nobody), Verdict::Camera);
    }

    #[test]
    fn a_loopback_that_is_only_a_camera_is_fed_by_somebody() {
        assert_eq!(judged(Flags::VIDEO_CAPTURE, OLD, obs), Verdict::Busy(obs()));
        assert_eq!(judged(Flags::VIDEO_CAPTURE, OLD, nobody), Verdict::Free);
        assert_eq!(
            judged(Flags::VIDEO_CAPTURE, NEW, obs),
            Verdict::Free,
            "it refuses a second writer itself"
        );
        assert_eq!(judged(Flags::empty(), OLD, nobody), Verdict::Stuck);
    }

    #[test]
    fn what_is_refused_while_it_is_fed_is_busy() {
        let path = Path::new("/dev/video9");
        let [busy, invalid, gone] = [Errno::BUSY, Errno::INVAL, Errno::NODEV]
            .map(|errno| io::Error::from_raw_os_error(errno.raw_os_error()));
        assert!(matches!(refused(path, "x", &busy, &BOTH), Error::Busy { .. }));
        assert!(matches!(refused(path, "x", &invalid, &Flags::VIDEO_CAPTURE), Error::Busy { .. }));
        assert!(matches!(refused(path, "x", &invalid, &BOTH), Error::Io { .. }));
        assert!(matches!(refused(path, "x", &gone, &Flags::VIDEO_CAPTURE), Error::Io { .. }));
    }

    #[test]
    fn shapes_that_cannot_be_packed_are_refused() {
        let format = |code: &[u8; 4], width, height| Format::new(width, height, FourCC::new(code));
        assert_eq!(shape(&format(b"YU12", 640, 480)), Some((PixelLayout::I420, (640, 480))));
        assert_eq!(shape(&format(b"YUYV", 640, 480)), Some((PixelLayout::Yuyv, (640, 480))));
        let dense = Format { stride: 1280, ..format(b"YUYV", 640, 480) };
        assert!(shape(&dense).is_some());
        for wrong in [
            format(b"RGB3", 640, 480),
            format(b"YU12", 641, 480),
            format(b"YU12", 640, 0),
            Format { stride: 704, ..format(b"YU12", 640, 480) },
        ] {
            assert_eq!(shape(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_device_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("video9");
        assert!(matches!(VirtualCamera::check(&file), Err(Error::NotThere { .. })));
        std::fs::write(&file, "").unwrap();
        let of = |path: &Path| VirtualCamera::check(path).unwrap_err().to_string();
        assert!(of(&file).contains("video9 is a file, not a virtual camera"), "{}", of(&file));
        assert!(of(folder.path()).contains("is a folder"));
        assert!(of(Path::new("/dev/null")).contains("/dev/null is no video device"));
    }
}

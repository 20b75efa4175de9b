//! Cameras on Linux, over the `v4l` crate.
//!
//! nokhwa hides what is needed here: a frame's length, number, flags and exposure time, a timeout, and a way
//! to reset what another program left set. The `v4l` crate, which nokhwa uses too, gives all of it. Its
//! pitfalls are handled in this file: `query_caps` and others panic on unknown values, dropping a stream
//! panics on an error, and `Stream::next` loses track of its buffer after one.

use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};
use v4l::{
    Format,
    buffer::{Flags, Type},
    format::{Colorspace, Quantization},
    io::{mmap::Stream, traits::CaptureStream},
    video::{Capture, capture::Parameters},
};

use super::{
    control::{self, ControlSetting},
    device::{
        Backend, BufferFormat, CapturedBuffer, Device, DeviceFault, DeviceInfo, DeviceUser, ModeRequest,
        Modes,
    },
    mode::{FrameRate, Mode},
    node, users,
    v4l2_modes::{self, fourcc, pixel_format},
};
use crate::{capture::catch_panic::catch_panic, clock::Timestamp, jpeg::Length};

/// Buffers that the driver fills in turn: one being read, one waiting, two being filled. More would only hold
/// older frames.
const BUFFERS: u32 = 4;

/// `POLLIN` of poll(2).
const READABLE: i16 = 1;

/// Maximum plausible age of a frame when it is read. If it seems older, its clock is not ours.
const OLDEST: Duration = Duration::from_secs(10);

/// Video4Linux.
pub(super) struct V4l2;

impl Backend for V4l2 {
    fn present(&self) -> Vec<DeviceInfo> {
        node::all()
    }

    fn modes(&self, camera: &DeviceInfo, wish: ModeRequest) -> Result<Option<Modes>, DeviceFault> {
        let device = open(&camera.path)?;
        let modes = asked(|| v4l2_modes::of(&device, wish))
            .map_err(|error| fault("list its modes", &error, camera))?;
        Ok((!modes.known.is_empty() || !modes.unknown.is_empty()).then_some(modes))
    }

    fn start(
        &self,
        camera: &DeviceInfo,
        mode: Mode,
        controls: &[ControlSetting],
    ) -> Result<Box<dyn Device>, DeviceFault> {
        let failed = |what| move |error: io::Error| fault(what, &error, camera);
        let device = open(&camera.path)?;
        let format = Format::new(mode.width, mode.height, fourcc(mode.format));
        let format = asked(|| device.set_format(&format)).map_err(failed("set its mode"))?;
        let Some(pixels) = pixel_format(format.fourcc) else {
            return Err(failed("set its mode")(io::Error::other(format!(
                "it gives {} instead",
                format.fourcc
            ))));
        };
        let (seconds, frames) = mode.rate.interval();
        let interval = Parameters::new(v4l::Fraction::new(seconds, frames));
        let rate = match asked(|| device.set_params(&interval)) {
            Ok(set) => FrameRate::new(set.interval.denominator, set.interval.numerator),
            Err(error) if is_permanent(&error) => return Err(failed("set its rate")(error)),
            // Drivers without a choice of rates reject the request.
            Err(_) => None,
        };
        control::apply(&device, controls)?;
        let stream = asked(|| Stream::with_buffers(&device, Type::VideoCapture, BUFFERS));
        let mut stream = Guarded::new(stream.map_err(failed("get memory for frames"))?);
        // Starts streaming, without waiting for a frame.
        stream.set_timeout(Duration::ZERO);
        match stream.next() {
            Err(error) if error.kind() != io::ErrorKind::TimedOut => return Err(failed("start it")(error)),
            _ => {}
        }
        let (width, height) = (format.width, format.height);
        let mode = Mode { format: pixels, width, height, rate: rate.unwrap_or(mode.rate) };
        let shape = BufferFormat { mode, stride: format.stride as usize, full_range: is_full_range(&format) };
        Ok(Box::new(Running { stream, shape, camera: camera.clone(), holding: false }))
    }

    fn users(&self, camera: &DeviceInfo) -> Vec<DeviceUser> {
        users::of(Path::new(&camera.path))
    }
}

/// A camera that streams.
struct Running {
    stream: Guarded,
    shape: BufferFormat,
    camera: DeviceInfo,
    /// Whether a buffer is held: `Stream::next` returns it to the driver first, and fails without one.
    holding: bool,
}

impl Device for Running {
    fn shape(&self) -> BufferFormat {
        self.shape
    }

    fn take(&mut self, limit: Duration) -> Result<Option<CapturedBuffer<'_>>, DeviceFault> {
        let Self { stream, holding, camera, .. } = self;
        let failed = |error: io::Error| fault("read a frame", &error, camera);
        if !wait(stream, limit).map_err(failed)? {
            return Ok(None);
        }
        if !*holding {
            // The crate returns a frame only in exchange for an earlier buffer, so the first frame is
            // dropped.
            match CaptureStream::dequeue(&mut **stream) {
                Ok(_) => *holding = true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(failed(error)),
            }
            if !wait(stream, limit).map_err(failed)? {
                return Ok(None);
            }
        }
        *holding = false;
        let (bytes, about) = match CaptureStream::next(&mut **stream) {
            Ok(taken) => taken,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Ok(None);
            }
            Err(error) => return Err(failed(error)),
        };
        *holding = true;
        let used = about.bytesused as usize;
        // Old drivers leave it at 0 for raw frames, which fill their buffer.
        let (bytes, length) = match bytes.get(..used) {
            Some(whole) if used > 0 => (whole, Length::Told),
            _ => (bytes, Length::Unknown),
        };
        Ok(Some(CapturedBuffer {
            stride: None,
            bytes,
            length,
            sequence: Some(about.sequence),
            captured: captured(about.timestamp, about.flags),
            damaged: about.flags.contains(Flags::ERROR),
        }))
    }
}

/// A stream whose drop cannot panic.
pub(crate) struct Guarded(Option<Stream<'static>>);

impl Guarded {
    pub(crate) const fn new(stream: Stream<'static>) -> Self {
        Self(Some(stream))
    }
}

impl std::ops::Deref for Guarded {
    type Target = Stream<'static>;

    #[expect(clippy::unwrap_used, reason = "only drop takes it")]
    fn deref(&self) -> &Self::Target {
        self.0.as_ref().unwrap()
    }
}

impl std::ops::DerefMut for Guarded {
    #[expect(clippy::unwrap_used, reason = "only drop takes it")]
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.0.as_mut().unwrap()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let stream = self.0.take();
        // A failed device may refuse to stop; the crate then panics. Its memory and handle are freed anyway.
        let _ = catch_panic(|| drop(stream));
    }
}

/// Waits until a frame can be read; false if none arrives in time.
fn wait(stream: &Stream<'_>, limit: Duration) -> io::Result<bool> {
    let begun = Instant::now();
    loop {
        let left = limit.saturating_sub(begun.elapsed());
        // Rounded up: otherwise the last fraction of a millisecond would be a busy loop.
        let milliseconds = i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        match stream.handle().poll(READABLE, milliseconds) {
            // A signal: keep waiting for the rest of the time.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return Ok(other? > 0),
        }
    }
}

/// Turns the crate's panics on unknown values into errors.
pub(crate) fn asked<T>(ask: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_panic(ask).unwrap_or_else(|| Err(io::Error::other("its answer is not understood")))
}

fn open(path: &str) -> Result<v4l::Device, DeviceFault> {
    v4l::Device::with_path(path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => {
            DeviceFault::Denied { path: path.into(), group: node::group_of(Path::new(path)) }
        }
        _ if is_gone(&error) => DeviceFault::Gone,
        _ => DeviceFault::Driver { what: "open it", reason: error.to_string() },
    })
}

fn is_gone(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let gone = [Errno::NODEV, Errno::NXIO, Errno::NOENT].map(Errno::raw_os_error);
    error.raw_os_error().is_some_and(|number| gone.contains(&number))
}

fn is_permanent(error: &io::Error) -> bool {
    is_gone(error) || error.kind() == io::ErrorKind::ResourceBusy
}

fn fault(what: &'static str, error: &io::Error, camera: &DeviceInfo) -> DeviceFault {
    // A device that is being unplugged reports all kinds of errors; its node tells.
    if is_gone(error) || !Path::new(&camera.path).exists() {
        return DeviceFault::Gone;
    }
    match error.kind() {
        io::ErrorKind::ResourceBusy => DeviceFault::Busy(users::lately(Path::new(&camera.path))),
        io::ErrorKind::StorageFull => DeviceFault::Driver {
            what,
            reason: "not enough bandwidth on its USB bus: another device uses it; try another socket, a smaller size or frame rate, or MJPEG".into(),
        },
        _ => DeviceFault::Driver { what, reason: error.to_string() },
    }
}

/// The wall-clock time of a frame's start of exposure, or of its end if the driver stamps that.
fn captured(stamp: v4l::Timestamp, flags: Flags) -> Timestamp {
    let now = Timestamp::now();
    if flags & Flags::TIMESTAMP_MASK != Flags::TIMESTAMP_MONOTONIC {
        return now;
    }
    let (Ok(seconds), Ok(micros)) = (u64::try_from(stamp.sec), u32::try_from(stamp.usec)) else { return now };
    let stamp = Duration::from_secs(seconds) + Duration::from_micros(micros.into());
    let age = Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default().checked_sub(stamp);
    match age {
        Some(age) if age < OLDEST => now.offset(-i64::try_from(age.as_micros()).unwrap_or(0)),
        _ => now,
    }
}

fn is_full_range(format: &Format) -> bool {
    match format.quantization {
        Quantization::FullRange => true,
        Quantization::LimitedRange => false,
        Quantization::Default => matches!(format.colorspace, Colorspace::JPEG),
    }
}

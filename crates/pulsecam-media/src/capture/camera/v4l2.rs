//! Cameras on Linux, over the `v4l` crate.
//!
//! nokhwa hides what is needed here: how many bytes a frame has, its number and flags, when it was exposed, a
//! limit to waiting, and a way to reset what another program left set. The `v4l` crate, on which nokhwa stands
//! too, gives all of it. Its own traps are kept in this file: `query_caps` and others panic on what they do not know, dropping a
//! stream panics on an error, and `Stream::next` loses its place after one.

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
    device::{Backend, Device, Fault, Found, Modes, Shape, Taken, User, Wish},
    mode::{Mode, Rate},
    node, users,
    v4l2_modes::{self, fourcc, pixel_format},
};
use crate::{
    capture::{
        control::{self, Setting},
        guarded::guarded,
    },
    clock::Timestamp,
    jpeg::Length,
};

/// Buffers that the driver fills in turn: one is being read, one waits, two are being filled. More would only hold older frames.
const BUFFERS: u32 = 4;

/// `POLLIN` of poll(2).
const READABLE: i16 = 1;

/// The oldest a frame can be when it is taken. What seems older has a clock that is not ours.
const OLDEST: Duration = Duration::from_secs(10);

/// Video4Linux.
pub(super) struct V4l2;

impl Backend for V4l2 {
    fn present(&self) -> Vec<Found> {
        node::all()
    }

    fn modes(&self, camera: &Found, wish: Wish) -> Result<Option<Modes>, Fault> {
        let device = open(&camera.path)?;
        let modes = asked(|| v4l2_modes::of(&device, wish))
            .map_err(|error| fault("list its modes", &error, camera))?;
        Ok((!modes.known.is_empty() || !modes.unknown.is_empty()).then_some(modes))
    }

    fn start(&self, camera: &Found, mode: Mode, controls: &[Setting]) -> Result<Box<dyn Device>, Fault> {
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
            Ok(set) => Rate::new(set.interval.denominator, set.interval.numerator),
            Err(error) if is_lasting(&error) => return Err(failed("set its rate")(error)),
            // Drivers without a choice of rates refuse the question.
            Err(_) => None,
        };
        control::apply(&device, controls)?;
        let stream = asked(|| Stream::with_buffers(&device, Type::VideoCapture, BUFFERS));
        let mut stream = Guarded(Some(stream.map_err(failed("get memory for frames"))?));
        // Starts it, and does not wait for a frame.
        stream.set_timeout(Duration::ZERO);
        match stream.next() {
            Err(error) if error.kind() != io::ErrorKind::TimedOut => return Err(failed("start it")(error)),
            _ => {}
        }
        let (width, height) = (format.width, format.height);
        let mode = Mode { format: pixels, width, height, rate: rate.unwrap_or(mode.rate) };
        let shape = Shape { mode, stride: format.stride as usize, full_range: is_full_range(&format) };
        Ok(Box::new(Running { stream, shape, camera: camera.clone(), holding: false }))
    }

    fn users(&self, camera: &Found) -> Vec<User> {
        users::of(Path::new(&camera.path))
    }
}

/// A camera that streams.
struct Running {
    stream: Guarded,
    shape: Shape,
    camera: Found,
    /// Whether a buffer was taken and not given back: `Stream::next` gives it back first, and fails without one.
    holding: bool,
}

impl Device for Running {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn take(&mut self, limit: Duration) -> Result<Option<Taken<'_>>, Fault> {
        let Self { stream, holding, camera, .. } = self;
        let failed = |error: io::Error| fault("read a frame", &error, camera);
        if !wait(stream, limit).map_err(failed)? {
            return Ok(None);
        }
        if !*holding {
            // The crate hands out a frame only in exchange for one that was taken before: the first is given up.
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
        Ok(Some(Taken {
            bytes,
            length,
            sequence: Some(about.sequence),
            captured: captured(about.timestamp, about.flags),
            damaged: about.flags.contains(Flags::ERROR),
        }))
    }
}

/// A stream whose end cannot panic.
struct Guarded(Option<Stream<'static>>);

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
        // A device that failed may refuse to stop; the crate panics then. Its memory and handle are freed all the same.
        let _ = guarded(|| drop(stream));
    }
}

/// Waits until a frame can be taken; false where none comes in time.
fn wait(stream: &Stream<'_>, limit: Duration) -> io::Result<bool> {
    let begun = Instant::now();
    loop {
        let left = limit.saturating_sub(begun.elapsed());
        // Rounded up: a rest of a millisecond is no reason to spin.
        let milliseconds = i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        match stream.handle().poll(READABLE, milliseconds) {
            // A signal: the time goes on.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return Ok(other? > 0),
        }
    }
}

/// What the crate cannot make sense of, it panics on.
fn asked<T>(ask: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    guarded(ask).unwrap_or_else(|| Err(io::Error::other("it tells what is not understood")))
}

fn open(path: &str) -> Result<v4l::Device, Fault> {
    v4l::Device::with_path(path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => {
            Fault::Denied { path: path.into(), group: node::group_of(Path::new(path)) }
        }
        _ if is_gone(&error) => Fault::Gone,
        _ => Fault::Driver { what: "open it", reason: error.to_string() },
    })
}

fn is_gone(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let gone = [Errno::NODEV, Errno::NXIO, Errno::NOENT].map(Errno::raw_os_error);
    error.raw_os_error().is_some_and(|number| gone.contains(&number))
}

fn is_lasting(error: &io::Error) -> bool {
    is_gone(error) || error.kind() == io::ErrorKind::ResourceBusy
}

fn fault(what: &'static str, error: &io::Error, camera: &Found) -> Fault {
    // A device that is being unplugged says all kinds of things; its node tells.
    if is_gone(error) || !Path::new(&camera.path).exists() {
        return Fault::Gone;
    }
    match error.kind() {
        io::ErrorKind::ResourceBusy => Fault::Busy(users::lately(Path::new(&camera.path))),
        io::ErrorKind::StorageFull => Fault::Driver {
            what,
            reason: "no room for it on its USB bus: another camera takes it; try another socket, a smaller --size or --fps, or --pixel-format mjpeg".into(),
        },
        _ => Fault::Driver { what, reason: error.to_string() },
    }
}

/// The wall-clock time of a frame's exposure, or of its end where the driver counts so.
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

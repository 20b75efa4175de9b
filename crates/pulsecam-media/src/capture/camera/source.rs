//! A camera as a source: opening, reading, losing and reopening it.

use std::{thread, time::Duration};

use super::{
    CameraSettings, Which,
    device::{Backend, BufferFormat, CapturedBuffer, Device, DeviceFault, DeviceInfo, ModeRequest},
    mode::{Mode, PixelFormat, Wanted},
    unpack,
};
use crate::capture::{Error, Frame, FrameData, Losses, Signal, Source, frame_repair::FrameRepair};

/// Modes to try before giving up: a driver may list modes that it then refuses.
const ATTEMPTS: usize = 4;

/// Damaged frames in a row that count as a broken camera: about a second. Touching the cable damages a few.
const DAMAGED_IN_A_ROW: u32 = 30;

/// The minimum time allowed for the first frame. Exposure and focus settle first, which can take seconds.
const FIRST_FRAME: Duration = Duration::from_secs(5);

/// Pause before polling again a camera that returned early without a frame, to avoid a busy loop.
const ASK_AGAIN: Duration = Duration::from_millis(5);

/// Silence after which viewers see a card, unless three frame intervals are longer. With the time for drawing
/// and sending, they see it within a second.
const PATIENCE: Duration = Duration::from_millis(700);

/// A larger jump of the driver's frame number is a restarted counter, not a loss. Ten minutes at 100 fps.
const LARGEST_GAP: u32 = 60_000;

/// A camera as a source. Stays on the thread that opened it.
///
/// Once it was open, every failure is an error of [`Source::next_frame`], and the next call tries to reopen
/// the same camera, identified by its socket or name, whatever number it has by then.
pub struct Camera {
    backend: Box<dyn Backend>,
    which: Which,
    wanted: Wanted,
    settings: CameraSettings,
    /// The camera, once it was open: no other is ever used instead.
    known: Option<Known>,
    running: Option<Box<dyn Device>>,
    /// An error of opening it that is still to be reported.
    untold: Option<Error>,
    numbers: DriverNumbers,
    /// Whether a frame arrived since it was started.
    warm: bool,
    damaged_in_a_row: u32,
    /// Frames that never arrived.
    missed: u64,
    repair: FrameRepair,
    spare: Vec<u8>,
}

struct Known {
    camera: DeviceInfo,
    shape: BufferFormat,
    /// Sockets of other cameras of the same name.
    twins: Vec<String>,
}

impl Camera {
    /// Opens a camera in the mode closest to `wanted`.
    ///
    /// # Errors
    /// If there is no such camera or it cannot be opened. No error if another program has it, or if
    /// [`CameraSettings::wait`] is set: then every call for a frame tries again.
    pub fn open(
        backend: Box<dyn Backend>,
        which: Which,
        wanted: Wanted,
        settings: CameraSettings,
    ) -> Result<Self, Error> {
        let mut camera = Self {
            backend,
            which,
            wanted,
            settings,
            known: None,
            running: None,
            untold: None,
            numbers: DriverNumbers::default(),
            warm: false,
            damaged_in_a_row: 0,
            missed: 0,
            repair: FrameRepair::new("camera"),
            spare: Vec::new(),
        };
        if let Err(error) = camera.start() {
            let fault = if let Error::Camera { fault, .. } = &error { Some(fault) } else { None };
            let passes = fault.is_some_and(DeviceFault::is_busy)
                || (camera.settings.wait && !fault.is_some_and(DeviceFault::is_wrong_request));
            if !passes {
                return Err(error);
            }
            camera.untold = Some(error);
        }
        Ok(camera)
    }

    /// Starts the selected camera, in the best mode that it accepts.
    fn start(&mut self) -> Result<(), Error> {
        let present = self.backend.present();
        let candidates: Vec<_> = match &self.known {
            Some(known) => known.again(&present).cloned().into_iter().collect(),
            None => self.which.candidates(&present).cloned().collect(),
        };
        let size = self.wanted.size.and_then(|(w, h)| Some((w.try_into().ok()?, h.try_into().ok()?)));
        let wish = ModeRequest { size, fps: self.wanted.fps };
        for camera in candidates {
            let failed = |fault| Error::Camera { name: camera.name.clone(), fault };
            // A node without formats is not a camera; another of that name may be.
            let Some(modes) = self.backend.modes(&camera, wish).map_err(failed)? else { continue };
            let sorted = self.wanted.sorted(&modes.known);
            if sorted.is_empty() {
                return Err(failed(match self.wanted.format {
                    Some(wanted) => DeviceFault::NoSuchFormat { wanted, offered: offered(&modes.known) },
                    None => DeviceFault::NoFormat(modes.unknown.join(", ")),
                }));
            }
            let mut refusal = DeviceFault::Gone;
            for mode in sorted.into_iter().take(ATTEMPTS) {
                match self.backend.start(&camera, mode, &self.settings.controls) {
                    Ok(device) => {
                        self.begun(camera, device, &present);
                        return Ok(());
                    }
                    Err(fault @ DeviceFault::Driver { .. }) => {
                        tracing::debug!(camera = camera.name, %mode, %fault, "refused");
                        refusal = fault;
                    }
                    Err(fault) => return Err(failed(fault)),
                }
            }
            return Err(failed(refusal));
        }
        Err(match &self.known {
            Some(known) => Error::Camera { name: known.camera.name.clone(), fault: DeviceFault::Gone },
            None => self.which.missing(&present),
        })
    }

    fn begun(&mut self, camera: DeviceInfo, device: Box<dyn Device>, present: &[DeviceInfo]) {
        let twins = present.iter().filter(|other| other.name == camera.name && other.path != camera.path);
        let twins = twins.map(|twin| twin.bus_path.clone()).collect();
        self.repair.rename(format!("camera {}", camera.name));
        self.known = Some(Known { camera, shape: device.shape(), twins });
        self.running = Some(device);
        self.numbers.restarted();
        self.warm = false;
        self.damaged_in_a_row = 0;
    }

    fn failed(&self, fault: DeviceFault) -> Error {
        Error::Camera { name: self.name(), fault }
    }

    fn name(&self) -> String {
        self.known.as_ref().map_or_else(|| self.which.to_string(), |known| known.camera.name.clone())
    }

    /// Reads until a frame is intact; unpacks it if it is `seen`.
    fn take(&mut self, seen: bool) -> Result<Option<Frame>, Error> {
        if let Some(error) = self.untold.take() {
            return Err(error);
        }
        if self.running.is_none() {
            self.start()?;
        }
        let taken = self.take_running(seen);
        if taken.is_err() {
            // For any error: only a camera that is closed and reopened is known to work.
            self.running = None;
        }
        taken.map_err(|fault| self.failed(fault))
    }

    fn take_running(&mut self, seen: bool) -> Result<Option<Frame>, DeviceFault> {
        let Some(device) = &mut self.running else { return Err(DeviceFault::Gone) };
        let shape = device.shape();
        let stall = self.settings.stall_limit;
        let limit = if self.warm { stall } else { stall.max(FIRST_FRAME) };
        let backend = &self.backend;
        let mut asked = backend.now();
        loop {
            let waited = || backend.now().saturating_duration_since(asked);
            let Some(taken) = device.take(limit.saturating_sub(waited()))? else {
                // Only the elapsed time shows a stall: waiting ends early for other reasons too, such as a
                // frame without data.
                if waited() >= limit {
                    return Err(DeviceFault::Stalled(limit));
                }
                thread::sleep(ASK_AGAIN);
                continue;
            };
            asked = backend.now();
            let (seq, missed) = self.numbers.number(taken.sequence);
            self.missed += missed;
            let captured = taken.captured;
            let data = unpack(&taken, &shape, seen, &mut self.spare, &mut self.repair);
            match data {
                Some(data) => {
                    self.warm = true;
                    self.damaged_in_a_row = 0;
                    return Ok(data.map(|data| Frame { seq, captured, data }));
                }
                None => {
                    self.damaged_in_a_row += 1;
                    if self.damaged_in_a_row >= DAMAGED_IN_A_ROW {
                        return Err(DeviceFault::Damaged(self.damaged_in_a_row));
                    }
                }
            }
        }
    }
}

/// The picture of a frame; `Some(None)` if nobody will see it. `None` if it is damaged, which is counted.
fn unpack(
    taken: &CapturedBuffer<'_>,
    shape: &BufferFormat,
    seen: bool,
    spare: &mut Vec<u8>,
    repair: &mut FrameRepair,
) -> Option<Option<FrameData>> {
    if taken.damaged {
        repair.damaged(&"the driver marked it as damaged");
        return None;
    }
    if !seen {
        return Some(None);
    }
    let shape = BufferFormat { stride: taken.stride.unwrap_or(shape.stride), ..*shape };
    Some(Some(match shape.mode.format {
        PixelFormat::Mjpeg => FrameData::Jpeg(repair.copied(taken.bytes, taken.length)?),
        _ => {
            let picture = unpack::picture(taken.bytes, &shape, std::mem::take(spare));
            if picture.is_none() {
                repair.damaged(&"it is incomplete");
            }
            FrameData::Picture(picture?.into())
        }
    }))
}

impl Source for Camera {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        // A camera has no end, and a frame that is seen has a picture.
        self.take(true)
    }

    fn pass_by(&mut self) -> Result<bool, Error> {
        self.take(false).map(|_| true)
    }

    fn describe(&self) -> String {
        let Some(Known { camera, shape, .. }) = &self.known else {
            return format!("{} (waiting for it)", self.which);
        };
        let asked = self.wanted.to_string();
        let asked = if asked.is_empty() { asked } else { format!(" (asked for {asked})") };
        format!("camera {} ({}): {}{asked}", camera.name, camera.path, shape.mode)
    }

    fn signal(&self) -> Option<Signal> {
        let mode = self.known.as_ref().map(|known| known.shape.mode);
        let frames = |mode: &Mode| Duration::from_secs_f64(3.0 / mode.rate.fps());
        Some(Signal {
            name: self.name(),
            size: mode.map(|mode| (mode.width as usize, mode.height as usize)),
            patience: mode.as_ref().map_or(PATIENCE, |mode| PATIENCE.max(frames(mode))),
        })
    }

    fn losses(&self) -> Losses {
        Losses { missed: self.missed, ..self.repair.losses() }
    }

    fn reuse(&mut self, memory: Vec<u8>) {
        self.spare = memory;
    }
}

impl Known {
    /// Finds the same camera among those connected now. It is the one in the same socket, or else one of its
    /// name in a socket where no other camera of that name was before.
    fn again<'a>(&self, present: &'a [DeviceInfo]) -> Option<&'a DeviceInfo> {
        let named = || present.iter().filter(|other| other.name == self.camera.name);
        let mut moved =
            named().filter(|other| !self.twins.contains(&other.bus_path) || other.bus_path.is_empty());
        let here =
            named().find(|other| other.bus_path == self.camera.bus_path && other.path == self.camera.path);
        here.or_else(|| named().find(|other| other.bus_path == self.camera.bus_path)).or_else(|| moved.next())
    }
}

fn offered(modes: &[Mode]) -> String {
    let mut formats: Vec<_> = modes.iter().map(|mode| mode.format).collect();
    formats.dedup();
    formats.iter().map(|format| format.key()).collect::<Vec<_>>().join(", ")
}

/// Continuous frame numbers, across driver counters that restart and count losses.
#[derive(Debug, Default)]
struct DriverNumbers {
    next: u64,
    last: Option<u32>,
}

impl DriverNumbers {
    /// Called when the camera was restarted.
    fn restarted(&mut self) {
        self.last = None;
    }

    /// The number of a frame, and how many frames the driver lost before it.
    fn number(&mut self, sequence: Option<u32>) -> (u64, u64) {
        let step = match (self.last, sequence) {
            (Some(last), Some(sequence)) => sequence.wrapping_sub(last),
            _ => 1,
        };
        self.last = sequence;
        // Drivers that do not count always report 0.
        let missed = if (1..=LARGEST_GAP).contains(&step) { u64::from(step - 1) } else { 0 };
        let number = self.next + missed;
        self.next = number + 1;
        (number, missed)
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;

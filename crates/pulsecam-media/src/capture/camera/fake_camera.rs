//! Fake cameras for tests: they do on demand what real ones do at their worst.

use std::{
    cell::RefCell,
    collections::VecDeque,
    rc::Rc,
    sync::LazyLock,
    time::{Duration, Instant},
};

use super::{
    control::ControlSetting,
    device::{
        Backend, BufferFormat, CapturedBuffer, Device, DeviceFault, DeviceInfo, DeviceUser, ModeRequest,
        Modes,
    },
    mode::{FrameRate, Mode, PixelFormat, Wanted},
    source::Camera,
};
use crate::{
    capture::{CameraSettings, Error},
    clock::Timestamp,
    jpeg::Length,
};

/// What a fake camera does when it is asked for a frame.
pub(super) enum FakeStep {
    /// Returns these bytes with this frame number.
    Give(Vec<u8>, u32),
    /// As [`FakeStep::Give`], marked as damaged.
    Flag(u32),
    /// Returns no frame until the time limit.
    Nothing,
    /// Stops waiting at once, as after a signal.
    Interrupted,
    Fail(DeviceFault),
}

#[derive(Default)]
struct World {
    plugged: Vec<(DeviceInfo, Vec<Mode>)>,
    acts: VecDeque<FakeStep>,
    /// Errors that starting it returns before it succeeds.
    refusals: VecDeque<DeviceFault>,
    /// Paths and modes that were started.
    started: Vec<(String, Mode)>,
    running: usize,
    /// Elapsed fake time.
    passed: Duration,
}

#[derive(Clone, Default)]
pub(super) struct FakeCameras(Rc<RefCell<World>>);

struct Player(FakeCameras, Mode, Vec<u8>);

impl Backend for FakeCameras {
    fn present(&self) -> Vec<DeviceInfo> {
        self.0.borrow().plugged.iter().map(|(camera, _)| camera.clone()).collect()
    }

    fn modes(&self, camera: &DeviceInfo, _: ModeRequest) -> Result<Option<Modes>, DeviceFault> {
        let world = self.0.borrow();
        let modes = world.plugged.iter().find(|(other, _)| other == camera).map(|(_, modes)| modes.clone());
        let known = modes.ok_or(DeviceFault::Gone)?;
        Ok((!known.is_empty()).then_some(Modes { known, unknown: Vec::new() }))
    }

    fn start(
        &self,
        camera: &DeviceInfo,
        mode: Mode,
        _: &[ControlSetting],
    ) -> Result<Box<dyn Device>, DeviceFault> {
        let mut world = self.0.borrow_mut();
        assert_eq!(world.running, 0, "the old one is closed before it is reopened");
        if let Some(fault) = world.refusals.pop_front() {
            return Err(fault);
        }
        world.started.push((camera.path.clone(), mode));
        world.running += 1;
        Ok(Box::new(Player(self.clone(), mode, Vec::new())))
    }

    fn users(&self, _: &DeviceInfo) -> Vec<DeviceUser> {
        Vec::new()
    }

    fn now(&self) -> Instant {
        static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
        *BEGUN + self.0.borrow().passed
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.0.0.borrow_mut().running -= 1;
    }
}

impl Device for Player {
    fn shape(&self) -> BufferFormat {
        BufferFormat { mode: self.1, stride: 0, full_range: true }
    }

    fn take(&mut self, limit: Duration) -> Result<Option<CapturedBuffer<'_>>, DeviceFault> {
        let act = self.0.0.borrow_mut().acts.pop_front();
        let (bytes, sequence, damaged) = match act {
            Some(FakeStep::Give(bytes, sequence)) => (bytes, sequence, false),
            Some(FakeStep::Flag(sequence)) => (whole(), sequence, true),
            Some(FakeStep::Fail(fault)) => return Err(fault),
            Some(FakeStep::Interrupted) => return Ok(None),
            Some(FakeStep::Nothing) | None => {
                self.0.0.borrow_mut().passed += limit;
                return Ok(None);
            }
        };
        self.2 = bytes;
        let captured = Timestamp::from_micros(sequence.into());
        Ok(Some(CapturedBuffer {
            stride: None,
            bytes: &self.2,
            length: Length::Told,
            sequence: Some(sequence),
            captured,
            damaged,
        }))
    }
}

pub(super) fn mode(format: PixelFormat, width: u32, height: u32) -> Mode {
    Mode { format, width, height, rate: FrameRate::new(30, 1).unwrap() }
}

pub(super) const GREY: [(PixelFormat, u32, u32); 1] = [(PixelFormat::Grey, 2, 1)];

/// An intact frame of a grey 2x1 camera.
pub(super) fn whole() -> Vec<u8> {
    vec![1, 2]
}

pub(super) fn give(sequences: impl IntoIterator<Item = u32>) -> Vec<FakeStep> {
    sequences.into_iter().map(|sequence| FakeStep::Give(whole(), sequence)).collect()
}

impl FakeCameras {
    pub(super) fn with(cameras: &[(u32, &str, &str)]) -> Self {
        let stage = Self::default();
        for &(index, name, bus_path) in cameras {
            stage.plug(index, name, bus_path, &GREY);
        }
        stage
    }

    pub(super) fn plug(&self, index: u32, name: &str, bus_path: &str, modes: &[(PixelFormat, u32, u32)]) {
        let path = format!("/dev/video{index}");
        let camera = DeviceInfo { index, name: name.into(), path, bus_path: bus_path.into() };
        let modes = modes.iter().map(|&(format, width, height)| mode(format, width, height)).collect();
        self.0.borrow_mut().plugged.push((camera, modes));
    }

    pub(super) fn unplug(&self, index: u32) {
        self.0.borrow_mut().plugged.retain(|(camera, _)| camera.index != index);
    }

    pub(super) fn acts(&self, acts: impl IntoIterator<Item = FakeStep>) {
        self.0.borrow_mut().acts.extend(acts);
    }

    pub(super) fn refuse(&self, faults: impl IntoIterator<Item = DeviceFault>) {
        self.0.borrow_mut().refusals.extend(faults);
    }

    pub(super) fn open(
        &self,
        which: &str,
        settings: CameraSettings,
        wanted: Wanted,
    ) -> Result<Camera, Error> {
        Camera::open(Box::new(self.clone()), which.parse().unwrap_or_default(), wanted, settings)
    }

    pub(super) fn camera(&self, which: &str) -> Camera {
        self.open(which, CameraSettings::default(), Wanted::default()).unwrap()
    }

    pub(super) fn started(&self) -> Vec<String> {
        self.0.borrow().started.iter().map(|(path, _)| path.clone()).collect()
    }

    /// Number of errors that were not returned yet.
    pub(super) fn refusals_left(&self) -> usize {
        self.0.borrow().refusals.len()
    }

    /// Adds a mode to the first camera.
    pub(super) fn offer(&self, mode: Mode) {
        self.0.borrow_mut().plugged[0].1.push(mode);
    }
}

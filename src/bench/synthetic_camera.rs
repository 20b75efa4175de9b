//! A synthetic camera that plays frames from memory, at an even rate.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{camera::Error, scene::Scene};
use crate::{
    capture::{
        ControlSetting, DeviceUser, FrameRate, Mode, PixelFormat,
        camera::device::{
            Backend, BufferFormat, CapturedBuffer, Device, DeviceFault, DeviceInfo, ModeRequest, Modes,
        },
    },
    clock::Timestamp,
    jpeg::{Encoder, Length},
    picture::Pixels,
};

/// A synthetic camera that plays frames from memory.
#[derive(Clone)]
pub(super) struct SyntheticCamera {
    pub(super) mode: Mode,
    frames: Arc<[Vec<u8>]>,
    /// Size of an outgoing JPEG in bytes: the mean, or for raw pixels that of the first frame.
    pub(super) bytes: u64,
}

impl SyntheticCamera {
    fn new(
        format: PixelFormat,
        width: u32,
        height: u32,
        fps: u32,
        frames: Vec<Vec<u8>>,
        bytes: u64,
    ) -> Result<Self, Error> {
        let rate = FrameRate::new(fps, 1).ok_or_else(|| Error::Scene("a rate of 0".into()))?;
        Ok(Self { mode: Mode { format, width, height, rate }, frames: frames.into(), bytes })
    }

    pub(super) fn jpegs(width: u32, height: u32, fps: u32) -> Result<Self, Error> {
        let scene = Scene::new(width as usize, height as usize, f64::from(fps)).map_err(Error::Scene)?;
        let mut encoder = Encoder::new(Encoder::DEFAULT_QUALITY)?;
        let encode = |index| encoder.encode(scene.picture(index)).map(|jpeg| jpeg.to_vec());
        let frames = (0..Scene::COUNT).map(encode).collect::<Result<Vec<_>, _>>()?;
        let bytes = frames.iter().map(Vec::len).sum::<usize>() / frames.len();
        Self::new(PixelFormat::Mjpeg, width, height, fps, frames, bytes as u64)
    }

    pub(super) fn yuyv(width: u32, height: u32, fps: u32) -> Result<Self, Error> {
        let scene = Scene::new(width as usize, height as usize, f64::from(fps)).map_err(Error::Scene)?;
        let bytes = Encoder::new(Encoder::DEFAULT_QUALITY)?.encode(scene.picture(0))?.len();
        let frames = (0..Scene::COUNT).map(|index| packed(scene.picture(index))).collect();
        Self::new(PixelFormat::Yuyv, width, height, fps, frames, bytes as u64)
    }

    pub(super) fn shape(&self) -> BufferFormat {
        BufferFormat { mode: self.mode, stride: 0, full_range: false }
    }

    pub(super) fn frame(&self, index: u64) -> &[u8] {
        &self.frames[index as usize % self.frames.len()]
    }
}

/// Converts to YUYV in limited range, as cameras deliver it.
fn packed(picture: &crate::picture::Picture) -> Vec<u8> {
    let Pixels::Planar(_, planes) = &picture.pixels else { return Vec::new() };
    let (width, height) = (picture.width, picture.height);
    let (luma, chroma) = planes.split_at(width * height);
    let (blue, red) = chroma.split_at(chroma.len() / 2);
    let limited = |sample: u8| (u32::from(sample) * 219 / 255 + 16) as u8;
    (0..height)
        .flat_map(|y| (0..width / 2).map(move |pair| (y, pair)))
        .flat_map(|(y, pair)| {
            let (at, half) = (y * width + pair * 2, y / 2 * (width / 2) + pair);
            [limited(luma[at]), blue[half], limited(luma[at + 1]), red[half]]
        })
        .collect()
}

impl Backend for SyntheticCamera {
    fn present(&self) -> Vec<DeviceInfo> {
        vec![DeviceInfo { index: 0, name: "Studio".into(), path: "memory".into(), bus_path: String::new() }]
    }

    fn modes(&self, _: &DeviceInfo, _: ModeRequest) -> Result<Option<Modes>, DeviceFault> {
        Ok(Some(Modes { known: vec![self.mode], unknown: Vec::new() }))
    }

    fn start(
        &self,
        _: &DeviceInfo,
        mode: Mode,
        _: &[ControlSetting],
    ) -> Result<Box<dyn Device>, DeviceFault> {
        Ok(Box::new(Playing { studio: self.clone(), next: 0, pace: FramePacer::new(mode.rate) }))
    }

    fn users(&self, _: &DeviceInfo) -> Vec<DeviceUser> {
        Vec::new()
    }
}

struct Playing {
    studio: SyntheticCamera,
    next: u64,
    pace: FramePacer,
}

impl Device for Playing {
    fn shape(&self) -> BufferFormat {
        self.studio.shape()
    }

    fn take(&mut self, _: Duration) -> Result<Option<CapturedBuffer<'_>>, DeviceFault> {
        self.pace.wait();
        let number = self.next;
        self.next += 1;
        Ok(Some(CapturedBuffer {
            stride: None,
            bytes: self.studio.frame(number),
            length: Length::Told,
            sequence: Some(number as u32),
            captured: Timestamp::now(),
            damaged: false,
        }))
    }
}

/// Waits for each frame's time at an even rate.
pub(super) struct FramePacer {
    interval: Duration,
    next: Instant,
}

impl FramePacer {
    pub(super) fn new(rate: FrameRate) -> Self {
        let interval = Duration::from_secs_f64(1.0 / rate.fps());
        Self { interval, next: Instant::now() + interval }
    }

    pub(super) fn wait(&mut self) {
        thread::sleep(self.next.saturating_duration_since(Instant::now()));
        self.next += self.interval;
    }
}

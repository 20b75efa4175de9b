//! A camera's modes, and which of them to take.

use std::{cmp::Reverse, fmt};

use serde::Serialize;

/// What a camera can be set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mode {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Frames a second.
    pub fps: u32,
    /// How the pixels come.
    pub format: PixelFormat,
}

/// How a camera hands over pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PixelFormat {
    /// Three bytes a pixel: red, green, blue.
    Rgb,
    /// Three bytes a pixel: blue, green, red.
    Bgr,
    /// Luma only.
    Grey,
    /// Packed 4:2:2.
    Yuyv,
    /// 4:2:0 in two planes.
    Nv12,
    /// JPEGs.
    Mjpeg,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { width, height, fps, format } = self;
        let format = match format {
            PixelFormat::Rgb => "RGB",
            PixelFormat::Bgr => "BGR",
            PixelFormat::Grey => "grey",
            PixelFormat::Yuyv => "YUYV",
            PixelFormat::Nv12 => "NV12",
            PixelFormat::Mjpeg => "MJPEG",
        };
        write!(f, "{width}x{height}, {fps} fps, {format}")
    }
}

/// Pixels a second from which a camera's own JPEGs are taken: VGA at 30. Below, raw pixels are better (no
/// loss before ours) and cost little; above, USB 2 often has no room for them, and encoding costs more.
const JPEG_FROM: u64 = 640 * 480 * 30;

/// What a mode should come near to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    /// The size that was asked for, if one was.
    pub(super) size: Option<(usize, usize)>,
    /// The rate that was asked for, if one was.
    pub(super) fps: Option<f64>,
}

impl Wanted {
    /// What is looked for where nothing was asked: sharp enough for a face, and fluent.
    const SIZE: (usize, usize) = (1280, 720);
    const FPS: f64 = 30.0;

    /// Sorts modes by how well they serve. A size that was asked for comes first; without one, fluency
    /// does: many cameras list large raw modes at 5 fps.
    pub(super) fn sort(self, modes: &mut [Mode]) {
        let fps = self.fps.unwrap_or(Self::FPS).clamp(1.0, 1000.0).round() as u32;
        let (width, height) = self.size.unwrap_or(Self::SIZE);
        modes.sort_by_key(|mode| {
            let distance = width.abs_diff(mode.width as usize) + height.abs_diff(mode.height as usize);
            let missing = fps.saturating_sub(mode.fps);
            let rate = (missing, mode.fps.saturating_sub(fps));
            let asked = if self.size.is_some() { distance } else { 0 };
            (asked, missing, distance, rate, Reverse(mode.worth()))
        });
    }
}

impl Mode {
    /// What its format is worth to the encoder at this size and rate: none at all, 4:2:0, 4:2:2, …
    fn worth(self) -> u8 {
        let jpeg = u64::from(self.width) * u64::from(self.height) * u64::from(self.fps) >= JPEG_FROM;
        match self.format {
            PixelFormat::Mjpeg if jpeg => 6,
            PixelFormat::Nv12 => 5,
            PixelFormat::Yuyv => 4,
            PixelFormat::Rgb => 3,
            PixelFormat::Bgr => 2,
            PixelFormat::Mjpeg => 1,
            PixelFormat::Grey => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn mode(width: u32, height: u32, fps: u32, format: PixelFormat) -> Mode {
        Mode { width, height, fps, format }
    }

    /// What a common UVC camera lists.
    fn common() -> Vec<Mode> {
        use PixelFormat::{Mjpeg, Yuyv};
        vec![
            mode(1920, 1080, 30, Mjpeg),
            mode(1920, 1080, 5, Yuyv),
            mode(1280, 720, 60, Mjpeg),
            mode(1280, 720, 30, Mjpeg),
            mode(1280, 720, 10, Yuyv),
            mode(640, 480, 30, Mjpeg),
            mode(640, 480, 30, Yuyv),
            mode(320, 240, 30, Mjpeg),
            mode(320, 240, 30, Yuyv),
        ]
    }

    fn best(mut modes: Vec<Mode>, size: Option<(usize, usize)>, fps: Option<f64>) -> Mode {
        Wanted { size, fps }.sort(&mut modes);
        modes[0]
    }

    #[test]
    fn the_nearest_mode_is_taken_and_jpeg_where_it_pays() {
        use PixelFormat::{Mjpeg, Yuyv};
        assert_eq!(best(common(), None, None), mode(1280, 720, 30, Mjpeg));
        assert_eq!(best(common(), None, Some(60.0)), mode(1280, 720, 60, Mjpeg));
        assert_eq!(best(common(), Some((640, 480)), None), mode(640, 480, 30, Mjpeg));
        assert_eq!(best(common(), Some((320, 240)), None), mode(320, 240, 30, Yuyv));
        assert_eq!(best(common(), Some((1900, 1000)), Some(5.0)), mode(1920, 1080, 5, Yuyv));
        assert_eq!(best(common(), Some((1280, 720)), Some(f64::NAN)).width, 1280);
    }

    #[test]
    fn fluency_goes_before_size_only_where_no_size_was_asked_for() {
        use PixelFormat::{Nv12, Yuyv};
        let raw = vec![mode(1280, 720, 10, Yuyv), mode(640, 480, 30, Yuyv), mode(640, 480, 30, Nv12)];
        assert_eq!(best(raw.clone(), None, None), mode(640, 480, 30, Nv12));
        assert_eq!(best(raw, Some((1280, 720)), None), mode(1280, 720, 10, Yuyv));
    }
}

//! Camera modes, and the choice among them.

use std::{cmp::Reverse, fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// A format, size and rate that a camera can be set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Mode {
    /// Pixel format.
    pub format: PixelFormat,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Frames per second.
    #[serde(rename = "fps")]
    pub rate: FrameRate,
}

impl Mode {
    /// A mode of this format, size and rate.
    #[must_use]
    pub const fn new(format: PixelFormat, width: u32, height: u32, rate: FrameRate) -> Self {
        Self { format, width, height, rate }
    }
}

/// A camera's pixel format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PixelFormat {
    /// One JPEG per frame.
    Mjpeg,
    /// 4:2:0, a luma plane and a plane of interleaved chroma.
    Nv12,
    /// 4:2:0 in three planes.
    I420,
    /// Packed 4:2:2, luma first.
    Yuyv,
    /// Packed 4:2:2, chroma first.
    Uyvy,
    /// Three bytes per pixel: red, green, blue.
    Rgb,
    /// Three bytes per pixel: blue, green, red.
    Bgr,
    /// Luma only.
    Grey,
}

impl PixelFormat {
    /// All formats, in listing order.
    pub const ALL: [Self; 8] =
        [Self::Mjpeg, Self::Nv12, Self::I420, Self::Yuyv, Self::Uyvy, Self::Rgb, Self::Bgr, Self::Grey];

    /// The name that [`FromStr`] accepts.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Mjpeg => "mjpeg",
            Self::Nv12 => "nv12",
            Self::I420 => "i420",
            Self::Yuyv => "yuyv",
            Self::Uyvy => "uyvy",
            Self::Rgb => "rgb",
            Self::Bgr => "bgr",
            Self::Grey => "grey",
        }
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Mjpeg => "MJPEG",
            Self::Nv12 => "NV12",
            Self::I420 => "I420",
            Self::Yuyv => "YUYV",
            Self::Uyvy => "UYVY",
            Self::Rgb => "RGB",
            Self::Bgr => "BGR",
            Self::Grey => "grey",
        })
    }
}

impl FromStr for PixelFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.key().eq_ignore_ascii_case(text));
        found.ok_or_else(|| {
            let keys = Self::ALL.map(Self::key).join(", ");
            format!("a pixel format is one of {keys}")
        })
    }
}

/// A frame rate as a fraction, as drivers have it: 7.5 or 29.97 per second are common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRate {
    frames: u32,
    seconds: u32,
}

impl FrameRate {
    /// `None` if either is 0: drivers report that if they do not know.
    #[must_use]
    pub const fn new(frames: u32, seconds: u32) -> Option<Self> {
        if frames == 0 || seconds == 0 { None } else { Some(Self { frames, seconds }) }
    }

    /// A whole number of frames per second.
    #[must_use]
    pub const fn whole(frames: std::num::NonZeroU32) -> Self {
        Self { frames: frames.get(), seconds: 1 }
    }

    /// Frames per second.
    #[must_use]
    pub fn fps(self) -> f64 {
        f64::from(self.frames) / f64::from(self.seconds)
    }

    /// The interval between frames, as drivers take it: seconds over frames.
    #[must_use]
    pub const fn interval(self) -> (u32, u32) {
        (self.seconds, self.frames)
    }

    /// Frames per 1000 seconds, for comparing.
    const fn milli(self) -> u64 {
        self.frames as u64 * 1000 / self.seconds as u64
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.2}", self.fps());
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for FrameRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((self.fps() * 1000.0).round() / 1000.0)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { width, height, rate, format } = self;
        write!(f, "{width}x{height}, {rate} fps, {format}")
    }
}

/// Pixels per second from which a camera's own JPEGs are preferred: VGA at 30. Below, raw pixels are better
/// (no loss before our own encoder) and cost little; above, USB 2 often lacks the bandwidth for them, and
/// encoding costs more.
const JPEG_FROM: u64 = 640 * 480 * 30;

/// Tolerance in percent for reaching the requested rate: 29.97 counts as 30, 24 as 25.
const RATE_TOLERANCE: u64 = 5;

/// The requested mode, to be matched as closely as possible.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wanted {
    /// The requested size, if any.
    pub size: Option<(usize, usize)>,
    /// The requested rate, if any.
    pub fps: Option<f64>,
    /// The only acceptable format, if one was requested.
    pub format: Option<PixelFormat>,
}

impl Wanted {
    /// Used if nothing was requested: sharp enough for a face, and smooth.
    const SIZE: (usize, usize) = (1280, 720);
    const FPS: f64 = 30.0;

    /// The acceptable modes, best first. A requested size takes precedence; without one, frame rate does:
    /// many cameras list large raw modes at 5 fps.
    pub(super) fn sorted(self, modes: &[Mode]) -> Vec<Mode> {
        let fits = |mode: &&Mode| self.format.is_none_or(|format| mode.format == format);
        let mut modes: Vec<_> = modes.iter().filter(fits).copied().collect();
        let asked = (self.fps.unwrap_or(Self::FPS).clamp(0.01, 1000.0) * 1000.0) as u64;
        let (width, height) = self.size.unwrap_or(Self::SIZE);
        modes.sort_by_key(|mode| {
            let rate = mode.rate.milli();
            let distance = width.abs_diff(mode.width as usize) + height.abs_diff(mode.height as usize);
            let enough = rate * 100 >= asked * (100 - RATE_TOLERANCE);
            let missing = if enough { 0 } else { asked - rate };
            let size_first = if self.size.is_some() { distance } else { 0 };
            (size_first, missing, distance, asked.abs_diff(rate), Reverse(mode.worth()))
        });
        modes
    }
}

impl fmt::Display for Wanted {
    /// What was requested; empty if nothing was.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.size.map(|(width, height)| format!("{width}x{height}"));
        let fps = self.fps.map(|fps| format!("{fps} fps"));
        let format = self.format.map(|format| format.to_string());
        let parts: Vec<_> = [size, fps, format].into_iter().flatten().collect();
        f.write_str(&parts.join(", "))
    }
}

impl Mode {
    /// Preference of the format at this size and rate: JPEG needs no encoding, then 4:2:0, 4:2:2, …
    fn worth(self) -> u8 {
        let jpeg = u64::from(self.width) * u64::from(self.height) * self.rate.milli() / 1000 >= JPEG_FROM;
        match self.format {
            PixelFormat::Mjpeg if jpeg => 8,
            PixelFormat::I420 => 7,
            PixelFormat::Nv12 => 6,
            PixelFormat::Yuyv => 5,
            PixelFormat::Uyvy => 4,
            PixelFormat::Rgb => 3,
            PixelFormat::Bgr => 2,
            PixelFormat::Mjpeg => 1,
            PixelFormat::Grey => 0,
        }
    }

    /// Sort key for listings: by format, then the largest and fastest first.
    #[cfg_attr(not(any(feature = "camera", feature = "nokhwa")), allow(dead_code, reason = "no backend"))]
    pub(super) fn listed(&self) -> impl Ord + use<> {
        (self.format, Reverse((self.width, self.height, self.rate.milli())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(width: u32, height: u32, fps: f64, format: PixelFormat) -> Mode {
        Mode { width, height, rate: FrameRate::new((fps * 100.0) as u32, 100).unwrap(), format }
    }

    /// The modes of a common UVC camera.
    fn common() -> Vec<Mode> {
        use PixelFormat::{Mjpeg, Yuyv};
        vec![
            mode(1920, 1080, 30.0, Mjpeg),
            mode(1920, 1080, 5.0, Yuyv),
            mode(1280, 720, 60.0, Mjpeg),
            mode(1280, 720, 30.0, Mjpeg),
            mode(1280, 720, 10.0, Yuyv),
            mode(640, 480, 30.0, Mjpeg),
            mode(640, 480, 30.0, Yuyv),
            mode(640, 480, 7.5, Yuyv),
            mode(320, 240, 30.0, Mjpeg),
            mode(320, 240, 30.0, Yuyv),
        ]
    }

    fn best(modes: &[Mode], size: Option<(usize, usize)>, fps: Option<f64>) -> Mode {
        Wanted { size, fps, format: None }.sorted(modes)[0]
    }

    #[test]
    fn the_nearest_mode_is_taken_and_jpeg_where_it_pays() {
        use PixelFormat::{Mjpeg, Yuyv};
        let modes = common();
        assert_eq!(best(&modes, None, None), mode(1280, 720, 30.0, Mjpeg));
        assert_eq!(best(&modes, None, Some(60.0)), mode(1280, 720, 60.0, Mjpeg));
        assert_eq!(best(&modes, Some((640, 480)), None), mode(640, 480, 30.0, Mjpeg));
        assert_eq!(best(&modes, Some((640, 480)), Some(7.5)), mode(640, 480, 7.5, Yuyv));
        assert_eq!(best(&modes, Some((320, 240)), None), mode(320, 240, 30.0, Yuyv));
        assert_eq!(best(&modes, Some((1900, 1000)), Some(5.0)), mode(1920, 1080, 5.0, Yuyv));
        assert_eq!(best(&modes, Some((1280, 720)), Some(f64::NAN)).width, 1280);
    }

    #[test]
    fn fluency_goes_before_size_only_where_no_size_was_asked_for() {
        use PixelFormat::{Nv12, Yuyv};
        let raw = [mode(1280, 720, 10.0, Yuyv), mode(640, 480, 30.0, Yuyv), mode(640, 480, 30.0, Nv12)];
        assert_eq!(best(&raw, None, None), mode(640, 480, 30.0, Nv12));
        assert_eq!(best(&raw, Some((1280, 720)), None), mode(1280, 720, 10.0, Yuyv));
    }

    #[test]
    fn a_rate_that_is_nearly_reached_is_reached() {
        use PixelFormat::Mjpeg;
        let modes =
            [mode(640, 480, 30.0, Mjpeg), mode(1280, 720, 29.97, Mjpeg), mode(1280, 720, 24.0, Mjpeg)];
        assert_eq!(best(&modes, None, None).rate.to_string(), "29.97");
        assert_eq!(best(&modes, None, Some(25.0)).rate.to_string(), "24");
    }

    #[test]
    fn a_format_that_was_asked_for_is_the_only_one() {
        let wanted = Wanted { format: Some(PixelFormat::Yuyv), ..Wanted::default() };
        let sorted = wanted.sorted(&common());
        assert_eq!(sorted[0], mode(640, 480, 30.0, PixelFormat::Yuyv));
        assert!(sorted.iter().all(|mode| mode.format == PixelFormat::Yuyv));
        let none = Wanted { format: Some(PixelFormat::Nv12), ..Wanted::default() };
        assert_eq!(none.sorted(&common()), []);
        assert_eq!("YUYV".parse(), Ok(PixelFormat::Yuyv));
        assert!("h264".parse::<PixelFormat>().unwrap_err().contains("mjpeg, nv12"));
    }

    #[test]
    fn rates_are_fractions_and_read_like_numbers() {
        for ((frames, seconds), text) in
            [((30, 1), "30"), ((15, 2), "7.5"), ((30_000, 1001), "29.97"), ((1, 5), "0.2")]
        {
            assert_eq!(FrameRate::new(frames, seconds).unwrap().to_string(), text);
        }
        assert_eq!(FrameRate::new(0, 1), None);
        assert_eq!(FrameRate::new(1, 0), None);
        let listed = serde_json::to_string(&mode(640, 480, 7.5, PixelFormat::Yuyv)).unwrap();
        assert_eq!(listed, r#"{"format":"yuyv","width":640,"height":480,"fps":7.5}"#);
    }

    #[test]
    fn what_was_asked_is_told() {
        let wanted = Wanted { size: Some((640, 480)), fps: Some(7.5), format: Some(PixelFormat::Yuyv) };
        assert_eq!(wanted.to_string(), "640x480, 7.5 fps, YUYV");
        assert_eq!(Wanted::default().to_string(), "");
    }
}

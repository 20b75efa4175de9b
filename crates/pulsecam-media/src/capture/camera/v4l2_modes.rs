//! Modes of a camera as Video4Linux lists them. They are discrete sizes and rates, or ranges from which
//! common ones are picked.

use std::io;

use v4l::{FourCC, frameinterval::FrameIntervalEnum, framesize::FrameSizeEnum, video::Capture};

use super::{
    device::{ModeRequest, Modes},
    mode::{FrameRate, Mode, PixelFormat},
};

/// Sizes offered for a camera that accepts any, beside its smallest and largest.
const USUAL_SIZES: [(u32, u32); 8] =
    [(160, 120), (320, 240), (640, 360), (640, 480), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160)];

/// Rates offered for a camera that accepts any.
const USUAL_RATES: [u32; 6] = [5, 10, 15, 25, 30, 60];

/// All modes that the camera lists.
pub(super) fn of(device: &v4l::Device, wish: ModeRequest) -> io::Result<Modes> {
    let mut modes = Modes::default();
    for description in device.enum_formats()? {
        match pixel_format(description.fourcc) {
            Some(format) => modes_of(device, format, description.fourcc, wish, &mut modes.known),
            None => modes.unknown.push(readable(description.fourcc)),
        }
    }
    modes.known.sort_by_key(Mode::listed);
    modes.known.dedup();
    modes.unknown.sort();
    modes.unknown.dedup();
    Ok(modes)
}

fn modes_of(
    device: &v4l::Device,
    format: PixelFormat,
    code: FourCC,
    wish: ModeRequest,
    modes: &mut Vec<Mode>,
) {
    // A driver that lists no sizes has only the current one.
    let sizes = device.enum_framesizes(code).unwrap_or_default();
    let sizes: Vec<_> = if sizes.is_empty() {
        device.format().into_iter().map(|format| (format.width, format.height)).collect()
    } else {
        sizes.into_iter().flat_map(|size| discrete_sizes(&size.size, wish)).collect()
    };
    for (width, height) in sizes {
        let listed = device.enum_frameintervals(code, width, height).unwrap_or_default();
        let mut rates: Vec<_> =
            listed.iter().flat_map(|interval| discrete_rates(&interval.interval, wish)).collect();
        if rates.is_empty() {
            // No list: use the current rate, or one that nearly every camera has.
            let set = device.params().ok();
            let set = set.and_then(|set| FrameRate::new(set.interval.denominator, set.interval.numerator));
            rates.extend(set.or(FrameRate::new(30, 1)));
        }
        modes.extend(rates.into_iter().map(|rate| Mode { format, width, height, rate }));
    }
}

fn discrete_sizes(size: &FrameSizeEnum, wish: ModeRequest) -> Vec<(u32, u32)> {
    match size {
        FrameSizeEnum::Discrete(size) => vec![(size.width, size.height)],
        FrameSizeEnum::Stepwise(any) => {
            let widths = any.min_width..=any.max_width;
            let heights = any.min_height..=any.max_height;
            let (across, down) = (any.step_width.max(1), any.step_height.max(1));
            let fit = |(width, height): (u32, u32)| {
                let width = width - width.checked_sub(any.min_width)? % across;
                let height = height - height.checked_sub(any.min_height)? % down;
                (widths.contains(&width) && heights.contains(&height)).then_some((width, height))
            };
            let ends = [(any.min_width, any.min_height), (any.max_width, any.max_height)];
            let mut sizes: Vec<_> =
                USUAL_SIZES.into_iter().chain(ends).chain(wish.size).filter_map(fit).collect();
            sizes.sort_unstable();
            sizes.dedup();
            sizes
        }
    }
}

fn discrete_rates(interval: &FrameIntervalEnum, wish: ModeRequest) -> Vec<FrameRate> {
    match interval {
        FrameIntervalEnum::Discrete(interval) => {
            FrameRate::new(interval.denominator, interval.numerator).into_iter().collect()
        }
        FrameIntervalEnum::Stepwise(any) => {
            let (fastest, slowest) = (
                FrameRate::new(any.min.denominator, any.min.numerator),
                FrameRate::new(any.max.denominator, any.max.numerator),
            );
            let within = |rate: &FrameRate| {
                fastest.is_none_or(|end| rate.fps() <= end.fps())
                    && slowest.is_none_or(|end| rate.fps() >= end.fps())
            };
            let wished = wish.fps.and_then(|fps| FrameRate::new((fps * 1000.0).round() as u32, 1000));
            let usual = USUAL_RATES.into_iter().filter_map(|frames| FrameRate::new(frames, 1));
            usual.chain(wished).filter(within).chain(fastest).collect()
        }
    }
}

/// Pixel format codes from linux/videodev2.h.
const CODES: [([u8; 4], PixelFormat); 9] = [
    (*b"MJPG", PixelFormat::Mjpeg),
    (*b"JPEG", PixelFormat::Mjpeg),
    (*b"NV12", PixelFormat::Nv12),
    (*b"YU12", PixelFormat::I420),
    (*b"YUYV", PixelFormat::Yuyv),
    (*b"UYVY", PixelFormat::Uyvy),
    (*b"RGB3", PixelFormat::Rgb),
    (*b"BGR3", PixelFormat::Bgr),
    (*b"GREY", PixelFormat::Grey),
];

pub(super) fn pixel_format(code: FourCC) -> Option<PixelFormat> {
    CODES.iter().find(|(known, _)| *known == code.repr).map(|(_, format)| *format)
}

pub(super) fn fourcc(format: PixelFormat) -> FourCC {
    let code = CODES.iter().find(|(_, known)| *known == format).map_or([0; 4], |(code, _)| *code);
    FourCC::new(&code)
}

/// A code as text; a marker bit in its last byte means big-endian.
fn readable(code: FourCC) -> String {
    let letters = code.repr.iter().map(|&byte| char::from(byte & 0x7f));
    letters
        .map(|letter| if letter.is_ascii_graphic() { letter } else { ' ' })
        .collect::<String>()
        .trim_end()
        .into()
}

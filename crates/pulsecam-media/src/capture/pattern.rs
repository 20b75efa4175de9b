//! The test picture: a clock to photograph, a turning ring, colours, and a machine-readable stamp.
//!
//! Two screens in one photograph show the latency between them: the clock counts milliseconds, and a gap of a
//! tenth of a turn on the ring is 100 ms. Colour bars and the ramp below show what encoding does to colours
//! and shades.
//!
//! It is made directly in planar 4:2:0, as the encoder takes it. The static parts are drawn once and copied;
//! the ring's pixels are looked up by their angle, and the digits are drawn on top.

use std::f32::consts::TAU;

use super::{
    Error, Frame, FrameData, Source,
    digits::{Digits, mix},
    pace::Pacer,
    stamp::{self, Stamp},
};
use crate::{
    clock::Timestamp,
    picture::{Picture, Pixels, Subsampling, yuv},
};

/// Angular resolution of the ring: two milliseconds per step.
const ANGLES: usize = 512;

/// Luma of the ring far from the head.
const RING_DIM: f32 = 44.0;

/// How fast the head's tail fades per turn: a third is left after a fifth of a turn.
const TAIL: f32 = 5.5;

/// Luma of the clock's digits and of the smaller ones.
const BRIGHT: u8 = 245;
const SOFT: u8 = 150;

/// Colours of the background's corners, of the ring, and of the bars (75 % as on television).
const TOP_LEFT: [u8; 3] = [10, 24, 48];
const BOTTOM_RIGHT: [u8; 3] = [46, 18, 58];
const RING: [u8; 3] = [255, 184, 92];
const BARS: [[u8; 3]; 8] = [
    [191, 191, 191],
    [191, 191, 0],
    [0, 191, 191],
    [0, 191, 0],
    [191, 0, 191],
    [191, 0, 0],
    [0, 0, 191],
    [16, 16, 16],
];

/// The test picture as a source.
pub(super) struct Pattern {
    size: (usize, usize),
    pacer: Pacer,
    canvas: Painting,
    ring: Vec<RingPixel>,
    clock: Digits,
    small: Digits,
    layout: Layout,
}

/// A pixel of the ring.
struct RingPixel {
    at: u32,
    /// Clockwise from the top, in units of [`ANGLES`] per turn.
    angle: u16,
    /// Coverage of the pixel by the ring.
    coverage: u8,
}

/// Positions in a 16:9 box above the bars, so that the picture is composed at every aspect ratio.
#[derive(Clone, Copy)]
struct Layout {
    left: f32,
    top: f32,
    /// Height of the box; all measures are fractions of it.
    unit: f32,
    /// Rows at which the bars begin, the ramp begins, and both end.
    strips: [usize; 3],
}

impl Layout {
    fn new(width: usize, height: usize) -> Self {
        let end = if stamp::fits(width, height) { height - stamp::band(width) } else { height };
        let strips = [end - end * 13 / 100, end - end * 4 / 100, end];
        let (w, h) = (width as f32, strips[0] as f32);
        let unit = f32::min(h, w / 16.0 * 9.0);
        Self { left: (w - unit * 16.0 / 9.0) / 2.0, top: (h - unit) / 2.0, unit, strips }
    }

    /// Pixel position from fractions of the box's height.
    fn at(&self, x: f32, y: f32) -> (usize, usize) {
        ((self.left + x * self.unit).max(0.0) as usize, (self.top + y * self.unit).max(0.0) as usize)
    }

    fn length(&self, share: f32) -> usize {
        (share * self.unit) as usize
    }
}

impl Pattern {
    /// A test picture of `size` at `fps` frames per second.
    pub(super) fn new(size: (usize, usize), fps: f64) -> Self {
        let layout = Layout::new(size.0, size.1);
        let mut canvas = Painting::new(size);
        canvas.background();
        canvas.strips(layout.strips);
        let ring = canvas.ring(&layout);
        let (clock, small) = (Digits::new(layout.length(0.126)), Digits::new(layout.length(0.07)));
        Self { size, pacer: Pacer::new(fps), canvas, ring, clock, small, layout }
    }

    /// The picture of one frame.
    fn picture(&self, seq: u64, captured: Timestamp) -> Picture {
        let (width, height) = self.size;
        let mut planes = self.canvas.planes.clone();
        let luma = &mut planes[..self.canvas.stride * self.canvas.rows];
        let micros = captured.as_micros();

        let head = (micros % 1_000_000) as usize * ANGLES / 1_000_000;
        let tail = tail();
        for pixel in &self.ring {
            let behind = (head + ANGLES - usize::from(pixel.angle)) % ANGLES;
            if let Some(sample) = luma.get_mut(pixel.at as usize) {
                *sample = mix(*sample, tail[behind], pixel.coverage);
            }
        }

        let seconds = micros / 1_000_000;
        let (h, m, s, ms) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60, micros / 1000 % 1000);
        let (clock, small, stride) = (&self.clock, &self.small, self.canvas.stride);
        let mut text = |digits: &Digits, (x, y): (usize, usize), text: &str, ink| {
            digits.draw(luma, stride, (x, y), text, ink);
        };
        let left = self.layout.at(0.75, 0.0).0;
        let (_, clock_top) = self.layout.at(0.0, 0.38);
        let time = format!("{h:02}:{m:02}:{s:02}.{ms:03}");
        text(clock, (left, clock_top), &time, BRIGHT);
        let below = clock_top + clock.height() + self.layout.length(0.07);
        text(small, (left, below), &format!("{seq:07}"), SOFT);
        let utc = (left + clock.width(&time)).saturating_sub(small.width("UtC"));
        text(small, (utc, below), "UtC", SOFT);
        let (centre, middle) = self.layout.at(0.36, 0.5);
        let second = format!("{s:02}");
        let corner =
            (centre.saturating_sub(clock.width(&second) / 2), middle.saturating_sub(clock.height() / 2));
        text(clock, corner, &second, SOFT);

        stamp::write(luma, stride, self.canvas.rows, &Stamp { seq: seq as u32, captured });
        Picture { width, height, pixels: Pixels::Planar(Subsampling::Yuv420, planes) }
    }
}

impl Source for Pattern {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let seq = self.pacer.wait();
        let captured = Timestamp::now();
        let data = FrameData::Picture(self.picture(seq, captured).into());
        Ok(Some(Frame { seq, captured, data }))
    }

    fn pass_by(&mut self) -> Result<bool, Error> {
        self.pacer.wait();
        Ok(true)
    }

    fn describe(&self) -> String {
        let (width, height) = self.size;
        format!("test picture, {width}x{height}, {} fps", self.pacer.fps())
    }
}

/// Luma by the angle behind the head.
fn tail() -> [u8; ANGLES] {
    std::array::from_fn(|behind| {
        let glow = (-(behind as f32 / ANGLES as f32) * TAIL).exp();
        (RING_DIM + (250.0 - RING_DIM) * glow) as u8
    })
}

/// The planes while the static parts are drawn.
struct Painting {
    planes: Vec<u8>,
    /// Row length and rows of luma: the size rounded up to whole blocks.
    stride: usize,
    rows: usize,
}

impl Painting {
    fn new((width, height): (usize, usize)) -> Self {
        let planes = vec![128; Subsampling::Yuv420.bytes(width, height)];
        Self { planes, stride: width.next_multiple_of(2), rows: height.next_multiple_of(2) }
    }

    /// Sets a pixel's luma, and the chroma of its block.
    fn put(&mut self, x: usize, y: usize, [luma, u, v]: [u8; 3]) {
        self.planes[y * self.stride + x] = luma;
        self.tint(x, y, [u, v]);
    }

    fn tint(&mut self, x: usize, y: usize, [u, v]: [u8; 2]) {
        let (luma, blocks) = (self.stride * self.rows, self.stride / 2 * (self.rows / 2));
        let at = luma + y / 2 * (self.stride / 2) + x / 2;
        self.planes[at] = u;
        self.planes[at + blocks] = v;
    }

    /// A diagonal gradient. A little noise hides its steps, which would show as bands.
    fn background(&mut self) {
        let (from, to) = (yuv(TOP_LEFT).map(f32::from), yuv(BOTTOM_RIGHT).map(f32::from));
        let mut noise = fastrand::Rng::with_seed(1);
        let (width, height) = (self.stride as f32, self.rows as f32);
        for y in 0..self.rows {
            for x in 0..self.stride {
                let share = (x as f32 / width + y as f32 / height) / 2.0;
                let grain = noise.f32();
                let colour = [0, 1, 2].map(|i| (from[i] + (to[i] - from[i]) * share + grain) as u8);
                self.put(x, y, colour);
            }
        }
    }

    /// Colour bars, and below them a ramp from black to white.
    fn strips(&mut self, [bars, ramp, end]: [usize; 3]) {
        for x in 0..self.stride {
            let bar = yuv(BARS[x * BARS.len() / self.stride]);
            for y in bars..ramp {
                self.put(x, y, bar);
            }
            let shade = (x * 255 / self.stride) as u8;
            for y in ramp..end {
                self.put(x, y, [shade, 128, 128]);
            }
        }
        // Below, only luma is stamped: keep chroma neutral.
        for y in end..self.rows {
            (0..self.stride).for_each(|x| self.tint(x, y, [128, 128]));
        }
    }

    /// Draws the ring's tint and, inside it, tick marks for tenths of a second. Returns the ring's pixels.
    fn ring(&mut self, layout: &Layout) -> Vec<RingPixel> {
        let (centre_x, centre_y) = (layout.left + 0.36 * layout.unit, layout.top + 0.5 * layout.unit);
        let (outer, inner) = (0.30 * layout.unit, 0.25 * layout.unit);
        let [_, u, v] = yuv(RING);
        // Half the tint: a dark ring of full colour would look muddy.
        let tint = [u, v].map(|sample| ((u16::from(sample) + 128) / 2) as u8);
        let mut ring = Vec::new();
        for y in 0..layout.strips[0] {
            for x in 0..self.stride {
                let (dx, dy) = (x as f32 + 0.5 - centre_x, y as f32 + 0.5 - centre_y);
                let radius = dx.hypot(dy);
                let turn = (dx.atan2(-dy) / TAU).rem_euclid(1.0);
                let coverage = (f32::min(outer - radius, radius - inner) + 0.5).clamp(0.0, 1.0);
                if coverage > 0.0 {
                    let angle = (turn * ANGLES as f32) as usize % ANGLES;
                    let at = y * self.stride + x;
                    self.tint(x, y, tint);
                    let (at, coverage) = (at as u32, (coverage * 255.0) as u8);
                    ring.push(RingPixel { at, angle: angle as u16, coverage });
                }
                let off_tick = (turn * 10.0 - (turn * 10.0).round()).abs() / 10.0 * TAU * radius;
                if (0.80..0.92).contains(&(radius / inner)) && off_tick < 0.006 * layout.unit {
                    self.planes[y * self.stride + x] = SOFT;
                }
            }
        }
        ring
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jpeg::{Decoder, Encoder, Scale},
        picture::Canvas,
    };

    const NOON: Timestamp = Timestamp::from_micros(1_754_049_600_123_456);

    #[test]
    fn the_stamp_is_read_back_from_the_encoded_picture() {
        for size in [(320, 240), (641, 361), (1280, 720), (720, 1280)] {
            let picture = Pattern::new(size, 30.0).picture(123_456, NOON);
            let jpeg = Encoder::new(60).unwrap().encode(&picture).unwrap();
            let canvas =
                Decoder::new().unwrap().decode(&jpeg, Scale::Full, Canvas::default()).unwrap().canvas;
            assert_eq!((canvas.width, canvas.height), size);
            let wanted = Stamp { seq: 123_456, captured: NOON };
            assert_eq!(stamp::read(&canvas), Some(wanted), "{size:?}");
        }
    }

    #[test]
    fn every_size_has_a_picture() {
        for size in [(1, 1), (2, 3), (15, 9), (33, 200), (255, 31), (256, 32), (3000, 40)] {
            let picture = Pattern::new(size, 30.0).picture(u64::MAX, Timestamp::from_micros(u64::MAX));
            assert_eq!(picture.bytes().len(), picture.expected_bytes(), "{size:?}");
        }
    }

    #[test]
    fn the_ring_turns_and_the_clock_runs() {
        let pattern = Pattern::new((640, 360), 30.0);
        let (first, later) = (pattern.picture(0, NOON), pattern.picture(0, NOON.offset(500_000)));
        let luma = |picture: &Picture, at: (usize, usize)| picture.bytes()[at.1 * 640 + at.0];
        // The head has passed the top by an eighth of a turn; half a second later it is opposite.
        let head = pattern.layout.at(0.36 + 0.275 * 0.68, 0.5 - 0.275 * 0.73);
        let opposite = pattern.layout.at(0.36 - 0.275 * 0.68, 0.5 + 0.275 * 0.73);
        assert!(luma(&first, head) > 200 && luma(&first, opposite) < 80);
        assert!(luma(&later, head) < 80 && luma(&later, opposite) > 200);
        let digits = |picture: &Picture| {
            let ((left, top), (right, bottom)) = (pattern.layout.at(0.75, 0.38), pattern.layout.at(1.7, 0.5));
            (top..bottom)
                .flat_map(|y| (left..right).map(move |x| (x, y)))
                .map(|at| luma(picture, at))
                .collect()
        };
        let shown: [Vec<u8>; 2] = [digits(&first), digits(&later)];
        assert!(shown[0].iter().any(|&sample| sample > 230), "digits are drawn");
        assert_ne!(shown[0], shown[1]);
    }

    #[test]
    fn frames_are_numbered_and_described() {
        let mut pattern = Pattern::new((64, 48), 1000.0);
        assert_eq!(pattern.describe(), "test picture, 64x48, 1000 fps");
        let first = pattern.next_frame().unwrap().unwrap();
        let second = pattern.next_frame().unwrap().unwrap();
        assert!(first.seq == 0 && second.seq >= 1 && second.captured >= first.captured);
    }
}

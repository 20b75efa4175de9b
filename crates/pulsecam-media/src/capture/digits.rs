//! Anti-aliased seven-segment digits drawn into luma, at any size and without a font file.

/// Segments as lines between corners of a box that is 1 high and [`BOX_WIDTH`] wide. Order: top, upper right,
/// lower right, bottom, lower left, upper left, middle.
const SEGMENTS: [[(f32, f32); 2]; 7] = [
    [(0.0, 0.0), (1.0, 0.0)],
    [(1.0, 0.0), (1.0, 0.5)],
    [(1.0, 0.5), (1.0, 1.0)],
    [(0.0, 1.0), (1.0, 1.0)],
    [(0.0, 0.5), (0.0, 1.0)],
    [(0.0, 0.0), (0.0, 0.5)],
    [(0.0, 0.5), (1.0, 0.5)],
];

/// Width of a digit's box, as a share of its height.
const BOX_WIDTH: f32 = 0.46;

/// Half the thickness of a segment, as a share of the height.
const HALF_STROKE: f32 = 0.065;

/// How much each end of a segment is shortened, so that neighbours do not touch.
const GAP: f32 = 0.05;

/// Lean to the right, as on digital clocks.
const SLANT: f32 = 0.09;

/// Advance of a digit and of a colon or point, as a share of the height.
const ADVANCE: f32 = 0.72;
const NARROW_ADVANCE: f32 = 0.32;

/// A set of glyphs of one height.
pub(super) struct Digits {
    height: usize,
    glyphs: Vec<(char, Glyph)>,
}

struct Glyph {
    /// Space to the next glyph.
    advance: usize,
    /// Pixels across.
    width: usize,
    /// Coverage of each pixel, row by row.
    coverage: Vec<u8>,
}

impl Digits {
    /// The supported characters; others are left blank.
    const ALL: &str = "0123456789:.UtC ";

    /// Glyphs of a height in pixels.
    pub(super) fn new(height: usize) -> Self {
        let height = height.max(1);
        Self { height, glyphs: Self::ALL.chars().map(|c| (c, Glyph::new(c, height))).collect() }
    }

    /// Width of a text in pixels.
    pub(super) fn width(&self, text: &str) -> usize {
        self.of(text).map(|glyph| glyph.advance).sum()
    }

    /// Draws a text in `ink` with its top left corner at `x`, `y`, into a plane with rows of `stride`. What
    /// exceeds the plane is cut off.
    pub(super) fn draw(
        &self,
        luma: &mut [u8],
        stride: usize,
        (mut x, y): (usize, usize),
        text: &str,
        ink: u8,
    ) {
        for glyph in self.of(text) {
            let rows = luma.chunks_exact_mut(stride.max(1)).skip(y);
            for (line, coverage) in rows.zip(glyph.coverage.chunks_exact(glyph.width)) {
                for (sample, &coverage) in line.iter_mut().skip(x).zip(coverage) {
                    *sample = mix(*sample, ink, coverage);
                }
            }
            x += glyph.advance;
        }
    }

    fn of<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a Glyph> {
        let find = |c| self.glyphs.iter().find(|(known, _)| *known == c);
        text.chars().filter_map(move |c| find(c).or_else(|| find(' '))).map(|(_, glyph)| glyph)
    }

    /// The requested height.
    pub(super) fn height(&self) -> usize {
        self.height
    }
}

impl Glyph {
    fn new(c: char, height: usize) -> Self {
        let scale = height as f32;
        let narrow = matches!(c, ':' | '.');
        let advance = (scale * if narrow { NARROW_ADVANCE } else { ADVANCE }).round() as usize;
        // The slant leans over the next glyph's space.
        let width = advance + (scale * SLANT).ceil() as usize;
        let strokes = strokes(c);
        let coverage = (0..height * width)
            .map(|i| {
                let y = ((i / width) as f32 + 0.5) / scale;
                let x = ((i % width) as f32 + 0.5) / scale - SLANT * (1.0 - y);
                let nearest = strokes.iter().map(|stroke| distance((x, y), *stroke)).fold(f32::MAX, f32::min);
                // One pixel of soft edge.
                ((HALF_STROKE - nearest) * scale + 0.5).clamp(0.0, 1.0)
            })
            .map(|share| (share * 255.0).round() as u8)
            .collect();
        Self { advance: advance.max(1), width: width.max(1), coverage }
    }
}

/// The lines of a character in shares of its height; dots are lines of length zero.
fn strokes(c: char) -> Vec<[(f32, f32); 2]> {
    let dot = |y| [(0.5 * NARROW_ADVANCE, y); 2];
    let lit = match c {
        ':' => return vec![dot(0.3), dot(0.7)],
        '.' => return vec![dot(1.0 - HALF_STROKE)],
        '0' => 0b011_1111,
        '1' => 0b000_0110,
        '2' => 0b101_1011,
        '3' => 0b100_1111,
        '4' => 0b110_0110,
        '5' => 0b110_1101,
        '6' => 0b111_1101,
        '7' => 0b000_0111,
        '8' => 0b111_1111,
        '9' => 0b110_1111,
        'U' => 0b011_1110,
        't' => 0b111_1000,
        'C' => 0b011_1001,
        _ => 0,
    };
    let margin = (ADVANCE - BOX_WIDTH) / 2.0;
    let place = |(x, y): (f32, f32)| (margin + x * BOX_WIDTH, HALF_STROKE + y * (1.0 - 2.0 * HALF_STROKE));
    let segments = (0..).zip(SEGMENTS).filter(|&(bit, _)| lit >> bit & 1 == 1);
    segments.map(|(_, [from, to])| drawn_in(place(from), place(to))).collect()
}

/// Shortens a line by [`GAP`] at both ends.
fn drawn_in(from: (f32, f32), to: (f32, f32)) -> [(f32, f32); 2] {
    let (x, y) = (to.0 - from.0, to.1 - from.1);
    let share = GAP / x.hypot(y);
    [(from.0 + x * share, from.1 + y * share), (to.0 - x * share, to.1 - y * share)]
}

/// The distance from a point to a line segment.
fn distance(point: (f32, f32), [from, to]: [(f32, f32); 2]) -> f32 {
    let (line, offset) = ((to.0 - from.0, to.1 - from.1), (point.0 - from.0, point.1 - from.1));
    let square = line.0 * line.0 + line.1 * line.1;
    let along =
        if square > 0.0 { ((offset.0 * line.0 + offset.1 * line.1) / square).clamp(0.0, 1.0) } else { 0.0 };
    (offset.0 - line.0 * along).hypot(offset.1 - line.1 * along)
}

/// `ink` over `paper`, by a share of 255.
pub(super) fn mix(paper: u8, ink: u8, share: u8) -> u8 {
    let share = u16::from(share) + u16::from(share >> 7); // 0 to 256
    ((u16::from(paper) * (256 - share) + u16::from(ink) * share) >> 8) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, height: usize) -> Vec<u8> {
        let digits = Digits::new(height);
        let stride = digits.width(text) + height;
        let mut luma = vec![0; stride * height];
        digits.draw(&mut luma, stride, (0, 0), text, 255);
        luma
    }

    #[test]
    fn each_character_looks_different() {
        let all: Vec<_> = Digits::ALL.chars().map(|c| strokes(c).len()).zip(Digits::ALL.chars()).collect();
        for (i, (_, first)) in all.iter().enumerate() {
            for (_, second) in &all[i + 1..] {
                assert_ne!(
                    drawn(&first.to_string(), 24),
                    drawn(&second.to_string(), 24),
                    "{first}, {second}"
                );
            }
        }
        assert!(drawn(" ?", 24).iter().all(|&sample| sample == 0));
    }

    #[test]
    fn a_one_is_right_of_the_middle_and_an_eight_is_all_over() {
        let ink = |text| drawn(text, 40).iter().filter(|&&sample| sample > 200).count();
        assert!(ink("8") > 3 * ink("1"));
        let one = drawn("1", 40);
        let stride = one.len() / 40;
        assert!((0..40).all(|y| one[y * stride..y * stride + 14].iter().all(|&sample| sample == 0)));
    }

    #[test]
    fn what_stands_out_is_cut_off() {
        let digits = Digits::new(30);
        for (width, height) in [(1, 1), (10, 5), (200, 3), (0, 0)] {
            for at in [(0, 0), (5, 2), (500, 500)] {
                digits.draw(&mut vec![0; width * height], width, at, "12:34", 255);
            }
        }
        Digits::new(0).draw(&mut [0; 4], 2, (0, 0), "8", 255);
    }

    #[test]
    fn mixing_reaches_both_ends() {
        assert_eq!((mix(10, 200, 0), mix(10, 200, 255)), (10, 200));
        assert!(mix(10, 200, 128).abs_diff(105) <= 1);
    }
}

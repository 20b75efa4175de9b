//! Finding dark four-sided frames in a picture.

use super::Luma;
use crate::homography::Place;

/// Window of the local mean, as a share of the longer side of the picture: wider than a frame's line, narrower
/// than a shadow on the screen.
const WINDOW_SHARE: usize = 10;

/// A pixel is dark if it is this much below the local mean: above the noise of a camera in a dim room.
const MIN_BELOW_MEAN: u32 = 8;

/// Shortest side of a frame in pixels: cells of two pixels, of which nothing can be read, but about which the
/// user can be told.
const MIN_SIDE: f32 = 32.0;

/// Share of a frame's area that is dark: its line is a fifth, and blur and the data may add to it.
const DARK_SHARE: std::ops::RangeInclusive<f32> = 0.08..=0.45;

/// Frames returned at most, the largest first: more are texture.
const MAX_QUADS: usize = 8;

/// Positions on each side at which its edge is measured.
const EDGE_SAMPLES: usize = 32;

/// Measured positions that a side needs at least: fewer, and something covers it.
const MIN_EDGE_SAMPLES: usize = 12;

/// Sum of the sides of a sheet in cells.
const PERIMETER: f32 = 2.0 * (super::COLUMNS + super::ROWS) as f32;

/// What could be the frames of sheets.
#[derive(Debug, Default)]
pub(crate) struct Quads {
    /// Corners clockwise as seen in the picture, the largest quad first.
    pub(crate) whole: Vec<[Place; 4]>,
    /// Whether something that could be a frame is cut off by the picture's edge.
    pub(crate) cut: bool,
}

/// Finds dark frames.
pub(crate) fn find(luma: &Luma) -> Quads {
    let mut dark = threshold(luma);
    let mut quads = Vec::new();
    let mut cut = false;
    let mut region = Region::default();
    for start in 0..dark.len() {
        if dark[start] != Pixel::Dark {
            continue;
        }
        region.fill(&mut dark, luma.width, start);
        let (across, down) = region.extent();
        if across.max(down) < MIN_SIDE as usize || across.min(down) < MIN_SIDE as usize / 2 {
            continue;
        }
        if region.touches_edge(luma.width, luma.height) {
            cut |= across * 4 > luma.width && down * 4 > luma.height;
            continue;
        }
        if let Some(corners) = region.corners() {
            let area = area(&corners);
            if DARK_SHARE.contains(&(region.pixels as f32 / area)) {
                quads.push((area, corners));
            }
        }
    }
    quads.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    Quads { whole: quads.into_iter().take(MAX_QUADS).map(|(_, corners)| corners).collect(), cut }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pixel {
    Bright,
    Dark,
    /// Dark, and in a region already.
    Taken,
}

/// Which pixels are darker than their surroundings.
fn threshold(luma: &Luma) -> Vec<Pixel> {
    let Luma { width, height, ref pixels } = *luma;
    let radius = width.max(height) / WINDOW_SHARE / 2;
    // Sums of everything above and to the left. Pictures are scaled down before, so they fit.
    let stride = width + 1;
    let mut sums = vec![0_u32; stride * (height + 1)];
    for (y, row) in pixels.chunks_exact(width).enumerate() {
        let (above, below) = sums.split_at_mut((y + 1) * stride);
        let above = &above[y * stride..];
        let mut sum = 0;
        for ((pixel, above), to) in row.iter().zip(&above[1..]).zip(&mut below[1..stride]) {
            sum += u32::from(*pixel);
            *to = above + sum;
        }
    }
    let mut dark = Vec::with_capacity(pixels.len());
    for (y, row) in pixels.chunks_exact(width).enumerate() {
        let (top, bottom) = (y.saturating_sub(radius), (y + radius + 1).min(height));
        let (upper, lower) = (&sums[top * stride..][..stride], &sums[bottom * stride..][..stride]);
        for (x, pixel) in row.iter().enumerate() {
            let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(width));
            let sum = lower[right] + upper[left] - lower[left] - upper[right];
            let count = ((bottom - top) * (right - left)) as u32;
            let is_dark = (u32::from(*pixel) + MIN_BELOW_MEAN) * count < sum;
            dark.push(if is_dark { Pixel::Dark } else { Pixel::Bright });
        }
    }
    dark
}

/// Connected dark pixels.
#[derive(Debug, Default)]
struct Region {
    pixels: usize,
    edge: Vec<(u32, u32)>,
    stack: Vec<usize>,
    least: (u32, u32),
    most: (u32, u32),
}

impl Region {
    /// Takes the region around `start`. The edge includes that of holes, whose corners are never extreme.
    fn fill(&mut self, dark: &mut [Pixel], width: usize, start: usize) {
        let place = |at: usize| ((at % width) as u32, (at / width) as u32);
        (self.pixels, self.least, self.most) = (0, place(start), place(start));
        self.edge.clear();
        self.stack.clear();
        self.stack.push(start);
        dark[start] = Pixel::Taken;
        while let Some(at) = self.stack.pop() {
            let (x, y) = place(at);
            self.pixels += 1;
            self.least = (self.least.0.min(x), self.least.1.min(y));
            self.most = (self.most.0.max(x), self.most.1.max(y));
            let neighbours = [
                (x > 0).then(|| at - 1),
                (x as usize + 1 < width).then(|| at + 1),
                at.checked_sub(width),
                (at + width < dark.len()).then_some(at + width),
            ];
            let mut inside = 0;
            for next in neighbours.into_iter().flatten() {
                inside += usize::from(dark[next] != Pixel::Bright);
                if dark[next] == Pixel::Dark {
                    dark[next] = Pixel::Taken;
                    self.stack.push(next);
                }
            }
            if inside < 4 {
                self.edge.push((x, y));
            }
        }
    }

    fn extent(&self) -> (usize, usize) {
        ((self.most.0 - self.least.0) as usize + 1, (self.most.1 - self.least.1) as usize + 1)
    }

    fn touches_edge(&self, width: usize, height: usize) -> bool {
        self.least.0 == 0
            || self.least.1 == 0
            || self.most.0 as usize + 1 == width
            || self.most.1 as usize + 1 == height
    }

    /// The four extreme points, clockwise.
    fn corners(&self) -> Option<[Place; 4]> {
        let points = || self.edge.iter().map(|&(x, y)| (x as f32 + 0.5, y as f32 + 0.5));
        let farthest =
            |from: Place| points().max_by(|a, b| distance(*a, from).total_cmp(&distance(*b, from)));
        let middle = ((self.least.0 + self.most.0) as f32 / 2.0, (self.least.1 + self.most.1) as f32 / 2.0);
        let first = farthest(middle)?;
        let third = farthest(first)?;
        // Positive on the right of the way from the first to the third, as seen in the picture.
        let side = |(x, y): Place| (third.0 - first.0) * (y - first.1) - (third.1 - first.1) * (x - first.0);
        let second = points().min_by(|a, b| side(*a).total_cmp(&side(*b)))?;
        let fourth = points().max_by(|a, b| side(*a).total_cmp(&side(*b)))?;
        let corners = [first, second, third, fourth];
        let sides = (0..4).map(|at| distance(corners[at], corners[(at + 1) % 4]));
        sides.fold(f32::MAX, f32::min).ge(&(MIN_SIDE / 2.0)).then_some(corners)
    }
}

fn distance(one: Place, other: Place) -> f32 {
    (one.0 - other.0).hypot(one.1 - other.1)
}

fn area(corners: &[Place; 4]) -> f32 {
    let twice: f32 = (0..4)
        .map(|at| {
            let ((x0, y0), (x1, y1)) = (corners[at], corners[(at + 1) % 4]);
            x0 * y1 - x1 * y0
        })
        .sum();
    twice.abs() / 2.0
}

/// Moves corners to where the straight outer edges of a frame cross, to a fraction of a pixel.
///
/// `None` if a side has no edge from dark to bright.
pub(crate) fn refine(luma: &Luma, corners: [Place; 4]) -> Option<[Place; 4]> {
    let cell = (0..4).map(|at| distance(corners[at], corners[(at + 1) % 4])).sum::<f32>() / PERIMETER;
    let middle = corners.iter().fold((0.0, 0.0), |sum, at| (sum.0 + at.0 / 4.0, sum.1 + at.1 / 4.0));
    let mut lines = [Line::default(); 4];
    for (at, line) in lines.iter_mut().enumerate() {
        let (from, to) = (corners[at], corners[(at + 1) % 4]);
        let length = distance(from, to).max(1.0);
        let mut outward = ((to.1 - from.1) / length, (from.0 - to.0) / length);
        if outward.0 * (from.0 - middle.0) + outward.1 * (from.1 - middle.1) < 0.0 {
            outward = (-outward.0, -outward.1);
        }
        let edge = (0..EDGE_SAMPLES).filter_map(|sample| {
            let share = 0.06 + 0.88 * sample as f32 / (EDGE_SAMPLES - 1) as f32;
            let place = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            crossing(luma, place, outward, cell)
        });
        *line = Line::through(&edge.collect::<Vec<_>>())?;
    }
    let mut crossed = [(0.0, 0.0); 4];
    for (at, corner) in crossed.iter_mut().enumerate() {
        *corner = lines[(at + 3) % 4].crossing(lines[at])?;
        // A line that was fitted to something else leads far away.
        if distance(*corner, corners[at]) > 3.0 * cell {
            return None;
        }
    }
    Some(crossed)
}

/// Where luma goes from dark to bright on the way outward, within a cell of `place`.
fn crossing(luma: &Luma, place: Place, outward: Place, cell: f32) -> Option<Place> {
    const STEPS: usize = 24;
    /// Least difference of dark and bright: as far as noise reaches.
    const MIN_STEP: f32 = 16.0;
    let at = |step: usize| cell * (step as f32 / STEPS as f32 * 1.7 - 0.9);
    let mut levels = [0.0; STEPS + 1];
    for (step, level) in levels.iter_mut().enumerate() {
        *level = luma.smooth((place.0 + outward.0 * at(step), place.1 + outward.1 * at(step)))?;
    }
    // The line's middle is its darkest part; what lies further inside is the margin.
    let (darkest, low) = levels
        .iter()
        .enumerate()
        .min_by(|(_, one), (_, other)| one.total_cmp(other))
        .map(|(step, level)| (step, *level))?;
    let high = levels[darkest..].iter().copied().fold(low, f32::max);
    let middle = (low + high) / 2.0;
    let step = (darkest..STEPS).find(|&step| levels[step] <= middle && levels[step + 1] > middle)?;
    let share = (middle - levels[step]) / (levels[step + 1] - levels[step]);
    let along = at(step) + (at(step + 1) - at(step)) * share;
    (high - low >= MIN_STEP).then_some((place.0 + outward.0 * along, place.1 + outward.1 * along))
}

/// A line as a point on it and its direction.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    point: Place,
    direction: Place,
}

impl Line {
    /// The line with the least squares of distances; the points farthest from it do not count.
    fn through(points: &[Place]) -> Option<Self> {
        let first = Self::fit(points)?;
        let mut sorted = points.to_vec();
        sorted.sort_by(|one, other| first.off(*one).total_cmp(&first.off(*other)));
        sorted.truncate((points.len() * 3).div_ceil(4));
        (points.len() >= MIN_EDGE_SAMPLES).then(|| Self::fit(&sorted))?
    }

    fn fit(points: &[Place]) -> Option<Self> {
        let count = points.len() as f32;
        let sum = points.iter().fold((0.0, 0.0), |sum, at| (sum.0 + at.0, sum.1 + at.1));
        let point = (sum.0 / count, sum.1 / count);
        let (xx, xy, yy) = points.iter().fold((0.0, 0.0, 0.0), |(xx, xy, yy), at| {
            let (x, y) = (at.0 - point.0, at.1 - point.1);
            (xx + x * x, xy + x * y, yy + y * y)
        });
        let angle = (2.0 * xy).atan2(xx - yy) / 2.0;
        (points.len() >= 2).then(|| Self { point, direction: (angle.cos(), angle.sin()) })
    }

    /// The distance of a point.
    fn off(&self, (x, y): Place) -> f32 {
        ((x - self.point.0) * self.direction.1 - (y - self.point.1) * self.direction.0).abs()
    }

    fn crossing(self, other: Self) -> Option<Place> {
        let ((dx, dy), (ex, ey)) = (self.direction, other.direction);
        let turn = dx * ey - dy * ex;
        let (x, y) = (other.point.0 - self.point.0, other.point.1 - self.point.1);
        let along = (x * ey - y * ex) / turn;
        (turn.abs() > 0.05).then_some((self.point.0 + dx * along, self.point.1 + dy * along))
    }
}

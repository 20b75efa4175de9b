//! Reading sheets in a picture.

use pulsecam_media::picture::{Canvas, Picture, Pixels};

use super::{COLUMNS, MIN_CERTAINTY, ROWS, SLOT_COLUMNS, SLOT_ROWS, SLOTS, Stamp, quad, slot_origin};
use crate::homography::{Homography, Place};

/// Longest side of the picture in which frames are searched for; larger ones are scaled down first. A sheet that
/// is too small then is too small to be read.
const SEARCHED_SIDE: usize = 800;

/// Least difference of white and black: less is noise.
const MIN_CONTRAST: f32 = 24.0;

/// Places of a cell at which it is sampled, from its middle, in cells: not at the edges, which blur takes.
const SAMPLES: [f32; 4] = [-0.24, -0.08, 0.08, 0.24];

/// Brightness of a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Luma {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// `width * height` samples, row by row.
    pub pixels: Vec<u8>,
}

/// What a picture shows.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// Sheets, the largest first; of some, no slot may be readable.
    pub sheets: Vec<Sheet>,
    /// Whether something that could be a sheet is cut off by the edge of the picture.
    pub cut: bool,
    /// Levels below which 5 % of the pixels are, and 95 %.
    pub levels: (u8, u8),
}

/// A sheet in a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    /// Corners of the black frame in pixels: upper left, upper right, lower right, lower left of the sheet.
    pub corners: [(f32, f32); 4],
    /// Size of a cell in pixels, on average.
    pub cell: f32,
    /// What the slots hold, if they can be read.
    pub slots: [Option<Stamp>; SLOTS],
}

impl Sheet {
    /// The newest stamp.
    #[must_use]
    pub fn newest(&self) -> Option<Stamp> {
        self.slots.iter().flatten().copied().reduce(
            |one, other| {
                if other.millis_since(one) > 0 { other } else { one }
            },
        )
    }

    /// Number of slots that can be read.
    pub(super) const fn readable(&self) -> usize {
        let (mut count, mut slot) = (0, 0);
        while slot < SLOTS {
            count += self.slots[slot].is_some() as usize;
            slot += 1;
        }
        count
    }
}

/// Reads all sheets in a picture.
#[must_use]
pub fn read(luma: &Luma) -> Reading {
    if luma.width == 0 || luma.height == 0 || luma.pixels.len() != luma.width * luma.height {
        return Reading::default();
    }
    let shrink = luma.width.max(luma.height).div_ceil(SEARCHED_SIDE);
    let small = (shrink > 1).then(|| luma.shrunk(shrink));
    let searched = small.as_ref().unwrap_or(luma);
    let found = quad::find(searched);
    let sheets = found.whole.iter().filter_map(|corners| {
        let corners = corners.map(|(x, y)| (x * shrink as f32, y * shrink as f32));
        sheet(luma, quad::refine(luma, corners)?)
    });
    Reading { sheets: sheets.collect(), cut: found.cut, levels: searched.levels() }
}

/// The sheet with these corners of its frame, whichever of them is the first.
fn sheet(luma: &Luma, corners: [Place; 4]) -> Option<Sheet> {
    let turned = (0..4).map(|turn| [0, 1, 2, 3].map(|at| corners[(at + turn) % 4]));
    // Programs show a camera's own picture mirrored.
    let views = turned.flat_map(|[a, b, c, d]| [[a, b, c, d], [a, d, c, b]]);
    views.filter_map(|corners| View::new(luma, corners)?.sheet()).max_by_key(Sheet::readable)
}

/// A sheet whose upper left corner is assumed to be known.
struct View<'a> {
    luma: &'a Luma,
    corners: [Place; 4],
    map: Homography,
    /// Black and white near each corner.
    levels: [(f32, f32); 4],
}

impl<'a> View<'a> {
    /// `None` if there is too little contrast.
    fn new(luma: &'a Luma, corners: [Place; 4]) -> Option<Self> {
        let (right, bottom) = (COLUMNS as f32, ROWS as f32);
        let map = Homography::of_rectangle((right, bottom), corners)?;
        let mut view = Self { luma, corners, map, levels: [(0.0, 0.0); 4] };
        let mut levels = [(0.0, 0.0); 4];
        for (levels, (x, y)) in levels.iter_mut().zip([(0, 0), (1, 0), (1, 1), (0, 1)]) {
            let place =
                |u: f32, v: f32| (if x == 0 { u } else { right - u }, if y == 0 { v } else { bottom - v });
            let mean = |places: &[Place]| {
                let levels: Option<Vec<_>> = places.iter().map(|at| view.cell(*at)).collect();
                levels.map(|levels| levels.iter().sum::<f32>() / levels.len() as f32)
            };
            let black = mean(&[place(0.5, 2.5), place(0.5, 3.5), place(2.5, 0.5), place(3.5, 0.5)])?;
            let white = mean(&[place(1.5, 3.0), place(3.0, 1.5), place(-0.5, 2.5), place(2.5, -0.5)])?;
            if white - black < MIN_CONTRAST {
                return None;
            }
            *levels = (black, white);
        }
        view.levels = levels;
        Some(view)
    }

    /// The slots, if the margin has its mark where it belongs and nowhere else.
    fn sheet(&self) -> Option<Sheet> {
        let (right, bottom) = (COLUMNS as f32 - 1.5, ROWS as f32 - 1.5);
        let is_black = |place| self.certainty(place).map(|certainty| certainty < 0.0);
        let marks = [is_black((1.5, 1.5))?, is_black((right, 1.5))?, is_black((right, bottom))?];
        if marks != [true, false, false] || is_black((1.5, bottom))? {
            return None;
        }
        let sides = (0..4).map(|at| {
            let ((x0, y0), (x1, y1)) = (self.corners[at], self.corners[(at + 1) % 4]);
            (x1 - x0).hypot(y1 - y0)
        });
        Some(Sheet {
            corners: self.corners,
            cell: sides.sum::<f32>() / (2 * (COLUMNS + ROWS)) as f32,
            slots: std::array::from_fn(|slot| self.slot(slot)),
        })
    }

    fn slot(&self, slot: usize) -> Option<Stamp> {
        let (left, top) = slot_origin(slot);
        let mut bits = 0;
        for row in 0..SLOT_ROWS {
            for column in 0..SLOT_COLUMNS {
                let certainty = self.certainty(((left + column) as f32 + 0.5, (top + row) as f32 + 0.5))?;
                if certainty.abs() < MIN_CERTAINTY {
                    return None;
                }
                bits = bits << 1 | u64::from(certainty < 0.0);
            }
        }
        Stamp::from_bits(slot, bits)
    }

    /// How white (positive) or black the cell around a place is: 0.5 is as white as the margin.
    fn certainty(&self, place: Place) -> Option<f32> {
        let (u, v) = (place.0 / COLUMNS as f32, place.1 / ROWS as f32);
        let shares = [(1.0 - u) * (1.0 - v), u * (1.0 - v), u * v, (1.0 - u) * v];
        let (black, white) = shares
            .iter()
            .zip(self.levels)
            .fold((0.0, 0.0), |sum, (share, levels)| (sum.0 + share * levels.0, sum.1 + share * levels.1));
        Some((self.cell(place)? - black) / (white - black) - 0.5)
    }

    /// Mean level around the middle of a cell; `None` outside the picture.
    fn cell(&self, (u, v): Place) -> Option<f32> {
        let mut sum = 0.0;
        for down in SAMPLES {
            for across in SAMPLES {
                sum += self.luma.smooth(self.map.map((u + across, v + down)))?;
            }
        }
        Some(sum / (SAMPLES.len() * SAMPLES.len()) as f32)
    }
}

impl Luma {
    /// The brightness of an uncompressed picture.
    #[must_use]
    pub fn of_picture(picture: &Picture) -> Self {
        let Picture { width, height, .. } = *picture;
        let weigh = |red: u8, green: u8, blue: u8| {
            ((77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue)) >> 8) as u8
        };
        let pixels = match &picture.pixels {
            Pixels::Planar(subsampling, planes) => {
                let stride = width.next_multiple_of(subsampling.block().0);
                let rows = planes.chunks_exact(stride.max(1)).take(height);
                rows.flat_map(|row| &row[..width]).copied().collect()
            }
            Pixels::Rgb(bytes) => bytes.chunks_exact(3).map(|rgb| weigh(rgb[0], rgb[1], rgb[2])).collect(),
            Pixels::Bgr(bytes) => bytes.chunks_exact(3).map(|bgr| weigh(bgr[2], bgr[1], bgr[0])).collect(),
        };
        Self { width, height, pixels }
    }

    /// The brightness of a picture for display.
    #[must_use]
    pub fn of_canvas(canvas: &Canvas) -> Self {
        let weigh = |pixel: &u32| {
            let [_, red, green, blue] = pixel.to_be_bytes().map(u32::from);
            ((77 * red + 150 * green + 29 * blue) >> 8) as u8
        };
        Self { width: canvas.width, height: canvas.height, pixels: canvas.pixels.iter().map(weigh).collect() }
    }

    /// The brightness of a picture in four bytes per pixel, blue first; `None` if it has another size.
    #[must_use]
    pub fn of_bgrx(width: usize, height: usize, bytes: &[u8]) -> Option<Self> {
        let weigh = |bgrx: &[u8; 4]| {
            let [blue, green, red, _] = bgrx.map(u32::from);
            ((77 * red + 150 * green + 29 * blue) >> 8) as u8
        };
        let (pixels, rest) = bytes.as_chunks::<4>();
        let is_whole = rest.is_empty() && pixels.len() == width * height;
        is_whole.then(|| Self { width, height, pixels: pixels.iter().map(weigh).collect() })
    }

    /// The level at a place between pixels' middles; `None` outside.
    pub(crate) fn smooth(&self, (x, y): Place) -> Option<f32> {
        let (x, y) = (x - 0.5, y - 0.5);
        // Negative and NaN would become 0.
        if !(x >= 0.0 && y >= 0.0) {
            return None;
        }
        let (left, top) = (x as usize, y as usize);
        if left + 1 >= self.width || top + 1 >= self.height {
            return None;
        }
        let (across, down) = (x - left as f32, y - top as f32);
        let at = top * self.width + left;
        let row = |at: usize| {
            let (one, next) = (f32::from(self.pixels[at]), f32::from(self.pixels[at + 1]));
            one + (next - one) * across
        };
        let (upper, lower) = (row(at), row(at + self.width));
        Some(upper + (lower - upper) * down)
    }

    /// The picture at a fraction of its size: each pixel is the mean of a block.
    fn shrunk(&self, by: usize) -> Self {
        let (width, height) = (self.width / by, self.height / by);
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        for rows in self.pixels.chunks_exact(self.width * by).take(height) {
            sums.fill(0);
            for row in rows.chunks_exact(self.width) {
                for (sum, block) in sums.iter_mut().zip(row.chunks_exact(by)) {
                    *sum += block.iter().copied().map(u32::from).sum::<u32>();
                }
            }
            pixels.extend(sums.iter().map(|sum| (sum / (by * by) as u32) as u8));
        }
        Self { width, height, pixels }
    }

    /// Levels below which 5 % of the pixels are, and 95 %.
    fn levels(&self) -> (u8, u8) {
        let mut counts = [0_usize; 256];
        self.pixels.iter().for_each(|&pixel| counts[usize::from(pixel)] += 1);
        let at = |share: usize| {
            let mut left = self.pixels.len() * share / 100;
            counts.iter().position(|&count| {
                let is_here = count > left;
                left = left.saturating_sub(count);
                is_here
            })
        };
        (at(5).unwrap_or(0) as u8, at(95).unwrap_or(255) as u8)
    }
}

//! What a camera does to the screen that it films: perspective, blur, noise, exposure and rolling shutter.
//!
//! A simulated camera uses it to check measurements that read pictures, against delays that are known.

use crate::fiducial::Luma;
use crate::homography::{Homography, Place};

/// How the camera stands, and how bad it is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Optics {
    /// Size of its pictures.
    pub size: (usize, usize),
    /// Where the corners of the screen are in its pictures, as shares of width and height: upper left, upper
    /// right, lower right, lower left.
    pub corners: [(f32, f32); 4],
    /// Standard deviation of the blur in pixels.
    pub blur: f32,
    /// Largest deviation of a pixel's level.
    pub noise: u8,
    /// Levels of black and white.
    pub levels: (u8, u8),
    /// Depth of stripes from the screen's pixel grid, as a share of the contrast.
    pub moire: f32,
    /// Share of the exposures that a row gets: 1 for a global shutter; below, rows are exposed one after the
    /// other.
    pub shutter: f32,
}

impl Optics {
    /// A sharp picture of the whole screen, from straight ahead.
    #[must_use]
    pub const fn ideal(size: (usize, usize)) -> Self {
        Self {
            size,
            corners: [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)],
            blur: 0.0,
            noise: 0,
            levels: (0, 255),
            moire: 0.0,
            shutter: 1.0,
        }
    }

    /// A webcam before a screen: at an angle, a little out of focus, noisy, with a rolling shutter.
    #[must_use]
    pub const fn webcam(size: (usize, usize)) -> Self {
        Self {
            size,
            corners: [(0.07, 0.10), (0.90, 0.04), (0.95, 0.93), (0.04, 0.86)],
            blur: 1.5,
            noise: 12,
            levels: (28, 225),
            moire: 0.12,
            shutter: 0.5,
        }
    }

    /// Returns the same with changes, as in `Optics::ideal((640, 480)).with(|optics| optics.blur = 2.0)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// A camera before a screen of one size.
#[derive(Clone, Debug)]
pub struct Camera {
    optics: Optics,
    screen: (usize, usize),
    /// For each pixel where on the screen it looks, in pixels; beyond the screen it is dark.
    rays: Vec<Place>,
    random: fastrand::Rng,
}

impl Camera {
    /// Sets up a camera; `None` if it would see nothing of the screen.
    #[must_use]
    pub fn new(optics: Optics, screen: (usize, usize)) -> Option<Self> {
        let (width, height) = optics.size;
        // The other way round than a sheet is read: from the picture to the screen.
        let corners = optics.corners.map(|(x, y)| (x * width as f32, y * height as f32));
        let map = Homography::of_rectangle((screen.0 as f32, screen.1 as f32), corners)?.inverse()?;
        let ray = |at: usize| map.map(((at % width) as f32 + 0.5, (at / width) as f32 + 0.5));
        let rays = (0..width * height).map(ray).collect();
        Some(Self { optics, screen, rays, random: fastrand::Rng::with_seed(0x6868) })
    }

    /// The picture of a screen that changed during the exposure: what it showed at even intervals.
    ///
    /// Looks of another size count as black.
    pub fn expose(&mut self, looks: &[Luma]) -> Luma {
        let (width, height) = self.optics.size;
        let mut pixels = Vec::with_capacity(width * height);
        for (row, rays) in self.rays.chunks_exact(width.max(1)).enumerate() {
            let exposed = self.exposed(row, looks.len());
            let looks = looks.get(exposed).unwrap_or_default();
            for (column, ray) in rays.iter().enumerate() {
                let sum: f32 = looks.iter().map(|look| self.level(look, *ray)).sum();
                let level = sum / looks.len().max(1) as f32;
                // Stripes of about five pixels, at an angle.
                let phase = column as f32 * 1.17 + row as f32 * 0.43;
                pixels.push(level * (1.0 - self.optics.moire * (0.5 + 0.5 * phase.sin())));
            }
        }
        blur(&mut pixels, (width, height), self.optics.blur);
        let ((black, white), noise) = (self.optics.levels, i32::from(self.optics.noise));
        let scale = f32::from(white.saturating_sub(black)) / 255.0;
        let random = &mut self.random;
        let sensor = |level: f32| {
            let level = f32::from(black) + level * scale;
            (level as i32 + random.i32(-noise..=noise)).clamp(0, 255) as u8
        };
        Luma { width, height, pixels: pixels.into_iter().map(sensor).collect() }
    }

    /// Which of the looks a row is exposed to.
    fn exposed(&self, row: usize, looks: usize) -> std::ops::Range<usize> {
        let each = ((looks as f32 * self.optics.shutter).round() as usize).clamp(1.min(looks), looks);
        let first = row * (looks - each + 1) / self.optics.size.1.max(1);
        first..first + each
    }

    fn level(&self, look: &Luma, ray: Place) -> f32 {
        if (look.width, look.height) == self.screen { look.smooth(ray).unwrap_or(0.0) } else { 0.0 }
    }
}

/// Blurs with three passes of a box, which is close to a bell.
fn blur(pixels: &mut [f32], (width, height): (usize, usize), deviation: f32) {
    // The variance of three boxes of 2r+1 is r(r+1).
    let radius = ((deviation * deviation + 0.25).sqrt() - 0.5).round() as usize;
    if radius == 0 || width == 0 || height == 0 {
        return;
    }
    let mut line = Vec::with_capacity(width.max(height));
    for _ in 0..3 {
        for row in pixels.chunks_exact_mut(width) {
            line.clear();
            line.extend_from_slice(row);
            means(&line, radius, |at, mean| row[at] = mean);
        }
        for column in 0..width {
            line.clear();
            line.extend(pixels.iter().skip(column).step_by(width));
            means(&line, radius, |at, mean| pixels[at * width + column] = mean);
        }
    }
}

/// Means over a window that moves along a line.
fn means(line: &[f32], radius: usize, mut put: impl FnMut(usize, f32)) {
    let mut sum: f32 = line.iter().take(radius).sum();
    let mut count = line.len().min(radius);
    for at in 0..line.len() {
        if let Some(entering) = line.get(at + radius) {
            sum += entering;
            count += 1;
        }
        if let Some(leaving) = at.checked_sub(radius + 1) {
            sum -= line[leaving];
            count -= 1;
        }
        put(at, sum / count as f32);
    }
}

//! From places on a flat rectangle to places in a camera's picture of it, and back.

/// A place in a picture, in pixels, or on a sheet, in cells.
pub(crate) type Place = (f32, f32);

/// A projective map of the plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Homography([f32; 8]);

impl Homography {
    /// The map that takes the corners of a rectangle from (0, 0) to `size` to these, in order around it.
    ///
    /// `None` if three of the corners are on a line.
    pub(crate) fn of_rectangle(size: (f32, f32), corners: [Place; 4]) -> Option<Self> {
        let [(x0, y0), (x1, y1), (x2, y2), (x3, y3)] = corners;
        // Heckbert's closed form for the unit square.
        let (dx1, dx2, dx3) = (x1 - x2, x3 - x2, x0 - x1 + x2 - x3);
        let (dy1, dy2, dy3) = (y1 - y2, y3 - y2, y0 - y1 + y2 - y3);
        let area = dx1 * dy2 - dx2 * dy1;
        if area.abs() < 1.0 {
            return None;
        }
        let g = (dx3 * dy2 - dx2 * dy3) / area;
        let h = (dx1 * dy3 - dx3 * dy1) / area;
        let [a, b, c] = [x1 - x0 + g * x1, x3 - x0 + h * x3, x0];
        let [d, e, f] = [y1 - y0 + g * y1, y3 - y0 + h * y3, y0];
        let (width, height) = size;
        Some(Self([a / width, b / height, c, d / width, e / height, f, g / width, h / height]))
    }

    /// The map back; `None` if it squeezes everything into a line.
    pub(crate) fn inverse(&self) -> Option<Self> {
        let Self([a, b, c, d, e, f, g, h]) = *self;
        // The adjugate, scaled so that its last element is 1.
        let scale = a * e - b * d;
        let adjugate = [
            e - f * h,
            c * h - b,
            b * f - c * e,
            f * g - d,
            a - c * g,
            c * d - a * f,
            d * h - e * g,
            b * g - a * h,
        ];
        (scale.abs() > f32::EPSILON).then(|| Self(adjugate.map(|element| element / scale)))
    }

    /// Where a place of the rectangle is.
    pub(crate) fn map(&self, (u, v): Place) -> Place {
        let Self([a, b, c, d, e, f, g, h]) = *self;
        let scale = g * u + h * v + 1.0;
        ((a * u + b * v + c) / scale, (d * u + e * v + f) / scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_go_to_corners_and_the_middle_to_where_the_diagonals_cross() {
        let corners = [(10.0, 20.0), (110.0, 40.0), (90.0, 160.0), (30.0, 120.0)];
        let map = Homography::of_rectangle((20.0, 16.0), corners).unwrap();
        let near = |found: Place, wanted: Place| {
            assert!((found.0 - wanted.0).hypot(found.1 - wanted.1) < 0.01, "{found:?} {wanted:?}");
        };
        for (place, wanted) in [(0.0, 0.0), (20.0, 0.0), (20.0, 16.0), (0.0, 16.0)].into_iter().zip(corners) {
            near(map.map(place), wanted);
        }
        // 10 + 80t = 110 - 80s, 20 + 140t = 40 + 80s.
        let t = 120.0 / 220.0;
        near(map.map((10.0, 8.0)), (10.0 + 80.0 * t, 20.0 + 140.0 * t));
        let back = map.inverse().unwrap();
        for place in [(0.0, 0.0), (10.0, 8.0), (17.0, 3.5), (20.0, 16.0)] {
            near(back.map(map.map(place)), place);
        }
        assert!(
            Homography::of_rectangle((1.0, 1.0), [(0.0, 0.0), (5.0, 5.0), (9.0, 9.0), (1.0, 1.0)]).is_none()
        );
    }
}

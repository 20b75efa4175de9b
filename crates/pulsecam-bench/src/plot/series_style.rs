//! Styles that tell series apart: each has its own colour, dash, marker and stripes.

use plotters::prelude::RGBColor;

use super::plot_area::At;

/// Number of styles before they repeat.
const LOOKS: usize = 6;

/// Okabe and Ito's colours, for readers with red-green colour blindness; dark ones first, for thin lines.
const COLOURS: [RGBColor; LOOKS] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// Lengths of dash and gap in turn; empty for a solid line.
const DASHES: [&[f64]; LOOKS] =
    [&[], &[10.0, 5.0], &[2.5, 4.0], &[12.0, 4.0, 2.5, 4.0], &[5.0, 3.0], &[16.0, 4.0, 4.0, 4.0]];

/// Corners relative to a marker's centre. All cover about the same area, so that none looks more important.
const SHAPES: [MarkerShape; LOOKS] = [
    MarkerShape::Circle(4.8),
    MarkerShape::Corners(&[(-4.4, -4.4), (4.4, -4.4), (4.4, 4.4), (-4.4, 4.4)]),
    MarkerShape::Corners(&[(0.0, -6.2), (6.0, 4.6), (-6.0, 4.6)]),
    MarkerShape::Corners(&[(0.0, -6.4), (6.4, 0.0), (0.0, 6.4), (-6.4, 0.0)]),
    MarkerShape::Corners(&[(0.0, 6.2), (6.0, -4.6), (-6.0, -4.6)]),
    MarkerShape::Corners(&[(-2.2, -6.6), (2.2, -6.6), (2.2, 6.6), (-2.2, 6.6)]),
];

/// Directions of the stripes in boxes, as steps right for each step down; `None` for no stripes.
const SLANTS: [Option<f64>; LOOKS] = [None, Some(-1.0), Some(0.0), Some(1.0), Some(-2.0), Some(2.0)];

/// Distance between stripes.
const STRIPE_DISTANCE: f64 = 9.0;

/// Index of a series' style.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeriesStyle(pub(crate) usize);

/// Shape of a marker.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MarkerShape {
    Circle(f64),
    Corners(&'static [At]),
}

impl SeriesStyle {
    pub(crate) fn colour(self) -> RGBColor {
        COLOURS[self.0 % LOOKS]
    }

    pub(crate) fn shape(self) -> MarkerShape {
        SHAPES[self.0 % LOOKS]
    }

    /// Splits a line into this style's dashes.
    pub(crate) fn dashes(self, points: &[At]) -> Vec<Vec<At>> {
        dashes(points, DASHES[self.0 % LOOKS])
    }

    /// The stripes of a box in this style.
    pub(crate) fn stripes(self, from: At, to: At) -> Vec<(At, At)> {
        SLANTS[self.0 % LOOKS].map(|slant| stripes(from, to, slant)).unwrap_or_default()
    }
}

fn dashes(points: &[At], pattern: &[f64]) -> Vec<Vec<At>> {
    if pattern.is_empty() {
        return vec![points.to_vec()];
    }
    let mut lengths = pattern.iter().copied().cycle();
    let (mut left, mut down) = (lengths.next().unwrap_or(f64::INFINITY), true);
    let mut pieces = Vec::new();
    let mut piece: Vec<At> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let [mut from, to] = [pair[0], pair[1]];
        loop {
            let (across, along) = (to.0 - from.0, to.1 - from.1);
            let length = across.hypot(along);
            if length <= left {
                left -= length;
                break;
            }
            from = (from.0 + across * left / length, from.1 + along * left / length);
            if down {
                piece.push(from);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![from];
            }
            (left, down) = (lengths.next().unwrap_or(f64::INFINITY), !down);
        }
        if down {
            piece.push(to);
        }
    }
    pieces.push(piece);
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// Slanted lines, clipped to the box.
fn stripes(from: At, to: At, slant: f64) -> Vec<(At, At)> {
    let height = to.1 - from.1;
    let lean = slant * height;
    let mut stripes = Vec::new();
    let mut top = from.0 - lean.max(0.0) + STRIPE_DISTANCE / 2.0;
    while top < to.0 - lean.min(0.0) {
        // Clips x = top + slant · (y - from.1) to the box's sides.
        let at_side = |x: f64| if slant == 0.0 { 0.0 } else { ((x - top) / slant).clamp(0.0, height) };
        let (begin, end) = if slant == 0.0 { (0.0, height) } else { (at_side(from.0), at_side(to.0)) };
        if (begin - end).abs() > f64::EPSILON {
            stripes.push(((top + slant * begin, from.1 + begin), (top + slant * end, from.1 + end)));
        }
        top += STRIPE_DISTANCE;
    }
    stripes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_on_round_corners() {
        let pieces = dashes(&[(0.0, 0.0), (7.0, 0.0), (7.0, 7.0)], &[4.0, 2.0]);
        let wanted = [
            vec![(0.0, 0.0), (4.0, 0.0)],
            vec![(6.0, 0.0), (7.0, 0.0), (7.0, 3.0)],
            vec![(7.0, 5.0), (7.0, 7.0)],
        ];
        assert_eq!(pieces, wanted);
        assert_eq!(dashes(&[(1.0, 1.0), (2.0, 2.0)], &[]), [[(1.0, 1.0), (2.0, 2.0)]]);
        assert!(dashes(&[], &[4.0, 2.0]).is_empty());
        assert!(dashes(&[(1.0, 1.0)], &[4.0, 2.0]).is_empty());
    }

    #[test]
    fn stripes_stay_in_their_box() {
        for slant in SLANTS.into_iter().flatten() {
            let stripes = stripes((10.0, 5.0), (50.0, 25.0), slant);
            assert!(stripes.len() >= 4, "{slant}");
            for (x, y) in stripes.into_iter().flat_map(|(begin, end)| [begin, end]) {
                assert!((9.999..=50.001).contains(&x) && (4.999..=25.001).contains(&y), "{slant} {x} {y}");
            }
        }
        assert!(stripes((10.0, 5.0), (10.1, 25.0), 0.0).is_empty());
    }
}

//! Axes with their marks and labels.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// Approximate number of marks: enough to read values, few enough not to clutter.
const MARKS: f64 = 5.0;

/// Minimum distance of marks as a share of the axis, so that labels do not touch.
const CROWDED: f64 = 0.055;

/// An axis with its labelled marks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    pub(crate) begin: f64,
    pub(crate) end: f64,
    pub(crate) marks: Vec<(f64, String)>,
}

impl Axis {
    /// Creates an axis from zero to a mark not below `largest`, with marks at round numbers.
    pub(crate) fn up_to(largest: f64) -> Self {
        let largest = if largest > 0.0 { largest } else { 1.0 };
        let rough = largest / MARKS;
        let power = 10f64.powf(rough.log10().floor());
        // Rounding errors: 0.2 ÷ 0.1 is not exactly 2.
        let step = [1.0, 2.0, 5.0, 10.0].map(|round| round * power);
        let step = step.into_iter().find(|step| *step >= rough * (1.0 - 1e-9)).unwrap_or(power * 10.0);
        let count = (largest / step * (1.0 - 1e-9)).ceil();
        let decimals = (-step.log10()).ceil().max(0.0) as usize;
        let mark = |index: u32| f64::from(index) * step;
        let marks = (0..=count as u32).map(|index| (mark(index), format!("{:.decimals$}", mark(index))));
        Self { begin: 0.0, end: count * step, marks: marks.collect() }
    }

    /// Creates an axis with these marks, without those that would touch the previous one.
    pub(crate) fn between(begin: f64, end: f64, marks: impl IntoIterator<Item = (f64, String)>) -> Self {
        let mut shown: Vec<(f64, String)> = Vec::new();
        for (at, name) in marks {
            let near = shown.last().is_some_and(|(last, _)| (at - last) / (end - begin) < CROWDED);
            if (begin..=end).contains(&at) && !near {
                shown.push((at, name));
            }
        }
        Self { begin, end, marks: shown }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let share = (value - self.begin) / (self.end - self.begin);
        from + (share * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.marks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.begin..self.end
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let nearest = self.marks.iter().min_by(|a, b| (a.0 - value).abs().total_cmp(&(b.0 - value).abs()));
        nearest.map(|(_, name)| name.clone()).unwrap_or_default()
    }
}

/// Formats a figure with three significant digits.
pub(crate) fn figure(value: f64) -> String {
    let decimals = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_reach_the_largest_value() {
        for (largest, marks) in [
            (1.0, vec!["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
            (7.3, vec!["0", "2", "4", "6", "8"]),
            (0.031, vec!["0.00", "0.01", "0.02", "0.03", "0.04"]),
            (450.0, vec!["0", "100", "200", "300", "400", "500"]),
            (0.0, vec!["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ] {
            let axis = Axis::up_to(largest);
            let found: Vec<_> = axis.marks.iter().map(|(at, _)| axis.format_ext(at)).collect();
            assert_eq!(found, marks, "{largest}");
            assert!(axis.end >= largest);
        }
        for largest in [1e-9, 1e9] {
            assert!((3..=8).contains(&Axis::up_to(largest).marks.len()), "{largest}");
        }
    }

    #[test]
    fn marks_that_would_touch_are_left_out() {
        let marks = [-1.0, 0.0, 1.0, 50.0, 52.0, 100.0, 101.0].map(|at| (at, at.to_string()));
        let axis = Axis::between(0.0, 100.0, marks);
        let shown: Vec<_> = axis.marks.iter().map(|(at, _)| *at).collect();
        assert_eq!(shown, [0.0, 50.0, 100.0]);
        assert_eq!((axis.map(&0.0, (400, 0)), axis.map(&25.0, (400, 0))), (400, 300));
    }

    #[test]
    fn figures_are_short() {
        let found = [0.0, 0.074, 9.994, 9.999, 12.34, 99.99, 1234.5].map(figure);
        assert_eq!(found, ["0.00", "0.07", "9.99", "10.0", "12.3", "100", "1234"]);
    }
}

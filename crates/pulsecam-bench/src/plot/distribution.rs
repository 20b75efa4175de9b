//! Latency distribution, drawn as HdrHistogram does: each nine of the percentile takes the same width.
//!
//! This shows the tail, which users notice.

use plotters::prelude::DrawingBackend;

use super::{Error, axis::Axis, check_value, lines::Lines, plot_area::PlotArea};

/// Percentiles that are labelled on the axis.
const NAMED: [f64; 8] = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999];

/// How far the axis extends beyond the last point, so that its mark is not cut.
const BEYOND: f64 = 1.03;

/// Latency by percentile.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Distribution {
    /// Title.
    pub title: String,
    /// Parameters of the run.
    pub setting: String,
    /// Names, each with its points (percentile, milliseconds); percentiles ascend, from 0 to below 100.
    pub series: Vec<(String, Vec<(f64, f64)>)>,
}

impl Distribution {
    /// Returns the same with changes, as in `Distribution::default().with(|plot| plot.title = "Age".into())`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.series.iter().all(|(_, points)| points.is_empty()) {
            return Err(Error::Empty(self.title.clone()));
        }
        for (name, points) in &self.series {
            for (percentile, time) in points {
                check_value(name, *time)?;
                if !(0.0..100.0).contains(percentile) {
                    return Err(Error::Value { series: name.clone(), value: *percentile });
                }
            }
        }
        Ok(())
    }

    pub(crate) fn draw<B: DrawingBackend>(&self, sheet: &PlotArea<B>) -> Result<(), Error> {
        let series: Vec<_> = self
            .series
            .iter()
            .map(|(name, points)| {
                (name.as_str(), points.iter().map(|(percentile, time)| (nines(*percentile), *time)).collect())
            })
            .collect();
        let points = series.iter().flat_map(|(_, points): &(_, Vec<(f64, f64)>)| points);
        let end = points.map(|(nines, _)| *nines).fold(1.0, f64::max);
        let lines = Lines {
            title: &self.title,
            setting: &self.setting,
            across: "percentile of the frames",
            up: "milliseconds",
            axis: Axis::between(
                0.0,
                end * BEYOND,
                NAMED.map(|percentile| (nines(percentile), format!("{percentile} %"))),
            ),
            series,
        };
        lines.draw(sheet)
    }
}

/// Number of nines of a percentile: 1 for 90 %, 2 for 99 %.
fn nines(percentile: f64) -> f64 {
    // Avoids minus zero for 0 %.
    -(1.0 - percentile / 100.0).log10() + 0.0
}

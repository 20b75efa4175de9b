//! How latency is distributed, drawn as HdrHistogram does: each nine of the percentile has the same room, for the tail is
//! what is felt.

use plotters::prelude::DrawingBackend;

use super::{Error, axis::Axis, check_value, lines::Lines, sheet::Sheet};

/// Percentiles that are named on the axis.
const NAMED: [f64; 8] = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999];

/// How far the axis goes beyond the last point, so that its mark is whole.
const BEYOND: f64 = 1.03;

/// Latency by percentile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    /// What is shown.
    pub title: String,
    /// On which setting.
    pub setting: String,
    /// Names, each with its (percentile, milliseconds), percentiles from 0 to below 100, rising.
    pub series: Vec<(String, Vec<(f64, f64)>)>,
}

impl Distribution {
    pub(super) fn check(&self) -> Result<(), Error> {
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

    pub(super) fn draw<B: DrawingBackend>(&self, sheet: &Sheet<B>) -> Result<(), Error> {
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

/// How many nines a percentile has: 1 for 90 %, 2 for 99 %.
fn nines(percentile: f64) -> f64 {
    // Not the minus zero that 0 % would give.
    -(1.0 - percentile / 100.0).log10() + 0.0
}

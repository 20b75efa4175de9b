//! A figure by number of viewers.

use plotters::prelude::DrawingBackend;

use super::{Error, axis::Axis, check_value, lines::Lines, plot_area::PlotArea};

/// Margin beside the first and the last number, in doublings.
const MARGIN: f64 = 0.25;

/// A figure over the number of viewers, on a logarithmic axis.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Scaling {
    /// Title.
    pub title: String,
    /// Parameters of the run.
    pub setting: String,
    /// The figure with its unit.
    pub unit: String,
    /// Names, each with its points (viewers, figure); viewers ascend from 1.
    pub series: Vec<(String, Vec<(u32, f64)>)>,
}

impl Scaling {
    /// Returns the same with changes, as in `Scaling::default().with(|plot| plot.title = "Age".into())`.
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
            for (viewers, figure) in points {
                check_value(name, *figure)?;
                if *viewers == 0 {
                    return Err(Error::Value { series: name.clone(), value: 0.0 });
                }
            }
        }
        Ok(())
    }

    pub(crate) fn draw<B: DrawingBackend>(&self, sheet: &PlotArea<B>) -> Result<(), Error> {
        let doublings = |viewers: u32| f64::from(viewers).log2();
        let mut marks: Vec<_> =
            self.series.iter().flat_map(|(_, points)| points).map(|(viewers, _)| *viewers).collect();
        marks.sort_unstable();
        marks.dedup();
        let first = marks.first().copied().map(doublings).unwrap_or_default();
        let last = marks.last().copied().map(doublings).unwrap_or_default();
        let lines = Lines {
            title: &self.title,
            setting: &self.setting,
            across: "viewers",
            up: &self.unit,
            axis: Axis::between(
                first - MARGIN,
                last + MARGIN,
                marks.into_iter().map(|viewers| (doublings(viewers), viewers.to_string())),
            ),
            series: self
                .series
                .iter()
                .map(|(name, points)| {
                    (name.as_str(), points.iter().map(|(at, figure)| (doublings(*at), *figure)).collect())
                })
                .collect(),
        };
        lines.draw(sheet)
    }
}

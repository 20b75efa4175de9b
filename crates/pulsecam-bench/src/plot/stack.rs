//! Consecutive steps, as a stacked bar.

use plotters::{
    prelude::{ChartBuilder, DrawingBackend},
    style::Color,
};

use super::{
    Error,
    axis::{Axis, figure},
    check_value,
    plot_area::{AXIS, FAINT_INK, GRID, INK, LegendMark, PLAIN, PlotArea, SMALL, Side, failed},
    series_style::SeriesStyle,
};

/// Height in units, without the bars.
const FRAME: u32 = 196;

/// Height of a bar and the figures below it.
const ROW: u32 = 74;

/// Half the height of a bar.
const HALF: f64 = 17.0;

/// Distance from the centre of a row up to that of its bar, to make room for figures below.
const RAISED: f64 = 9.0;

/// Distance from the centre of a row down to its figures.
const FIGURES: f64 = 22.0;

/// Stacked bars: one for each run, of the same steps.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Steps {
    /// Title.
    pub title: String,
    /// Parameters of the runs.
    pub setting: String,
    /// Unit of all figures.
    pub unit: String,
    /// Names of the steps, in order.
    pub steps: Vec<String>,
    /// Name of the mark on each bar, if runs have one.
    pub mark: Option<String>,
    /// The runs.
    pub runs: Vec<Run>,
}

/// One bar.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Run {
    /// Its name.
    pub name: String,
    /// A figure for each step.
    pub values: Vec<f64>,
    /// Value to compare the total with.
    pub mark: Option<f64>,
}

impl Run {
    /// A bar without a mark.
    #[must_use]
    pub fn new(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self { name: name.into(), values, mark: None }
    }

    /// Sets [`Run::mark`].
    #[must_use]
    pub fn with_mark(self, mark: impl Into<Option<f64>>) -> Self {
        Self { mark: mark.into(), ..self }
    }
}

impl Steps {
    /// Returns the same with changes, as in `Steps::default().with(|plot| plot.title = "Age".into())`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn height(&self) -> u32 {
        FRAME + ROW * self.runs.len() as u32
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.steps.is_empty() || self.runs.is_empty() {
            return Err(Error::Empty(self.title.clone()));
        }
        for Run { name, values, mark } in &self.runs {
            if values.len() != self.steps.len() {
                let (found, wanted) = (values.len(), self.steps.len());
                return Err(Error::Shape { run: name.clone(), found, wanted });
            }
            values.iter().chain(mark).try_for_each(|value| check_value(name, *value))?;
        }
        Ok(())
    }

    pub(crate) fn draw<B: DrawingBackend>(&self, sheet: &PlotArea<B>) -> Result<(), Error> {
        let mut legend: Vec<_> = (0..)
            .zip(&self.steps)
            .map(|(index, name)| (LegendMark::Box(SeriesStyle(index)), name.as_str()))
            .collect();
        legend.extend(self.mark.as_deref().map(|name| (LegendMark::Mark, name)));
        let top = sheet.head(&self.title, &self.setting, &legend)?;
        let largest = self.runs.iter().flat_map(|run| [run.values.iter().sum(), run.mark.unwrap_or(0.0)]);
        let axis = Axis::up_to(largest.fold(0.0, f64::max));
        let names = sheet.widest(self.runs.iter().map(|run| run.name.as_str()))?;

        let area = sheet.below(top);
        let mut chart = ChartBuilder::on(&area);
        // Half of the last mark's label extends beyond the axis.
        chart.margin_right(sheet.pixels(14.0));
        chart.x_label_area_size(sheet.pixels(50.0)).y_label_area_size(sheet.pixels(names + 14.0));
        let rows = self.runs.len() as f64;
        let mut chart = chart.build_cartesian_2d(axis, rows..0.0).map_err(failed)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(0)
            .bold_line_style(GRID.stroke_width(sheet.pixels(1.0)))
            .light_line_style(GRID.mix(0.0))
            .axis_style(AXIS.stroke_width(sheet.pixels(1.0)))
            .set_all_tick_mark_size(sheet.pixels(4.0))
            .label_style(sheet.font(PLAIN, FAINT_INK))
            .axis_desc_style(sheet.font(PLAIN, FAINT_INK))
            .x_desc(&self.unit)
            .draw()
            .map_err(failed)?;

        for (row, run) in self.runs.iter().enumerate() {
            let place = |value: f64| sheet.place(chart.backend_coord(&(value, row as f64 + 0.5)));
            let (left, middle) = place(0.0);
            let bar = middle - RAISED;
            sheet.text(&run.name, (left - 10.0, bar), Side::Left, PLAIN, INK)?;
            let mut sum = 0.0;
            for (index, value) in run.values.iter().enumerate() {
                let from = (place(sum).0, bar - HALF);
                sum += value;
                sheet.filled(from, (place(sum).0, bar + HALF), SeriesStyle(index))?;
            }
            if let Some(mark) = run.mark {
                let at = place(mark).0;
                sheet.stroke(&[(at, bar - HALF - 5.0), (at, bar + HALF + 5.0)])?;
            }
            let figures = self.figures(run, sum);
            sheet.text(&figures, (left + 4.0, middle + FIGURES), Side::Right, SMALL, FAINT_INK)?;
        }
        Ok(())
    }

    /// The figures of a bar's parts: some are too thin to see.
    fn figures(&self, run: &Run, sum: f64) -> String {
        let parts: Vec<_> = run.values.iter().map(|value| figure(*value)).collect();
        let mut text = parts.join(" + ");
        if parts.len() > 1 {
            text += &format!(" = {}", figure(sum));
        }
        if let (Some(name), Some(mark)) = (&self.mark, run.mark) {
            text += &format!("; {name} {}", figure(mark));
        }
        text
    }
}

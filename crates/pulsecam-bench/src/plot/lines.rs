//! Series as lines over an axis with given marks.

use plotters::{
    prelude::{ChartBuilder, DrawingBackend},
    style::Color,
};

use super::{
    Error,
    axis::Axis,
    plot_area::{AXIS, FAINT_INK, GRID, LegendMark, PLAIN, PlotArea, SMALL, Side, failed},
    series_style::SeriesStyle,
};

/// Height in units.
pub(crate) const HEIGHT: u32 = 500;

/// Space above the chart for its caption.
const CAPTION: f64 = 32.0;

/// Lines to draw.
pub(crate) struct Lines<'a> {
    pub(crate) title: &'a str,
    pub(crate) setting: &'a str,
    pub(crate) across: &'a str,
    pub(crate) up: &'a str,
    pub(crate) axis: Axis,
    pub(crate) series: Vec<(&'a str, Vec<(f64, f64)>)>,
}

impl Lines<'_> {
    pub(crate) fn draw<B: DrawingBackend>(&self, sheet: &PlotArea<B>) -> Result<(), Error> {
        let legend: Vec<_> = (0..)
            .zip(&self.series)
            .map(|(index, (name, _))| (LegendMark::Line(SeriesStyle(index)), *name))
            .collect();
        let top = sheet.head(self.title, self.setting, &legend)?;
        let largest = self.series.iter().flat_map(|(_, points)| points).map(|(_, y)| *y);
        let up = Axis::up_to(largest.fold(0.0, f64::max));
        let widest = sheet.widest(up.marks.iter().map(|(_, name)| name.as_str()))?;

        let corner = (self.axis.begin, up.end);
        let area = sheet.below(top + CAPTION);
        let mut chart = ChartBuilder::on(&area);
        chart.x_label_area_size(sheet.pixels(50.0)).y_label_area_size(sheet.pixels(widest + 14.0));
        let mut chart = chart.build_cartesian_2d(self.axis.clone(), up).map_err(failed)?;
        chart
            .configure_mesh()
            .bold_line_style(GRID.stroke_width(sheet.pixels(1.0)))
            .light_line_style(GRID.mix(0.0))
            .axis_style(AXIS.stroke_width(sheet.pixels(1.0)))
            .set_all_tick_mark_size(sheet.pixels(4.0))
            .label_style(sheet.font(PLAIN, FAINT_INK))
            .axis_desc_style(sheet.font(PLAIN, FAINT_INK))
            .x_desc(self.across)
            .draw()
            .map_err(failed)?;
        let corner = sheet.place(chart.backend_coord(&corner));
        sheet.text(self.up, (corner.0, corner.1 - CAPTION * 0.5), Side::Right, SMALL, FAINT_INK)?;

        let place = |point| sheet.place(chart.backend_coord(&point));
        for (index, (_, points)) in self.series.iter().enumerate() {
            let points: Vec<_> = points.iter().copied().map(place).collect();
            sheet.line(&points, SeriesStyle(index))?;
            points.iter().try_for_each(|at| sheet.marker(*at, SeriesStyle(index)))?;
        }
        Ok(())
    }
}

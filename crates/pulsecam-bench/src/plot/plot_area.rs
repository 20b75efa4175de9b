//! The drawing area: text, lines, markers and legends in units that are the same for every backend.

use plotters::{
    coord::Shift,
    element::{Circle, PathElement, Polygon, Rectangle},
    prelude::{DrawingArea, DrawingBackend, IntoDrawingArea, RGBColor, Text},
    style::{
        Color, IntoFont, ShapeStyle, TextStyle, WHITE,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    Error,
    series_style::{MarkerShape, SeriesStyle},
};

/// Width in units; a unit is about a pixel in a README.
pub(crate) const WIDTH: u32 = 900;

/// The name of the font.
pub(crate) const FONT: &str = "sans-serif";

/// Margin around everything.
pub(crate) const MARGIN: f64 = 24.0;

pub(crate) const TITLE: f64 = 24.0;
pub(crate) const PLAIN: f64 = 16.5;
pub(crate) const SMALL: f64 = 15.0;

pub(crate) const INK: RGBColor = RGBColor(31, 35, 40);
pub(crate) const FAINT_INK: RGBColor = RGBColor(89, 99, 110);
pub(crate) const AXIS: RGBColor = RGBColor(140, 149, 159);
pub(crate) const GRID: RGBColor = RGBColor(225, 228, 232);

const LINE: f64 = 2.4;
const STROKE: f64 = 3.0;
const SAMPLE: f64 = 36.0;
const BOX: f64 = 27.0;
const LEGEND_ROW: f64 = 24.0;
const LEGEND_GAP: f64 = 26.0;
const BESIDE: f64 = 9.0;

/// A position on the sheet.
pub(crate) type At = (f64, f64);

/// How a legend shows a series.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LegendMark {
    Line(SeriesStyle),
    Box(SeriesStyle),
    Mark,
}

impl LegendMark {
    fn width(self) -> f64 {
        match self {
            Self::Line(_) => SAMPLE,
            Self::Box(_) => BOX,
            Self::Mark => STROKE,
        }
    }
}

/// Which side of a position a text is on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Right,
    Left,
}

pub(crate) struct PlotArea<B: DrawingBackend> {
    root: DrawingArea<B, Shift>,
    density: f64,
}

impl<B: DrawingBackend> PlotArea<B> {
    pub(crate) fn new(backend: B, density: u32) -> Result<Self, Error> {
        let root = backend.into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        Ok(Self { root, density: f64::from(density) })
    }

    pub(crate) fn finish(&self) -> Result<(), Error> {
        self.root.present().map_err(failed)
    }

    /// Converts a length to pixels.
    pub(crate) fn pixels(&self, length: f64) -> u32 {
        (length * self.density).round() as u32
    }

    fn at(&self, (x, y): At) -> (i32, i32) {
        ((x * self.density).round() as i32, (y * self.density).round() as i32)
    }

    /// Converts a chart's pixels to a position.
    pub(crate) fn place(&self, (x, y): (i32, i32)) -> At {
        (f64::from(x) / self.density, f64::from(y) / self.density)
    }

    /// The area below `top`, for a chart.
    pub(crate) fn below(&self, top: f64) -> DrawingArea<B, Shift> {
        let (whole, _) = self.root.split_vertically(self.root.dim_in_pixel().1);
        let margin = self.pixels(MARGIN) as i32;
        whole.margin(self.pixels(top) as i32, margin, margin, margin)
    }

    pub(crate) fn font(&self, size: f64, colour: RGBColor) -> TextStyle<'static> {
        (FONT, size * self.density).into_font().color(&colour)
    }

    pub(crate) fn width(&self, text: &str, size: f64) -> Result<f64, Error> {
        let (width, _) = self.root.estimate_text_size(text, &self.font(size, INK)).map_err(failed)?;
        Ok(f64::from(width) / self.density)
    }

    /// The width of the widest text, as axis labels have it.
    pub(crate) fn widest<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Result<f64, Error> {
        texts.into_iter().try_fold(0.0, |most: f64, text| Ok(most.max(self.width(text, PLAIN)?)))
    }

    /// Draws a line of text, vertically centred on `at`.
    pub(crate) fn text(&self, text: &str, at: At, side: Side, size: f64, ink: RGBColor) -> Result<(), Error> {
        let across = match side {
            Side::Right => HPos::Left,
            Side::Left => HPos::Right,
        };
        let style = self.font(size, ink).pos(Pos::new(across, VPos::Center));
        self.root.draw(&Text::new(text, self.at(at), style)).map_err(failed)
    }

    /// Draws a heading, as large as fits between the margins.
    fn heading(&self, text: &str, y: f64, size: f64, ink: RGBColor) -> Result<(), Error> {
        let room = f64::from(WIDTH) - 2.0 * MARGIN;
        let size = size * (room / self.width(text, size)?.max(1.0)).min(1.0);
        self.text(text, (MARGIN, y), Side::Right, size, ink)
    }

    /// Draws title, setting and legend; returns where the chart may begin.
    pub(crate) fn head(
        &self,
        title: &str,
        setting: &str,
        legend: &[(LegendMark, &str)],
    ) -> Result<f64, Error> {
        self.heading(title, MARGIN + 10.0, TITLE, INK)?;
        self.heading(setting, MARGIN + 38.0, PLAIN, FAINT_INK)?;
        let (mut x, mut y) = (MARGIN, MARGIN + 70.0);
        for (sample, name) in legend {
            let beside = sample.width() + BESIDE;
            let width = beside + self.width(name, PLAIN)?;
            if x > MARGIN && x + width > f64::from(WIDTH) - MARGIN {
                (x, y) = (MARGIN, y + LEGEND_ROW);
            }
            self.sample(*sample, (x, y))?;
            self.text(name, (x + beside, y), Side::Right, PLAIN, INK)?;
            x += width + LEGEND_GAP;
        }
        Ok(y + 20.0)
    }

    fn sample(&self, sample: LegendMark, (x, y): At) -> Result<(), Error> {
        match sample {
            LegendMark::Line(look) => {
                self.line(&[(x, y), (x + SAMPLE, y)], look)?;
                self.marker((x + SAMPLE / 2.0, y), look)
            }
            LegendMark::Box(look) => self.filled((x, y - 8.0), (x + BOX, y + 8.0), look),
            LegendMark::Mark => self.stroke(&[(x + STROKE / 2.0, y - 10.0), (x + STROKE / 2.0, y + 10.0)]),
        }
    }

    /// Draws a series' line.
    pub(crate) fn line(&self, points: &[At], look: SeriesStyle) -> Result<(), Error> {
        let style = self.pen(look.colour(), LINE);
        for piece in look.dashes(points) {
            let piece: Vec<_> = piece.into_iter().map(|at| self.at(at)).collect();
            self.root.draw(&PathElement::new(piece, style)).map_err(failed)?;
        }
        Ok(())
    }

    /// Draws a dark line that marks a value.
    pub(crate) fn stroke(&self, points: &[At]) -> Result<(), Error> {
        let points: Vec<_> = points.iter().map(|at| self.at(*at)).collect();
        self.root.draw(&PathElement::new(points, self.pen(INK, STROKE))).map_err(failed)
    }

    fn pen(&self, colour: RGBColor, width: f64) -> ShapeStyle {
        colour.stroke_width(self.pixels(width))
    }

    /// Draws a series' marker at one of its points.
    pub(crate) fn marker(&self, (x, y): At, look: SeriesStyle) -> Result<(), Error> {
        let fill = look.colour().filled();
        let corners = match look.shape() {
            MarkerShape::Circle(radius) => {
                let circle = Circle::new(self.at((x, y)), self.pixels(radius), fill);
                return self.root.draw(&circle).map_err(failed);
            }
            MarkerShape::Corners(corners) => corners,
        };
        let corners: Vec<_> = corners.iter().map(|(right, down)| self.at((x + right, y + down))).collect();
        self.root.draw(&Polygon::new(corners, fill)).map_err(failed)
    }

    /// Draws a box in a style's colour, with its stripes.
    pub(crate) fn filled(&self, from: At, to: At, look: SeriesStyle) -> Result<(), Error> {
        let shape = Rectangle::new([self.at(from), self.at(to)], look.colour().filled());
        self.root.draw(&shape).map_err(failed)?;
        let stripe = self.pen(WHITE, 1.3);
        for (begin, end) in look.stripes(from, to) {
            let path = PathElement::new(vec![self.at(begin), self.at(end)], stripe);
            self.root.draw(&path).map_err(failed)?;
        }
        Ok(())
    }
}

/// Converts a backend's error to text, since its type differs between backends.
pub(crate) fn failed(error: impl std::fmt::Display) -> Error {
    Error::Drawing(error.to_string())
}

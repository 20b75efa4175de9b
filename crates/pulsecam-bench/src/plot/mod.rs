//! Plots of measurements, each drawn once and saved as SVG and as PNG.
//!
//! They take plain data, independent of the measurement, and need nothing from the machine: the font is
//! bundled. Series differ in colour, dash and marker, so that colours need not be told apart.

mod axis;
mod bitmap;
mod distribution;
mod lines;
mod plot_area;
mod scaling;
mod series_style;
mod stack;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};
use image::{
    ExtendedColorType, ImageEncoder,
    codecs::png::{CompressionType, FilterType as Rows, PngEncoder},
};
use plotters::{
    prelude::{BitMapBackend, DrawingBackend, SVGBackend},
    style::{FontStyle, register_font},
};

use self::{bitmap::Bitmap, plot_area::PlotArea};
pub use self::{
    distribution::Distribution,
    scaling::Scaling,
    stack::{Run, Steps},
};
use pulsecam_media::drawing;

/// Pixels per unit of the layout: sharp on a high-DPI screen.
const DENSITY: u32 = 2;

/// How much larger the PNG is drawn before it is scaled down: the bitmap backend's thick lines have hard
/// edges.
const SMOOTHING: u32 = 2;

/// Maximum value: larger ones are not measurements and would break the axis.
const LARGEST: f64 = 1e9;

/// A plot.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Plot {
    /// Latency by percentile.
    Distribution(Distribution),
    /// Where the time goes, step by step.
    Steps(Steps),
    /// A figure by number of viewers.
    Scaling(Scaling),
}

/// The two files of a plot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// For pages and print.
    pub svg: PathBuf,
    /// For viewers that do not show SVG.
    pub png: PathBuf,
}

/// Why a plot was not drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no data.
    #[error("nothing to draw in \"{0}\"")]
    Empty(String),
    /// A value is negative, not finite, too large, or outside the axis.
    #[error("{value} cannot be drawn for \"{series}\"")]
    Value {
        /// Name of the series.
        series: String,
        /// The value.
        value: f64,
    },
    /// A run does not have one value for each step.
    #[error("\"{run}\" has {found} values for {wanted} steps")]
    Shape {
        /// Name of the run.
        run: String,
        /// Number of values.
        found: usize,
        /// Number of steps.
        wanted: usize,
    },
    /// The drawing itself failed.
    #[error("cannot draw: {0}")]
    Drawing(String),
    /// A file could not be written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl Plot {
    /// Draws `NAME.svg` and `NAME.png` into a folder, which is created if missing.
    ///
    /// # Errors
    /// If there is no data, a value cannot be drawn, or a file cannot be written.
    pub fn save(&self, folder: &Path, name: &str) -> Result<Saved, Error> {
        self.check()?;
        let (svg, png) = (self.svg()?, self.png()?);
        let path = |extension| folder.join(format!("{name}.{extension}"));
        let saved = Saved { svg: path("svg"), png: path("png") };
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::File { path, source }
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        fs::write(&saved.svg, svg).map_err(failed(&saved.svg))?;
        fs::write(&saved.png, png).map_err(failed(&saved.png))?;
        Ok(saved)
    }

    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Distribution(plot) => plot.check(),
            Self::Steps(plot) => plot.check(),
            Self::Scaling(plot) => plot.check(),
        }
    }

    fn height(&self) -> u32 {
        match self {
            Self::Distribution(_) | Self::Scaling(_) => lines::HEIGHT,
            Self::Steps(plot) => plot.height(),
        }
    }

    fn size(&self, density: u32) -> (u32, u32) {
        (plot_area::WIDTH * density, self.height() * density)
    }

    fn draw<B: DrawingBackend>(&self, backend: B, density: u32) -> Result<(), Error> {
        // The font name is a generic one: programs that show the SVG use their own sans serif, which is
        // narrower.
        register_font(plot_area::FONT, FontStyle::Normal, drawing::SANS)
            .map_err(|_| Error::Drawing("the bundled font is broken".into()))?;
        let sheet = PlotArea::new(backend, density)?;
        match self {
            Self::Distribution(plot) => plot.draw(&sheet),
            Self::Steps(plot) => plot.draw(&sheet),
            Self::Scaling(plot) => plot.draw(&sheet),
        }?;
        sheet.finish()
    }

    fn svg(&self) -> Result<String, Error> {
        let mut text = String::new();
        let (width, height) = self.size(DENSITY);
        self.draw(SVGBackend::with_string(&mut text, (width, height)), DENSITY)?;
        // Drawn on a finer grid than it is shown at, because the backend rounds to whole units.
        let (fine, shown) = (
            format!("<svg width=\"{width}\" height=\"{height}\""),
            format!("<svg width=\"{}\" height=\"{}\"", plot_area::WIDTH, self.height()),
        );
        Ok(text.replacen(&fine, &shown, 1))
    }

    fn png(&self) -> Result<Vec<u8>, Error> {
        let wrong = |error: &dyn std::fmt::Display| Error::Drawing(error.to_string());
        let (large, small) = (self.size(DENSITY * SMOOTHING), self.size(DENSITY));
        let mut pixels = vec![0; large.0 as usize * large.1 as usize * 3];
        self.draw(Bitmap(BitMapBackend::with_buffer(&mut pixels, large)), DENSITY * SMOOTHING)?;
        let drawn = TypedImageRef::<U8x3>::from_buffer(large.0, large.1, &pixels).map_err(|e| wrong(&e))?;
        let mut smooth = vec![0; small.0 as usize * small.1 as usize * 3];
        let mut fitted =
            TypedImage::<U8x3>::from_buffer(small.0, small.1, &mut smooth).map_err(|e| wrong(&e))?;
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box));
        Resizer::new().resize_typed(&drawn, &mut fitted, &options).map_err(|e| wrong(&e))?;
        let mut png = Vec::new();
        PngEncoder::new_with_quality(&mut png, CompressionType::Best, Rows::NoFilter)
            .write_image(&smooth, small.0, small.1, ExtendedColorType::Rgb8)
            .map_err(|e| wrong(&e))?;
        Ok(png)
    }
}

macro_rules! from_each {
    ($($plot:ident)*) => {$(
        impl From<$plot> for Plot {
            fn from(plot: $plot) -> Self {
                Self::$plot(plot)
            }
        }
    )*};
}

from_each!(Distribution Steps Scaling);

/// Checks that an axis from zero can show a value.
fn check_value(series: &str, value: f64) -> Result<(), Error> {
    // This also rejects NaN.
    if (0.0..=LARGEST).contains(&value) {
        Ok(())
    } else {
        Err(Error::Value { series: series.to_owned(), value })
    }
}

#[cfg(test)]
mod tests;

//! Scales planes, with a crop box in fractions of a pixel. The window has its own scaler
//! ([`crate::picture::Fitter`]).
//!
//! The filter is bilinear and widens when shrinking: no aliasing, and cheaper than a cubic one, whose sharper
//! edges JPEG would soften again.

use fast_image_resize::{
    CropBox, FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};

use super::Error;
use crate::picture::{Picture, Pixels, Subsampling};

/// A part of a picture in fractions of its size, so that it is the same part of each plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Part {
    /// The whole picture.
    pub(super) const WHOLE: Self = Self { left: 0.0, top: 0.0, width: 1.0, height: 1.0 };

    /// The largest centred part of a picture of size `of` that has the proportions of `like`.
    pub(super) fn covering(of: (usize, usize), like: (usize, usize)) -> Self {
        let ratio = (of.0 * like.1) as f64 / (of.1 * like.0) as f64;
        let (width, height) = if ratio > 1.0 { (1.0 / ratio, 1.0) } else { (1.0, ratio) };
        Self { left: (1.0 - width) / 2.0, top: (1.0 - height) / 2.0, width, height }
    }

    /// The crop box in a plane; rounding must not push it past the edge.
    fn in_plane(self, (width, height): (usize, usize)) -> CropBox {
        let span = |start: f64, length: f64, whole: usize| {
            let whole = whole as f64;
            let start = (start * whole).min(whole - 1.0).max(0.0);
            (start, (length * whole).max(1.0).min(whole - start))
        };
        let (left, width) = span(self.left, self.width, width);
        let (top, height) = span(self.top, self.height, height);
        CropBox { left, top, width, height }
    }
}

/// Scales planes one after another, reusing its memory.
#[derive(Default)]
pub struct Scaler {
    resizer: Resizer,
}

impl Scaler {
    /// Scales `part` of a plane of single samples to `size`, into `to`.
    pub(super) fn plane(
        &mut self,
        from: (&[u8], (usize, usize)),
        part: Part,
        to: (&mut [u8], (usize, usize)),
    ) -> Result<(), Error> {
        self.samples(PixelType::U8, from, part, to)
    }

    /// Scales a picture to cover `size`: proportions are kept and the excess is cut off evenly. Planes stay
    /// planes and RGB stays RGB.
    pub fn cover(&mut self, picture: &Picture, size: (usize, usize)) -> Result<Picture, Error> {
        let from = (picture.width, picture.height);
        self.scale(picture, Part::covering(from, size), size)
    }

    /// Scales `part` of a picture to `size`.
    pub(super) fn scale(
        &mut self,
        picture: &Picture,
        part: Part,
        size: (usize, usize),
    ) -> Result<Picture, Error> {
        let from = (picture.width, picture.height);
        let pixels = match &picture.pixels {
            Pixels::Planar(subsampling, planes) => {
                let mut scaled = vec![0; subsampling.bytes(size.0, size.1)];
                let (mut rest, mut to) = (planes.as_slice(), scaled.as_mut_slice());
                for (from, size) in plane_sizes(*subsampling, from).zip(plane_sizes(*subsampling, size)) {
                    let (plane, others) = rest.split_at_checked(from.0 * from.1).unwrap_or_default();
                    let (target, targets) = to.split_at_mut(size.0 * size.1);
                    self.plane((plane, from), part, (target, size))?;
                    (rest, to) = (others, targets);
                }
                Pixels::Planar(*subsampling, scaled)
            }
            Pixels::Rgb(pixels) => Pixels::Rgb(self.packed(pixels, from, part, size)?),
            Pixels::Bgr(pixels) => Pixels::Bgr(self.packed(pixels, from, part, size)?),
        };
        Ok(Picture { width: size.0, height: size.1, pixels })
    }

    fn packed(
        &mut self,
        pixels: &[u8],
        from: (usize, usize),
        part: Part,
        size: (usize, usize),
    ) -> Result<Vec<u8>, Error> {
        let mut scaled = vec![0; size.0 * size.1 * 3];
        self.samples(PixelType::U8x3, (pixels, from), part, (&mut scaled, size))?;
        Ok(scaled)
    }

    fn samples(
        &mut self,
        kind: PixelType,
        (from, from_size): (&[u8], (usize, usize)),
        part: Part,
        (to, to_size): (&mut [u8], (usize, usize)),
    ) -> Result<(), Error> {
        let source = ImageRef::new(from_size.0 as u32, from_size.1 as u32, from, kind).map_err(failed)?;
        let mut target =
            Image::from_slice_u8(to_size.0 as u32, to_size.1 as u32, to, kind).map_err(failed)?;
        let CropBox { left, top, width, height } = part.in_plane(from_size);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(left, top, width, height);
        self.resizer.resize(&source, &mut target, &options).map_err(failed)
    }
}

/// Width and height of each plane of a picture.
pub(super) fn plane_sizes(
    subsampling: Subsampling,
    (width, height): (usize, usize),
) -> impl Iterator<Item = (usize, usize)> {
    let (across, down) = subsampling.block();
    let chroma = (width.div_ceil(across), height.div_ceil(down));
    let luma = (chroma.0 * across, chroma.1 * down);
    let planes = if subsampling == Subsampling::Grey { 1 } else { 3 };
    [luma, chroma, chroma].into_iter().take(planes)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Picture { name: "scaling".into(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covering_cuts_the_longer_side_evenly() {
        let wide = Part::covering((1600, 400), (800, 400));
        assert_eq!(wide, Part { left: 0.25, top: 0.0, width: 0.5, height: 1.0 });
        let tall = Part::covering((400, 800), (800, 800));
        assert_eq!(tall, Part { left: 0.0, top: 0.25, width: 1.0, height: 0.5 });
        assert_eq!(Part::covering((640, 360), (1280, 720)), Part::WHOLE);
    }

    /// Left third black, middle third mid, right third white, in every plane.
    fn thirds(subsampling: Subsampling, size: (usize, usize)) -> Picture {
        let planes = plane_sizes(subsampling, size).flat_map(|(width, height)| {
            (0..width * height).map(move |i| [0, 100, 200][i % width * 3 / width])
        });
        let pixels = Pixels::Planar(subsampling, planes.collect());
        Picture { width: size.0, height: size.1, pixels }
    }

    #[test]
    fn each_plane_shows_the_same_part() {
        for subsampling in [Subsampling::Yuv444, Subsampling::Yuv422, Subsampling::Yuv420, Subsampling::Grey]
        {
            let picture = thirds(subsampling, (90, 30));
            let scaled = Scaler::default().cover(&picture, (40, 40)).unwrap();
            assert_eq!(scaled.bytes().len(), scaled.expected_bytes());
            assert!(scaled.bytes().iter().all(|&sample| (80..=120).contains(&sample)), "{subsampling:?}");
        }
    }

    #[test]
    fn any_size_scales_to_any_other() {
        for from in [(1, 1), (1, 9), (5, 3), (64, 48)] {
            for to in [(1, 1), (7, 2), (33, 65)] {
                for subsampling in [Subsampling::Yuv422, Subsampling::Yuv420] {
                    let scaled = Scaler::default().cover(&thirds(subsampling, from), to).unwrap();
                    assert_eq!(scaled.bytes().len(), scaled.expected_bytes(), "{from:?} to {to:?}");
                }
                let rgb = Picture {
                    width: from.0,
                    height: from.1,
                    pixels: Pixels::Rgb(vec![9; from.0 * from.1 * 3]),
                };
                let scaled = Scaler::default().cover(&rgb, to).unwrap();
                assert!(scaled.bytes().len() == to.0 * to.1 * 3 && scaled.bytes().iter().all(|&b| b == 9));
            }
        }
    }

    #[test]
    fn pixels_that_do_not_fit_their_size_are_an_error() {
        let short = Picture { width: 8, height: 8, pixels: Pixels::Rgb(vec![0; 100]) };
        assert!(matches!(Scaler::default().cover(&short, (4, 4)), Err(Error::Picture { .. })));
        let planes = Pixels::Planar(Subsampling::Yuv420, vec![0; 70]);
        let short = Picture { width: 8, height: 8, pixels: planes };
        assert!(matches!(Scaler::default().cover(&short, (4, 4)), Err(Error::Picture { .. })));
    }
}

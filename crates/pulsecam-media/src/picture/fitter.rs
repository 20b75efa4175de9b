//! Scaling pictures to their display size, with a filter of good quality.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef, TypedImage, TypedImageRef},
    pixels::U8x4,
};

use super::{Canvas, Picture, Pixels};

/// Scales pictures, reusing its buffers.
#[derive(Debug)]
pub struct Fitter {
    resizer: Resizer,
    options: ResizeOptions,
}

impl Default for Fitter {
    fn default() -> Self {
        // A convolution widens its kernel when shrinking, so bilinear is a clean average there: no shimmer,
        // at a third of Lanczos' cost. The fourth byte is padding, not alpha.
        let options =
            ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).use_alpha(false);
        Self { resizer: Resizer::new(), options }
    }
}

impl Fitter {
    /// Scales the picture to `size`, in the memory of `reuse`; `None` if either has no pixels.
    pub fn fit(&mut self, source: &Canvas, size: (usize, usize), reuse: Canvas) -> Option<Canvas> {
        let side = |side: usize| u32::try_from(side).ok().filter(|&side| side > 0);
        let from = (side(source.width)?, side(source.height)?);
        let to = (side(size.0)?, side(size.1)?);
        let mut canvas = Canvas { width: size.0, height: size.1, ..reuse };
        canvas.pixels.resize(size.0.checked_mul(size.1)?, 0);
        let pixels = bytemuck::cast_slice(&source.pixels);
        let from = TypedImageRef::<U8x4>::from_buffer(from.0, from.1, pixels).ok()?;
        let pixels = bytemuck::cast_slice_mut(&mut canvas.pixels);
        let mut into = TypedImage::<U8x4>::from_buffer(to.0, to.1, pixels).ok()?;
        self.resizer.resize_typed(&from, &mut into, &self.options).ok()?;
        Some(canvas)
    }

    /// Scales a picture of packed RGB; `None` for other formats, and if either size has no pixels.
    pub fn fit_rgb(&mut self, source: &Picture, size: (usize, usize)) -> Option<Picture> {
        let side = |side: usize| u32::try_from(side).ok().filter(|&side| side > 0);
        let Pixels::Rgb(pixels) = &source.pixels else { return None };
        let (width, height) = (side(source.width)?, side(source.height)?);
        let from = ImageRef::new(width, height, pixels, PixelType::U8x3).ok()?;
        let mut fitted = vec![0; size.0.checked_mul(size.1)?.checked_mul(3)?];
        let (width, height) = (side(size.0)?, side(size.1)?);
        let mut into = Image::from_slice_u8(width, height, &mut fitted, PixelType::U8x3).ok()?;
        self.resizer.resize(&from, &mut into, &self.options).ok()?;
        Some(Picture { width: size.0, height: size.1, pixels: Pixels::Rgb(fitted) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_keeps_colours_and_their_place() {
        let pixel = |i: usize| if i % 64 < 32 { 0x00c8_2010 } else { 0x0010_40e0 };
        let halves = Canvas { width: 64, height: 48, pixels: (0..64 * 48).map(pixel).collect() };
        let mut fitter = Fitter::default();
        for (width, height) in [(32, 24), (200, 150), (31, 77)] {
            let scaled = fitter.fit(&halves, (width, height), Canvas::default()).unwrap();
            assert_eq!((scaled.width, scaled.height, scaled.pixels.len()), (width, height, width * height));
            assert_eq!(scaled.pixel(1, height / 2).unwrap() & 0x00ff_ffff, 0x00c8_2010);
            assert_eq!(scaled.pixel(width - 2, height / 2).unwrap() & 0x00ff_ffff, 0x0010_40e0);
        }
    }

    #[test]
    fn nothing_cannot_be_scaled() {
        let mut fitter = Fitter::default();
        assert!(fitter.fit(&Canvas::default(), (5, 5), Canvas::default()).is_none());
        assert!(fitter.fit(&Canvas::filled(5, 5, 1), (0, 5), Canvas::default()).is_none());
        let short = Canvas { width: 9, height: 9, pixels: vec![0; 3] };
        assert!(fitter.fit(&short, (5, 5), Canvas::default()).is_none());
    }
}

//! How far two pictures are from each other, as a peak signal-to-noise ratio.

use pulsecam_media::picture::Canvas;

/// Sum of squared colour differences, over any number of pictures.
#[derive(Clone, Copy, Default)]
pub(super) struct Difference {
    squares: u64,
    colours: u64,
}

impl Difference {
    pub(super) fn and(self, a: &Canvas, b: &Canvas) -> Self {
        let squares = a.pixels.iter().zip(&b.pixels).flat_map(|(a, b)| {
            let colours = a.to_be_bytes().into_iter().zip(b.to_be_bytes()).skip(1);
            colours.map(|(a, b)| u64::from(a.abs_diff(b)).pow(2))
        });
        Self {
            squares: self.squares + squares.sum::<u64>(),
            colours: self.colours + 3 * a.pixels.len() as u64,
        }
    }

    /// PSNR in dB, for 8-bit colours; `None` if there is no difference.
    pub(super) fn psnr(self) -> Option<f64> {
        let mean = self.squares as f64 / self.colours as f64;
        (self.squares > 0).then(|| 10.0 * (255.0 * 255.0 / mean).log10())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psnr_is_of_the_colours_and_not_of_the_unused_byte() {
        let (a, mut b) = (Canvas::filled(4, 1, 0x0010_2030), Canvas::filled(4, 1, 0xff10_2030));
        assert_eq!(Difference::default().and(&a, &b).psnr(), None);
        b.pixels[0] = 0x0010_2031;
        // One square in twelve colours: 10 log10(65025 * 12).
        let psnr = Difference::default().and(&a, &b).psnr().unwrap();
        assert!((psnr - 58.922).abs() < 0.001, "{psnr}");
    }
}

//! Estimating the quality with which a JPEG was encoded, by any encoder.
//!
//! Quality is not a field of the format: it is how far an encoder scales the quantization tables. Nearly all
//! scale those of ITU-T T.81, annex K, as libjpeg does, so the nearest of those hundred gives the quality,
//! also for pictures of cameras and Qt programs.

use super::marker::{DQT, SOS, segments};

/// The luminance table of annex K, in zigzag order as it is written.
const LUMINANCE: [u16; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40,
    58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103,
    104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

/// Segments before the pixels that are searched: encoders write ten.
const MOST_SEGMENTS: usize = 64;

/// The quality from 1 to 100 on libjpeg's scale; `None` if there is no 8-bit luminance table.
#[must_use]
pub fn quality(jpeg: &[u8]) -> Option<u8> {
    let table = luminance(jpeg)?;
    let distance = |quality: &u8| -> u32 {
        let scaled = LUMINANCE.iter().map(|&value| scaled(value, u16::from(*quality)));
        scaled.zip(table).map(|(wanted, &found)| u32::from(wanted.abs_diff(found.into()))).sum()
    };
    (1..=100).min_by_key(distance)
}

/// Scales as `jpeg_set_quality` of libjpeg does for baseline pictures.
fn scaled(value: u16, quality: u16) -> u16 {
    let percent = if quality < 50 { 5_000 / quality } else { 200 - 2 * quality };
    let scaled = (u32::from(value) * u32::from(percent) + 50) / 100;
    u16::try_from(scaled.clamp(1, 255)).unwrap_or(255)
}

/// Table number 0, which the first component uses.
fn luminance(jpeg: &[u8]) -> Option<&[u8]> {
    let before_pixels = segments(jpeg).take(MOST_SEGMENTS).take_while(|segment| segment.marker != SOS);
    for segment in before_pixels.filter(|segment| segment.marker == DQT) {
        let mut tables = segment.payload;
        while let Some((&kind, more)) = tables.split_first() {
            let length = if kind >> 4 == 0 { 64 } else { 128 };
            let (table, more) = more.split_at_checked(length)?;
            if kind == 0 {
                return Some(table);
            }
            tables = more;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jpeg::Encoder,
        picture::{Picture, Pixels},
    };

    #[test]
    fn what_was_asked_for_is_found_again() {
        let grey = Picture { width: 16, height: 16, pixels: Pixels::Rgb(vec![99; 16 * 16 * 3]) };
        for wanted in 1..=100 {
            let jpeg = Encoder::new(wanted).unwrap().encode(&grey).unwrap();
            let found = quality(&jpeg).unwrap();
            assert_eq!(
                (0..64).map(|i| scaled(LUMINANCE[i], found.into())).collect::<Vec<_>>(),
                (0..64).map(|i| scaled(LUMINANCE[i], wanted.into())).collect::<Vec<_>>(),
                "{wanted} found as {found}"
            );
            assert!(wanted < 3 || found == wanted, "{wanted} found as {found}");
        }
    }

    #[test]
    fn what_is_no_picture_has_none() {
        let grey = Picture { width: 16, height: 16, pixels: Pixels::Rgb(vec![99; 16 * 16 * 3]) };
        let jpeg = Encoder::new(80).unwrap().encode(&grey).unwrap();
        for length in 0..jpeg.len() {
            let found = quality(&jpeg[..length]);
            assert!(found.is_none() || found == Some(80));
        }
        assert_eq!(quality(b"nonsense"), None);
        assert_eq!(quality(&[0xff, 0xd8, 0xff, 0xdb, 0, 0]), None);
        assert_eq!(quality(&[[0xff, 0xd8].as_slice(), &[0xff, 0xe0, 0, 2].repeat(100_000)].concat()), None);
    }
}

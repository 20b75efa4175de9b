//! What cameras hand over raw, into the planes that the encoder takes: a reordering, never a
//! conversion by way of RGB.
//!
//! Cameras give YUV in video range (16 to 235, the default of V4L2); JPEG has full range. Stretching it is
//! the one computation here; without it, pictures look washed out.
//!
//! Buffers may be longer than the picture (drivers round up to pages); where one is shorter, there
//! is no picture.

use crate::picture::{Picture, Pixels, Subsampling};

/// Packed 4:2:2, `Y U Y V` for two pixels.
pub(super) fn yuyv(bytes: &[u8], width: usize, height: usize) -> Option<Picture> {
    let pairs = width.div_ceil(2) * height;
    let packed = bytes.get(..pairs * 4)?;
    let mut planes = vec![0; Subsampling::Yuv422.bytes(width, height)];
    let (y, chroma) = planes.split_at_mut(pairs * 2);
    let (u, v) = chroma.split_at_mut(pairs);
    for (((pair, y), u), v) in packed.chunks_exact(4).zip(y.chunks_exact_mut(2)).zip(u).zip(v) {
        y[0] = full_luma(pair[0]);
        y[1] = full_luma(pair[2]);
        *u = full_chroma(pair[1]);
        *v = full_chroma(pair[3]);
    }
    Some(Picture { width, height, pixels: Pixels::Planar(Subsampling::Yuv422, planes) })
}

/// A plane of luma, then one of `U V` for each block of two by two pixels.
pub(super) fn nv12(bytes: &[u8], width: usize, height: usize) -> Option<Picture> {
    let blocks = width.div_ceil(2) * height.div_ceil(2);
    let (luma, rest) = bytes.split_at_checked(blocks * 4)?;
    let pairs = rest.get(..blocks * 2)?;
    let mut planes = vec![0; Subsampling::Yuv420.bytes(width, height)];
    let (y, chroma) = planes.split_at_mut(blocks * 4);
    for (to, &from) in y.iter_mut().zip(luma) {
        *to = full_luma(from);
    }
    let (u, v) = chroma.split_at_mut(blocks);
    for ((pair, u), v) in pairs.chunks_exact(2).zip(u).zip(v) {
        *u = full_chroma(pair[0]);
        *v = full_chroma(pair[1]);
    }
    Some(Picture { width, height, pixels: Pixels::Planar(Subsampling::Yuv420, planes) })
}

/// One byte a pixel. Grey cameras (infrared, industrial) use the whole range.
pub(super) fn grey(bytes: &[u8], width: usize, height: usize) -> Option<Picture> {
    let pixels = bytes.get(..width * height)?.to_vec();
    Some(Picture { width, height, pixels: Pixels::Planar(Subsampling::Grey, pixels) })
}

/// Red, green, blue.
pub(super) fn rgb(bytes: &[u8], width: usize, height: usize) -> Option<Picture> {
    let pixels = bytes.get(..width * height * 3)?.to_vec();
    Some(Picture { width, height, pixels: Pixels::Rgb(pixels) })
}

/// Blue, green, red.
pub(super) fn bgr(bytes: &[u8], width: usize, height: usize) -> Option<Picture> {
    let pixels = bytes.get(..width * height * 3)?.to_vec();
    Some(Picture { width, height, pixels: Pixels::Bgr(pixels) })
}

/// 16..=235 to 0..=255, in 16 bits so that the compiler makes vectors of it: 149/128 is 255/219.
fn full_luma(sample: u8) -> u8 {
    let stretched = (u16::from(sample) * 149 + 64).saturating_sub(16 * 149) >> 7;
    stretched.min(255) as u8
}

/// 16..=240 to 0..=255 around 128: 146/128 is 255/224.
fn full_chroma(sample: u8) -> u8 {
    let stretched = ((i16::from(sample) - 128) * 146 + 64) >> 7;
    (stretched + 128).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn video_range_becomes_full_range() {
        for sample in 0..=255_u8 {
            let luma = (f64::from(sample) - 16.0) * 255.0 / 219.0;
            assert!((f64::from(full_luma(sample)) - luma.clamp(0.0, 255.0)).abs() <= 1.0, "luma {sample}");
            let chroma = (f64::from(sample) - 128.0) * 255.0 / 224.0 + 128.0;
            assert!((f64::from(full_chroma(sample)) - chroma.clamp(0.0, 255.0)).abs() <= 1.0, "{sample}");
        }
        assert_eq!((full_luma(16), full_luma(235), full_chroma(128)), (0, 255, 128));
    }

    fn planes(picture: Option<Picture>) -> Vec<u8> {
        let picture = picture.unwrap();
        assert_eq!(picture.bytes().len(), picture.expected_bytes());
        picture.bytes().to_vec()
    }

    /// Marks that the stretching of the range leaves apart.
    const A: u8 = 16;
    const B: u8 = 235;
    const N: u8 = 128;

    #[test]
    fn yuyv_is_taken_apart_also_at_odd_widths() {
        let packed = [A, N, B, 240, B, 16, A, N, 9, 9];
        assert_eq!(planes(yuyv(&packed, 4, 1)), [0, 255, 255, 0, 128, 0, 255, 128]);
        assert_eq!(planes(yuyv(&packed, 3, 1)), planes(yuyv(&packed, 4, 1)));
        assert_eq!(planes(yuyv(&packed, 1, 2)), [0, 255, 255, 0, 128, 0, 255, 128]);
    }

    #[test]
    fn nv12_is_taken_apart_also_at_odd_sizes() {
        let packed = [A, B, A, B, B, A, B, A, N, 240, 16, N, 9];
        let wanted = [0, 255, 0, 255, 255, 0, 255, 0, 128, 0, 255, 128];
        assert_eq!(planes(nv12(&packed, 4, 2)), wanted);
        assert_eq!(planes(nv12(&packed, 3, 1)), wanted);
    }

    #[test]
    fn packed_and_grey_pixels_stay_as_they_are() {
        let bytes = [1, 2, 3, 4, 5, 6, 7];
        assert_eq!(planes(rgb(&bytes, 2, 1)), [1, 2, 3, 4, 5, 6]);
        assert_eq!(planes(bgr(&bytes, 1, 2)), [1, 2, 3, 4, 5, 6]);
        assert_eq!(planes(grey(&bytes, 3, 2)), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_short_buffer_is_no_picture() {
        type Unpack = fn(&[u8], usize, usize) -> Option<Picture>;
        for (unpack, needed) in
            [(yuyv as Unpack, 6 * 5 * 2), (nv12, 6 * 6 * 3 / 2), (grey, 25), (rgb, 75), (bgr, 75)]
        {
            let bytes = vec![0; needed];
            assert!(unpack(&bytes, 5, 5).is_some());
            for length in 0..needed {
                assert!(unpack(&bytes[..length], 5, 5).is_none(), "{length} of {needed}");
            }
        }
    }
}

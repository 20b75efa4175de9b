//! Converts raw camera buffers into the planes that the encoder takes. Samples are only reordered, never
//! converted through RGB.
//!
//! Cameras give YUV in video range (16 to 235, the default of V4L2); JPEG uses full range. Stretching it is
//! the only computation here; without it, pictures look washed out.
//!
//! Buffers may be longer than the picture (drivers round up to pages), and rows may be longer than their
//! pixels; a shorter buffer gives no picture.

use super::{device::BufferFormat, mode::PixelFormat};
use crate::picture::{Picture, Pixels, Subsampling};

/// The picture in a driver's buffer; `None` if the buffer is too short or holds a JPEG. `spare` is memory of
/// an earlier picture to reuse: allocating a megabyte per frame costs as much as the unpacking.
pub fn picture(bytes: &[u8], shape: &BufferFormat, spare: Vec<u8>) -> Option<Picture> {
    let (width, height) = (shape.mode.width as usize, shape.mode.height as usize);
    let pixels = match shape.mode.format {
        PixelFormat::Mjpeg => return None,
        PixelFormat::Yuyv => packed_422::<0, 1>(bytes, shape, spare)?,
        PixelFormat::Uyvy => packed_422::<1, 0>(bytes, shape, spare)?,
        PixelFormat::Nv12 => nv12(bytes, shape, spare)?,
        PixelFormat::I420 => i420(bytes, shape, spare)?,
        // Grey cameras (infrared, industrial) use the full range.
        PixelFormat::Grey => Pixels::Planar(Subsampling::Grey, packed(bytes, shape, 1, spare)?),
        PixelFormat::Rgb => Pixels::Rgb(packed(bytes, shape, 3, spare)?),
        PixelFormat::Bgr => Pixels::Bgr(packed(bytes, shape, 3, spare)?),
    };
    Some(Picture { width, height, pixels })
}

/// The rows of a plane: `count` of `length` bytes, one every `stride` bytes. The last may lack its padding.
fn rows(bytes: &[u8], stride: usize, length: usize, count: usize) -> Option<impl Iterator<Item = &[u8]>> {
    let stride = stride.max(length).max(1);
    let needed = stride.checked_mul(count.checked_sub(1)?)?.checked_add(length)?;
    let plane = bytes.get(..needed)?;
    Some(plane.chunks(stride).map(move |row| &row[..length]))
}

fn sized(mut memory: Vec<u8>, length: usize) -> Vec<u8> {
    memory.resize(length, 0);
    memory
}

/// Two pixels in four bytes: first luma at `Y`, first chroma at `C`, the others two bytes later.
fn packed_422<const Y: usize, const C: usize>(
    bytes: &[u8],
    shape: &BufferFormat,
    spare: Vec<u8>,
) -> Option<Pixels> {
    let (across, height) = ((shape.mode.width as usize).div_ceil(2), shape.mode.height as usize);
    let rows = rows(bytes, shape.stride, across * 4, height)?;
    let mut planes = sized(spare, across * height * 4);
    let (y, chroma) = planes.split_at_mut(across * height * 2);
    let (u, v) = chroma.split_at_mut(across * height);
    let targets =
        y.chunks_exact_mut(across * 2).zip(u.chunks_exact_mut(across).zip(v.chunks_exact_mut(across)));
    for (row, (y, (u, v))) in rows.zip(targets) {
        let (luma, chroma) = (row.as_chunks().0, row.as_chunks().0);
        if shape.full_range {
            split(luma, chroma, y, u, v, Y, C, |sample| sample as u8, |sample| sample as u8);
        } else {
            split(luma, chroma, y, u, v, Y, C, full_luma, full_chroma);
        }
    }
    Some(Pixels::Planar(Subsampling::Yuv422, planes))
}

/// Splits one row of packed 4:2:2 into its planes. One loop per plane, over words from which bytes are
/// shifted: the compiler vectorises that, four times as fast as picking single bytes.
#[expect(clippy::too_many_arguments, reason = "two views of a row, three planes, two places, two functions")]
#[inline(always)]
fn split(
    luma: &[[u8; 2]],
    chroma: &[[u8; 4]],
    y: &mut [u8],
    u: &mut [u8],
    v: &mut [u8],
    luma_at: usize,
    chroma_at: usize,
    full_luma: impl Fn(u16) -> u8,
    full_chroma: impl Fn(u16) -> u8,
) {
    for (to, pair) in y.iter_mut().zip(luma) {
        *to = full_luma(u16::from_le_bytes(*pair) >> (8 * luma_at) & 0xff);
    }
    let word = |four: &[u8; 4]| u32::from_le_bytes(*four) >> (8 * chroma_at);
    for (to, four) in u.iter_mut().zip(chroma) {
        *to = full_chroma((word(four) & 0xff) as u16);
    }
    for (to, four) in v.iter_mut().zip(chroma) {
        *to = full_chroma((word(four) >> 16 & 0xff) as u16);
    }
}

/// Fills the luma plane of a 4:2:0 picture. If the size is odd, the last column and row are repeated.
fn luma_420(bytes: &[u8], shape: &BufferFormat, y: &mut [u8]) -> Option<()> {
    let (width, height) = (shape.mode.width as usize, shape.mode.height as usize);
    let even = width.next_multiple_of(2);
    for (row, y) in rows(bytes, shape.stride, width, height)?.zip(y.chunks_exact_mut(even)) {
        stretch(row, y, shape.full_range, full_luma);
        if even > width {
            y[width] = y[width - 1];
        }
    }
    if height % 2 == 1 {
        y.copy_within((height - 1) * even..height * even, height * even);
    }
    Some(())
}

/// Converts samples to full range; `to` may be longer.
fn stretch(from: &[u8], to: &mut [u8], full_range: bool, full: impl Fn(u16) -> u8) {
    if full_range {
        to[..from.len()].copy_from_slice(from);
    } else {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = full(from.into());
        }
    }
}

/// Size of the chroma planes, and where chroma starts in the driver's buffer.
struct Layout420 {
    across: usize,
    down: usize,
    chroma_at: usize,
}

impl Layout420 {
    fn of(shape: &BufferFormat) -> Self {
        let (width, height) = (shape.mode.width as usize, shape.mode.height as usize);
        let stride = shape.stride.max(width);
        Self { across: width.div_ceil(2), down: height.div_ceil(2), chroma_at: stride * height }
    }
}

/// A luma plane, then a plane with `U V` for each block of two by two pixels.
fn nv12(bytes: &[u8], shape: &BufferFormat, spare: Vec<u8>) -> Option<Pixels> {
    let Layout420 { across, down, chroma_at } = Layout420::of(shape);
    let pairs = rows(bytes.get(chroma_at..)?, shape.stride, across * 2, down)?;
    let mut planes = sized(spare, across * down * 6);
    let (y, chroma) = planes.split_at_mut(across * down * 4);
    luma_420(bytes, shape, y)?;
    let (u, v) = chroma.split_at_mut(across * down);
    for (row, (u, v)) in pairs.zip(u.chunks_exact_mut(across).zip(v.chunks_exact_mut(across))) {
        let samples = row.chunks_exact(2).zip(u).zip(v);
        if shape.full_range {
            samples.for_each(|((pair, u), v)| (*u, *v) = (pair[0], pair[1]));
        } else {
            samples.for_each(|((pair, u), v)| {
                (*u, *v) = (full_chroma(pair[0].into()), full_chroma(pair[1].into()));
            });
        }
    }
    Some(Pixels::Planar(Subsampling::Yuv420, planes))
}

/// Three planes; rows of chroma have half of luma's stride.
fn i420(bytes: &[u8], shape: &BufferFormat, spare: Vec<u8>) -> Option<Pixels> {
    let Layout420 { across, down, chroma_at } = Layout420::of(shape);
    let stride = shape.stride.div_ceil(2).max(across);
    let plane = |at: usize| rows(bytes.get(at..)?, stride, across, down);
    let chroma = plane(chroma_at)?.chain(plane(chroma_at + stride * down)?);
    let mut planes = sized(spare, across * down * 6);
    let (y, both) = planes.split_at_mut(across * down * 4);
    luma_420(bytes, shape, y)?;
    for (row, to) in chroma.zip(both.chunks_exact_mut(across)) {
        stretch(row, to, shape.full_range, full_chroma);
    }
    Some(Pixels::Planar(Subsampling::Yuv420, planes))
}

/// Copies pixels unchanged, without row padding.
fn packed(bytes: &[u8], shape: &BufferFormat, each: usize, mut spare: Vec<u8>) -> Option<Vec<u8>> {
    let (width, height) = (shape.mode.width as usize, shape.mode.height as usize);
    spare.clear();
    for row in rows(bytes, shape.stride, width * each, height)? {
        spare.extend_from_slice(row);
    }
    Some(spare)
}

/// 16..=235 to 0..=255, in 16 bits so that the compiler can vectorise it: 149/128 is 255/219.
fn full_luma(sample: u16) -> u8 {
    let stretched = (sample * 149 + 64).saturating_sub(16 * 149) >> 7;
    stretched.min(255) as u8
}

/// 16..=240 to 0..=255 around 128: 146/128 is 255/224.
fn full_chroma(sample: u16) -> u8 {
    let stretched = ((sample as i16 - 128) * 146 + 64) >> 7;
    (stretched + 128).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::camera::mode::{FrameRate, Mode};

    #[test]
    fn video_range_becomes_full_range() {
        for sample in 0..=255_u8 {
            let luma = (f64::from(sample) - 16.0) * 255.0 / 219.0;
            assert!(
                (f64::from(full_luma(sample.into())) - luma.clamp(0.0, 255.0)).abs() <= 1.0,
                "luma {sample}"
            );
            let chroma = (f64::from(sample) - 128.0) * 255.0 / 224.0 + 128.0;
            assert!(
                (f64::from(full_chroma(sample.into())) - chroma.clamp(0.0, 255.0)).abs() <= 1.0,
                "{sample}"
            );
        }
        assert_eq!((full_luma(16), full_luma(235), full_chroma(128)), (0, 255, 128));
    }

    fn shape(format: PixelFormat, width: u32, height: u32, stride: usize) -> BufferFormat {
        let rate = FrameRate::new(30, 1).unwrap();
        BufferFormat { mode: Mode { format, width, height, rate }, stride, full_range: false }
    }

    fn planes(bytes: &[u8], shape: &BufferFormat) -> Vec<u8> {
        // Old contents of reused memory must not show through.
        let picture = picture(bytes, shape, vec![77; 1000]).unwrap();
        assert_eq!(picture.bytes().len(), picture.expected_bytes());
        picture.bytes().to_vec()
    }

    /// Samples that stay distinct after stretching the range.
    const A: u8 = 16;
    const B: u8 = 235;
    const N: u8 = 128;

    #[test]
    fn packed_422_is_taken_apart_also_at_odd_widths() {
        let yuyv = [A, N, B, 240, B, 16, A, N, 9, 9];
        let uyvy = [N, A, 240, B, 16, B, N, A];
        let wanted = [0, 255, 255, 0, 128, 0, 255, 128];
        for width in [3, 4] {
            assert_eq!(planes(&yuyv, &shape(PixelFormat::Yuyv, width, 1, 0)), wanted);
            assert_eq!(planes(&uyvy, &shape(PixelFormat::Uyvy, width, 1, 0)), wanted);
        }
        assert_eq!(planes(&yuyv, &shape(PixelFormat::Yuyv, 1, 2, 0)), wanted);
        let padded = [A, N, B, 240, 9, 9, B, 16, A, N];
        assert_eq!(planes(&padded, &shape(PixelFormat::Yuyv, 2, 2, 6)), wanted);
    }

    #[test]
    fn planes_420_are_taken_apart_also_where_rows_are_padded() {
        let wanted = [0, 255, 0, 255, 255, 0, 255, 0, 128, 0, 255, 128];
        let nv12 = [A, B, A, B, B, A, B, A, N, 240, 16, N, 9];
        assert_eq!(planes(&nv12, &shape(PixelFormat::Nv12, 4, 2, 4)), wanted);
        let i420 = [A, B, A, B, B, A, B, A, N, 16, 240, N];
        assert_eq!(planes(&i420, &shape(PixelFormat::I420, 4, 2, 4)), wanted);
        let nv12 = [A, B, A, B, 9, 9, B, A, B, A, 9, 9, N, 240, 16, N];
        assert_eq!(planes(&nv12, &shape(PixelFormat::Nv12, 4, 2, 6)), wanted);
        let i420 = [A, B, A, B, 9, 9, B, A, B, A, 9, 9, N, 16, 9, 240, N];
        assert_eq!(planes(&i420, &shape(PixelFormat::I420, 4, 2, 6)), wanted);
    }

    #[test]
    fn odd_sizes_in_420_double_the_last_column_and_row() {
        let nv12 = [A, B, B, /* chroma */ N, 240, 16, N];
        let wanted = [0, 255, 255, 255, 0, 255, 255, 255, 128, 0, 255, 128];
        assert_eq!(planes(&nv12, &shape(PixelFormat::Nv12, 3, 1, 3)), wanted);
    }

    #[test]
    fn full_range_packed_and_grey_pixels_stay_as_they_are() {
        let bytes = [1, 2, 3, 4, 5, 6, 7];
        for (format, width, height) in
            [(PixelFormat::Rgb, 2, 1), (PixelFormat::Bgr, 1, 2), (PixelFormat::Grey, 3, 2)]
        {
            assert_eq!(planes(&bytes, &shape(format, width, height, 0)), [1, 2, 3, 4, 5, 6]);
        }
        assert_eq!(planes(&bytes, &shape(PixelFormat::Grey, 2, 2, 3)), [1, 2, 4, 5]);
        let full = |format| BufferFormat { full_range: true, ..shape(format, 2, 1, 0) };
        assert_eq!(planes(&bytes, &full(PixelFormat::Yuyv)), [1, 3, 2, 4]);
        assert_eq!(planes(&bytes, &full(PixelFormat::Nv12)), [1, 2, 1, 2, 3, 4]);
        assert_eq!(planes(&bytes, &full(PixelFormat::I420)), [1, 2, 1, 2, 3, 4]);
    }

    #[test]
    fn a_short_buffer_is_no_picture() {
        use PixelFormat::{Bgr, Grey, I420, Nv12, Rgb, Uyvy, Yuyv};
        let sizes = [(Yuyv, 60), (Uyvy, 60), (Nv12, 43), (I420, 43), (Grey, 25), (Rgb, 75), (Bgr, 75)];
        for (format, needed) in sizes {
            let (bytes, shape) = (vec![0; needed], shape(format, 5, 5, 0));
            assert!(picture(&bytes, &shape, Vec::new()).is_some(), "{format}");
            for length in 0..needed {
                assert!(
                    picture(&bytes[..length], &shape, Vec::new()).is_none(),
                    "{format}: {length} of {needed}"
                );
            }
        }
        assert!(picture(&[], &shape(Rgb, 0, 0, 0), Vec::new()).is_none());
        assert!(picture(&[0; 100], &shape(PixelFormat::Mjpeg, 5, 5, 0), Vec::new()).is_none());
    }
}

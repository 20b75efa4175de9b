//! Rows of a picture in the form that turbojpeg takes: borrowed, not copied.

use turbojpeg::{Compressor, Image, PixelFormat, Subsamp, YuvImage, YuvPlanesImage};

use crate::picture::{Picture, Pixels, Subsampling};

/// Some rows of a picture; the first row is an even one.
pub(super) struct Band<'a> {
    width: usize,
    height: usize,
    subsamp: Subsamp,
    samples: Samples<'a>,
}

enum Samples<'a> {
    Grey(&'a [u8]),
    Planar { planes: [&'a [u8]; 3], strides: [usize; 2] },
    Packed(&'a [u8], PixelFormat),
}

impl<'a> Band<'a> {
    /// `height` rows of `picture`, starting at row `top`, or `None` if it does not have them. `top` must be a
    /// multiple of the rows that share a chroma sample.
    pub(super) fn of(picture: &'a Picture, top: usize, height: usize) -> Option<Self> {
        let Picture { width, ref pixels, .. } = *picture;
        let packed = |pixels: &'a Vec<u8>, format| {
            let row = width * 3;
            Some(Samples::Packed(pixels.get(top * row..(top + height) * row)?, format))
        };
        let samples = match pixels {
            Pixels::Rgb(pixels) => packed(pixels, PixelFormat::RGB)?,
            Pixels::Bgr(pixels) => packed(pixels, PixelFormat::BGR)?,
            Pixels::Planar(Subsampling::Grey, luma) => {
                Samples::Grey(luma.get(top * width..(top + height) * width)?)
            }
            Pixels::Planar(subsampling, planes) => {
                let (across, down) = subsampling.block();
                let strides = [width.next_multiple_of(across), width.div_ceil(across)];
                let rows = picture.height.div_ceil(down);
                let (luma, chroma) = planes.split_at_checked(strides[0] * rows * down)?;
                let (blue, red) = chroma.split_at_checked(strides[1] * rows)?;
                let (first, last) = (top / down, (top + height).div_ceil(down));
                let rows_of = |plane: &'a [u8], row: usize| plane.get(first * row..last * row);
                let planes = [
                    rows_of(luma, strides[0] * down)?,
                    rows_of(blue, strides[1])?,
                    rows_of(red, strides[1])?,
                ];
                Samples::Planar { planes, strides }
            }
        };
        let subsamp = match pixels {
            Pixels::Planar(subsampling, _) => turbo(*subsampling),
            Pixels::Rgb(_) | Pixels::Bgr(_) => Subsamp::Sub2x2,
        };
        Some(Self { width, height, subsamp, samples })
    }

    /// Width and height of an MCU of the resulting JPEG: strips begin at a row of MCUs.
    pub(super) fn mcu(&self) -> (usize, usize) {
        self.subsamp.mcu_size()
    }

    /// Encodes into `scratch` and returns the JPEG's length. Always into a slice: mixing owned buffers of
    /// turbojpeg 1.5 with slices frees memory twice.
    pub(super) fn compress(&self, with: &mut Compressor, scratch: &mut Vec<u8>) -> turbojpeg::Result<usize> {
        let Self { width, height, subsamp, .. } = *self;
        let worst = turbojpeg::compressed_buf_len(width, height, subsamp)?;
        if scratch.len() < worst {
            scratch.resize(worst, 0);
        }
        match self.samples {
            Samples::Grey(pixels) => {
                with.compress_yuv_to_slice(YuvImage { pixels, width, align: 1, height, subsamp }, scratch)
            }
            Samples::Planar { planes: [y_plane, u_plane, v_plane], strides: [y_stride, chroma] } => {
                let (u_stride, v_stride) = (chroma, chroma);
                let planes = YuvPlanesImage {
                    y_plane,
                    u_plane,
                    v_plane,
                    width,
                    height,
                    y_stride,
                    u_stride,
                    v_stride,
                    subsamp,
                };
                with.compress_yuv_planes_to_slice(&planes, scratch)
            }
            Samples::Packed(pixels, format) => {
                with.set_subsamp(subsamp)?;
                with.compress_to_slice(Image { pixels, width, pitch: width * 3, height, format }, scratch)
            }
        }
    }
}

const fn turbo(subsampling: Subsampling) -> Subsamp {
    match subsampling {
        Subsampling::Yuv444 => Subsamp::None,
        Subsampling::Yuv422 => Subsamp::Sub2x1,
        Subsampling::Yuv420 => Subsamp::Sub2x2,
        Subsampling::Grey => Subsamp::Gray,
    }
}

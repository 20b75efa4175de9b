//! Turning pictures in planes, whose chroma may have fewer samples than pixels.

use super::{Orientation, Picture, Pixels, Subsampling};

/// Turns a picture in planes. Chroma that cannot be turned in whole samples, as with an odd side, gets one sample
/// for each pixel; that of 4:2:2 on its side becomes 4:2:0.
pub(super) fn turned(
    upright: Orientation,
    size: (usize, usize),
    subsampling: Subsampling,
    bytes: &[u8],
) -> Picture {
    let has_even_sides = size.0.is_multiple_of(2) && size.1.is_multiple_of(2);
    let planes = planes(size, subsampling, bytes);
    let (subsampling, planes) = match subsampling {
        Subsampling::Yuv444 | Subsampling::Grey => (subsampling, planes),
        Subsampling::Yuv420 if has_even_sides => (subsampling, planes),
        Subsampling::Yuv422 if has_even_sides && !upright.swaps_sides() => (subsampling, planes),
        Subsampling::Yuv422 if has_even_sides => {
            let halve = |(at, plane): (usize, Plane)| if at == 0 { plane } else { plane.halved() };
            (Subsampling::Yuv420, planes.into_iter().enumerate().map(halve).collect())
        }
        Subsampling::Yuv420 | Subsampling::Yuv422 => {
            let (across, down) = subsampling.block();
            let spread = |(at, plane): (usize, Plane)| {
                if at == 0 { plane.spread(size, (1, 1)) } else { plane.spread(size, (across, down)) }
            };
            (Subsampling::Yuv444, planes.into_iter().enumerate().map(spread).collect())
        }
    };
    let turned = planes.iter().flat_map(|plane| upright.turn(&plane.samples, plane.size));
    let (width, height) = upright.upright_size(size);
    Picture { width, height, pixels: Pixels::Planar(subsampling, turned.collect()) }
}

/// One plane: luma, or a chroma.
#[derive(Clone, Debug)]
struct Plane {
    size: (usize, usize),
    samples: Vec<u8>,
}

/// Takes the planes apart. Missing samples are grey.
fn planes(size: (usize, usize), subsampling: Subsampling, mut bytes: &[u8]) -> Vec<Plane> {
    let take = |size: (usize, usize)| {
        let (own, rest) = bytes.split_at(bytes.len().min(size.0 * size.1));
        bytes = rest;
        let mut samples = own.to_vec();
        samples.resize(size.0 * size.1, 128);
        Plane { size, samples }
    };
    subsampling.plane_sizes(size).map(take).collect()
}

impl Plane {
    /// Half of the rows, each the mean of two.
    fn halved(&self) -> Self {
        let width = self.size.0.max(1);
        let mean = |rows: &[u8]| {
            let (upper, lower) = rows.split_at(width);
            let pairs = upper.iter().zip(lower);
            pairs.map(|(a, b)| (u16::from(*a) + u16::from(*b)).div_ceil(2) as u8).collect::<Vec<_>>()
        };
        let samples = self.samples.chunks_exact(2 * width).flat_map(mean).collect();
        Self { size: (self.size.0, self.size.1 / 2), samples }
    }

    /// A sample for each pixel of a picture of this size, of samples that each stand for `across` x `down` pixels.
    fn spread(&self, (width, height): (usize, usize), (across, down): (usize, usize)) -> Self {
        let row = |y: usize| {
            let row = self.samples.chunks_exact(self.size.0.max(1)).nth(y / down).unwrap_or_default();
            (0..width).map(move |x| row.get(x / across).copied().unwrap_or_default())
        };
        Self { size: (width, height), samples: (0..height).flat_map(row).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Subsampling; 4] =
        [Subsampling::Yuv444, Subsampling::Yuv422, Subsampling::Yuv420, Subsampling::Grey];

    /// A picture in which no two samples of a plane are equal, as far as bytes allow.
    fn picture(size: (usize, usize), subsampling: Subsampling) -> Picture {
        let bytes = (0..subsampling.bytes(size.0, size.1)).map(|at| (at * 7 % 251) as u8).collect();
        Picture { width: size.0, height: size.1, pixels: Pixels::Planar(subsampling, bytes) }
    }

    /// The samples that stand for a pixel.
    fn pixel(picture: &Picture, x: usize, y: usize) -> Vec<u8> {
        let Pixels::Planar(subsampling, bytes) = &picture.pixels else { panic!("not in planes") };
        let block = subsampling.block();
        let planes = planes((picture.width, picture.height), *subsampling, bytes);
        let sample = |(at, plane): (usize, &Plane)| {
            let (across, down) = if at == 0 { (1, 1) } else { block };
            plane.samples[y / down * plane.size.0 + x / across]
        };
        planes.iter().enumerate().map(sample).collect()
    }

    #[test]
    fn each_pixel_keeps_its_samples() {
        for (subsampling, size) in
            ALL.into_iter().flat_map(|kind| [(kind, (6, 4)), (kind, (5, 3)), (kind, (6, 3)), (kind, (1, 1))])
        {
            let before = picture(size, subsampling);
            for exif in 1..=8 {
                let upright = Orientation::from_exif(exif).unwrap();
                let after = upright.turn_picture(before.clone());
                assert_eq!((after.width, after.height), upright.upright_size(size));
                assert_eq!(after.bytes().len(), after.expected_bytes(), "{subsampling:?} {size:?} {exif}");
                let places: Vec<_> = (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y))).collect();
                let turned = upright.turn(&places, size);
                let is_averaged = subsampling == Subsampling::Yuv422
                    && upright.swaps_sides()
                    && matches!(after.pixels, Pixels::Planar(Subsampling::Yuv420, _));
                for (at, &(x, y)) in turned.iter().enumerate() {
                    let (to_x, to_y) = (at % after.width, at / after.width);
                    let (found, wanted) = (pixel(&after, to_x, to_y), pixel(&before, x, y));
                    assert_eq!(found[0], wanted[0], "{subsampling:?} {size:?} {exif}: {x},{y}");
                    if !is_averaged {
                        assert_eq!(found, wanted, "{subsampling:?} {size:?} {exif}: {x},{y}");
                    }
                }
            }
        }
    }

    #[test]
    fn chroma_on_its_side_is_the_mean_of_two_rows() {
        let bytes = [vec![0; 8], vec![10, 20, 30, 41], vec![1, 1, 3, 3]].concat();
        let before = Picture { width: 4, height: 2, pixels: Pixels::Planar(Subsampling::Yuv422, bytes) };
        let after = Orientation::Rotate90.turn_picture(before);
        assert_eq!((after.width, after.height), (2, 4));
        let Pixels::Planar(Subsampling::Yuv420, bytes) = after.pixels else { panic!("not 4:2:0") };
        assert_eq!(bytes[8..], [20, 31, 2, 2]);
    }
}

//! Joining strips, each encoded as a picture of its own, into one JPEG.

use bytes::{BufMut, Bytes, BytesMut};

use super::{
    marker::{DRI, EOI, RST0},
    strip_header::StripHeader,
};

/// The DRI segment in bytes: marker, length, interval.
const DRI_SIZE: usize = 6;

/// The most MCUs between two restart markers: the field has 16 bits.
pub(super) const MOST_BETWEEN_RESTARTS: usize = u16::MAX as usize;

/// Joins `strips` into one JPEG with a restart marker at each seam. They are baseline JPEGs of equal width
/// and tables, from top to bottom. All but the last must have the same height, in whole MCUs. The pixels stay
/// unchanged.
///
/// `None` if the strips do not fit together, or if one has restart markers already or more MCUs than a
/// restart interval can have (65,535).
#[must_use]
pub fn splice(strips: &[&[u8]]) -> Option<Bytes> {
    let heads = strips.iter().map(|strip| StripHeader::read(strip)).collect::<Option<Vec<_>>>()?;
    let first = heads.first()?;
    let interval = u16::try_from(first.mcus_across() * first.mcu_rows()).ok()?;
    let height = u16::try_from(heads.iter().map(|head| head.height).sum::<usize>()).ok()?;
    let is_last = |index| index + 1 == strips.len();
    let top = strips.first()?;
    let (above, below) = (top.get(..first.height_at)?, top.get(first.height_at + 2..first.data)?);
    let fits = |(index, (strip, head)): (usize, (&&[u8], &StripHeader))| {
        let is_full = head.height == first.height && head.height % head.mcu_height == 0;
        head.interval == 0
            && (is_full || (is_last(index) && head.height <= first.height))
            && strip.get(..head.height_at) == Some(above)
            && strip.get(head.height_at + 2..head.data) == Some(below)
    };
    if !strips.iter().zip(&heads).enumerate().all(fits) {
        return None;
    }

    let scans = strips
        .iter()
        .zip(&heads)
        .map(|(strip, head)| strip.get(head.data..)?.strip_suffix(&[0xff, EOI]))
        .collect::<Option<Vec<_>>>()?;
    let size = first.data + DRI_SIZE + scans.iter().map(|scan| scan.len() + 2).sum::<usize>();
    let mut jpeg = BytesMut::with_capacity(size);
    jpeg.put_slice(above);
    jpeg.put_u16(height);
    jpeg.put_slice(top.get(first.height_at + 2..first.sos)?);
    jpeg.put_slice(&[0xff, DRI, 0, 4]);
    jpeg.put_u16(interval);
    jpeg.put_slice(top.get(first.sos..first.data)?);
    for (index, scan) in scans.iter().enumerate() {
        jpeg.put_slice(scan);
        let end = if is_last(index) { EOI } else { RST0 + (index % 8) as u8 };
        jpeg.put_slice(&[0xff, end]);
    }
    Some(jpeg.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jpeg::Encoder,
        picture::{Picture, Pixels, Subsampling},
    };

    fn strip(width: usize, height: usize, subsampling: Subsampling, quality: u8) -> Bytes {
        let samples = (0..subsampling.bytes(width, height)).map(|i| (i * 7 % 251) as u8).collect();
        let picture = Picture { width, height, pixels: Pixels::Planar(subsampling, samples) };
        Encoder::new(quality).unwrap().encode(&picture).unwrap()
    }

    #[test]
    fn strips_that_do_not_fit_are_not_spliced() {
        let yuv420 = |width, height| strip(width, height, Subsampling::Yuv420, 80);
        let (a, b) = (yuv420(64, 32), yuv420(64, 20));
        let both = splice(&[&a, &b]).unwrap();
        assert_eq!(splice(&[]), None);
        for (top, bottom, why) in [
            (&b, &a, "a seam within an MCU"),
            (&a, &yuv420(64, 48), "taller than the first"),
            (&a, &yuv420(80, 32), "wider"),
            (&a, &strip(64, 32, Subsampling::Yuv444, 80), "another sampling"),
            (&a, &strip(64, 32, Subsampling::Yuv420, 50), "other tables"),
            (&a, &both, "spliced already"),
            (&a, &Bytes::from_static(b"no JPEG"), "no JPEG"),
        ] {
            assert_eq!(splice(&[top, bottom]), None, "{why}");
        }
    }

    #[test]
    fn restart_markers_are_numbered_and_go_round_after_eight() {
        let (row, last) = (strip(48, 16, Subsampling::Yuv420, 80), strip(48, 5, Subsampling::Yuv420, 80));
        let strips = [vec![&row[..]; 10], vec![&last[..]]].concat();
        let jpeg = splice(&strips).unwrap();
        let head = StripHeader::read(&jpeg).unwrap();
        assert_eq!((head.width, head.height, head.interval), (48, 165, 3));
        let markers = jpeg[head.data..].windows(2).filter(|pair| pair[0] == 0xff && pair[1] != 0);
        let markers: Vec<_> = markers.map(|pair| pair[1]).collect();
        assert_eq!(markers, [0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd0, 0xd1, EOI]);
    }
}

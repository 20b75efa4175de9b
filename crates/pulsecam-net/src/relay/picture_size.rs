//! The size of a picture, as the header of its JPEG tells it. Nothing is decoded.

use memchr::memchr;

/// The segments and markers that are looked at before the size. Cameras write fewer than ten; a long colour
/// profile and Exif data take some thirty.
const MAX_MARKERS: usize = 128;

/// Bytes between two segments that are skipped, as decoders do it. A header has none, or a few from a camera
/// that pads.
const LONGEST_GAP: usize = 4096;

/// The size of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureSize {
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
}

impl PictureSize {
    /// Reads the size from a JPEG's frame header; `None` if it is no JPEG or does not tell.
    ///
    /// Walks from segment to segment, and looks at a bounded number of markers: anyone may send anything.
    #[must_use]
    pub fn of(jpeg: &[u8]) -> Option<Self> {
        let mut rest = jpeg.strip_prefix(&[0xff, 0xd8])?;
        for _ in 0..MAX_MARKERS {
            let gap = &rest[..rest.len().min(LONGEST_GAP)];
            let from_marker = &rest[memchr(0xff, gap)?..];
            let [_, marker, after @ ..] = from_marker else { return None };
            rest = match marker {
                // A fill byte: the next one begins the marker.
                0xff => &from_marker[1..],
                // No segment follows a stuffed zero, TEM, a restart or another beginning.
                0x00 | 0x01 | 0xd0..=0xd8 => after,
                // The end, or pixels before any frame header.
                0xd9 | 0xda => return None,
                0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                    let &[_, _, _, h1, h0, w1, w0, ..] = after else { return None };
                    let size =
                        Self { width: u16::from_be_bytes([w1, w0]), height: u16::from_be_bytes([h1, h0]) };
                    return (size.width > 0 && size.height > 0).then_some(size);
                }
                _ => {
                    let length = u16::from_be_bytes(*after.first_chunk()?);
                    after.get(usize::from(length.max(2))..)?
                }
            };
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A segment with this payload.
    fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], payload].concat()
    }

    fn frame_header(marker: u8, width: u16, height: u16) -> Vec<u8> {
        let ([h1, h0], [w1, w0]) = (height.to_be_bytes(), width.to_be_bytes());
        segment(marker, &[8, h1, h0, w1, w0, 1, 1, 0x11, 0])
    }

    fn jpeg(parts: &[&[u8]]) -> Vec<u8> {
        [&[0xff, 0xd8], &parts.concat()[..], &segment(0xda, &[1, 1, 0, 0, 63, 0]), &[7, 7, 0xff, 0xd9]]
            .concat()
    }

    #[test]
    fn the_size_is_that_of_the_picture_and_not_of_a_thumbnail_in_it() {
        let thumbnail = segment(0xe1, &[b"Exif\0\0", &jpeg(&[&frame_header(0xc0, 160, 120)])[..]].concat());
        let tables = segment(0xdb, &[0; 65]);
        for marker in [0xc0, 0xc1, 0xc2, 0xcf] {
            let picture = jpeg(&[&thumbnail, &tables, b"\xff\xff", &frame_header(marker, 1280, 720)]);
            assert_eq!(PictureSize::of(&picture), Some(PictureSize { width: 1280, height: 720 }));
        }
        let odd = jpeg(&[b"stray\xff\x00\xff\xd0", &frame_header(0xc0, 65_535, 1)]);
        assert_eq!(PictureSize::of(&odd), Some(PictureSize { width: 65_535, height: 1 }));
    }

    #[test]
    fn what_tells_no_size_has_none() {
        let whole = jpeg(&[&frame_header(0xc0, 8, 8)]);
        for length in 0..11 {
            assert_eq!(PictureSize::of(&whole[..length]), None, "{length} bytes");
        }
        assert!(PictureSize::of(&whole[..11]).is_some(), "nothing behind the size is needed");
        for picture in [
            jpeg(&[]),
            jpeg(&[&frame_header(0xc4, 8, 8), &frame_header(0xc8, 8, 8), &frame_header(0xcc, 8, 8)]),
            jpeg(&[&frame_header(0xc0, 0, 8)]),
            jpeg(&[&frame_header(0xc0, 8, 0)]),
            jpeg(&[&[0x55; 10_000], &frame_header(0xc0, 8, 8)]),
            jpeg(&[&segment(0xe0, &[]).repeat(200), &frame_header(0xc0, 8, 8)]),
            [&b"\x89PNG"[..], &whole].concat(),
        ] {
            assert_eq!(PictureSize::of(&picture), None);
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_read(bytes in prop::collection::vec(
            prop_oneof![Just(0xff_u8), Just(0xc0), Just(0xe0), Just(0), any::<u8>()],
            0..300,
        )) {
            let beginning = [&[0xff, 0xd8], &bytes[..]].concat();
            if let Some(size) = PictureSize::of(&beginning) {
                prop_assert!(size.width > 0 && size.height > 0);
                // It stands in the picture.
                let stands = [size.height.to_be_bytes(), size.width.to_be_bytes()].concat();
                prop_assert!(beginning.windows(4).any(|four| four == stands));
            }
        }
    }
}

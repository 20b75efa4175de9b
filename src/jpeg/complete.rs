//! A camera's JPEG made whole: checked, trimmed to its true length, with the tables that other viewers need.
//!
//! Many USB cameras leave out the Huffman tables, because Motion-JPEG has the same ones always. libjpeg-turbo
//! knows them; other decoders show nothing. They are put in where they are missing, in the one copy that is
//! made of the frame anyway.

use bytes::{BufMut, Bytes, BytesMut};

use super::{header, marker};

/// The segment with the four tables of ITU-T T.81, annex K.3: what every encoder uses that does not make its own.
#[rustfmt::skip]
const HUFFMAN_TABLES: [u8; 420] = [
    0xff, 0xc4, 0x01, 0xa2,
    // DC of luma
    0x00, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    // AC of luma
    0x10, 0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d,
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71,
    0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72,
    0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37,
    0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
    0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83,
    0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3,
    0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
    0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
    0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
    // DC of chroma
    0x01, 0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    // AC of chroma
    0x11, 0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77,
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22,
    0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1,
    0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36,
    0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
    0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
    0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a,
    0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba,
    0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
    0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];

/// How well the length of a camera's buffer is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The driver said how many bytes it wrote: the picture ends there, or a little before in padding.
    Told,
    /// The buffer is larger than the picture, with old data behind it: the end has to be walked to.
    Unknown,
}

/// Copies the JPEG at the start of `bytes`: trimmed to its end, with the usual Huffman tables where it has none. `None` where
/// it does not start as a JPEG, has no frame header before its pixels, or no end: a camera's frame that came in part.
#[must_use]
pub fn complete(bytes: &[u8], length: Length) -> Option<Bytes> {
    header(bytes).ok()?;
    let (scan, tables) = marker::first_scan(bytes)?;
    let end = match length {
        Length::Told => padded_end(bytes).filter(|&end| end > scan),
        Length::Unknown => None,
    };
    let jpeg = match end {
        Some(end) => bytes.get(..end)?,
        None => marker::trimmed(bytes)?,
    };
    if tables {
        return Some(Bytes::copy_from_slice(jpeg));
    }
    let (head, rest) = jpeg.split_at_checked(scan)?;
    let mut whole = BytesMut::with_capacity(jpeg.len() + HUFFMAN_TABLES.len());
    whole.put_slice(head);
    whole.put_slice(&HUFFMAN_TABLES);
    whole.put_slice(rest);
    Some(whole.freeze())
}

/// Where a picture ends that fills its buffer but for zeros at the end: reading a few bytes from the back instead of
/// all. `None` where something else is there.
fn padded_end(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().rposition(|&byte| byte != 0)? + 1;
    bytes.get(..end)?.ends_with(&[0xff, marker::EOI]).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jpeg::{Decoder, Encoder},
        picture::{Picture, Pixels},
    };

    fn jpeg() -> Vec<u8> {
        let pixels = (0..64 * 48 * 3).map(|i| (i * 7 % 251) as u8).collect();
        let picture = Picture { width: 64, height: 48, pixels: Pixels::Rgb(pixels) };
        Encoder::new(80).unwrap().encode(&picture).unwrap().to_vec()
    }

    /// All segments of tables, taken out.
    fn without_tables(jpeg: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut kept, mut tables, mut at) = (jpeg[..2].to_vec(), Vec::new(), 2);
        while jpeg[at + 1] != 0xda {
            let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
            if jpeg[at + 1] == 0xc4 {
                tables.extend(&jpeg[at + 4..end]);
            } else {
                kept.extend(&jpeg[at..end]);
            }
            at = end;
        }
        kept.extend(&jpeg[at..]);
        (kept, tables)
    }

    #[test]
    fn a_whole_picture_stays_byte_for_byte_and_what_lies_behind_it_goes() {
        let jpeg = jpeg();
        for padding in [&[][..], &[0; 1000], b"old data\xff\xd9"] {
            let buffer = [&jpeg[..], padding].concat();
            assert_eq!(complete(&buffer, Length::Unknown).unwrap(), jpeg);
        }
        for padding in [&[][..], &[0; 1000], b"firmware"] {
            let buffer = [&jpeg[..], padding].concat();
            assert_eq!(complete(&buffer, Length::Told).unwrap(), jpeg);
        }
    }

    #[test]
    fn missing_tables_are_put_in_and_are_the_standards() {
        let whole = jpeg();
        let (bare, tables) = without_tables(&whole);
        let mut ours = HUFFMAN_TABLES[4..].to_vec();
        let mut theirs = tables;
        ours.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(ours, theirs, "libjpeg-turbo's own, in whichever order");
        for length in [Length::Told, Length::Unknown] {
            let made = complete(&bare, length).unwrap();
            assert_eq!(made.len(), bare.len() + HUFFMAN_TABLES.len());
            let decoded = |jpeg: &[u8]| Decoder::new().unwrap().decode_rgb(jpeg).unwrap();
            assert_eq!(decoded(&made), decoded(&whole));
            assert_eq!(complete(&made, length).unwrap(), made, "nothing is put in twice");
        }
    }

    #[test]
    fn what_came_in_part_is_nothing() {
        let jpeg = jpeg();
        for length in [Length::Told, Length::Unknown] {
            for cut in [0, 1, 2, 3, 100, jpeg.len() / 2, jpeg.len() - 2, jpeg.len() - 1] {
                assert_eq!(complete(&jpeg[..cut], length), None, "{cut} bytes");
            }
            assert_eq!(complete(&jpeg[1..], length), None, "no start");
            assert_eq!(complete(&[], length), None);
            assert_eq!(complete(&[0; 5000], length), None);
        }
    }
}

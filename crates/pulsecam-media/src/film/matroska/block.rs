//! Blocks of a Matroska file: one frame, or several laced together.

use bytes::Bytes;
use mkv_element::Lacer;

use super::element::number;

/// The most bytes of a block before its frame: track, time and flags.
pub(super) const HEAD: u64 = 11;

/// Both bits that say how several frames share a block.
const LACING: u8 = 0x06;

/// A parsed block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) track: u64,
    /// Ticks relative to its cluster's time.
    pub(super) ticks: i16,
    /// One frame in nearly all files, or several.
    pub(super) frames: Vec<Bytes>,
}

impl Block {
    /// Parses a block. `None` if it is cut off or inconsistent.
    pub(super) fn parse(bytes: &Bytes) -> Option<Self> {
        let (track, length) = number(bytes)?;
        let &[high, low, flags] = bytes.get(length..)?.first_chunk()?;
        let body = bytes.slice(length + 3..);
        let lacer = match flags & LACING {
            0 => return Some(Self { track, ticks: i16::from_be_bytes([high, low]), frames: vec![body] }),
            0x02 => Lacer::Xiph,
            0x04 => Lacer::FixedSize,
            _ => Lacer::Ebml,
        };
        let count = usize::from(*body.first()?) + 1;
        // Frames without bytes: the lacer would panic on empty chunks.
        if body.len() <= count {
            return None;
        }
        let frames = lacer.delace(&body).ok()?.into_iter().map(|frame| body.slice_ref(frame)).collect();
        Some(Self { track, ticks: i16::from_be_bytes([high, low]), frames })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_however_they_are_laced() {
        let frames: [&[u8]; 3] = [b"one", b"two", b"six"];
        for (flags, lacer) in [(0x82, Lacer::Xiph), (0x84, Lacer::FixedSize), (0x86, Lacer::Ebml)] {
            let bytes = [&[0x81, 0xff, 0xfe, flags][..], &lacer.lace(&frames)].concat();
            let block = Block::parse(&bytes.into()).unwrap();
            assert_eq!((block.track, block.ticks), (1, -2));
            assert_eq!(block.frames, frames, "{flags:x}");
        }
        let alone = Block::parse(&Bytes::from_static(b"\x40\x01\x00\x05\x80jpeg")).unwrap();
        assert_eq!(alone, Block { track: 1, ticks: 5, frames: vec!["jpeg".into()] });
    }

    #[test]
    fn lies_about_laces_are_no_block() {
        for bytes in [
            &b""[..],
            b"\x81",
            b"\x81\0\0",
            b"\0\0\0\0\0",
            b"\x81\0\0\x84\xff",
            b"\x81\0\0\x84\x01",
            b"\x81\0\0\x82\x03\xff\xff",
        ] {
            assert_eq!(Block::parse(&Bytes::from_static(bytes)), None, "{bytes:x?}");
        }
        for byte in 0..=255 {
            for flags in [0x82, 0x84, 0x86] {
                let _ = Block::parse(&vec![0x81, 0, 0, flags, byte, byte, byte, 0xff, byte].into());
            }
        }
    }
}

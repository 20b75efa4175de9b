//! The part of a JPEG before its pixels, as needed for splitting and splicing.
//!
//! Only pictures whose pieces are independent are supported: baseline, one scan with all components, and each
//! table that the scan uses defined in the picture itself. Others are passed to libjpeg-turbo whole. Layout:
//! ITU-T T.81, annex B.

use super::marker::{DHT, DQT, DRI, SOF0, SOF1, SOS, segments};

/// The side of a block of samples in pixels.
const BLOCK: usize = 8;

/// The longest head: it is copied for each piece. Encoders write 600 bytes, cameras a few kB.
const LONGEST: usize = 64 << 10;

/// Bytes from a frame header's marker to its height: marker, length, precision.
const HEIGHT_AT: usize = 5;

/// The head of a JPEG: everything before its entropy-coded data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StripHeader {
    /// Pixels across.
    pub(super) width: usize,
    /// Pixels down.
    pub(super) height: usize,
    /// Offset of the height: two bytes, big-endian.
    pub(super) height_at: usize,
    /// The width of an MCU in pixels.
    pub(super) mcu_width: usize,
    /// The height of an MCU in pixels.
    pub(super) mcu_height: usize,
    /// MCUs from one restart marker to the next; 0 if there are no such markers.
    pub(super) interval: usize,
    /// Where the scan header begins.
    pub(super) sos: usize,
    /// Where the entropy-coded data begins.
    pub(super) data: usize,
}

impl StripHeader {
    /// Reads the head. `None` for pictures that are not supported, and for other data.
    pub(super) fn read(jpeg: &[u8]) -> Option<Self> {
        let (mut frame, mut interval, mut tables) = (None, 0, Tables::default());
        for segment in segments(jpeg) {
            let (at, payload) = (segment.at, segment.payload);
            // Cut off, or with stray bytes between segments, which would be copied into each piece.
            if at > LONGEST || segment.stray > 0 || segment.end > jpeg.len() {
                return None;
            }
            match segment.marker {
                SOF0 | SOF1 if frame.is_none() => frame = Some((at, Frame::read(payload)?)),
                DQT => tables.quantization(payload)?,
                DHT => tables.huffman(payload)?,
                DRI => interval = usize::from(be16(payload, 0)?),
                SOS => {
                    let (sof, frame) = frame?;
                    frame.is_whole_in(payload, &tables).then_some(())?;
                    let Frame { width, height, across, down, .. } = frame;
                    return Some(Self {
                        width,
                        height,
                        height_at: sof + HEIGHT_AT,
                        mcu_width: across * BLOCK,
                        mcu_height: down * BLOCK,
                        interval,
                        sos: at,
                        data: segment.end,
                    });
                }
                // Application data and comments.
                0xe0..=0xef | 0xfe => {}
                // Processes other than baseline, arithmetic coding, heights given later.
                _ => return None,
            }
        }
        None
    }

    /// MCUs in a row.
    pub(super) const fn mcus_across(&self) -> usize {
        self.width.div_ceil(self.mcu_width)
    }

    /// Rows of MCUs.
    pub(super) const fn mcu_rows(&self) -> usize {
        self.height.div_ceil(self.mcu_height)
    }
}

/// A frame header.
struct Frame {
    width: usize,
    height: usize,
    /// The most blocks of one component across an MCU.
    across: usize,
    /// The most blocks of one component down an MCU.
    down: usize,
    /// Each component's identifier and quantization table.
    components: Vec<(u8, u8)>,
}

impl Frame {
    /// Reads a frame header. `None` unless it has 8 bits per sample, and three components, or one of one
    /// block.
    fn read(segment: &[u8]) -> Option<Self> {
        let (&[8, h1, h0, w1, w0, count], rest) = segment.split_at_checked(6)? else { return None };
        let (width, height) = (u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into());
        if width == 0 || height == 0 || !matches!(count, 1 | 3) || rest.len() != usize::from(count) * 3 {
            return None;
        }
        let (mut across, mut down, mut components) = (0, 0, Vec::with_capacity(3));
        for component in rest.chunks_exact(3) {
            let &[id, sampling, table] = component else { return None };
            let (h, v) = (usize::from(sampling >> 4), usize::from(sampling & 0xf));
            if !(1..=4).contains(&h) || !(1..=4).contains(&v) {
                return None;
            }
            (across, down) = (across.max(h), down.max(v));
            components.push((id, table));
        }
        // A single component has MCUs of one block, whatever its sampling says: not worth another case.
        (count == 3 || (across, down) == (1, 1)).then_some(Self { width, height, across, down, components })
    }

    /// Whether this scan header is that of a whole baseline picture that defines its own tables.
    fn is_whole_in(&self, segment: &[u8], tables: &Tables) -> bool {
        let Some((&count, rest)) = segment.split_first() else { return false };
        let Some((coded, spectrum)) = rest.split_at_checked(2 * usize::from(count)) else { return false };
        usize::from(count) == self.components.len()
            && spectrum == [0, 63, 0]
            && coded.chunks_exact(2).zip(&self.components).all(|(coded, &(id, quantization))| {
                coded.first() == Some(&id)
                    && coded.get(1).is_some_and(|&codes| tables.have(quantization, codes))
            })
    }
}

/// The tables that a head defines, one bit each.
#[derive(Default)]
struct Tables {
    quantization: u8,
    dc: u8,
    ac: u8,
}

impl Tables {
    fn quantization(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&kind, rest)) = segment.split_first() {
            let (sixteen, number) = (kind >> 4, kind & 0xf);
            if sixteen > 1 || number > 3 {
                return None;
            }
            segment = rest.get(64 << sixteen..)?;
            self.quantization |= 1 << number;
        }
        Some(())
    }

    fn huffman(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&kind, rest)) = segment.split_first() {
            let (counts, rest) = rest.split_at_checked(16)?;
            segment = rest.get(counts.iter().map(|&count| usize::from(count)).sum()..)?;
            match (kind >> 4, kind & 0xf) {
                (0, number @ 0..=3) => self.dc |= 1 << number,
                (1, number @ 0..=3) => self.ac |= 1 << number,
                _ => return None,
            }
        }
        Some(())
    }

    /// Whether the tables that a component uses are defined: `codes` as in a scan header.
    const fn have(&self, quantization: u8, codes: u8) -> bool {
        const fn bit(bits: u8, number: u8) -> bool {
            number < 4 && bits & (1 << number) != 0
        }
        bit(self.quantization, quantization) && bit(self.dc, codes >> 4) && bit(self.ac, codes & 0xf)
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

//! EBML elements, of which Matroska consists.

use bytes::Bytes;

/// Element IDs, with their length marker.
pub(super) mod id {
    pub(in super::super) const SEGMENT: u32 = 0x1853_8067;
    pub(in super::super) const INFO: u32 = 0x1549_a966;
    pub(in super::super) const TIMESTAMP_SCALE: u32 = 0x002a_d7b1;
    pub(in super::super) const DURATION: u32 = 0x4489;
    pub(in super::super) const TRACKS: u32 = 0x1654_ae6b;
    pub(in super::super) const TRACK_ENTRY: u32 = 0xae;
    pub(in super::super) const TRACK_NUMBER: u32 = 0xd7;
    pub(in super::super) const TRACK_TYPE: u32 = 0x83;
    pub(in super::super) const CODEC_ID: u32 = 0x86;
    pub(in super::super) const CODEC_PRIVATE: u32 = 0x63a2;
    pub(in super::super) const DEFAULT_DURATION: u32 = 0x0023_e383;
    pub(in super::super) const ENCODINGS: u32 = 0x6d80;
    pub(in super::super) const ENCODING: u32 = 0x6240;
    pub(in super::super) const ENCODING_ORDER: u32 = 0x5031;
    pub(in super::super) const ENCODING_SCOPE: u32 = 0x5032;
    pub(in super::super) const ENCODING_TYPE: u32 = 0x5033;
    pub(in super::super) const COMPRESSION: u32 = 0x5034;
    pub(in super::super) const COMPRESSION_ALGORITHM: u32 = 0x4254;
    pub(in super::super) const COMPRESSION_SETTINGS: u32 = 0x4255;
    pub(in super::super) const CLUSTER: u32 = 0x1f43_b675;
    pub(in super::super) const TIMESTAMP: u32 = 0xe7;
    pub(in super::super) const SIMPLE_BLOCK: u32 = 0xa3;
    pub(in super::super) const BLOCK_GROUP: u32 = 0xa0;
    pub(in super::super) const BLOCK: u32 = 0xa1;
    const VOID: u32 = 0xec;
    const CRC: u32 = 0xbf;

    /// IDs that are skipped in a cluster or beside it: any other ID there is damage.
    const PASSED_OVER: [u32; 24] = [
        VOID,
        CRC,
        INFO,
        TRACKS,
        0x1a45_dfa3, // EBML
        0x114d_9b74, // SeekHead
        0x1c53_bb6b, // Cues
        0x1941_a469, // Attachments
        0x1043_a770, // Chapters
        0x1254_c367, // Tags
        0x5854,      // SilentTracks
        0xa7,        // Position
        0xab,        // PrevSize
        0xaf,        // EncryptedBlock
        0x9b,        // BlockDuration
        0xfa,        // ReferencePriority
        0xfb,        // ReferenceBlock
        0xfd,        // ReferenceVirtual
        0xa2,        // BlockVirtual
        0xa4,        // CodecState
        0x75a1,      // BlockAdditions
        0x75a2,      // DiscardPadding
        0x8e,        // Slices
        0xc8,        // ReferenceFrame
    ];

    pub(in super::super) fn is_passed_over(id: u32) -> bool {
        PASSED_OVER.contains(&id)
    }

    /// Whether this can be the first element of a cluster.
    pub(in super::super) const fn begins_cluster(id: u32) -> bool {
        matches!(id, TIMESTAMP | VOID | CRC | 0xa7 | 0xab | 0x5854)
    }
}

/// The head of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ElementHeader {
    pub(super) id: u32,
    /// Length of the head.
    pub(super) length: usize,
    /// Length of the body; `None` if it is unknown.
    pub(super) body: Option<u64>,
}

impl ElementHeader {
    /// Length of the longest head.
    pub(super) const LONGEST: usize = 12;

    /// Parses a head. `None` if it is invalid or cut off.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let id_length = bytes.first()?.leading_zeros() as usize + 1;
        if id_length > 4 {
            return None;
        }
        let id = bytes.get(..id_length)?.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
        let (size, size_length) = number(bytes.get(id_length..)?)?;
        let unknown = size == (1 << (7 * size_length)) - 1;
        Some(Self { id, length: id_length + size_length, body: (!unknown).then_some(size) })
    }
}

/// Parses a number of one to eight bytes; also returns its length.
pub(super) fn number(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    if length > 8 {
        return None;
    }
    let marked = bytes.get(..length)?.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    Some((marked & !(1 << (7 * length)), length))
}

/// The child elements, up to the first invalid one.
pub(super) fn elements(body: &Bytes) -> impl Iterator<Item = (u32, Bytes)> + use<> {
    let mut rest = body.clone();
    std::iter::from_fn(move || {
        let ElementHeader { id, length, body } = ElementHeader::parse(&rest)?;
        let end = length.checked_add(usize::try_from(body?).ok()?).filter(|&end| end <= rest.len())?;
        Some((id, rest.split_to(end).slice(length..)))
    })
}

/// The first child element with this ID.
pub(super) fn element(body: &Bytes, id: u32) -> Option<Bytes> {
    elements(body).find_map(|(found, body)| (found == id).then_some(body))
}

/// The content of an element as an unsigned integer.
pub(super) fn unsigned(body: &[u8]) -> Option<u64> {
    (body.len() <= 8).then(|| body.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The content of an element as a floating-point number.
pub(super) fn float(body: &[u8]) -> Option<f64> {
    match body.len() {
        4 => body.first_chunk().map(|bytes| f32::from_be_bytes(*bytes).into()),
        8 => body.first_chunk().map(|bytes| f64::from_be_bytes(*bytes)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_all_widths_are_read() {
        let head = |id, length, body| Some(ElementHeader { id, length, body });
        for (bytes, wanted) in [
            (&b"\xa3\x85"[..], head(0xa3, 2, Some(5))),
            (b"\xa3\x40\x7f", head(0xa3, 3, Some(127))),
            (b"\x1f\x43\xb6\x75\xff", head(id::CLUSTER, 5, None)),
            (b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff", head(id::CLUSTER, 12, None)),
            (b"\x2a\xd7\xb1\x01\0\0\0\0\0\x01\0", head(id::TIMESTAMP_SCALE, 11, Some(256))),
            (b"\x0a\xd7\xb1\x81\x81", None),
            (b"\xa3\0", None),
            (b"\xa3", None),
            (b"", None),
        ] {
            assert_eq!(ElementHeader::parse(bytes), wanted, "{bytes:x?}");
        }
    }

    #[test]
    fn what_leaves_its_parent_ends_the_list() {
        let body = Bytes::from_static(b"\xd7\x81\x07\x83\x80\x86\x85V_M");
        let found: Vec<_> = elements(&body).collect();
        assert_eq!(found, [(0xd7, Bytes::from_static(b"\x07")), (0x83, Bytes::new())]);
        assert_eq!((unsigned(b"\x01\x02"), unsigned(&[1; 9]), float(&[0; 3])), (Some(258), None, None));
    }
}

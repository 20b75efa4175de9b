//! Atoms, of which QuickTime and MP4 files consist.

use bytes::Bytes;

/// The head of an atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AtomHeader {
    pub(super) kind: [u8; 4],
    /// Length of the head.
    pub(super) length: usize,
    /// Length of the body; `None` if it extends to the end of the file.
    pub(super) body: Option<u64>,
}

impl AtomHeader {
    /// Length of the longest head.
    pub(super) const LONGEST: usize = 16;

    /// Parses a head. `None` if it is cut off, or its size is less than its own length.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let kind = *bytes.get(4..)?.first_chunk()?;
        let (length, size) = match u32_at(bytes, 0)? {
            0 => return Some(Self { kind, length: 8, body: None }),
            1 => (16, u64_at(bytes, 8)?),
            size => (8, u64::from(size)),
        };
        Some(Self { kind, length, body: Some(size.checked_sub(length as u64)?) })
    }
}

/// The child atoms, up to the first invalid one.
pub(super) fn atoms(body: &Bytes) -> impl Iterator<Item = ([u8; 4], Bytes)> + use<> {
    let mut rest = body.clone();
    std::iter::from_fn(move || {
        let AtomHeader { kind, length, body } = AtomHeader::parse(&rest)?;
        let inside = body.map_or(Some(rest.len() - length), |body| usize::try_from(body).ok())?;
        let end = length.checked_add(inside).filter(|&end| end <= rest.len())?;
        let atom = rest.split_to(end).slice(length..);
        Some((kind, atom))
    })
}

/// The first child atom of this kind.
pub(super) fn atom(body: &Bytes, kind: &[u8; 4]) -> Option<Bytes> {
    atoms(body).find_map(|(found, atom)| (found == *kind).then_some(atom))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_both_widths_are_read_and_lies_end_the_list() {
        let body = [
            &b"\0\0\0\x0aoneaab"[..],
            b"\0\0\0\x01two \0\0\0\0\0\0\0\x11c",
            b"\0\0\0\x08none",
            b"\0\0\0\0restdef",
        ]
        .concat();
        let found: Vec<_> = atoms(&body.into()).map(|(_, body)| body).collect();
        assert_eq!(found, [&b"ab"[..], b"c", b"", b"def"]);
        for lie in [
            &b"\0\0\0\x07lie "[..],
            b"\0\0\0\x09lie ",
            b"\0\0\0\x01lie \xff\xff\xff\xff\xff\xff\xff\xff",
            b"\0\0\0",
        ] {
            assert_eq!(atoms(&Bytes::from_static(lie)).count(), 0, "{lie:?}");
        }
    }
}

//! The bytes of a code: the text, and bytes that correct errors (Reed-Solomon).

use super::{alignment, side};

/// Check bytes of each block, and blocks, by version.
const CHECK: [usize; 15] = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24];
const BLOCKS: [usize; 15] = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10];

/// What fills the room behind the text.
const FILLING: [u8; 2] = [0xec, 0x11];

/// The modules that carry data.
fn modules(version: usize) -> usize {
    let side = side(version);
    let marks = alignment(version).len();
    // Without finders, timing, format and version information, and alignment patterns.
    let mut free = side * side - 3 * 64 - 31 - 2 * (side - 16);
    if marks > 0 {
        free -= 25 * (marks * marks - 3) - 10 * marks.saturating_sub(2);
    }
    if version >= 7 { free - 36 } else { free }
}

/// Multiplies in the field GF(2^8) modulo 0x11d.
fn product(a: u8, b: u8) -> u8 {
    (0..8).rev().fold(0, |sum: u8, bit| {
        let doubled = (sum << 1) ^ if sum & 0x80 == 0 { 0 } else { 0x1d };
        doubled ^ if b >> bit & 1 == 0 { 0 } else { a }
    })
}

/// The check bytes of a block.
fn check(data: &[u8], count: usize) -> Vec<u8> {
    // The product of (x - 2^i), without its leading 1.
    let mut generator = vec![0; count];
    if let Some(last) = generator.last_mut() {
        *last = 1;
    }
    let mut root = 1;
    for _ in 0..count {
        for at in 0..count {
            generator[at] = product(generator[at], root) ^ generator.get(at + 1).copied().unwrap_or(0);
        }
        root = product(root, 2);
    }
    let mut rest = vec![0; count];
    for byte in data {
        let lead = byte ^ rest.remove(0);
        rest.push(0);
        for (rest, factor) in rest.iter_mut().zip(&generator) {
            *rest ^= product(*factor, lead);
        }
    }
    rest
}

/// The bytes of a code of this version, data and checks interleaved; `None` if the text does not fit.
pub(super) fn codewords(text: &[u8], version: usize) -> Option<Vec<u8>> {
    let total = modules(version) / 8;
    let (blocks, checks) = (*BLOCKS.get(version - 1)?, *CHECK.get(version - 1)?);
    let capacity = total - blocks * checks;
    let is_wide = version >= 10;
    if text.len() + if is_wide { 3 } else { 2 } > capacity {
        return None;
    }
    // Mode 4 (bytes), the length, the bytes, and an end of four bits.
    let length = u16::try_from(text.len()).ok()?.to_be_bytes();
    let length = if is_wide { &length[..] } else { &length[1..] };
    let halves = |byte: &u8| [byte >> 4, byte & 15];
    let halves: Vec<u8> =
        std::iter::once(4).chain(length.iter().chain(text).flat_map(halves)).chain([0]).collect();
    let bytes = halves.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]);
    let data: Vec<u8> = bytes.chain(FILLING.into_iter().cycle()).take(capacity).collect();
    let short = blocks - total % blocks;
    let size = total / blocks - checks;
    let mut left = &data[..];
    let parts: Vec<_> = (0..blocks)
        .map(|block| {
            let (part, rest) = left.split_at(size + usize::from(block >= short));
            left = rest;
            (part, check(part, checks))
        })
        .collect();
    let data = (0..=size).flat_map(|at| parts.iter().filter_map(move |(part, _)| part.get(at)));
    let checks = (0..checks).flat_map(|at| parts.iter().filter_map(move |(_, checks)| checks.get(at)));
    Some(data.chain(checks).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_bytes_are_those_of_the_standard() {
        // The example of ISO/IEC 18004, annex I: "01234567" in a code of version 1-M.
        let data =
            [0x10, 0x20, 0x0c, 0x56, 0x61, 0x80, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11];
        assert_eq!(check(&data, 10), [0xa5, 0x24, 0xd4, 0xc1, 0xed, 0x36, 0xc7, 0x87, 0x2c, 0x55]);
    }

    #[test]
    fn versions_hold_what_the_standard_says() {
        // Bytes in byte mode at level M, of versions 1 to 15.
        let most = [14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412];
        for (version, most) in (1..).zip(most) {
            assert!(codewords(&vec![b'a'; most], version).is_some(), "{version}");
            assert!(codewords(&vec![b'a'; most + 1], version).is_none(), "{version}");
            let words = codewords(b"a", version).unwrap();
            assert_eq!(words.len(), modules(version) / 8, "{version}");
        }
    }
}

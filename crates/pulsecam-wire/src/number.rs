//! The number that a relay assigns to a connection: `; peer=7` at the very end of a description.
//!
//! A sender may write anything into its description, so only the end counts. A relay removes numbers from the
//! end before it appends its own; relay and client both search for it with this module, in the raw UTF-16
//! units.

/// `; peer=` in UTF-16BE.
const MARK: &[u8] = b"\0;\0 \0p\0e\0e\0r\0=";

/// Bytes of a UTF-16 unit.
const UNIT: usize = 2;

/// Finds the number at the end of a description: its position and value; `None` if there is none.
///
/// The value is `None` if it does not fit 64 bits. A relay removes that as well.
pub(super) fn find(units: &[u8]) -> Option<(usize, Option<u64>)> {
    let is_digit = |unit: &&[u8]| matches!(unit, [0, b'0'..=b'9']);
    let digits = units.rchunks_exact(UNIT).take_while(is_digit).count();
    let (rest, number) = units.split_at(units.len() - UNIT * digits);
    if digits == 0 || !rest.ends_with(MARK) {
        return None;
    }
    let next = |number: u64, unit: &[u8]| number.checked_mul(10)?.checked_add(u64::from(unit[1] - b'0'));
    let number = number.chunks_exact(UNIT).try_fold(0, next);
    Some((rest.len() - MARK.len(), number))
}

/// The description without the numbers at its end, however many there are.
pub(super) fn stripped(mut units: &[u8]) -> &[u8] {
    while let Some((at, _)) = find(units) {
        units = &units[..at];
    }
    units
}

/// The UTF-16 bytes that a relay appends.
pub(super) fn suffix(number: u64) -> impl Iterator<Item = u8> {
    let digits = number.to_string().into_bytes();
    MARK.iter().copied().chain(digits.into_iter().flat_map(|digit| [0, digit]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_be_bytes).collect()
    }

    #[test]
    fn only_the_end_counts() {
        let number = |text: &str| find(&units(text)).map(|(at, number)| (at / UNIT, number));
        assert_eq!(number("x; peer=7"), Some((1, Some(7))));
        assert_eq!(number("; peer=007"), Some((0, Some(7))));
        assert_eq!(number("x; peer=7; peer=12"), Some((9, Some(12))));
        assert_eq!(number("x; peer=18446744073709551615"), Some((1, Some(u64::MAX))));
        assert_eq!(number("x; peer=18446744073709551616"), Some((1, None)), "too large");
        for none in
            ["", "7", "peer=7", "x; peer=", "x;peer=7", "x; peer=7 ", "x; peer=+7", "x; peer=7; seq=1"]
        {
            assert_eq!(number(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_taken_off_leaves_none_behind() {
        assert_eq!(stripped(&units("x; peer=1; peer=2; peer=99999999999999999999")), units("x"));
        assert_eq!(stripped(&units("x; peer=1; seq=2")), units("x; peer=1; seq=2"));
        assert_eq!(suffix(42).collect::<Vec<_>>(), units("; peer=42"));
    }
}

//! Characters of the X protocol's symbols of keys.

/// The letters of the Cyrillic symbols from 0x6c0 on, in the order of KOI8-R.
const CYRILLIC: &str = "юабцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ";

/// Those from 0x6a1 on, as far as they are letters of other languages.
const MORE_CYRILLIC: &str = "ђѓёєѕіїјљњћќґўџ";

/// The letters of the Greek symbols from 0x7e1 on; in Unicode, the two forms of sigma are in the other order.
const GREEK: &str = "αβγδεζηθικλμνξοπρσςτυφχψω";

/// The character of a symbol of the X protocol (its appendix A): Unicode, or one of the older tables that keyboards
/// use.
pub(super) fn character(symbol: u32) -> Option<char> {
    let nth = |letters: &str, first: u32| letters.chars().nth((symbol - first) as usize);
    match symbol {
        0x20..=0x7e | 0xa0..=0xff => char::from_u32(symbol),
        0x5ac..=0x5f2 => char::from_u32(symbol - 0x5a0 + 0x600), // Arabic
        0x6a1..=0x6af => nth(MORE_CYRILLIC, 0x6a1),
        0x6c0..=0x6ff => nth(CYRILLIC, 0x6c0),
        0x7e1..=0x7f9 => nth(GREEK, 0x7e1),
        0xce0..=0xcfa => char::from_u32(symbol - 0xce0 + 0x5d0), // Hebrew
        0xda1..=0xdf9 => char::from_u32(symbol - 0xda0 + 0xe00), // Thai
        0xffaa..=0xffb9 => char::from_u32(symbol - 0xff80),      // the block of digits
        // Below 0x100 they are not in the standard, and programs bind them all the same.
        0x0100_0020..=0x0100_007e | 0x0100_00a0..=0x0110_ffff => char::from_u32(symbol - 0x0100_0000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_old_tables_and_of_unicode_are_characters() {
        let symbols = [0x74, 0xe9, 0x6d2, 0x7e1, 0xffb7, 0x0100_4f60, 0x0100_043f, 0x0101_f642, 0x0100_002c];
        let text: String = symbols.into_iter().filter_map(character).collect();
        assert_eq!(text, "téрα7你п🙂,");
        for none in [0, 0x0100_000d, 0xfe51, 0xff0d, 0xffe1, 0x0100_d800, 0x0111_0000, u32::MAX] {
            assert_eq!(character(none), None, "{none:x}");
        }
    }
}

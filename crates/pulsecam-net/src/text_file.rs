//! Text files from other systems: with a byte-order mark, or in UTF-16.

/// Converts text to UTF-8 without a byte-order mark. Notepad writes one before a key, and PowerShell's `>`
/// writes UTF-16. Text without a mark stays unchanged; half a surrogate pair becomes U+FFFD.
#[must_use]
pub fn utf8(bytes: Vec<u8>) -> Vec<u8> {
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, text @ ..] => text.to_vec(),
        [0xff, 0xfe, text @ ..] => utf16(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => utf16(text, u16::from_be_bytes),
        _ => bytes,
    }
}

/// Whether text with this beginning is UTF-16, which cannot be split into lines by its bytes.
#[must_use]
pub fn is_utf16(start: &[u8]) -> bool {
    start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff])
}

fn utf16(text: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let units: Vec<u16> = text
        .chunks(2)
        .map(|pair| match pair {
            [first, second] => unit([*first, *second]),
            _ => 0xfffd, // cut in the middle of a unit
        })
        .collect();
    String::from_utf16_lossy(&units).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_goes_and_the_text_stays() {
        let text = "密 key\r\n";
        let units = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "\u{feff}密 key\r\n".encode_utf16().flat_map(bytes).collect()
        };
        let marked = format!("\u{feff}{text}").into_bytes();
        for bytes in [text.into(), marked, units(u16::to_le_bytes), units(u16::to_be_bytes)] {
            assert_eq!(utf8(bytes), text.as_bytes());
        }
        assert!(is_utf16(&units(u16::to_le_bytes)) && is_utf16(&units(u16::to_be_bytes)));
        assert!(!is_utf16(text.as_bytes()) && !is_utf16(b""));
    }

    #[test]
    fn what_is_no_text_stays_or_ends_in_a_mark() {
        for bytes in [b"".as_slice(), b"\xff", b"\x30\x82\x01", b"\xef\xbb"] {
            assert_eq!(utf8(bytes.to_vec()), bytes);
        }
        assert_eq!(utf8(b"\xff\xfea\0b".to_vec()), "a\u{fffd}".as_bytes(), "cut");
        assert_eq!(utf8(b"\xff\xfe\x00\xd8".to_vec()), "\u{fffd}".as_bytes(), "half a pair");
    }
}

//! Percent escapes of URLs.

/// Replaces escapes such as `%20` by their bytes; what is none stays.
pub(crate) fn unescaped(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    let (mut plain, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(byte) = text.get(at) {
        match (digit(at + 1), digit(at + 2)) {
            (Some(high), Some(low)) if *byte == b'%' => {
                plain.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_that_are_none_stay() {
        for (text, plain) in [
            ("%41%e4%bd%a0", "A你".as_bytes()),
            ("100%", b"100%"),
            ("%4", b"%4"),
            ("%zz", b"%zz"),
            ("%ff", b"\xff"),
            ("%%20", b"% "),
        ] {
            assert_eq!(unescaped(text.as_bytes()), plain, "{text:?}");
        }
    }
}

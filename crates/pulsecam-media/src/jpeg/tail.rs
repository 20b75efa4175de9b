//! What follows the pixels of a picture that has no end marker.

use memchr::memmem;

/// Bytes that are searched for the headers of the next part of a multipart stream.
const LONGEST_TEXT: usize = 1 << 10;

/// Removes the text of a multipart stream from the end: a boundary, and the headers of the next part.
pub(super) fn text(jpeg: &[u8]) -> &[u8] {
    let from = jpeg.len().saturating_sub(LONGEST_TEXT);
    let tail = jpeg.get(from..).unwrap_or_default();
    let is_text = |byte: &u8| matches!(byte, b'\r' | b'\n' | b'\t' | b' '..=b'~');
    let begin = tail.iter().rposition(|byte| !is_text(byte)).map_or(0, |last| last + 1);
    let text = tail.get(begin..).unwrap_or_default();
    let found = [&b"\r\n--"[..], b"\n--", b"\r\nContent-", b"\r\ncontent-", b"\r\nCONTENT-"]
        .into_iter()
        .find_map(|mark| memmem::find(text, mark));
    found.and_then(|at| jpeg.get(..from + begin + at)).unwrap_or(jpeg)
}

/// Removes zeros or fill bytes from the end.
pub(super) fn padding(jpeg: &[u8]) -> &[u8] {
    let end = jpeg.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let zeros = jpeg.len() - end;
    let kept = jpeg.get(..end).unwrap_or_default();
    match kept {
        // The zero belongs to the 0xff: together they are one byte of pixel data.
        [.., 0xff] if zeros > 0 => jpeg.get(..=end).unwrap_or(jpeg),
        [.., 0xff] => {
            let end = kept.iter().rposition(|&byte| byte != 0xff).map_or(0, |last| last + 1);
            kept.get(..end).unwrap_or_default()
        }
        _ => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_multipart_stream_is_told_from_pixels() {
        for behind in [
            &b"\r\n--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 1234\r\n\r\n"[..],
            b"\n--x\n\n",
            b"\r\nContent-Type: image/jpeg\r\n\r\n",
            b"\r\n--frame--",
        ] {
            for pixels in [&b"\x81\xd7"[..], b"\x81 and pixels that look like text", b"\0\0\0", b""] {
                assert_eq!(text(&[pixels, behind].concat()), pixels);
            }
        }
        for pixels in [&b"\x81\xd7"[..], b"\x81 text", b"\r\n--frame\r\n\r\n\xff"] {
            assert_eq!(text(pixels), pixels);
        }
    }

    #[test]
    fn padding_is_told_from_a_stuffed_byte() {
        for (bytes, wanted) in [
            (&b"\x12\x34"[..], &b"\x12\x34"[..]),
            (b"\x12\0\0\0", b"\x12"),
            (b"\x12\xff", b"\x12"),
            (b"\x12\xff\xff\xff", b"\x12"),
            (b"\x12\xff\0", b"\x12\xff\0"),
            (b"\x12\xff\0\0\0", b"\x12\xff\0"),
            (b"\0\0", b""),
            (b"", b""),
        ] {
            assert_eq!(padding(bytes), wanted, "{bytes:?}");
        }
    }
}

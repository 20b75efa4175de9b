//! Lines of standard input, as they arrive.

use std::io::{self, BufRead};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::text_file;

/// Error for UTF-16, whose lines cannot be split by bytes.
const UTF16: &str =
    "standard input is UTF-16, as written by PowerShell: pipe it through iconv -f UTF-16 -t UTF-8";

/// The byte-order mark of UTF-8, which Notepad writes before a text.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A line without its line end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Its text. Invalid UTF-8 is replaced, so that the following lines are not lost.
    Text(String),
    /// Its length in bytes, which exceeds the limit. The text is not kept.
    TooLong(u64),
}

/// Reader of the lines.
pub(super) struct Lines {
    take: mpsc::Receiver<io::Result<Line>>,
    ended: CancellationToken,
}

impl Lines {
    /// Reads standard input; of each line, at most `most` bytes are kept.
    pub(super) fn of_input(most: usize) -> Self {
        let (give, take) = mpsc::channel(1);
        let ended = CancellationToken::new();
        let end = ended.clone();
        std::thread::spawn(move || {
            let mut input = io::stdin().lock();
            if let Err(error) = skip_mark(&mut input) {
                let _ = give.blocking_send(Err(error)); // the receiver may be gone
                return;
            }
            while let Some(line) = next(&mut input, most).transpose() {
                if give.blocking_send(line).is_err() {
                    return;
                }
            }
            end.cancel();
        });
        Self { take, ended }
    }

    /// The next line; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<io::Result<Line>> {
        self.take.recv().await
    }

    /// Cancelled once the end of the input has been read. Lines may still be queued.
    pub(super) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }
}

/// Skips a byte-order mark at the start; fails if it is that of UTF-16.
fn skip_mark(input: &mut impl BufRead) -> io::Result<()> {
    let start = input.fill_buf()?;
    if text_file::is_utf16(start) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, UTF16));
    }
    if start.starts_with(MARK) {
        input.consume(MARK.len());
    }
    Ok(())
}

fn next(input: &mut impl BufRead, most: usize) -> io::Result<Option<Line>> {
    let (mut kept, mut length) = (Vec::new(), 0_u64);
    loop {
        let buffer = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            buffer => buffer?,
        };
        let end = memchr::memchr(b'\n', buffer);
        let part = end.map_or(buffer, |end| &buffer[..end]);
        length += part.len() as u64;
        if length <= most as u64 {
            kept.extend_from_slice(part);
        }
        let (is_last, used) = (buffer.is_empty(), end.map_or(buffer.len(), |end| end + 1));
        input.consume(used);
        if is_last && length == 0 {
            return Ok(None);
        }
        if is_last || end.is_some() {
            let text = || String::from_utf8_lossy(&kept).trim_end_matches('\r').to_owned();
            return Ok(Some(if length > most as u64 { Line::TooLong(length) } else { Line::Text(text()) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8], most: usize) -> Vec<Line> {
        // A small buffer, so that lines arrive in pieces.
        let mut input = io::BufReader::with_capacity(3, input);
        std::iter::from_fn(|| next(&mut input, most).unwrap()).collect()
    }

    fn text(text: &str) -> Line {
        Line::Text(text.into())
    }

    #[test]
    fn each_line_comes_without_its_end() {
        assert_eq!(
            all("一\n\r\nthree\r\n\nlast".as_bytes(), 100),
            [text("一"), text(""), text("three"), text(""), text("last")]
        );
        assert_eq!(all(b"", 100), []);
        assert_eq!(all(b"\n", 100), [text("")]);
        assert_eq!(all(b"a\xffb\nc\n", 100), [text("a\u{fffd}b"), text("c")]);
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_first_line() {
        let mut marked = b"\xef\xbb\xbfone\ntwo".as_slice();
        skip_mark(&mut marked).unwrap();
        assert_eq!(all(marked, 100), [text("one"), text("two")]);
        let error = skip_mark(&mut b"\xff\xfeo\0n\0".as_slice()).unwrap_err();
        assert!(error.to_string().contains("iconv"), "{error}");
        skip_mark(&mut b"".as_slice()).unwrap();
    }

    #[test]
    fn only_the_length_of_a_too_long_line_is_kept() {
        let input = [b"ab\n".as_slice(), &[b'x'; 5000], b"\ncd\n", &[b'y'; 11]].concat();
        assert_eq!(all(&input, 10), [text("ab"), Line::TooLong(5000), text("cd"), Line::TooLong(11)]);
        assert_eq!(all(&input[..3], 2), [text("ab")], "the limit itself is allowed");
    }
}

//! The parts of a stream of pictures (`multipart/x-mixed-replace`), in the form that ustreamer has made known.

use std::time::Duration;

use bytes::{Buf, Bytes, buf::Chain};

use super::viewer::Picture;
use crate::{clock::Timestamp, wire::FrameInfo};

/// Separates the parts; as ustreamer's.
const BOUNDARY: &str = "boundarydonotcross";

/// The type of a stream.
pub(super) const CONTENT_TYPE: &str = "multipart/x-mixed-replace;boundary=boundarydonotcross";

/// The bytes of one part, in one write: its head, the picture, and what ends it.
pub(super) type Chunk = Chain<Chain<Bytes, Bytes>, Bytes>;

/// A chunk of other bytes.
pub(super) fn plain(bytes: Bytes) -> Chunk {
    bytes.chain(Bytes::new()).chain(Bytes::new())
}

/// How parts are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    /// Whether the head of the next part follows each picture at once. Chromium shows a picture of an `<img>`
    /// only when the next part begins: one frame later without this. Such a head cannot tell the length, which
    /// other programs need.
    pub(super) ahead: bool,
    /// Whether heads tell where the picture comes from.
    pub(super) extra: bool,
}

impl Format {
    /// The next part; `first`: nothing was written before.
    pub(super) fn part(self, picture: Picture, first: bool) -> Chunk {
        let mut head = String::new();
        if first {
            head.push_str("--");
            head.push_str(BOUNDARY);
            head.push_str("\r\n");
        }
        if !self.ahead {
            head.push_str("Content-Type: image/jpeg\r\nContent-Length: ");
            head.push_str(&picture.jpeg.len().to_string());
            head.push_str("\r\n");
            put_headers(&mut head, &picture.info, self.extra);
            head.push_str("\r\n");
        } else if first {
            head.push_str(OPEN_HEAD);
        }
        let end = if self.ahead { NEXT_AHEAD } else { NEXT };
        Bytes::from(head).chain(picture.jpeg).chain(Bytes::from_static(end))
    }
}

/// A head without length.
const OPEN_HEAD: &str = "Content-Type: image/jpeg\r\n\r\n";

/// The end of a part.
const NEXT: &[u8] = b"\r\n--boundarydonotcross\r\n";

/// The end of a part, and the head of the next.
const NEXT_AHEAD: &[u8] = b"\r\n--boundarydonotcross\r\nContent-Type: image/jpeg\r\n\r\n";

/// Headers about a picture, for a part or a whole answer: its time always, as ustreamer's.
pub(super) fn headers(info: &FrameInfo, extra: bool) -> Vec<(&'static str, String)> {
    let captured = info.captured_at_relay();
    let now = Timestamp::now();
    let micros = captured.unwrap_or(now).as_micros();
    let mut headers = vec![("X-Timestamp", format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000))];
    if extra {
        let name = info.stream.as_deref().map(|name| name.bytes().map(escaped).collect::<String>());
        headers.extend(name.map(|name| ("X-Pulsecam-Stream", name)));
        headers.extend(info.seq.map(|seq| ("X-Pulsecam-Seq", seq.to_string())));
        let seconds = |time: Duration| format!("{:.6}", time.as_secs_f64());
        headers.extend(captured.map(|captured| ("X-Pulsecam-Age", seconds(now.since(captured)))));
        let within = info.within.map(Duration::from_micros);
        headers.extend(within.map(|within| ("X-Pulsecam-Age-Within", seconds(within))));
    }
    headers
}

fn put_headers(head: &mut String, info: &FrameInfo, extra: bool) {
    for (name, value) in headers(info, extra) {
        // ffmpeg reads lines of at most 128 bytes.
        if name.len() + value.len() < LONGEST_LINE {
            head.extend([name, ": ", &value, "\r\n"]);
        }
    }
}

/// The longest line of a head that ffmpeg reads, less the colon, the space and the line's end.
const LONGEST_LINE: usize = 128 - 4;

/// A byte of a name as in a URL: names are any text, and headers are lines.
fn escaped(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).into(),
        other => format!("%{other:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, first: bool) -> String {
        let info = FrameInfo::default().with_stream("门 1\r\nX-Evil: 1").with_seq(7);
        let mut part = format.part(Picture { jpeg: Bytes::from_static(b"JPEG"), info }, first);
        let bytes = part.copy_to_bytes(part.remaining());
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn a_part_has_its_length_or_the_head_of_the_next() {
        let with_length = written(Format { ahead: false, extra: false }, true);
        assert!(with_length.starts_with(
            "--boundarydonotcross\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\nX-Timestamp: "
        ));
        assert!(with_length.ends_with("\r\n\r\nJPEG\r\n--boundarydonotcross\r\n"));
        let ahead = Format { ahead: true, extra: false };
        assert_eq!(
            [written(ahead, true), written(ahead, false)].concat(),
            "--boundarydonotcross\r\nContent-Type: image/jpeg\r\n\r\nJPEG\r\n--boundarydonotcross\r\nContent-Type: image/jpeg\r\n\r\n\
             JPEG\r\n--boundarydonotcross\r\nContent-Type: image/jpeg\r\n\r\n"
        );
    }

    #[test]
    fn a_name_makes_no_lines() {
        let extra = written(Format { ahead: false, extra: true }, false);
        assert!(
            extra
                .contains("\r\nX-Pulsecam-Stream: %E9%97%A8%201%0D%0AX-Evil%3A%201\r\nX-Pulsecam-Seq: 7\r\n")
        );
        assert!(extra.lines().all(|line| line.len() < 128));
    }
}

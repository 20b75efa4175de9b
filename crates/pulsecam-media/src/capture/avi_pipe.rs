//! Extracts the video of an AVI read from a pipe: its chunks in order, without an index.
//!
//! Sound samples sometimes look like the start of a JPEG, so the stream is not searched: its chunks are
//! walked.

/// Bytes of a chunk's name and size, and of a list's type after them.
const HEADER: usize = 8;
const LIST_HEADER: usize = 12;

/// Keeps the video chunks of a stream that arrives in pieces.
#[derive(Debug, Default)]
pub(super) struct VideoChunks {
    header: Vec<u8>,
    /// Bytes left of the current chunk, and whether it holds a picture.
    left: u64,
    keep: bool,
}

impl VideoChunks {
    /// Moves the picture bytes to the front of `bytes` and returns their number.
    pub(super) fn keep(&mut self, bytes: &mut [u8]) -> usize {
        let (mut at, mut kept) = (0, 0);
        while at < bytes.len() {
            if self.left > 0 {
                let part = (bytes.len() - at).min(usize::try_from(self.left).unwrap_or(usize::MAX));
                if self.keep {
                    bytes.copy_within(at..at + part, kept);
                    kept += part;
                }
                at += part;
                self.left -= part as u64;
            } else {
                self.header.push(bytes[at]);
                at += 1;
                self.begin();
            }
        }
        kept
    }

    /// Starts a chunk if its header is complete.
    fn begin(&mut self) {
        let [a, b, c, d, size @ ..] = self.header.as_slice() else { return };
        let name = [*a, *b, *c, *d];
        if !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ') {
            self.header.remove(0); // damaged: look for a header from the next byte on
            return;
        }
        // The contents of a list are walked too. A list written into a pipe may not know its size.
        let is_list = matches!(&name, b"RIFF" | b"LIST");
        if self.header.len() < if is_list { LIST_HEADER } else { HEADER } {
            return;
        }
        if !is_list && let Some(size) = size.first_chunk() {
            let size = u64::from(u32::from_le_bytes(*size));
            self.keep = name[0].is_ascii_digit() && matches!(&name[2..], b"dc" | b"db");
            self.left = size + size % 2;
        }
        self.header.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut chunk = [&name[..], &(body.len() as u32).to_le_bytes(), body].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    }

    #[test]
    fn pictures_are_kept_however_the_stream_is_cut_and_sound_is_not() {
        let list =
            |name: &[u8; 4], kind: &[u8; 4], size: u32| [&name[..], &size.to_le_bytes(), kind].concat();
        let stream = [
            list(b"RIFF", b"AVI ", 0),
            list(b"LIST", b"hdrl", 16),
            chunk(b"strh", b"vidsMJPG"),
            list(b"LIST", b"movi", u32::MAX),
            chunk(b"01wb", b"\xff\xd8\xff loud"),
            chunk(b"00dc", b"first"),
            list(b"LIST", b"rec ", 99),
            chunk(b"00dc", b""),
            vec![0xff, 0xfe, 0], // damage
            chunk(b"00db", b"second"),
            chunk(b"idx1", b"00dc and so on"),
        ]
        .concat();
        for step in 1..=stream.len() {
            let (mut walk, mut kept) = (VideoChunks::default(), Vec::new());
            for piece in stream.chunks(step) {
                let mut piece = piece.to_vec();
                let count = walk.keep(&mut piece);
                kept.extend_from_slice(&piece[..count]);
            }
            assert_eq!(kept, b"first\0second", "pieces of {step}");
        }
    }
}

//! Finds the pictures in what programs send: JPEG files one after the other, bare or as parts with heads between them.
//!
//! A picture is followed marker by marker, so that neither a thumbnail in it nor a boundary in its data cuts it. A
//! part's own idea of its length is not needed.

use bytes::{Buf, Bytes, BytesMut};

/// The first bytes of a JPEG file: its marker, and the first byte of the next.
const BEGINNING: [u8; 3] = [0xff, 0xd8, 0xff];

/// What follows 0xff in data that is no marker, or one within a scan.
const STUFFED: u8 = 0;
const RESTARTS: std::ops::RangeInclusive<u8> = 0xd0..=0xd7;

const BEGIN: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

/// A picture that is larger than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a picture of more than {allowed} bytes")]
pub(super) struct TooLarge {
    allowed: usize,
}

/// Cuts a stream of bytes into pictures.
#[derive(Debug)]
pub(super) struct Splitter {
    buffer: BytesMut,
    /// Bytes of the buffer that were examined.
    seen: usize,
    state: State,
    largest: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between two pictures.
    Outside,
    /// At a marker.
    Marker,
    /// In the compressed data behind a scan's header.
    Data,
}

impl Splitter {
    pub(super) fn new(largest: usize) -> Self {
        Self { buffer: BytesMut::new(), seen: 0, state: State::Outside, largest }
    }

    /// Adds received bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The memory that it uses.
    pub(super) fn room(&self) -> usize {
        self.buffer.capacity()
    }

    /// Takes the next picture, if all of it is there.
    ///
    /// # Errors
    /// [`TooLarge`], after which nothing can be taken.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, TooLarge> {
        loop {
            let step = match self.state {
                State::Outside => self.find_beginning(),
                State::Marker => self.pass_marker(),
                State::Data => self.pass_data(),
            };
            match step {
                Step::On => {}
                Step::More if self.buffer.len() > self.largest => {
                    return Err(TooLarge { allowed: self.largest });
                }
                Step::More => return Ok(None),
                Step::Whole(length) => {
                    let picture = self.buffer.split_to(length).freeze();
                    (self.seen, self.state) = (0, State::Outside);
                    if picture.len() > self.largest {
                        return Err(TooLarge { allowed: self.largest });
                    }
                    return Ok(Some(picture));
                }
            }
        }
    }

    fn find_beginning(&mut self) -> Step {
        if let Some(at) = memchr::memmem::find(&self.buffer, &BEGINNING) {
            self.buffer.advance(at);
            (self.seen, self.state) = (2, State::Marker);
            return Step::On;
        }
        // The last bytes may be the first of a beginning.
        let useless = self.buffer.len().saturating_sub(BEGINNING.len() - 1);
        self.buffer.advance(useless);
        Step::More
    }

    fn pass_marker(&mut self) -> Step {
        let rest = &self.buffer[self.seen.min(self.buffer.len())..];
        match *rest {
            [0xff, 0xff, ..] => self.seen += 1, // padding
            [0xff, END, ..] => return Step::Whole(self.seen + 2),
            // Nothing but a beginning.
            [0xff, BEGIN, ..] if self.seen < BEGINNING.len() => {
                self.buffer.advance(self.seen);
                (self.seen, self.state) = (0, State::Outside);
            }
            // The last picture has no end.
            [0xff, BEGIN, ..] => return Step::Whole(self.seen),
            [0xff, marker, ..] if marker == STUFFED || marker == 1 || RESTARTS.contains(&marker) => {
                self.seen += 2;
            }
            [0xff, marker, high, low, ..] => {
                self.seen += 2 + usize::from(u16::from_be_bytes([high, low])).max(2);
                if marker == SCAN {
                    self.state = State::Data;
                }
            }
            [] | [0xff] | [0xff, _] | [0xff, _, _] => return Step::More,
            // Stray bytes between segments: decoders skip them too.
            [..] => self.state = State::Data,
        }
        if self.seen > self.buffer.len() { Step::More } else { Step::On }
    }

    fn pass_data(&mut self) -> Step {
        let from = self.seen.min(self.buffer.len());
        let mut rest = &self.buffer[from..];
        if self.seen > self.buffer.len() {
            return Step::More;
        }
        loop {
            let Some(at) = memchr::memchr(0xff, rest) else {
                self.seen = self.buffer.len();
                return Step::More;
            };
            rest = &rest[at..];
            match rest.get(1) {
                None => {
                    self.seen = self.buffer.len() - rest.len();
                    return Step::More;
                }
                Some(&next) if next == STUFFED || RESTARTS.contains(&next) => rest = &rest[2..],
                Some(_) => {
                    self.seen = self.buffer.len() - rest.len();
                    self.state = State::Marker;
                    return Step::On;
                }
            }
        }
    }
}

enum Step {
    On,
    /// More bytes are needed.
    More,
    /// The first bytes of the buffer are a picture.
    Whole(usize),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A picture with a thumbnail in its Exif, stuffed bytes, restart markers and two scans.
    fn picture(number: u8) -> Vec<u8> {
        let thumbnail = [0xff, 0xd8, 0xff, 0xdb, 0, 3, 9, 0xff, 0xd9];
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xe1, 0, 2 + thumbnail.len() as u8];
        bytes.extend(thumbnail);
        bytes.extend([0xff, 0xff, 0xc4, 0, 3, 1]);
        for _ in 0..2 {
            bytes.extend([
                0xff, SCAN, 0, 4, 1, number, 7, 0xff, 0, 8, 0xff, 0xd0, 9, b'-', b'-', b'\r', b'\n',
            ]);
        }
        bytes.extend([0xff, END]);
        bytes
    }

    fn split(bytes: &[u8], piece: usize) -> Vec<Vec<u8>> {
        let mut splitter = Splitter::new(1000);
        let mut all = Vec::new();
        for piece in bytes.chunks(piece) {
            splitter.push(piece);
            while let Some(picture) = splitter.next().unwrap() {
                all.push(picture.to_vec());
            }
        }
        all
    }

    #[test]
    fn pictures_are_found_bare_and_in_parts_however_they_arrive() {
        let pictures: Vec<_> = (0..5).map(picture).collect();
        let bare = pictures.concat();
        let parts: Vec<u8> = pictures
            .iter()
            .flat_map(|picture| {
                let head = format!(
                    "--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: {}\r\n\r\n",
                    picture.len()
                );
                [head.as_bytes(), picture, b"\r\n"].concat()
            })
            .collect();
        for piece in [1, 2, 7, 1000] {
            assert_eq!(split(&bare, piece), pictures);
            assert_eq!(split(&parts, piece), pictures);
        }
    }

    #[test]
    fn a_picture_without_an_end_ends_at_the_next() {
        let mut cut = picture(1);
        cut.truncate(cut.len() - 2);
        let both = [&cut[..], &picture(2)].concat();
        assert_eq!(split(&both, 3), [cut, picture(2)]);
    }

    #[test]
    fn a_picture_that_never_ends_is_refused() {
        let mut splitter = Splitter::new(1000);
        splitter.push(&[0xff, 0xd8, 0xff, SCAN, 0, 2]);
        assert_eq!(splitter.next(), Ok(None));
        splitter.push(&[7; 1000]);
        assert_eq!(splitter.next(), Err(TooLarge { allowed: 1000 }));
    }

    #[test]
    fn junk_takes_no_memory() {
        let mut splitter = Splitter::new(1000);
        for _ in 0..10_000 {
            splitter.push(&[0xff; 100]);
            splitter.push(b"no picture");
            assert_eq!(splitter.next(), Ok(None));
            assert!(splitter.buffer.len() < 4);
        }
    }

    proptest! {
        #[test]
        fn anything_may_come(bytes in prop::collection::vec(prop_oneof![Just(0xff_u8), Just(0xd8), Just(0xda), any::<u8>()], 0..400), piece in 1_usize..20) {
            let mut splitter = Splitter::new(300);
            let mut length = 0;
            for piece in bytes.chunks(piece) {
                splitter.push(piece);
                while let Ok(Some(picture)) = splitter.next() {
                    length += picture.len();
                }
            }
            prop_assert!(length <= bytes.len());
        }
    }
}

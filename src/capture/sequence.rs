//! Numbered JPEG files, `shots/%04d.jpg`, each passed on as it is: what cameras and renderers leave
//! behind, and what FFmpeg calls the same.

use std::{fs, path::PathBuf};

use bytes::Bytes;

use super::{Error, Frame, FrameData, Source, pace::Pacer, splitter::MAX_JPEG};
use crate::{clock::Timestamp, jpeg};

/// Digits that a number is padded to at the most: more than a u64 ever has.
const MAX_WIDTH: usize = 20;

/// A path with a place for a number: `%d`, or `%04d` for four digits at the least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbered {
    before: String,
    width: usize,
    after: String,
}

impl Numbered {
    /// `None` where there is no place for a number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.match_indices('%').find_map(|(at, _)| {
            let (digits, after) = text[at + 1..].split_once('d')?;
            let width = if digits.is_empty() { 0 } else { digits.strip_prefix('0')?.parse().ok()? };
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && width <= MAX_WIDTH;
            plain.then(|| Self { before: text[..at].into(), width, after: after.into() })
        })
    }

    fn path(&self, number: u64) -> PathBuf {
        let Self { before, width, after } = self;
        PathBuf::from(format!("{before}{number:0width$}{after}"))
    }
}

/// A numbered sequence as a source.
pub(super) struct Sequence {
    files: Numbered,
    text: String,
    first: u64,
    next: u64,
    seq: u64,
    repeat: bool,
    pacer: Pacer,
}

impl Sequence {
    /// The files that `text` stands for, at `fps` frames a second, for ever where `repeat` is set.
    pub(super) fn open(text: &str, fps: f64, repeat: bool) -> Result<Self, Error> {
        let files = Numbered::parse(text).ok_or_else(|| Error::NoSuchSource(text.into()))?;
        let first = (0..=1)
            .find(|&number| files.path(number).is_file())
            .ok_or_else(|| Error::EmptySequence(text.into()))?;
        let pacer = Pacer::new(fps);
        Ok(Self { files, text: text.into(), first, next: first, seq: 0, repeat, pacer })
    }

    /// The file of this number, whole; a number without a file ends the sequence.
    fn load(&self, number: u64) -> Result<Option<Bytes>, Error> {
        let path = self.files.path(number);
        let io = |source| Error::Io { name: path.display().to_string(), source };
        let length = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(error)),
        };
        if length > MAX_JPEG as u64 {
            return Err(Error::TooLong { name: path.display().to_string(), allowed: MAX_JPEG });
        }
        let file = Bytes::from(fs::read(&path).map_err(io)?);
        let whole = jpeg::header(&file).map(|_| jpeg::trimmed(&file).map(<[u8]>::len));
        match whole {
            Ok(Some(length)) => Ok(Some(file.slice(..length))),
            Ok(None) => Err(Error::NotAPicture { path, reason: "the JPEG has no end".into() }),
            Err(error) => Err(Error::NotAPicture { path, reason: error.to_string() }),
        }
    }
}

impl Source for Sequence {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let mut number = self.next;
        self.next += 1;
        let mut loaded = self.load(number);
        if self.repeat && number != self.first && matches!(loaded, Ok(None)) {
            number = self.first;
            self.next = number + 1;
            loaded = self.load(number);
        }
        if matches!(loaded, Ok(None)) {
            self.next = number; // the end stays the end, however often it is asked for
            return Ok(None);
        }
        // Also a file that fails has its turn: a sequence of nothing else must not spin.
        self.pacer.wait();
        let seq = self.seq;
        self.seq += 1;
        let Some(jpeg) = loaded? else { return Ok(None) };
        Ok(Some(Frame { seq, captured: Timestamp::now(), data: FrameData::Jpeg(jpeg) }))
    }

    fn describe(&self) -> String {
        format!("the pictures {}, {} fps", self.text, self.pacer.fps())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jpeg::Encoder,
        picture::{Picture, Pixels},
    };

    #[test]
    fn a_number_has_a_place_or_not() {
        let path = |text, number| Some(Numbered::parse(text)?.path(number).display().to_string());
        assert_eq!(path("shots/%04d.jpg", 7).unwrap(), "shots/0007.jpg");
        assert_eq!(path("shots/%04d.jpg", 12_345).unwrap(), "shots/12345.jpg");
        assert_eq!(path("%d", 3).unwrap(), "3");
        assert_eq!(path("100%/a%02db.jpg", 5).unwrap(), "100%/a05b.jpg");
        for text in ["shots/1.jpg", "%4d.jpg", "%x", "%", "", "%099999d", "%0+3d"] {
            assert_eq!(Numbered::parse(text), None, "{text}");
        }
    }

    fn small_jpeg(grey: u8) -> Bytes {
        let picture = Picture { width: 16, height: 16, pixels: Pixels::Rgb(vec![grey; 16 * 16 * 3]) };
        Encoder::new(80).unwrap().encode(&picture).unwrap()
    }

    #[test]
    fn files_pass_untouched_and_a_bad_one_is_an_error_with_a_number_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = [small_jpeg(10), small_jpeg(200)];
        fs::write(folder.path().join("1.jpg"), &pictures[0]).unwrap();
        fs::write(folder.path().join("2.jpg"), "no picture").unwrap();
        fs::write(folder.path().join("3.jpg"), [&pictures[1][..], b"trailer"].concat()).unwrap();
        let text = folder.path().join("%d.jpg").display().to_string();
        let mut source = Sequence::open(&text, 1000.0, true).unwrap();
        for round in 0..2 {
            for (seq, wanted) in [(0, Some(&pictures[0])), (1, None), (2, Some(&pictures[1]))] {
                match (source.next_frame(), wanted) {
                    (Ok(Some(Frame { seq: found, data: FrameData::Jpeg(jpeg), .. })), Some(wanted)) => {
                        assert_eq!((found, &jpeg), (3 * round + seq, wanted));
                    }
                    (Err(Error::NotAPicture { .. }), None) => {}
                    (other, _) => panic!("{other:?}"),
                }
            }
        }
        let mut once = Sequence::open(&text, 1000.0, false).unwrap();
        assert_eq!((0..5).filter(|_| matches!(once.next_frame(), Ok(Some(_)))).count(), 2);
        assert!(once.next_frame().unwrap().is_none());
    }

    #[test]
    fn a_pattern_without_files_says_so() {
        assert!(matches!(Sequence::open("/nowhere/%d.jpg", 30.0, false), Err(Error::EmptySequence(_))));
    }
}

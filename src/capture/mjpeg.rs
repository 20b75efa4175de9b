//! JPEGs one after another, in a file: `ffmpeg … -f mjpeg clip.mjpeg`, dumps of HTTP multipart bodies, recordings of cameras.
//! Pipes are read by [`super::live`].

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use super::{
    Error, Frame, FrameData, Losses, Source,
    pace::Pacer,
    probe::{PROBED, probe},
    splitter::Splitter,
};
use crate::clock::Timestamp;

/// A file of JPEGs as a source.
pub(super) struct Mjpeg {
    splitter: Splitter<File>,
    name: String,
    pacer: Pacer,
    /// Where to start again at the end, if that is wanted.
    again: Option<u64>,
    /// Pictures since the last start.
    shown: u64,
    seq: u64,
    /// It failed for good.
    over: bool,
}

impl Mjpeg {
    /// A file, at `fps` frames a second, for ever where `repeat` is set.
    pub(super) fn open(path: &Path, fps: f64, repeat: bool) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|source| Error::Io { name: name.clone(), source })?;
        Self::read(file, name, fps, repeat)
    }

    /// An open file, from where it stands.
    pub(super) fn read(mut file: File, name: String, fps: f64, repeat: bool) -> Result<Self, Error> {
        let (from, start) =
            beginning(&mut file).map_err(|source| Error::Io { name: name.clone(), source })?;
        if let Some(kind) = probe(&start).filter(|kind| !kind.may_hold_jpegs()) {
            return Err(Error::other(&name, kind.to_string(), kind.advice_for_file()));
        }
        let mut splitter = Splitter::new(file, name.clone());
        splitter.find_start()?;
        let again = repeat.then_some(from);
        Ok(Self { splitter, name, pacer: Pacer::new(fps), again, shown: 0, seq: 0, over: false })
    }

    /// Goes back to the beginning; false if that is not wanted, or would be of no use.
    fn rewind(&mut self) -> Result<bool, Error> {
        // A round without a picture would be followed by another such.
        let (Some(from), 1..) = (self.again, self.shown) else { return Ok(false) };
        self.shown = 0;
        let io = |source| Error::Io { name: self.name.clone(), source };
        self.splitter.reader.seek(SeekFrom::Start(from)).map_err(io)?;
        Ok(true)
    }
}

/// Where a file stands, and its next bytes; it stands there again.
fn beginning(file: &mut File) -> std::io::Result<(u64, Vec<u8>)> {
    let from = file.stream_position()?;
    let mut start = Vec::new();
    file.take(PROBED as u64).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(from))?;
    Ok((from, start))
}

impl Source for Mjpeg {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let jpeg = loop {
            if self.over {
                return Ok(None);
            }
            let next = self.splitter.next_jpeg();
            // A picture that is too long is skipped; of what cannot be read, nothing will ever come.
            self.over = next.as_ref().is_err_and(Error::is_final);
            if let Some(jpeg) = next? {
                break jpeg;
            }
            if !self.rewind()? {
                self.over = true;
                if self.seq == 0 {
                    let brought = format!("has no whole picture: {} are damaged", self.splitter.damaged);
                    return Err(Error::NoPicture { name: self.name.clone(), brought });
                }
                return Ok(None);
            }
        };
        self.pacer.wait();
        let seq = self.seq + self.splitter.damaged;
        self.seq += 1;
        self.shown += 1;
        Ok(Some(Frame { seq, captured: Timestamp::now(), data: FrameData::Jpeg(jpeg) }))
    }

    fn describe(&self) -> String {
        format!("MJPEG from {}, {} fps", self.name, self.pacer.fps())
    }

    fn losses(&self) -> Losses {
        Losses { damaged: self.splitter.damaged, ..Losses::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A skeleton of a JPEG with `body` as entropy-coded data.
    fn jpeg(body: &[u8]) -> Vec<u8> {
        [b"\xff\xd8\xff\xda\0\x02", body, b"\xff\xd9"].concat()
    }

    fn open(folder: &Path, content: &[u8], repeat: bool) -> Result<Mjpeg, Error> {
        let path = folder.join("clip.mjpeg");
        std::fs::write(&path, content).unwrap();
        Mjpeg::open(&path, 1000.0, repeat)
    }

    #[test]
    fn files_repeat_where_asked_and_damage_leaves_a_gap_in_the_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let (one, torn, two) = (jpeg(b"one"), jpeg(b"torn"), jpeg(b"two"));
        let clip = [&one[..], &torn[..torn.len() - 3], &two].concat();
        let numbers = |repeat, wanted| {
            let mut source = open(folder.path(), &clip, repeat).unwrap();
            let mut next = || source.next_frame().unwrap().map(|frame| frame.seq);
            let numbers = (0..wanted).map(|_| next()).collect::<Vec<_>>();
            (numbers, source.losses().damaged)
        };
        assert_eq!(numbers(false, 4), (vec![Some(0), Some(2), None, None], 1));
        assert_eq!(numbers(true, 4), (vec![Some(0), Some(2), Some(3), Some(5)], 2));
    }

    #[test]
    fn a_file_without_a_whole_picture_ends_with_the_reason_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        for repeat in [false, true] {
            let torn = jpeg(b"torn");
            let mut source = open(folder.path(), &torn[..torn.len() - 3], repeat).unwrap();
            let error = source.next_frame().unwrap_err();
            assert!(matches!(&error, Error::NoPicture { .. }) && error.is_final(), "{error}");
            assert!(source.next_frame().unwrap().is_none());
        }
    }

    #[test]
    fn another_format_is_refused_by_its_first_bytes_and_a_late_picture_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let film = [&b"\0\0\0\x01\x67\x42\xc0\x1e"[..], &jpeg(b"by chance")].concat();
        let error = open(folder.path(), &film, false).err().unwrap();
        assert!(matches!(&error, Error::Other { .. }) && error.to_string().contains("H.264"), "{error}");
        let late = [&vec![7; 3 << 20][..], &jpeg(b"late")].concat();
        assert!(open(folder.path(), &late, false).unwrap().next_frame().unwrap().is_some());
        assert!(matches!(open(folder.path(), &[7; 100], false), Err(Error::NotMjpeg { searched: 100, .. })));
    }
}

//! Concatenated JPEGs in a file: `ffmpeg … -f mjpeg`, dumps of multipart bodies, camera recordings. Pipes are
//! read by [`super::live`].

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    time::Duration,
};

use bytes::Bytes;

use super::{
    Error, Frame, FrameData, Losses, Settings, Source,
    pace::Pacer,
    playback::{Playback, Wake},
    splitter::Splitter,
};
use crate::{
    clock::Timestamp,
    signature::{PROBED, probe},
};

/// A file of JPEGs as a source.
pub(super) struct Mjpeg {
    splitter: Splitter<File>,
    name: String,
    pacer: Pacer,
    /// File position where it starts.
    from: u64,
    repeat: bool,
    /// Pictures since the last start.
    shown: u64,
    seq: u64,
    /// Damaged or repaired pictures, counted in every round.
    losses: Losses,
    /// Whether it has failed for good.
    over: bool,
    playback: Option<Playback>,
}

impl Mjpeg {
    /// Opens a file, to be played at `fps` frames per second.
    pub(super) fn open(path: &Path, fps: f64, settings: &Settings) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|source| Error::Io { name: name.clone(), source })?;
        Self::read(file, name, fps, settings)
    }

    /// An open file, from its current position.
    pub(super) fn read(mut file: File, name: String, fps: f64, settings: &Settings) -> Result<Self, Error> {
        let (from, start) =
            beginning(&mut file).map_err(|source| Error::Io { name: name.clone(), source })?;
        if let Some(kind) = probe(&start).filter(|kind| !kind.may_hold_jpegs()) {
            return Err(Error::other(&name, kind.to_string(), kind.advice_for_file()));
        }
        let mut splitter = Splitter::new(file, name.clone());
        splitter.find_start()?;
        let Settings { repeat, playback, .. } = settings.clone();
        if let Some(playback) = &playback {
            playback.opened(None, true); // its length is known at its end
        }
        let pacer = Pacer::new(fps);
        Ok(Self {
            splitter,
            name,
            pacer,
            from,
            repeat,
            shown: 0,
            seq: 0,
            losses: Losses::default(),
            over: false,
            playback,
        })
    }

    /// The next picture; `None` at the end.
    fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let before = self.splitter.losses();
        let next = self.splitter.next_jpeg();
        let after = self.splitter.losses();
        self.losses.damaged += after.damaged - before.damaged;
        self.losses.repaired += after.repaired - before.repaired;
        self.shown += u64::from(matches!(next, Ok(Some(_))));
        next
    }

    /// Returns to the start.
    fn rewind(&mut self) -> Result<(), Error> {
        self.shown = 0;
        let io = |source| Error::Io { name: self.name.clone(), source };
        let mut file = self.splitter.reader.try_clone().map_err(io)?;
        file.seek(SeekFrom::Start(self.from)).map_err(io)?;
        self.splitter = Splitter::new(file, self.name.clone());
        Ok(())
    }

    /// Goes to the picture that is shown at this time, or to the last one. It reads up to it, because such a
    /// file has no index.
    fn seek(&mut self, to: Duration) -> Result<Option<Bytes>, Error> {
        let number = (to.as_secs_f64() * self.pacer.fps()).round() as u64;
        if number < self.shown {
            self.rewind()?;
        }
        let mut last = None;
        while self.shown <= number {
            match self.splitter.next_jpeg() {
                Ok(Some(jpeg)) => {
                    last = Some(jpeg);
                    self.shown += 1;
                }
                Ok(None) => break,
                Err(error) if error.is_final() => return Err(error),
                Err(_) => {}
            }
        }
        Ok(last)
    }

    /// Handles the end; `None` if it is final. Otherwise the file starts again or a person moved back, and
    /// the picture to show next, if any, is returned.
    fn at_end(&mut self) -> Result<Option<Option<Bytes>>, Error> {
        if self.seq == 0 {
            let brought = format!("has no intact picture: {} are damaged", self.losses.damaged);
            return Err(Error::NoPicture { name: self.name.clone(), brought });
        }
        // After a round without any picture, the next one would have none either.
        if self.repeat && self.shown > 0 {
            self.rewind()?;
            return Ok(Some(None));
        }
        let Some(playback) = self.playback.clone() else { return Ok(None) };
        playback.opened(Some(Duration::from_secs_f64(self.shown as f64 / self.pacer.fps())), true);
        match playback.wait_at_end() {
            Wake::Seek(to) => self.seek(to).map(Some),
            Wake::Due { .. } | Wake::Closed => Ok(None),
        }
    }
}

impl Mjpeg {
    /// The next picture, when it is due.
    fn paced(&mut self) -> Result<Option<Bytes>, Error> {
        let mut found = None;
        loop {
            let jpeg = match found.take() {
                Some(jpeg) => jpeg,
                None => match self.next()? {
                    Some(jpeg) => jpeg,
                    None => {
                        let Some(next) = self.at_end()? else { return Ok(None) };
                        found = next;
                        continue;
                    }
                },
            };
            match self.pacer.wait_for(self.playback.as_ref()) {
                Wake::Due { .. } => return Ok(Some(jpeg)),
                Wake::Seek(to) => found = self.seek(to)?,
                Wake::Closed => return Ok(None),
            }
        }
    }
}

/// The current position of a file and the bytes that follow; the position is restored.
pub(super) fn beginning(file: &mut File) -> std::io::Result<(u64, Vec<u8>)> {
    let from = file.stream_position()?;
    let mut start = Vec::new();
    file.take(PROBED as u64).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(from))?;
    Ok((from, start))
}

impl Source for Mjpeg {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        if self.over {
            return Ok(None);
        }
        let next = self.paced();
        // An oversized picture is skipped; a read error is final.
        self.over = next.as_ref().map_or_else(Error::is_final, Option::is_none);
        let Some(jpeg) = next? else { return Ok(None) };
        if let Some(playback) = &self.playback {
            playback.shown(Duration::from_secs_f64(self.shown.saturating_sub(1) as f64 / self.pacer.fps()));
        }
        let seq = self.seq + self.losses.damaged;
        self.seq += 1;
        Ok(Some(Frame { seq, captured: Timestamp::now(), data: FrameData::Jpeg(jpeg) }))
    }

    fn describe(&self) -> String {
        format!("MJPEG from {}, {} fps", self.name, self.pacer.fps())
    }

    fn losses(&self) -> Losses {
        self.losses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The skeleton of a JPEG with `body` as entropy-coded data.
    fn jpeg(body: &[u8]) -> Vec<u8> {
        [b"\xff\xd8\xff\xe0\0\x08JFIF\0\x01\xff\xda\0\x02", body, b"\xff\xd9"].concat()
    }

    fn open(folder: &Path, content: &[u8], repeat: bool) -> Result<Mjpeg, Error> {
        let path = folder.join("clip.mjpeg");
        std::fs::write(&path, content).unwrap();
        Mjpeg::open(&path, 1000.0, &Settings { repeat, ..Settings::default() })
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

    #[test]
    fn a_person_moves_in_it_and_it_waits_at_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.mjpeg");
        let clip: Vec<u8> = (0..5_u8).flat_map(|number| jpeg(&[number])).collect();
        std::fs::write(&path, clip).unwrap();
        let film = Playback::default();
        let settings = Settings { playback: Some(film.clone()), ..Settings::default() };
        let mut source = Mjpeg::open(&path, 100.0, &settings).unwrap();
        let ms = Duration::from_millis;
        let mut next = || match source.next_frame().unwrap().map(|frame| frame.data) {
            Some(FrameData::Jpeg(found)) => (0..5).find(|&number| found == jpeg(&[number])),
            _ => None,
        };
        assert_eq!((next(), next()), (Some(0), Some(1)));
        film.seek(ms(30));
        assert_eq!((next(), film.progress().position), (Some(3), ms(30)), "forward");
        film.seek(ms(10));
        assert_eq!((next(), next()), (Some(1), Some(2)), "back");
        film.seek(ms(9_000));
        assert_eq!(next(), Some(4), "past the end: the last one");
        film.close();
        assert_eq!(film.progress().length, None, "unknown until the end");
        assert_eq!((next(), film.progress().length), (None, Some(ms(50))));
    }
}

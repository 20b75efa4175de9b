//! Numbered pictures such as `shots/%04d.jpg`, in FFmpeg's syntax: the output of cameras and renderers. JPEGs
//! are passed on unchanged, other formats that folders accept are decoded.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    path::Path,
    time::Duration,
};

use bytes::Bytes;

use super::{
    Error, Frame, FrameData, Losses, Settings, Source,
    frame_repair::FrameRepair,
    numbered::Numbered,
    pace::Pacer,
    photo,
    playback::{Playback, Wake},
    splitter::MAX_JPEG,
};
use crate::{
    clock::Timestamp,
    jpeg::{Length, MAX_DIMENSION, MAX_PIXELS},
    picture::Picture,
    signature::{FileKind, probe},
    still,
};

/// The largest file of another format: a bitmap of the largest picture with 16 bits per sample.
const MAX_STILL: u64 = MAX_PIXELS as u64 * 8;

/// Quality of a re-encoded JPEG if the original's quality is unknown.
const QUALITY: u8 = 90;

/// A numbered sequence as a source.
pub(super) struct Sequence {
    files: Numbered,
    text: String,
    first: u64,
    /// `None` after the largest possible number.
    next: Option<u64>,
    seq: u64,
    repeat: bool,
    pacer: Pacer,
    repair: FrameRepair,
    round: Round,
    /// Whether the reason for the end was reported.
    told: bool,
    playback: Option<Playback>,
    /// Pictures from the first one to a gap.
    count: u64,
}

/// A file of a sequence.
enum Loaded {
    Picture(FrameData),
    /// A JPEG that cannot be repaired, which the mender has counted and reported.
    Damaged,
}

/// Results of one round through the sequence.
#[derive(Default)]
struct Round {
    good: u64,
    bad: u64,
    last: String,
}

impl Sequence {
    /// Opens the files that `text` names, at `fps` frames per second.
    pub(super) fn open(text: &OsStr, fps: f64, settings: &Settings) -> Result<Self, Error> {
        let Settings { start_number, repeat, playback, .. } = settings;
        let shown = text.display().to_string();
        let parsed = Numbered::parse(text).ok_or_else(|| Error::NoSuchSource(shown.clone()))?;
        // Two percent signs may be part of the name.
        let readings = [parsed.unescaped(), Some(parsed)].into_iter().flatten();
        let mut found =
            readings.map(|files| (files.present(), files)).filter(|(present, _)| !present.is_empty());
        let none = |hint: String| Error::EmptySequence { text: shown.clone(), hint };
        let Some((present, files)) = found.next() else {
            return Err(none(": %04d is a number with at least four digits, as in shots/0001.jpg".into()));
        };
        let (lowest, highest) = (present[0], present[present.len() - 1]);
        let first = start_number.unwrap_or(lowest);
        let Ok(place) = present.binary_search(&first) else {
            return Err(none(format!(" with the number {first}: numbers range from {lowest} to {highest}")));
        };
        let follows = |(wanted, found): &(u64, &u64)| wanted == *found;
        let count = (first..=highest).zip(&present[place..]).take_while(follows).count() as u64;
        let pacer = Pacer::new(fps);
        let (round, repair) = (Round::default(), FrameRepair::new(shown.clone()));
        let (repeat, playback) = (*repeat, playback.clone());
        if let Some(playback) = &playback {
            playback.opened(Some(Duration::from_secs_f64(count as f64 / pacer.fps())), true);
        }
        Ok(Self {
            files,
            text: shown,
            first,
            next: Some(first),
            seq: 0,
            repeat,
            pacer,
            repair,
            round,
            told: false,
            playback,
            count,
        })
    }

    /// The picture with this number; a number without a file ends the sequence.
    fn load(&mut self, number: u64) -> Result<Option<Loaded>, Error> {
        let path = self.files.path(number);
        match fs::metadata(&path) {
            Ok(metadata) => load(&path, &metadata, &mut self.repair).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&path, &error)),
        }
    }

    /// Reports why the sequence ended at this number, if there is a gap.
    fn tell_end(&self, missing: u64) {
        let above = self.files.present().into_iter().find(|&number| number > missing);
        if let (Some(above), Some(last)) = (above, missing.checked_sub(1)) {
            let [last, missing, above] = [last, missing, above].map(|number| self.files.digits(number));
            tracing::warn!("{}: stopped at {last}: {missing} is missing, but {above} exists", self.text);
        }
    }

    /// The next picture; after the last one the first, if the sequence repeats.
    fn next(&mut self) -> Result<Option<Loaded>, Error> {
        while let Some(number) = self.next {
            let loaded = self.load(number);
            if !matches!(loaded, Ok(None)) {
                self.next = number.checked_add(1);
                return loaded;
            }
            self.next = self.again(number)?.then_some(self.first);
        }
        Ok(None)
    }

    /// Goes to the picture that is shown at this time.
    fn seek(&mut self, to: Duration) {
        let number = ((to.as_secs_f64() * self.pacer.fps()).round() as u64).min(self.count.saturating_sub(1));
        self.next = self.first.checked_add(number);
    }

    /// At the end, waits for a person to move back; false if nobody does.
    fn goes_on(&mut self) -> bool {
        let Some(Wake::Seek(to)) = self.playback.as_ref().map(Playback::wait_at_end) else { return false };
        self.seek(to);
        true
    }

    /// Handles the end at this number: whether the sequence starts again.
    fn again(&mut self, missing: u64) -> Result<bool, Error> {
        if !std::mem::replace(&mut self.told, true) {
            self.tell_end(missing);
        }
        self.next = None; // later calls also return the end
        let Round { good, bad, last } = std::mem::take(&mut self.round);
        if good == 0 && bad > 0 {
            return Err(Error::NoneGood { text: self.text.clone(), count: bad, last });
        }
        Ok(self.repeat && good > 0)
    }
}

/// Reads a file: a JPEG unchanged if every viewer shows it upright, other pictures decoded.
fn load(path: &Path, metadata: &fs::Metadata, repair: &mut FrameRepair) -> Result<Loaded, Error> {
    let not = |reason: String| Error::NotAPicture { path: path.into(), reason };
    if !metadata.is_file() {
        return Err(not("it is not a regular file".into())); // a FIFO might block forever
    }
    let mut start = Vec::new();
    let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
    (&mut file).take(16).read_to_end(&mut start).map_err(|error| unreadable(path, &error))?;
    let is_jpeg = probe(&start) == Some(FileKind::Jpeg);
    if metadata.len() > if is_jpeg { MAX_JPEG as u64 } else { MAX_STILL } {
        return Err(Error::TooLong { name: path.display().to_string(), allowed: MAX_JPEG });
    }
    if !is_jpeg {
        return decoded(path).map(|picture| Loaded::Picture(FrameData::Picture(picture.into())));
    }
    file.take(MAX_JPEG as u64).read_to_end(&mut start).map_err(|error| unreadable(path, &error))?;
    let file = Bytes::from(start);
    let Some(jpeg) = repair.frame(&file, Length::Unknown) else { return Ok(Loaded::Damaged) };
    if still::is_plain(&jpeg) {
        return Ok(Loaded::Picture(FrameData::Jpeg(jpeg)));
    }
    let sent = still::outgoing(jpeg, QUALITY, None).map_err(|error| not(error.to_string()))?;
    Ok(Loaded::Picture(FrameData::Jpeg(sent.jpeg)))
}

/// The picture of a file that is not a JPEG, in its own size.
fn decoded(path: &Path) -> Result<Picture, Error> {
    photo::load(path, (MAX_DIMENSION, MAX_DIMENSION)).map_err(|error| match error {
        Error::Io { source, .. } => unreadable(path, &source),
        other => other,
    })
}

/// An error of one file: others may be readable.
fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::NotAPicture { path: path.into(), reason: error.to_string() }
}

impl Source for Sequence {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let loaded = loop {
            let loaded = match self.next() {
                Ok(None) if self.goes_on() => continue,
                Ok(None) => return Ok(None),
                Err(error) if error.is_final() => return Err(error),
                Ok(Some(Loaded::Picture(data))) => Ok(Some(data)),
                Ok(Some(Loaded::Damaged)) => Ok(None),
                Err(error) => Err(error),
            };
            // A failing file takes its slot too: a sequence of nothing else must not be a busy loop.
            match self.pacer.wait_for(self.playback.as_ref()) {
                Wake::Due { .. } => match loaded {
                    Ok(Some(data)) => break Ok(data),
                    Err(error) => break Err(error),
                    Ok(None) => {
                        // Dropped and counted: a gap in the numbers.
                        self.seq += 1;
                        self.round.bad += 1;
                        self.round.last = "it is damaged".into();
                    }
                },
                Wake::Seek(to) => self.seek(to),
                Wake::Closed => return Ok(None),
            }
        };
        if let (Some(playback), Some(next)) = (&self.playback, self.next) {
            let number = next.saturating_sub(self.first + 1);
            playback.shown(Duration::from_secs_f64(number as f64 / self.pacer.fps()));
        }
        let seq = self.seq;
        self.seq += 1;
        match &loaded {
            Ok(_) => self.round.good += 1,
            Err(error) => {
                self.round.bad += 1;
                self.round.last = error.to_string();
            }
        }
        loaded.map(|data| Some(Frame { seq, captured: Timestamp::now(), data }))
    }

    fn losses(&self) -> Losses {
        self.repair.losses()
    }

    fn describe(&self) -> String {
        format!("the pictures {}, {} fps", self.text, self.pacer.fps())
    }
}

#[cfg(test)]
#[path = "sequence_tests.rs"]
mod tests;

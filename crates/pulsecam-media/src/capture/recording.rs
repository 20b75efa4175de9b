//! A film as a source: Matroska, AVI or QuickTime; each frame at its own time, passed on unchanged.

use std::{
    fs::File,
    io,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    Error, Frame, FrameData, Losses, Settings, Source,
    frame_repair::FrameRepair,
    pace::Pacer,
    playback::{Playback, Wake},
    schedule::Schedule,
    stdin,
};
use crate::{
    clock::Timestamp,
    film::{self, Demuxer, Input},
    jpeg::Length,
};

/// The path that means standard input.
const STDIN: &str = "-";

/// A film being played.
pub(super) struct Recording {
    name: String,
    film: Box<dyn Demuxer>,
    schedule: Schedule,
    /// Set if a rate other than its own was requested.
    pacer: Option<Pacer>,
    repeat: bool,
    playback: Option<Playback>,
    /// The first frame, if it was read before it was requested.
    ahead: Option<(Duration, Bytes)>,
    /// The time of the first frame, from which positions are counted.
    first: Option<Duration>,
    /// Frames returned.
    given: u64,
    /// Frames since the film last started.
    since: u64,
    repair: FrameRepair,
    /// Whether it has ended for good.
    over: bool,
}

impl Recording {
    /// Opens a film; `-` is standard input. A pipe, which cannot seek, is read sequentially.
    pub(super) fn open(path: &Path, settings: &Settings) -> Result<Self, Error> {
        let is_stdin = path.as_os_str() == STDIN;
        let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
        let io = |source| Error::Io { name: name.clone(), source };
        let input = if is_stdin {
            stdin::unbuffered().and_then(input)
        } else if path.exists() {
            File::open(path).and_then(input)
        } else {
            return Err(Error::NoSuchSource(name));
        };
        let film = film::open(input.map_err(io)?).map_err(|error| failed(&name, error))?;
        Self::new(name, film, settings)
    }

    fn new(name: String, film: Box<dyn Demuxer>, settings: &Settings) -> Result<Self, Error> {
        let mut recording = Self {
            repair: FrameRepair::new(name.clone()),
            name,
            film,
            schedule: Schedule::default(),
            pacer: settings.fps.map(Pacer::new),
            repeat: settings.repeat,
            playback: settings.playback.clone(),
            ahead: None,
            first: None,
            given: 0,
            since: 0,
            over: false,
        };
        if let Some(playback) = &settings.playback {
            recording.ahead = recording.next_jpeg()?;
            let first = recording.ahead.as_ref().map_or(Duration::ZERO, |(time, _)| *time);
            let length = recording.film.length().map_err(|error| failed(&recording.name, error))?;
            playback.opened(length.map(|length| length.saturating_sub(first)), recording.film.can_seek());
        }
        Ok(recording)
    }

    /// The next picture in the file; damaged ones are dropped and counted.
    fn next_jpeg(&mut self) -> Result<Option<(Duration, Bytes)>, Error> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        loop {
            let Some((time, frame)) = self.film.next_frame().map_err(|error| failed(&self.name, error))?
            else {
                return Ok(None);
            };
            // An interlaced frame holds two fields, as some cameras store them: the first is used.
            if let Some(jpeg) = self.repair.frame(&frame, Length::Unknown) {
                return Ok(Some((time, jpeg)));
            }
        }
    }

    /// Moves to a position, counted from the first frame.
    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        let to = self.first.unwrap_or_default().saturating_add(to);
        (self.ahead, self.schedule) = (None, Schedule::default());
        self.film.seek(to).map_err(|error| failed(&self.name, error))
    }

    /// Called after the last frame: true if playback continues because it repeats or a person moved in it.
    fn goes_on(&mut self) -> Result<bool, Error> {
        if self.repeat && self.since > 0 && self.film.can_seek() {
            let end = self.schedule.end().unwrap_or_else(Instant::now);
            match self.wait_until(end) {
                Wake::Due { .. } => self.seek(Duration::ZERO)?,
                Wake::Seek(to) => self.seek(to)?,
                Wake::Closed => return Ok(false),
            }
            self.since = 0;
            return Ok(true);
        }
        match self.playback.as_ref().map(Playback::wait_at_end) {
            Some(Wake::Seek(to)) => self.seek(to).map(|()| true),
            Some(Wake::Due { .. } | Wake::Closed) | None => Ok(false),
        }
    }

    fn wait_until(&self, due: Instant) -> Wake {
        if let Some(playback) = &self.playback {
            return playback.wait_until(due);
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        Wake::Due { paused: Duration::ZERO }
    }

    /// Waits for the next picture and returns it.
    fn next_shown(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let Some((time, jpeg)) = self.next_jpeg()? else {
                if self.goes_on()? {
                    continue;
                }
                return Ok(None);
            };
            let first = *self.first.get_or_insert(time);
            let now = Instant::now();
            let own = self.schedule.due(time, now);
            let due = self.pacer.as_mut().map_or(own, |pacer| pacer.due(now).at);
            match self.wait_until(due) {
                Wake::Due { paused } => {
                    self.schedule.shift(paused);
                    if let Some(playback) = &self.playback {
                        playback.shown(time.saturating_sub(first));
                    }
                    return Ok(Some(jpeg));
                }
                Wake::Seek(to) => self.seek(to)?,
                Wake::Closed => return Ok(None),
            }
        }
    }
}

/// A file that can seek, or a pipe.
fn input(file: File) -> io::Result<Input> {
    if file.metadata()?.is_file() { Input::file(file) } else { Ok(Input::pipe(file)) }
}

fn failed(name: &str, error: film::Error) -> Error {
    let name = name.to_owned();
    match error {
        film::Error::Read(source) => Error::Io { name, source },
        other => Error::Recording { name, reason: other.to_string() },
    }
}

impl Source for Recording {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        if self.over {
            return Ok(None);
        }
        let next = self.next_shown();
        // After an error or the end there is nothing more.
        self.over = !matches!(next, Ok(Some(_)));
        let Some(jpeg) = next? else { return Ok(None) };
        // Skipped numbers show that frames are missing.
        let seq = self.given + self.losses().damaged;
        self.given += 1;
        self.since += 1;
        Ok(Some(Frame { seq, captured: Timestamp::now(), data: FrameData::Jpeg(jpeg) }))
    }

    fn losses(&self) -> Losses {
        let losses = self.repair.losses();
        Losses { damaged: losses.damaged + self.film.damaged(), ..losses }
    }

    fn describe(&self) -> String {
        let rate = self.pacer.as_ref().map(|pacer| format!(" at {} fps", pacer.fps()));
        format!("the {} film {}{}", self.film.container(), self.name, rate.unwrap_or_default())
    }
}

#[cfg(test)]
#[path = "recording_tests.rs"]
mod tests;

//! A recording as a source: each frame at its own time, passed on as it is.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    Error, Frame, FrameData, Source,
    pace::Pacer,
    playback::{Playback, Wake},
};
use crate::{
    clock::Timestamp,
    jpeg,
    recording::{self, Reader},
};

/// What a Matroska file begins with.
const MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

/// The longest that is waited for a frame: a file may claim that its next one comes in a century.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A frame stays on until the next; the last of a file that begins again, as long as this where nothing else is known.
const LAST_STAYS: Duration = Duration::from_millis(40);

/// A recording being played.
pub(super) struct Recording {
    path: PathBuf,
    reader: Reader<BufReader<File>>,
    schedule: Schedule,
    /// Where another rate than its own was asked for.
    pacer: Option<Pacer>,
    repeat: bool,
    seq: u64,
    /// Frames since the file began anew.
    since: u64,
    playback: Option<Playback>,
    /// The time of the first frame.
    first: Option<Duration>,
    sought: Option<(Duration, Bytes)>,
}

/// When frames are due, by their times in the file.
#[derive(Debug, Default)]
struct Schedule {
    /// When the first was, and its time.
    began: Option<(Instant, Duration)>,
    last: Duration,
    pace: Duration,
}

impl Schedule {
    /// When the frame with this time is due.
    fn due(&mut self, time: Duration, now: Instant) -> Instant {
        let (began, first) = *self.began.get_or_insert((now, time));
        let pause = time.saturating_sub(self.last).min(LONGEST_PAUSE);
        if self.last > Duration::ZERO {
            self.pace = pause;
        }
        self.last = time;
        let due = began.checked_add(time.saturating_sub(first)).unwrap_or(now);
        // A longer gap than that, or a machine that was asleep: go on from here.
        let latest = now + LONGEST_PAUSE;
        if due > latest || now.saturating_duration_since(due) > LONGEST_PAUSE {
            self.began = Some((now, time));
            return now;
        }
        due
    }

    /// The next file begins where this one ends.
    fn again(&mut self, now: Instant) -> Duration {
        let stays = if self.pace.is_zero() { LAST_STAYS } else { self.pace };
        let end = self.began.map_or(now, |(began, first)| began + self.last.saturating_sub(first) + stays);
        *self = Self::default();
        end.saturating_duration_since(now)
    }
}

impl Recording {
    /// Whether a file is one, by how it begins.
    pub(super) fn is_one(start: &[u8]) -> bool {
        start.starts_with(&MAGIC)
    }

    /// Opens it; `fps`: at this rate instead of its own.
    pub(super) fn open(
        path: &Path,
        fps: Option<f64>,
        repeat: bool,
        playback: Option<Playback>,
    ) -> Result<Self, Error> {
        let reader = open(path)?;
        if let Some(playback) = &playback {
            playback.opened(reader.length(), true);
        }
        let (path, pacer) = (path.to_owned(), fps.map(Pacer::new));
        let schedule = Schedule::default();
        Ok(Self {
            path,
            reader,
            schedule,
            pacer,
            repeat,
            seq: 0,
            since: 0,
            playback,
            first: None,
            sought: None,
        })
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        self.reader = open(&self.path)?;
        self.schedule = Schedule::default();
        let to = to + self.first.unwrap_or_default();
        let mut found = None;
        while let Some(next) = self.next_jpeg()? {
            let late = next.0 >= to;
            found = Some(next);
            if late {
                break;
            }
        }
        self.sought = found;
        Ok(())
    }

    /// The next picture in the file; what is none is left out.
    fn next_jpeg(&mut self) -> Result<Option<(Duration, Bytes)>, Error> {
        loop {
            let Some((time, frame)) = self.reader.next_frame().map_err(|error| failed(&self.path, error))?
            else {
                return Ok(None);
            };
            let length = jpeg::header(&frame).ok().and_then(|_| jpeg::trimmed(&frame)).map(<[u8]>::len);
            if let Some(length) = length {
                return Ok(Some((time, frame.slice(..length))));
            }
            tracing::debug!("{}: a frame that is no JPEG is left out", self.path.display());
        }
    }
}

fn open(path: &Path) -> Result<Reader<BufReader<File>>, Error> {
    let io = |source| Error::Io { name: path.display().to_string(), source };
    let file = File::open(path).map_err(io)?;
    Reader::new(BufReader::new(file)).map_err(|error| failed(path, error))
}

fn failed(path: &Path, error: recording::Error) -> Error {
    let name = path.display().to_string();
    match error {
        recording::Error::Read(source) => Error::Io { name, source },
        other => Error::Recording { name, reason: other.to_string() },
    }
}

impl Source for Recording {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            let mut next = self.sought.take().map_or_else(|| self.next_jpeg(), |sought| Ok(Some(sought)))?;
            if next.is_none() && self.repeat && self.since > 0 {
                thread::sleep(self.schedule.again(Instant::now()));
                self.reader = open(&self.path)?;
                self.since = 0;
                next = self.next_jpeg()?;
            }
            let Some((time, jpeg)) = next else {
                match self.playback.as_ref().map(Playback::wait_at_end) {
                    Some(Wake::Seek(to)) => self.seek(to)?,
                    _ => return Ok(None),
                }
                continue;
            };
            self.since += 1;
            let first = *self.first.get_or_insert(time);
            let now = Instant::now();
            match (&mut self.pacer, &self.playback) {
                (Some(pacer), _) => _ = pacer.wait(),
                (None, None) => {
                    thread::sleep(self.schedule.due(time, now).saturating_duration_since(now));
                }
                (None, Some(playback)) => match playback.wait_until(self.schedule.due(time, now)) {
                    Wake::Due { paused } => {
                        self.schedule.began = self.schedule.began.map(|(at, time)| (at + paused, time));
                        playback.shown(time.saturating_sub(first));
                    }
                    Wake::Seek(to) => {
                        self.seek(to)?;
                        continue;
                    }
                    Wake::Closed => return Ok(None),
                },
            }
            let seq = self.seq;
            self.seq += 1;
            return Ok(Some(Frame { seq, captured: Timestamp::now(), data: FrameData::Jpeg(jpeg) }));
        }
    }

    fn describe(&self) -> String {
        let rate = self.pacer.as_ref().map(|pacer| format!(" at {} frames/s", pacer.fps()));
        format!("the recording {}{}", self.path.display(), rate.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn frames_are_due_at_their_own_times() {
        let start = Instant::now();
        let mut schedule = Schedule::default();
        let due: Vec<_> = [5_000, 5_033, 5_500, 5_501]
            .map(|time| schedule.due(time * MS, start + 3 * MS).duration_since(start))
            .into();
        assert_eq!(due, [3, 36, 503, 504].map(|at| at * MS));
        assert_eq!(schedule.again(start + 504 * MS), MS, "as long as the one before");
        assert_eq!(schedule.due(Duration::ZERO, start + 505 * MS), start + 505 * MS);
    }

    #[test]
    fn who_is_late_catches_up_and_who_slept_does_not() {
        let start = Instant::now();
        let mut schedule = Schedule::default();
        schedule.due(Duration::ZERO, start);
        assert_eq!(schedule.due(40 * MS, start + 90 * MS), start + 40 * MS, "at once");
        let woken = start + 3_600_000 * MS;
        assert_eq!(schedule.due(80 * MS, woken), woken);
        assert_eq!(schedule.due(120 * MS, woken), woken + 40 * MS);
        let century = Duration::from_secs(3_000_000_000);
        assert_eq!(schedule.due(century, woken), woken, "nobody waits so long");
    }
}

//! The thread that reads the sheet in captured and delivered pictures.
//!
//! Reading takes milliseconds, so it must not happen on the threads of the measured frames. If it cannot keep
//! up, frames are left out before they are captured, so that of a frame either both pictures are read or none.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use bytes::Bytes;

use super::{
    guide::{self, Obstacle},
    samples::{FrameKey, between},
    session::Session,
};
use crate::{
    bench::fiducial::{Luma, Reading, Sheet, read},
    capture::FrameData,
    jpeg::{self, Decoder, Scale},
    picture::Canvas,
};

/// Captured pictures that wait at most: a quarter of a second's.
const MAX_WAITING: usize = 8;

/// Frames whose delivered picture may still come.
const MAX_ADMITTED: usize = 256;

/// A picture to read.
enum Picture {
    Jpeg(Bytes),
    Luma(Luma),
    Canvas(Arc<Canvas>),
}

/// Which end of the way a picture is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Captured,
    Delivered,
}

#[derive(Default)]
struct Waiting {
    pictures: VecDeque<(FrameKey, Side, Picture)>,
    admitted: VecDeque<FrameKey>,
    over: bool,
}

/// Gives pictures to the reader.
#[derive(Clone, Default)]
pub(super) struct Reader {
    shared: Arc<(Mutex<Waiting>, Condvar)>,
}

impl Reader {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a copy of a captured picture, unless too many wait. Returns whether it did.
    pub(super) fn captured(&self, key: FrameKey, data: &FrameData) -> bool {
        if !self.admit(key) {
            return false;
        }
        let picture = match data {
            FrameData::Jpeg(jpeg) => Picture::Jpeg(jpeg.clone()),
            FrameData::Picture(picture) => Picture::Luma(Luma::of_picture(picture)),
        };
        self.push(key, Side::Captured, picture);
        true
    }

    /// Admits a frame that is captured elsewhere, unless too many wait.
    pub(super) fn admit(&self, key: FrameKey) -> bool {
        let mut waiting = self.waiting();
        if waiting.pictures.len() >= MAX_WAITING {
            return false;
        }
        if waiting.admitted.len() == MAX_ADMITTED {
            waiting.admitted.pop_front();
        }
        waiting.admitted.push_back(key);
        true
    }

    /// Takes the delivered picture of a frame that was admitted.
    pub(super) fn delivered(&self, key: FrameKey, canvas: Arc<Canvas>) {
        let mut waiting = self.waiting();
        let Some(at) = waiting.admitted.iter().position(|admitted| *admitted == key) else { return };
        waiting.admitted.remove(at);
        drop(waiting);
        self.push(key, Side::Delivered, Picture::Canvas(canvas));
    }

    fn push(&self, key: FrameKey, side: Side, picture: Picture) {
        self.waiting().pictures.push_back((key, side, picture));
        self.shared.1.notify_one();
    }

    /// Ends the thread.
    pub(super) fn end(&self) {
        self.waiting().over = true;
        self.shared.1.notify_one();
    }

    fn next(&self) -> Option<(FrameKey, Side, Picture)> {
        let mut waiting = self.waiting();
        loop {
            if waiting.over {
                return None;
            }
            if let Some(next) = waiting.pictures.pop_front() {
                return Some(next);
            }
            waiting = self.shared.1.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Starts the thread.
pub(super) fn start(reader: Reader, session: Arc<Session>) -> Result<(), super::Error> {
    let mut decoder = Decoder::new()?;
    thread::Builder::new().name("read".into()).spawn(move || {
        while let Some((key, side, picture)) = reader.next() {
            if let Ok(reading) = look(picture, &mut decoder) {
                take(&session, key, side, &reading);
            }
        }
    })?;
    Ok(())
}

fn look(picture: Picture, decoder: &mut Decoder) -> Result<Reading, jpeg::Error> {
    let luma = match picture {
        Picture::Luma(luma) => luma,
        Picture::Canvas(canvas) => Luma::of_canvas(&canvas),
        Picture::Jpeg(jpeg) => {
            Luma::of_canvas(&decoder.decode(&jpeg, Scale::Full, Canvas::default())?.canvas)
        }
    };
    Ok(read(&luma))
}

fn take(session: &Session, key: FrameKey, side: Side, reading: &Reading) {
    let ours = reading.sheets.iter().filter_map(Sheet::newest);
    let ours = ours.filter(|stamp| stamp.session() == session.number);
    let newest = ours.reduce(|one, other| if other.millis_since(one) > 0 { other } else { one });
    let mut state = session.state();
    match side {
        Side::Captured => state.samples.read_captured(key, newest),
        Side::Delivered => {
            state.samples.read_delivered(key, newest);
            if let Some(millis) = between(&reading.sheets, session.number) {
                state.samples.other(millis);
            }
        }
    }
    // The delivered picture is the worse one.
    if side == Side::Delivered {
        // A sheet of another run is none.
        let obstacle = || guide::obstacle(reading).unwrap_or(Obstacle::NotSeen);
        state.guide.picture(newest.is_none().then(obstacle), Instant::now());
    }
}

//! The window of the measurement: stamps that change in turn, and the delivered picture.
//!
//! Not the viewer's window: this one is repainted sixty times a second, whether or not a frame has come.

use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use minifb::Key;

use super::{
    board::{Board, Status},
    samples::FrameKey,
    screen_log::Shown,
    session::{Phase, Session},
};
use crate::{
    bench::fiducial::Stamp,
    clock::Timestamp,
    i18n::Translations,
    picture::Canvas,
    view::{Error, look},
};

/// Title of the window, by which a simulated camera finds it.
pub(super) const TITLE: &str = "pulsecam bench glass";

/// Shortest time between two stamps, and by how much it varies: about sixty per second, as a screen shows, but
/// never in step with a camera, whose pictures would then all be of the same age.
const INTERVAL: Duration = Duration::from_millis(13);
const VARIATION: Duration = Duration::from_millis(6);

/// An event for the window.
pub(super) enum Event {
    /// A picture was delivered.
    Picture {
        /// Identifies the frame.
        key: FrameKey,
        /// Its number, if it has one.
        seq: Option<u64>,
        /// The pixels.
        canvas: Arc<Canvas>,
    },
    /// The measurement is over.
    Stop,
}

/// Why the window has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By the user.
    Closed,
    /// By [`Event::Stop`].
    Stopped,
}

/// Runs the window until it is closed. Call it on the main thread.
pub(super) fn run(
    size: (usize, usize),
    words: &Translations,
    session: &Session,
    events: &mpsc::Receiver<Event>,
) -> Result<End, Error> {
    let mut window = look::open(TITLE, size)?;
    let mut board = Board::new(words, look::scale());
    let mut pace = StampPacer::new(Instant::now());
    loop {
        let mut pictures = Vec::new();
        let first = match events.recv_timeout(pace.due.saturating_duration_since(Instant::now())) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(End::Stopped),
        };
        for event in first.into_iter().chain(events.try_iter()) {
            match event {
                Event::Picture { key, seq, canvas } => pictures.push((key, seq, canvas)),
                Event::Stop => return Ok(End::Stopped),
            }
        }
        if !window.is_open() || window.is_key_down(Key::Q) || window.is_key_down(Key::Escape) {
            return Ok(End::Closed);
        }
        let (width, height) = window.get_size();
        board.resize(width, height);
        board.status(status(session, Instant::now()));
        // An older one that waits with it is never seen.
        let newest = pictures.pop();
        if let Some((_, _, canvas)) = &newest {
            board.picture(canvas);
        }
        let painted = Timestamp::now();
        let stamp =
            pace.is_due(Instant::now()).then(|| Stamp::new(session.number, painted.as_micros() / 1000));
        if let Some(stamp) = stamp {
            board.stamp(stamp);
        }
        if width > 0 && height > 0 && (stamp.is_some() || newest.is_some()) {
            // Its round trip for the pointer comes after the picture, so the display has that when it returns.
            let shown = window.update_with_buffer(&board.canvas.pixels, width, height);
            shown.map_err(|error| Error::Lost(error.to_string()))?;
            let presented = Timestamp::now();
            let mut state = session.state();
            if let Some(stamp) = stamp {
                state.log.push(Shown { stamp, painted, presented });
            }
            if let Some((key, seq, _)) = newest {
                state.samples.presented(key, presented);
                if let Some(seq) = seq {
                    state.steps.of(seq).presented = Some(presented);
                }
            }
        }
    }
}

/// What the window says now.
fn status(session: &Session, now: Instant) -> Status {
    let mut state = session.state();
    let obstacle = state.guide.obstacle(now);
    match (state.phase, obstacle) {
        (Phase::Searching, Some(obstacle)) => Status::Searching(obstacle),
        (Phase::Searching, None) => Status::Found,
        (Phase::Measuring { until }, obstacle) => {
            let latency = state.samples.latest_ms(&state.log).map(|latency| latency.round().max(0.0) as u64);
            let left = until.saturating_duration_since(now).as_secs_f64().ceil() as u64;
            Status::Measuring { left, latency, obstacle }
        }
    }
}

/// Decides when the next stamp is due.
#[derive(Debug)]
struct StampPacer {
    due: Instant,
    /// Multiples of the golden ratio's fraction: spread evenly, and never in step with anything.
    phase: f64,
}

impl StampPacer {
    const fn new(now: Instant) -> Self {
        Self { due: now, phase: 0.0 }
    }

    /// Whether a stamp is due; if so, the next one is planned.
    fn is_due(&mut self, now: Instant) -> bool {
        if now < self.due {
            return false;
        }
        self.phase = (self.phase + 0.618_033_988_75) % 1.0;
        // A display that was slow is not made busier by stamps that are late.
        self.due = now + INTERVAL + VARIATION.mul_f64(self.phase);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_come_about_sixty_times_a_second_and_never_evenly() {
        let begin = Instant::now();
        let (mut now, mut pace, mut times) = (begin, StampPacer::new(begin), Vec::new());
        for _ in 0..4000 {
            if pace.is_due(now) {
                times.push(now);
            }
            now += Duration::from_micros(250);
        }
        let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!((55..70).contains(&gaps.len()), "{}", gaps.len());
        assert!(gaps.iter().all(|gap| (INTERVAL..=INTERVAL + VARIATION * 2).contains(gap)), "{gaps:?}");
        assert!(gaps.windows(2).filter(|pair| pair[0] == pair[1]).count() < gaps.len() / 5, "{gaps:?}");
    }

    #[test]
    fn a_slow_display_gets_one_stamp_and_not_all_that_were_missed() {
        let begin = Instant::now();
        let mut pace = StampPacer::new(begin);
        assert!(pace.is_due(begin));
        let late = begin + Duration::from_secs(1);
        assert!(pace.is_due(late) && !pace.is_due(late));
    }
}

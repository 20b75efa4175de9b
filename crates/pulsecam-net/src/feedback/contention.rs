//! Contention: whether traffic of others fills the queue that pacing keeps empty.
//!
//! A sender that keeps a queue empty gets little of a link on which others keep it full. A frame that is sent
//! while nothing of ours is under way should find the path empty; if such frames wait all the same, pacing
//! yields for a while, and then tries again.

use std::time::{Duration, Instant};

use super::WindowedMin;

/// A wait in the queue that is no measurement error: timers and wake-ups of both ends add up to less.
const QUEUED: Duration = Duration::from_millis(10);

/// Consecutive frames that waited before it counts. One may be a hiccup.
const IN_A_ROW: u32 = 3;

/// The first pause of pacing; each later one is twice as long as the one before, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause. Each new try costs the share of a few frames.
const LONGEST_PAUSE: Duration = Duration::from_secs(16);

/// Pacing that went well for this long has found a path without others.
const CALM: Duration = Duration::from_secs(10);

/// Watches the queue that frames find.
#[derive(Debug, Default)]
pub(super) struct Contention {
    /// The shortest round trip of a frame and its receipt, without the transfer, in microseconds.
    round_trip: WindowedMin,
    shortest: Option<Duration>,
    /// Consecutive frames that waited: all, and those that were sent alone.
    waited: u32,
    waited_alone: u32,
    /// Whether the next frame waits for something of ours.
    disturbed: bool,
    pause: Option<Duration>,
    until: Option<Instant>,
}

impl Contention {
    /// Records how long a frame waited in queues (`queued`), and the time until its receipt less the transfer
    /// (`round`). Returns whether frames should be sent alone, to find out whose queue it is.
    pub(super) fn sample(&mut self, queued: Duration, round: Duration, alone: bool, now: Instant) -> bool {
        let micros = i64::try_from(round.as_micros()).unwrap_or(i64::MAX);
        self.shortest = Some(Duration::from_micros(self.round_trip.sample(micros, now).unsigned_abs()));
        let disturbed = std::mem::take(&mut self.disturbed);
        if disturbed || self.yields(now) {
            return false;
        }
        if queued < QUEUED {
            (self.waited, self.waited_alone) = (0, 0);
            if self.until.is_some_and(|until| now.saturating_duration_since(until) >= CALM) {
                (self.pause, self.until) = (None, None);
            }
            return false;
        }
        self.waited += 1;
        if alone {
            self.waited_alone += 1;
            if self.waited_alone >= IN_A_ROW {
                let pause = self.pause.map_or(FIRST_PAUSE, |pause| (2 * pause).min(LONGEST_PAUSE));
                (self.pause, self.until) = (Some(pause), Some(now + pause));
                (self.waited, self.waited_alone) = (0, 0);
                return true; // the next try begins like this
            }
        }
        self.waited == IN_A_ROW
    }

    /// Records that something of ours was sent between frames.
    pub(super) const fn disturbed(&mut self) {
        self.disturbed = true;
    }

    /// Whether pacing yields to others' traffic.
    pub(super) fn yields(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// The shortest round trip of the last half minute.
    pub(super) const fn round_trip(&self) -> Option<Duration> {
        self.shortest
    }
}

//! Paced delivery: when the next frame may start, so that the link is full and its queue is empty.
//!
//! A full link has a queue before its bottleneck, which no socket option can see: what waits there is stale
//! and nothing newer can pass it. So a frame is started only when the link has carried the one before it. A
//! receiver that was asked acknowledges each frame with the time of its last byte and how long that came
//! after the first ([`Receipt`]). From these follow the link's rate, and the time at which the bottleneck is
//! through with what was sent; the next frame then arrives there just in time. Measured: two thirds of the
//! age at the same throughput.
//!
//! All streams of a connection share one pacer, because they share the link: with one window for each, twenty
//! streams would have twenty frames in the queue.
//!
//! Pacing never makes a frame wait longer than sending one at a time would. It ends by itself if receipts
//! stop, on a link too fast to need it, and beside other traffic, which would take the place that it leaves
//! ([`Contention`]).

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use pulsecam_wire::Receipt;

use super::{
    WindowedMin,
    contention::{Contention, Passage},
};

/// A socket that is full for this long belongs to a link that needs pacing. On a faster one, frames do not
/// queue for long enough to matter, and receipts would cost more than they bring.
const SLOW: Duration = Duration::from_millis(2);

/// The time without a full socket and without a frame that took [`SLOW`] after which receipts are no longer
/// needed.
const FAST_FOR: Duration = Duration::from_secs(10);

/// How much before the bottleneck is free the next frame may start: the runtime's timers are that coarse, and
/// a link that stands idle loses more than a short queue does.
const EARLY: Duration = Duration::from_millis(1);

/// Frames that are sent one at a time to find out whether others fill the queue.
const ALONE_TO_JUDGE: u32 = 3;

/// A link that carried nothing for this share of a frame's transfer has an empty queue: a frame that starts
/// then is as good as alone, without the round trip for which waiting for receipts leaves the link idle. Less
/// than that may be an error of the estimate.
const IDLE_SHARE: f64 = 0.2;

/// The longest time without a frame that found the queue empty; then one is sent alone, so that the path's delay
/// stays known. As often as BBR probes for it.
const ALONE_INTERVAL: Duration = Duration::from_secs(10);

/// The most frames under way, however long the round trip.
const MAX_UNDER_WAY: usize = 64;

/// The weight of the newest frame in the smoothed rate.
const NEWEST: f64 = 0.25;

/// The least time to wait for a receipt before they count as lost. A receiver that is busy with other work
/// takes tens of milliseconds; heartbeats notice a dead link.
const PATIENCE: Duration = Duration::from_secs(1);

/// When the next frame may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// As soon as the socket takes it.
    Now,
    /// At this time, or earlier if a receipt says so.
    At(Instant),
    /// Once the receiver asks for more.
    OnCredit,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    number: u64,
    bytes: usize,
    at: Instant,
    /// Whether nothing of ours was before it on the path when it started.
    alone: bool,
}

/// Decides when a frame may start on one connection.
#[derive(Debug)]
pub(crate) struct Pacer {
    /// Whether the other end sends receipts if it is asked.
    able: bool,
    /// Whether it was asked.
    asked: bool,
    /// When the link was last seen to need receipts.
    slow_at: Option<Instant>,
    /// Frames whose writing began.
    started: u64,
    /// The last frame that the receiver wants.
    until: Option<u64>,
    under_way: VecDeque<UnderWay>,
    /// Seconds per byte.
    pace: Option<f64>,
    /// The reference for comparing the two clocks.
    epoch: Instant,
    /// The shortest time from a frame's start to the arrival of its first byte, in microseconds, plus the
    /// unknown difference of the clocks.
    base: WindowedMin,
    /// When the bottleneck has carried everything that was started.
    free_at: Instant,
    /// Since when a receipt is missing: the last one came then, or the first frame started.
    heard: Instant,
    /// Frames to send alone before more than one may be under way.
    alone_left: u32,
    /// When a frame last found the queue empty; `None` before that.
    empty_at: Option<Instant>,
    contention: Contention,
}

impl Pacer {
    /// Creates a pacer that lets everything pass until the receiver is [`Self::able`] and the link slow.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            able: false,
            asked: false,
            slow_at: None,
            started: 0,
            until: None,
            under_way: VecDeque::new(),
            pace: None,
            epoch: now,
            base: WindowedMin::default(),
            free_at: now,
            heard: now,
            alone_left: 0,
            empty_at: None,
            contention: Contention::new(now),
        }
    }

    /// Records whether the other end sends receipts if it is asked, and should be.
    pub(crate) const fn able(&mut self, able: bool) {
        self.able = able;
    }

    /// Records that the socket was full for `time`.
    pub(crate) fn waited(&mut self, time: Duration, now: Instant) {
        if time >= SLOW {
            self.slow_at = Some(now);
        }
    }

    /// What to ask of the receiver, if that has changed: receipts (`true`), or none any more.
    pub(crate) fn asks(&mut self, now: Instant) -> Option<bool> {
        let is_slow = self.slow_at.is_some_and(|slow| now.saturating_duration_since(slow) < FAST_FOR);
        let needed = self.able && is_slow;
        if needed == self.asked {
            return None;
        }
        self.asked = needed;
        if needed {
            // What is under way was not watched closely enough, and its receipts will not come.
            self.under_way.clear();
            (self.heard, self.free_at) = (now, now);
            (self.alone_left, self.empty_at, self.pace) = (0, None, None);
            self.contention = Contention::new(now);
        }
        Some(needed)
    }

    /// When the next frame may start.
    pub(crate) fn release(&self, now: Instant) -> Release {
        if self.until.is_some_and(|until| self.started >= until) {
            return Release::OnCredit;
        }
        let Some(first) = self.under_way.front().filter(|_| self.asked) else { return Release::Now };
        if self.contention.yields(now) {
            return Release::Now;
        }
        // A receipt that does not come must not stop the stream.
        let lost_at = self.heard + self.patience(first.bytes);
        if now >= lost_at {
            return Release::Now;
        }
        // A receiver that does not say how long frames take, such as a page, cannot be paced.
        if self.pace.is_none() {
            return Release::Now;
        }
        let transfer = self.transfer(first.bytes);
        if transfer < SLOW {
            return Release::Now;
        }
        if self.alone_left > 0 {
            // While no frame has found the link idle, the shortest delay seen may contain a queue, and only an
            // empty path is sure to have none.
            let idle_at = self.empty_at.and(self.idle_at(transfer)).unwrap_or(lost_at).min(lost_at);
            return if idle_at > now { Release::At(idle_at) } else { Release::Now };
        }
        let round_trip = self.contention.round_trip().unwrap_or_default();
        let most = 2 + (round_trip.as_micros() / transfer.as_micros()) as usize;
        if self.under_way.len() >= most.min(MAX_UNDER_WAY) {
            return Release::At(lost_at);
        }
        match self.free_at.checked_sub(EARLY) {
            Some(at) if at > now => Release::At(at.min(lost_at)),
            _ => Release::Now,
        }
    }

    /// When a frame that takes this long would find an empty queue, if the link's rate is known.
    fn idle_at(&self, transfer: Duration) -> Option<Instant> {
        self.pace?;
        Some(self.free_at + transfer.max(SLOW).mul_f64(IDLE_SHARE))
    }

    /// Records that the writing of a frame of `bytes` began.
    pub(crate) fn started(&mut self, bytes: usize, now: Instant) {
        self.started += 1;
        if !self.asked {
            return;
        }
        if self.under_way.is_empty() {
            self.heard = now;
        }
        let found_idle = self.idle_at(self.transfer(bytes)).is_some_and(|at| now >= at);
        let alone = self.under_way.is_empty() || found_idle;
        // Without pacing, a queue stands, and its shortest counts as none.
        if !self.contention.yields(now) {
            if alone {
                self.alone_left = self.alone_left.saturating_sub(1);
                self.empty_at = Some(now);
            }
            let since = self.empty_at.map(|at| now.saturating_duration_since(at));
            if since.is_none_or(|since| since >= ALONE_INTERVAL) {
                self.alone_left = self.alone_left.max(1);
            }
        }
        if self.under_way.len() == MAX_UNDER_WAY {
            self.under_way.pop_front();
        }
        self.under_way.push_back(UnderWay { number: self.started, bytes, at: now, alone });
        self.free_at = self.free_at.max(now) + self.transfer(bytes);
    }

    /// Records that `bytes` of something other than a frame were written.
    pub(crate) fn wrote_other(&mut self, bytes: usize, now: Instant) {
        if self.asked {
            self.free_at = self.free_at.max(now) + self.transfer(bytes);
            // The next frame waits behind them, which is no sign of foreign traffic.
            self.contention.disturbed();
        }
    }

    /// Handles a receipt. Times that cannot be are ignored, and so are receipts of frames that were not sent.
    pub(crate) fn received(&mut self, receipt: &Receipt, now: Instant) {
        if receipt.until.is_some() {
            self.until = receipt.until;
        }
        let Some(got) = receipt.got.filter(|got| *got <= self.started) else { return };
        let mut last = None;
        while let Some(first) = self.under_way.front().filter(|frame| frame.number <= got) {
            last = Some(*first);
            self.under_way.pop_front();
        }
        let Some(frame) = last else { return };
        self.heard = now;
        let exact = frame.number == got;
        if let (true, Some(at), Some(took)) = (exact, receipt.at, receipt.took) {
            self.arrived(frame, at, took, now);
        }
    }

    /// The link's rate in bytes per second, and the round trip without queues, as far as receipts tell.
    pub(crate) fn path(&self) -> Option<(f64, Duration)> {
        let pace = self.pace.filter(|pace| self.asked && *pace > 0.0)?;
        Some((pace.recip(), self.contention.round_trip()?))
    }

    /// Learns from the arrival of a frame, by the receiver's clock.
    fn arrived(&mut self, frame: UnderWay, at: u64, took: u64, now: Instant) {
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let (Ok(at), Ok(took)) = (i64::try_from(at), i64::try_from(took)) else { return };
        let sent = micros(frame.at.saturating_duration_since(self.epoch));
        let here = micros(now.saturating_duration_since(self.epoch));
        if took > here - sent {
            return; // longer than it was under way
        }
        let round = Duration::from_micros((here - sent - took).unsigned_abs());
        let head = at.saturating_sub(took).saturating_sub(sent);
        let base = self.base.sample(head, now);
        let queued = Duration::from_micros(head.saturating_sub(base).unsigned_abs());
        let took = Duration::from_micros(took.unsigned_abs());
        if took >= SLOW {
            self.slow_at = Some(now);
        }
        let passage = Passage { queued, round, took, bytes: frame.bytes, alone: frame.alone };
        let sample = passage.pace();
        self.pace = Some(self.pace.map_or(sample, |pace| pace + NEWEST * (sample - pace)));
        if self.contention.sample(passage, now) {
            self.alone_left = ALONE_TO_JUDGE;
        }
        // When its last byte left the bottleneck, by our clock.
        let left = at.saturating_sub(base).clamp(sent, here).unsigned_abs();
        let mut free_at = self.epoch + Duration::from_micros(left);
        for next in &self.under_way {
            free_at = free_at.max(next.at) + self.transfer(next.bytes);
        }
        self.free_at = free_at;
    }

    /// How long the link takes for this many bytes; zero if that is unknown.
    fn transfer(&self, bytes: usize) -> Duration {
        let seconds = self.pace.unwrap_or_default() * bytes as f64;
        Duration::try_from_secs_f64(seconds).unwrap_or_default().min(PATIENCE)
    }

    /// How long to wait for a receipt: four times what one usually takes, if the next frame follows at once.
    fn patience(&self, bytes: usize) -> Duration {
        let usual = self.contention.round_trip().unwrap_or_default() + 2 * self.transfer(bytes);
        PATIENCE.max(4 * usual)
    }
}

#[cfg(test)]
impl Pacer {
    pub(super) fn under_way_len(&self) -> usize {
        self.under_way.len()
    }
}

//! One stream as it is shown: its last frame, its frame counts, and whether it is alive.
//!
//! A frozen picture must never look live, so the time since the last frame decides, not the state of the
//! link.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    stream_counts::StreamCounts,
    stream_stats::StreamStats,
    update::{Damaged, FrameCounts, PlaceholderKind, VideoFrame},
};
use crate::{picture::Canvas, stream_id::StreamId};

/// Silence after which a picture counts as frozen.
pub(crate) const STALLED_AFTER: Duration = Duration::from_secs(1);

/// Silence after which a tile is removed: a sender that reconnects or is restarted keeps its place.
pub(crate) const GONE_AFTER: Duration = Duration::from_secs(30);

/// Silence after which the tile of a sender that has left is removed: long enough to read who it was.
pub(crate) const LEFT_FOR: Duration = Duration::from_secs(3);

/// Age from which a picture counts as late: beyond it a conversation is difficult (ITU-T G.114).
const LATE_AFTER: Duration = Duration::from_millis(400);

/// Longest interval between frames of a slow stream (a time lapse) that does not count as frozen.
const SLOWEST_PACE: Duration = Duration::from_secs(4);

/// Silence after which a card counts as frozen: its sender may repeat it slowly.
const CARD_STALLED_AFTER: Duration = Duration::from_secs(4);

/// The size of a tile whose pictures cannot be decoded, if their size is unknown too.
const UNKNOWN_SIZE: (usize, usize) = (640, 360);

/// The state of a picture: whether it is what the camera sees now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamHealth {
    Live,
    /// It arrives, but with this age.
    Late(Duration),
    /// A card with the reason why there is no picture.
    Card(PlaceholderKind),
    /// No new frame for this duration.
    Frozen(Duration),
    /// The sender has left.
    Left,
    /// Pictures arrive, but none can be decoded ([`Stream::reason`]).
    Undecodable,
}

/// A stream that is shown.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) frame: VideoFrame,
    /// Its number in the window: the relay's, or one that was given here.
    pub(crate) number: u64,
    /// Identifies the content of `frame` for caches.
    pub(crate) stamp: u64,
    pub(crate) stats: StreamStats,
    shown: u64,
    unseen: u64,
    /// Whether the pixels of `frame` are missing, or those of an earlier frame: it was not decoded.
    is_stale: bool,
    /// The counts before this tile showed anything.
    before: FrameCounts,
    held: Option<VideoFrame>,
    /// Whether its sender has left.
    has_left: bool,
    last: Instant,
    pace: Duration,
    /// When the last frame came that could not be decoded, and why; `None` once another could be decoded.
    undecodable: Option<(Instant, String)>,
}

impl Stream {
    pub(crate) fn new(frame: VideoFrame, stamp: u64, now: Instant) -> Self {
        let has_pixels = frame.has_pixels();
        let mut stream = Self {
            number: 0,
            stamp,
            stats: StreamStats::new(now),
            shown: u64::from(has_pixels),
            unseen: u64::from(!has_pixels),
            is_stale: !has_pixels,
            before: FrameCounts { arrived: frame.account.arrived.saturating_sub(1), ..frame.account },
            held: None,
            has_left: false,
            last: now,
            pace: Duration::ZERO,
            undecodable: None,
            frame,
        };
        stream.stats.arrived(&stream.frame, now);
        stream.measure(now);
        stream
    }

    /// A stream without any frame that can be decoded: there is only the reason to show.
    pub(crate) fn undecodable(damaged: Damaged, stamp: u64, now: Instant) -> Self {
        let frame = VideoFrame {
            stream: damaged.stream,
            name: Arc::clone(&damaged.name),
            peer: damaged.peer,
            seq: None,
            canvas: Arc::default(),
            size: damaged.size.unwrap_or(UNKNOWN_SIZE),
            jpeg: Bytes::new(),
            age: None,
            decoded: now,
            decode: Duration::ZERO,
            account: FrameCounts::default(),
            card: None,
        };
        let mut stream = Self::new(frame, stamp, now);
        (stream.unseen, stream.is_stale) = (0, false);
        stream.stats.forget();
        stream.damaged(damaged, now);
        stream
    }

    /// Counts a frame that cannot be decoded.
    pub(crate) fn damaged(&mut self, damaged: Damaged, now: Instant) {
        let newest = self.held.as_mut().unwrap_or(&mut self.frame);
        let account = &mut newest.account;
        account.arrived = account.arrived.saturating_add(1).max(damaged.damaged);
        account.damaged = account.damaged.max(damaged.damaged);
        self.undecodable = Some((now, damaged.reason));
    }

    /// Notes that its sender has left; a frame says otherwise.
    pub(crate) fn leave(&mut self, now: Instant) {
        self.has_left = true;
        self.stats.forget_arrivals();
        self.measure(now);
    }

    /// Why its frames cannot be decoded.
    pub(crate) fn reason(&self) -> &str {
        self.undecodable.as_ref().map_or("", |(_, reason)| reason)
    }

    /// Whether a frame of it has been shown.
    pub(crate) fn has_picture(&self) -> bool {
        self.shown > 0
    }

    /// Its identity, independent of its name.
    pub(crate) fn id(&self) -> StreamId {
        self.frame.stream
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.frame.name
    }

    /// Whether its newest frame has yet to be decoded: its picture is missing, or that of an earlier frame.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Takes the next frame, to be shown, or held back while `paused`. Returns the buffer that is free now.
    pub(crate) fn take(
        &mut self,
        frame: VideoFrame,
        stamp: u64,
        paused: bool,
        now: Instant,
    ) -> Option<Arc<Canvas>> {
        let turned = self.newest().card != frame.card;
        (self.undecodable, self.has_left) = (None, false);
        self.pace = now.saturating_duration_since(self.last).min(SLOWEST_PACE);
        self.last = now;
        if turned {
            // Rates of the camera's pictures and of cards must not mix.
            self.stats.forget_arrivals();
            self.pace = Duration::ZERO;
        }
        if !frame.has_pixels() {
            // With those that it replaced on the way here.
            let more = frame.account.arrived.saturating_sub(self.newest().account.arrived);
            self.unseen = self.unseen.saturating_add(more);
        }
        // A tile without a picture shows the first one even while paused.
        let freed = if paused && self.has_picture() {
            self.held.replace(frame).map(|frame| frame.canvas)
        } else {
            self.show(frame, stamp)
        };
        self.stats.arrived(self.held.as_ref().unwrap_or(&self.frame), now);
        if turned || self.stats.is_due(now) {
            self.measure(now);
        }
        freed
    }

    /// Shows a frame from now on; one without pixels, as soon as they are there. Returns the buffer that is free
    /// now.
    fn show(&mut self, mut frame: VideoFrame, stamp: u64) -> Option<Arc<Canvas>> {
        self.stamp = stamp;
        self.is_stale = !frame.has_pixels();
        if self.is_stale {
            std::mem::swap(&mut frame.canvas, &mut self.frame.canvas);
        } else {
            self.shown += 1;
        }
        let old = std::mem::replace(&mut self.frame, frame);
        old.has_pixels().then_some(old.canvas)
    }

    /// Shows the frame that the pause held back.
    pub(crate) fn resume(&mut self, stamp: u64) {
        if let Some(frame) = self.held.take() {
            self.show(frame, stamp);
        }
    }

    /// Discards the picture of an earlier frame, which is too old to be shown for even a moment.
    pub(crate) fn forget_stale(&mut self) {
        if self.is_stale {
            self.frame.canvas = Arc::default();
        }
    }

    fn newest(&self) -> &VideoFrame {
        self.held.as_ref().unwrap_or(&self.frame)
    }

    /// Its frame counts.
    pub(crate) fn counts(&self) -> StreamCounts {
        let (FrameCounts { arrived, left_out, lost, damaged }, before) = (self.newest().account, self.before);
        let arrived = arrived.saturating_sub(before.arrived);
        let damaged = damaged.saturating_sub(before.damaged);
        StreamCounts {
            shown: self.shown,
            replaced: arrived.saturating_sub(self.shown + self.unseen).saturating_sub(damaged),
            unseen: self.unseen,
            left_out: left_out.saturating_sub(before.left_out),
            lost: lost.saturating_sub(before.lost),
            damaged,
        }
    }

    /// Replaces its picture by that of its frame at another size; returns the old buffer. `stamp` is the new
    /// content's, if it is new.
    pub(crate) fn fit(&mut self, canvas: Arc<Canvas>, stamp: u64) -> Arc<Canvas> {
        if std::mem::take(&mut self.is_stale) {
            self.stamp = stamp;
            self.shown += 1;
            self.unseen = self.unseen.saturating_sub(1);
        }
        std::mem::replace(&mut self.frame.canvas, canvas)
    }

    /// Notes that its frame, which was not decoded when it came, cannot be.
    pub(crate) fn fail(&mut self, reason: String, now: Instant) {
        if self.is_stale {
            self.undecodable = Some((now, reason));
        }
    }

    /// Updates the figures.
    pub(crate) fn measure(&mut self, now: Instant) {
        let live = self.newest().card.is_none();
        self.stats.measure(self.last, self.pace, live, now);
    }

    /// The state of its picture; `cut`: the link is down.
    pub(crate) fn life(&self, cut: bool, now: Instant) -> StreamHealth {
        if self.has_left {
            return StreamHealth::Left;
        }
        let frozen = self.stalled(now).or_else(|| cut.then(|| self.silence(now)));
        let comes = |(at, _): &(Instant, String)| now.saturating_duration_since(*at) <= CARD_STALLED_AFTER;
        let bad = self.undecodable.as_ref().is_some_and(comes) && (frozen.is_some() || !self.has_picture());
        if bad && !cut {
            return StreamHealth::Undecodable;
        }
        // If the clocks' offset is unknown, the age may be nothing but that offset.
        let age = self.stats.figures.age.and_then(|age| Some(age.time.saturating_sub(age.within?)));
        match (frozen, self.frame.card, age) {
            (Some(silence), ..) => StreamHealth::Frozen(silence),
            (None, Some(card), _) => StreamHealth::Card(card),
            (None, None, Some(age)) if age >= LATE_AFTER => StreamHealth::Late(age),
            _ => StreamHealth::Live,
        }
    }

    /// Time since the last frame that could be shown.
    pub(crate) fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last)
    }

    /// Time since the last frame of any kind.
    fn absence(&self, now: Instant) -> Duration {
        let bad = self.undecodable.as_ref().map(|(at, _)| now.saturating_duration_since(*at));
        bad.unwrap_or(Duration::MAX).min(self.silence(now))
    }

    fn patience(&self) -> Duration {
        let least = if self.newest().card.is_some() { CARD_STALLED_AFTER } else { STALLED_AFTER };
        least.max(self.pace * 5 / 2)
    }

    /// Time without a picture, if that is too long to call it live.
    pub(crate) fn stalled(&self, now: Instant) -> Option<Duration> {
        let silence = self.silence(now);
        (silence > self.patience()).then_some(silence)
    }

    /// Whether the tile is to be removed.
    pub(crate) fn gone(&self, now: Instant) -> bool {
        let patience = if self.has_left { LEFT_FOR } else { GONE_AFTER.max(self.patience()) };
        self.absence(now) >= patience
    }

    /// When its appearance changes without a new frame.
    pub(crate) fn next_change(&self, now: Instant) -> Instant {
        match self.stalled(now) {
            // The next whole second, as the display counts seconds.
            Some(silence) => self.last + Duration::from_secs(silence.as_secs() + 1),
            None => self.last + self.patience() + Duration::from_millis(1),
        }
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;

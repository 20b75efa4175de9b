//! Matches the relay's reports with the frames that were sent.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    clock::Timestamp,
    feedback::{QueueingDelay, WindowedMin},
    wire::{FrameInfo, Heartbeat},
};

/// The most frames on their way to the relay that are remembered. Older ones would tell nothing useful.
const MAX_UNDER_WAY: usize = 256;

/// A longer wait between encoder and socket is impossible: the wall clock was set in between.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A report of our relay on a frame that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryReport {
    /// When the frame was ready to be sent; the camera's own delay is not the link's.
    pub ready: Instant,
    /// The frame's number.
    pub seq: Option<u64>,
    /// The time until the relay had it, by our clock alone. An upper bound, because it includes the way back.
    pub at_relay: Duration,
    /// How much later the median viewer gets frames; zero without viewers.
    pub late: Duration,
    /// How long the frame waited in queues on both hops. This is its delay beyond the path's minimum of the
    /// last 30 s.
    pub queued: Duration,
    /// The percentage of frames for the median viewer that newer ones replaced.
    pub lost: u8,
    /// Frames whose writing has begun since the link was created.
    pub sent: u64,
    /// Frames that newer ones replaced since the link was created.
    pub replaced: u64,
    /// Bytes of frames whose writing has begun on this connection.
    pub sent_bytes: u64,
    /// The bytes per second that the path carries, as far as receipts tell; `None` if it is no limit.
    pub capacity: Option<u64>,
    /// When the relay had all of it, by the relay's clock.
    pub relayed: Option<Timestamp>,
}

impl DeliveryReport {
    /// A report of a frame that nothing held up after it reached the relay, without counts.
    #[must_use]
    pub const fn new(ready: Instant, at_relay: Duration) -> Self {
        Self {
            ready,
            seq: None,
            at_relay,
            late: Duration::ZERO,
            queued: Duration::ZERO,
            lost: 0,
            sent: 0,
            replaced: 0,
            sent_bytes: 0,
            capacity: None,
            relayed: None,
        }
    }

    /// Returns the same with changes, as in `report.with(|report| report.lost = 5)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The greatest age of a frame when the viewers get it.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.at_relay.saturating_add(self.late)
    }
}

/// The frames whose writing began on this connection.
#[derive(Debug)]
pub(super) struct SentFrames {
    began: Instant,
    sent: u64,
    sent_bytes: u64,
    under_way: VecDeque<SentFrame>,
    to_relay: QueueingDelay,
    /// For relays that report only how late frames are, not how long they were queued.
    to_viewers: WindowedMin,
}

#[derive(Clone, Copy, Debug)]
struct SentFrame {
    number: u64,
    seq: Option<u64>,
    ready: Instant,
}

impl SentFrames {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            began: now,
            sent: 0,
            sent_bytes: 0,
            under_way: VecDeque::new(),
            to_relay: QueueingDelay::default(),
            to_viewers: WindowedMin::default(),
        }
    }

    /// Records a frame of `bytes` whose writing begins at `now`, which is `clock` by the wall clock.
    pub(super) fn sent(&mut self, info: &FrameInfo, bytes: usize, now: Instant, clock: Timestamp) {
        self.sent += 1;
        self.sent_bytes = self.sent_bytes.saturating_add(bytes as u64);
        let Some(ready) = info.encoded.or(info.captured) else { return };
        let waited = clock.since(ready);
        let ready = now.checked_sub(waited).filter(|_| waited <= LONGEST_WAIT).unwrap_or(now);
        if self.under_way.len() == MAX_UNDER_WAY {
            self.under_way.pop_front();
        }
        self.under_way.push_back(SentFrame { number: self.sent, seq: info.seq, ready });
    }

    /// Handles the relay's report. `sent` and `replaced` are this link's counts, `rate` the bytes per second
    /// that it carries.
    pub(super) fn reported(
        &mut self,
        heartbeat: &Heartbeat,
        (sent, replaced): (u64, u64),
        rate: Option<u64>,
        now: Instant,
    ) -> Option<DeliveryReport> {
        let (got, ago) = (heartbeat.got?, Duration::from_micros(heartbeat.ago?));
        while self.under_way.front().is_some_and(|departure| departure.number < got) {
            self.under_way.pop_front();
        }
        let &SentFrame { seq, ready, .. } =
            self.under_way.front().filter(|departure| departure.number == got)?;
        let at_relay = now.saturating_duration_since(ready).saturating_sub(ago);
        let relayed = heartbeat.t3.map(|t3| t3.offset(i64::try_from(ago.as_micros()).map_or(0, |ago| -ago)));
        let one_way = relayed.and_then(|relayed| {
            let left = ready.saturating_duration_since(self.began);
            let micros = |micros: u128| i64::try_from(micros).ok();
            micros(relayed.as_micros().into())?.checked_sub(micros(left.as_micros())?)
        });
        let to_relay = self.to_relay.sample(at_relay, one_way, now);
        let late = Duration::from_micros(heartbeat.late.unwrap_or_default());
        let to_viewers = match (heartbeat.queued, heartbeat.late) {
            (Some(queued), _) => Duration::from_micros(queued),
            (None, Some(late)) => {
                let late = i64::try_from(late).unwrap_or(i64::MAX);
                Duration::from_micros(late.saturating_sub(self.to_viewers.sample(late, now)).unsigned_abs())
            }
            (None, None) => Duration::ZERO,
        };
        Some(DeliveryReport {
            ready,
            seq,
            at_relay,
            late,
            queued: to_relay.saturating_add(to_viewers),
            lost: heartbeat.lost.unwrap_or_default().min(100),
            sent,
            replaced,
            sent_bytes: self.sent_bytes,
            capacity: [rate, heartbeat.rate].into_iter().flatten().min(),
            relayed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const HOUR: u64 = 3_600_000_000;

    /// A link whose frames become ready every 10 ms and are written at once, with reports.
    struct Played {
        departures: SentFrames,
        start: Instant,
        frames: u64,
    }

    impl Played {
        fn new() -> Self {
            let start = Instant::now();
            Self { departures: SentFrames::new(start), start, frames: 0 }
        }

        fn send(&mut self, clock: u64) {
            let now = self.start + Duration::from_millis(10 * self.frames);
            let captured = Some(Timestamp::from_micros(clock));
            let info = FrameInfo::default().with_seq(self.frames).with_captured(captured);
            self.departures.sent(&info, 1000, now, Timestamp::from_micros(clock));
            self.frames += 1;
        }

        /// Reports that the relay had all frames `up` after the last was sent; the report took `back`.
        fn report(&mut self, up: Duration, back: Duration, relay_clock: u64) -> Option<DeliveryReport> {
            let at = self.start + Duration::from_millis(10 * (self.frames - 1)) + up;
            let heartbeat = Heartbeat::default().with(|beat| {
                beat.t3 = Some(Timestamp::from_micros(relay_clock));
                beat.got = Some(self.frames);
                beat.ago = Some(0);
            });
            self.departures.reported(&heartbeat, (self.frames, 0), None, at + back)
        }
    }

    #[test]
    fn a_report_tells_how_old_the_frame_was() {
        let mut played = Played::new();
        (0..300).for_each(|_| played.send(HOUR));
        let start = played.start;
        let heartbeat = |got| {
            Heartbeat::default().with(|beat| {
                beat.t3 = Some(Timestamp::from_micros(9_000_000));
                beat.got = Some(got);
                beat.ago = Some(20_000);
                beat.late = Some(5_000);
                beat.lost = Some(200);
                beat.rate = Some(700);
            })
        };
        let now = start + 3_010 * MS;
        assert_eq!(played.departures.reported(&heartbeat(3), (300, 7), None, now), None, "too long ago");
        let report = played.departures.reported(&heartbeat(291), (300, 7), None, now).unwrap();
        assert_eq!((report.seq, report.at_relay, report.ready), (Some(290), 90 * MS, start + 2_900 * MS));
        assert_eq!((report.age(), report.lost, report.sent, report.replaced), (95 * MS, 100, 300, 7));
        assert_eq!((report.sent_bytes, report.capacity), (300_000, Some(700)));
        assert_eq!(report.relayed, Some(Timestamp::from_micros(8_980_000)));
        assert_eq!(
            played.departures.reported(&heartbeat(u64::MAX), (300, 7), None, now),
            None,
            "an impossible count"
        );
        assert_eq!(played.departures.reported(&Heartbeat::default(), (300, 7), None, now), None);
    }

    #[test]
    fn a_busy_way_back_is_no_queue_on_the_way_there() {
        let mut played = Played::new();
        for report in 0..40 {
            played.send(HOUR);
            let back = if report < 2 { 20 * MS } else { 420 * MS };
            let relay_clock = 7 * HOUR + report * 10_000 + 20_000;
            let report = played.report(20 * MS, back, relay_clock).unwrap();
            assert_eq!((report.at_relay, report.queued), (20 * MS + back, Duration::ZERO));
        }
        played.send(HOUR);
        let report = played.report(90 * MS, 420 * MS, 7 * HOUR + 400_000 + 90_000).unwrap();
        assert_eq!(report.queued, 70 * MS);
    }

    #[test]
    fn the_wall_clock_may_be_set_at_either_end() {
        for (ours, theirs) in [(HOUR, 3 * HOUR), (3 * HOUR, HOUR)] {
            let mut played = Played::new();
            played.send(2 * HOUR);
            played.report(20 * MS, 20 * MS, 2 * HOUR + 20_000).unwrap();
            for report in 1..40 {
                played.send(ours);
                let report = played.report(20 * MS, 20 * MS, theirs + report * 10_000).unwrap();
                assert_eq!((report.at_relay, report.queued), (40 * MS, Duration::ZERO));
            }
        }
    }

    #[test]
    fn a_relay_that_reports_only_how_late_frames_are_is_understood() {
        let mut played = Played::new();
        for (frame, late) in [600_000, 600_000, 690_000].into_iter().enumerate() {
            played.send(HOUR);
            let heartbeat = Heartbeat::default().with(|beat| {
                beat.got = Some(frame as u64 + 1);
                beat.ago = Some(0);
                beat.late = Some(late);
            });
            let now = played.start + Duration::from_millis(10 * frame as u64 + 5);
            let report = played.departures.reported(&heartbeat, (1, 0), None, now).unwrap();
            assert_eq!(report.queued, Duration::from_micros(late - 600_000));
        }
    }
}

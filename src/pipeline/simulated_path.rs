//! A simulated path for tests of the rate controller: a sender, a relay and a viewer, a slot for the newest
//! frame before both hops, and reports as link and relay make them. Pictures cost more or less than the
//! controller assumes, as real ones do.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{rate_control::RateControl, setting::SendSetting};
use crate::{feedback::QueueingDelay, link::DeliveryReport};

pub(super) const MS: Duration = Duration::from_millis(1);

/// Bytes of a frame at full quality, and the interval between frames.
const FULL: f64 = 168_000.0;
const INTERVAL_MS: u64 = 33;

/// Shortest interval between reports.
const REPORT_MS: u64 = 250;

/// Bytes a socket still takes while the link is busy.
const UNSENT: f64 = 16_000.0;

/// One hop: bandwidth and propagation delay.
#[derive(Clone, Copy)]
pub(super) struct Hop {
    pub(super) bytes_per_ms: f64,
    pub(super) one_way_ms: u64,
}

pub(super) const AMPLE: Hop = Hop { bytes_per_ms: 100_000.0, one_way_ms: 0 };

#[derive(Clone, Copy)]
struct Frame {
    ready: u64,
    bytes: f64,
}

/// The sending end of a hop: a slot for the newest frame, and the time the link is busy before it.
#[derive(Default)]
struct Slot {
    waiting: Option<Frame>,
    busy_until: f64,
    given: u64,
    replaced: u64,
    under_way: VecDeque<(f64, Frame)>,
}

impl Slot {
    fn offer(&mut self, frame: Frame) {
        self.replaced += u64::from(self.waiting.replace(frame).is_some());
    }

    /// Returns the frames that arrive by `now`.
    fn turn(&mut self, hop: Hop, now: u64) -> Vec<Frame> {
        let at = now as f64;
        if hop.bytes_per_ms > 0.0
            && self.busy_until - at <= UNSENT / hop.bytes_per_ms
            && let Some(frame) = self.waiting.take()
        {
            self.given += 1;
            self.busy_until = self.busy_until.max(at) + frame.bytes / hop.bytes_per_ms;
            self.under_way.push_back((self.busy_until + hop.one_way_ms as f64, frame));
        }
        let mut arrived = Vec::new();
        while self.under_way.front().is_some_and(|(due, _)| *due <= at) {
            arrived.extend(self.under_way.pop_front().map(|(_, frame)| frame));
        }
        arrived
    }
}

/// Results of a period.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) bytes: f64,
    frames: u64,
    ages: Vec<u64>,
    pub(super) settings: Vec<(u64, SendSetting)>,
    pub(super) time: u64,
}

impl Seen {
    pub(super) fn age_p95(&self) -> u64 {
        let mut ages = self.ages.clone();
        ages.sort_unstable();
        ages[ages.len() * 95 / 100]
    }

    pub(super) fn changes(&self, what: impl Fn(&SendSetting) -> f64) -> usize {
        self.settings.windows(2).filter(|pair| what(&pair[0].1) != what(&pair[1].1)).count()
    }

    pub(super) fn mean_frame(&self) -> f64 {
        self.bytes / self.frames as f64
    }
}

pub(super) struct Path {
    pub(super) control: RateControl,
    start: Instant,
    now: u64,
    up: Slot,
    down: Slot,
    due: f64,
    to_relay: QueueingDelay,
    to_viewer: QueueingDelay,
    /// From the viewer's reports at the relay.
    queued_down: Duration,
    down_counts: (u64, u64),
    reported_at: (u64, u64),
    reports: VecDeque<(u64, DeliveryReport)>,
    viewer_reports: VecDeque<(u64, u64)>,
    /// Additional delay of a report on its way back to the sender.
    pub(super) back_ms: u64,
    knows_clocks: bool,
    /// Bytes per second that receipts tell, if there are any.
    pub(super) capacity: Option<u64>,
    sent_bytes: f64,
    random: u64,
}

impl Path {
    pub(super) fn new() -> Self {
        Self {
            control: RateControl::new(80, 200 * MS),
            start: Instant::now(),
            now: 0,
            up: Slot::default(),
            down: Slot::default(),
            due: 0.0,
            to_relay: QueueingDelay::default(),
            to_viewer: QueueingDelay::default(),
            queued_down: Duration::ZERO,
            down_counts: (0, 0),
            reported_at: (0, 0),
            reports: VecDeque::new(),
            viewer_reports: VecDeque::new(),
            back_ms: 0,
            knows_clocks: true,
            capacity: None,
            sent_bytes: 0.0,
            random: 1,
        }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    /// Real pictures differ from the model of `setting`, here by 20 % at the lowest quality.
    fn bytes(setting: SendSetting) -> f64 {
        let cost = f64::from(setting.quality) / 80.0;
        FULL * (0.25 + 0.75 * cost) * cost.sqrt() * setting.scale.powf(1.7)
    }

    pub(super) fn run(&mut self, seconds: u64, up: Hop, down: Hop) -> Seen {
        let mut seen = Seen { time: seconds * 1000, ..Seen::default() };
        seen.settings.push((self.now, self.control.setting()));
        for now in self.now..self.now + seconds * 1000 {
            self.turn(now, up, down, &mut seen);
        }
        self.now += seconds * 1000;
        seen
    }

    fn turn(&mut self, now: u64, up: Hop, down: Hop, seen: &mut Seen) {
        if now.is_multiple_of(INTERVAL_MS) {
            let setting = self.control.setting();
            self.due += setting.rate;
            if self.due >= 1.0 {
                self.due -= 1.0;
                // Pictures vary by a twelfth.
                self.random = self
                    .random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let varied = 1.0 + ((self.random >> 40) as f64 / (1 << 24) as f64 - 0.5) / 6.0;
                self.up.offer(Frame { ready: now, bytes: Self::bytes(setting) * varied });
            }
        }
        for frame in self.up.turn(up, now) {
            self.sent_bytes += frame.bytes;
            self.down.offer(frame);
            if now - self.reported_at.0 >= REPORT_MS {
                self.report(frame, now, up);
            }
        }
        for frame in self.down.turn(down, now) {
            seen.bytes += frame.bytes;
            seen.frames += 1;
            seen.ages.push(now - frame.ready);
            if now - self.reported_at.1 >= REPORT_MS {
                self.reported_at.1 = now;
                self.viewer_reports.push_back((now + down.one_way_ms, now - frame.ready));
            }
        }
        while self.viewer_reports.front().is_some_and(|(due, _)| *due <= now) {
            let Some((_, one_way)) = self.viewer_reports.pop_front() else { break };
            // Measured from the sender, so a queue of the sender's hop is included: the real relay measures
            // its own hop only.
            let round = Duration::from_millis(one_way + down.one_way_ms);
            self.queued_down = self.to_viewer.sample(round, None, self.at(now));
        }
        while self.reports.front().is_some_and(|(due, _)| *due <= now) {
            let Some((_, report)) = self.reports.pop_front() else { break };
            if self.control.on_report(&report, self.at(now)) {
                seen.settings.push((now, self.control.setting()));
            }
        }
    }

    fn report(&mut self, frame: Frame, now: u64, up: Hop) {
        self.reported_at.0 = now;
        let back = now + up.one_way_ms + self.back_ms;
        let one_way = self.knows_clocks.then(|| (now - frame.ready) as i64 * 1000);
        let at_relay = Duration::from_millis(back - frame.ready);
        let (given, replaced) =
            (self.down.given - self.down_counts.0, self.down.replaced - self.down_counts.1);
        self.down_counts = (self.down.given, self.down.replaced);
        let queued = self.to_relay.sample(at_relay, one_way, self.at(back)) + self.queued_down;
        let report = DeliveryReport::new(self.at(frame.ready), at_relay).with(|report| {
            report.queued = queued;
            report.lost = (replaced * 100 / (given + replaced).max(1)) as u8;
            report.sent = self.up.given;
            report.replaced = self.up.replaced;
            report.sent_bytes = self.sent_bytes as u64;
            report.capacity = self.capacity;
        });
        self.reports.push_back((back, report));
    }
}

pub(super) fn far(round_trip_ms: u64) -> Hop {
    Hop { one_way_ms: round_trip_ms / 2, ..AMPLE }
}

//! Tests of the controller on simulated paths: a sender, a relay and a viewer, a slot for the newest frame
//! before both hops, and reports as link and relay make them. Pictures cost more or less than the controller
//! assumes, as real ones do.

use std::collections::VecDeque;

use super::*;
use crate::feedback::QueueingDelay;

const MS: Duration = Duration::from_millis(1);

/// Bytes of a frame at full quality, and the interval between frames.
const FULL: f64 = 168_000.0;
const INTERVAL_MS: u64 = 33;

/// Shortest interval between reports.
const REPORT_MS: u64 = 250;

/// Bytes a socket still takes while the link is busy.
const UNSENT: f64 = 16_000.0;

/// One hop: bandwidth and propagation delay.
#[derive(Clone, Copy)]
struct Hop {
    bytes_per_ms: f64,
    one_way_ms: u64,
}

const AMPLE: Hop = Hop { bytes_per_ms: 100_000.0, one_way_ms: 0 };

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
struct Seen {
    bytes: f64,
    frames: u64,
    ages: Vec<u64>,
    settings: Vec<(u64, Setting)>,
    time: u64,
}

impl Seen {
    fn age_p95(&self) -> u64 {
        let mut ages = self.ages.clone();
        ages.sort_unstable();
        ages[ages.len() * 95 / 100]
    }

    fn changes(&self, what: impl Fn(&Setting) -> f64) -> usize {
        self.settings.windows(2).filter(|pair| what(&pair[0].1) != what(&pair[1].1)).count()
    }

    fn mean_frame(&self) -> f64 {
        self.bytes / self.frames as f64
    }
}

struct Path {
    control: RateControl,
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
    reports: VecDeque<(u64, Report)>,
    viewer_reports: VecDeque<(u64, u64)>,
    /// Additional delay of a report on its way back to the sender.
    back_ms: u64,
    knows_clocks: bool,
    random: u64,
}

impl Path {
    fn new() -> Self {
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
            random: 1,
        }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    /// Real pictures differ from the model of `setting`, here by 20 % at the lowest quality.
    fn bytes(setting: Setting) -> f64 {
        let mut ladder = Ladder::new(80);
        ladder.full();
        let cost = f64::from(setting.quality) / 80.0;
        FULL * (0.25 + 0.75 * cost) * cost.sqrt() * setting.scale.powf(1.7)
    }

    fn run(&mut self, seconds: u64, up: Hop, down: Hop) -> Seen {
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
            if self.control.hear(&report, self.at(now)) {
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
        let report = Report {
            ready: self.at(frame.ready),
            seq: None,
            at_relay,
            late: Duration::ZERO,
            queued: self.to_relay.sample(at_relay, one_way, self.at(back)) + self.queued_down,
            lost: (replaced * 100 / (given + replaced).max(1)) as u8,
            sent: self.up.given,
            replaced: self.up.replaced,
            relayed: None,
        };
        self.reports.push_back((back, report));
    }
}

fn far(round_trip_ms: u64) -> Hop {
    Hop { one_way_ms: round_trip_ms / 2, ..AMPLE }
}

#[test]
fn distance_changes_nothing() {
    for round_trip in [0, 55, 110, 210, 300, 600, 1600] {
        let mut path = Path::new();
        let seen = path.run(60, far(round_trip), far(round_trip));
        assert_eq!(seen.settings.len(), 1, "{round_trip}: {:?}", seen.settings);
    }
}

#[test]
fn a_hiccup_is_forgotten_soon() {
    for round_trip in [0, 110, 300] {
        for hop in 0..2 {
            let mut path = Path::new();
            let well = far(round_trip);
            let stuck = Hop { bytes_per_ms: 0.0, ..well };
            path.run(10, well, well);
            if hop == 0 {
                path.run(1, stuck, well)
            } else {
                path.run(1, well, stuck)
            };
            path.run(15, well, well);
            assert!(path.control.is_full(), "{round_trip} {hop}: {:?}", path.control.setting());
        }
    }
}

#[test]
fn a_slow_link_is_filled_without_a_queue_and_without_flicker() {
    for bytes_per_ms in [3_000.0, 1_500.0, 700.0, 300.0] {
        for round_trip in [0, 40, 150] {
            for hop in 0..2 {
                let slow = Hop { bytes_per_ms, one_way_ms: round_trip / 2 };
                let (up, down) = if hop == 0 { (slow, AMPLE) } else { (AMPLE, slow) };
                let mut path = Path::new();
                path.run(20, up, down);
                let seen = path.run(120, up, down);
                let used = seen.bytes / seen.time as f64 / bytes_per_ms;
                let frame_ms = seen.mean_frame() / bytes_per_ms;
                let allowed = slow.one_way_ms as f64 + 2.5 * frame_ms;
                let what = format!("{bytes_per_ms} B/ms, {round_trip} ms, hop {hop}: {:?}", seen.settings);
                assert!(used >= 0.8, "{used:.2} used; {what}");
                assert!(seen.age_p95() as f64 <= allowed, "{} > {allowed}; {what}", seen.age_p95());
                assert!(seen.changes(|setting| setting.scale) <= 2, "{what}");
                assert!(seen.changes(|setting| setting.rate) <= 4, "{what}");
            }
        }
    }
}

#[test]
fn a_link_that_recovers_is_used_again() {
    for bytes_per_ms in [1_500.0, 300.0, 30.0] {
        for round_trip in [0, 40, 150, 300] {
            for hop in 0..2 {
                let slow = Hop { bytes_per_ms, one_way_ms: round_trip / 2 };
                let mut path = Path::new();
                let (up, down) = if hop == 0 { (slow, AMPLE) } else { (AMPLE, slow) };
                path.run(90, up, down);
                let well = far(round_trip);
                let (up, down) = if hop == 0 { (well, AMPLE) } else { (AMPLE, well) };
                path.run(15, up, down);
                let setting = path.control.setting();
                let what = format!("{bytes_per_ms} {round_trip} {hop}: {setting:?}");
                assert!(setting.quality >= 70 && setting.rate == 1.0 && setting.scale == 1.0, "{what}");
                path.run(15, up, down);
                assert!(path.control.is_full(), "{what}, then {:?}", path.control.setting());
            }
        }
    }
}

#[test]
fn a_busy_way_back_does_not_spoil_the_picture() {
    let mut path = Path::new();
    path.run(10, far(40), far(40));
    for back in [300, 50, 700, 400, 0, 900] {
        path.back_ms = back;
        path.run(7, far(40), far(40));
        assert!(path.control.is_full(), "{back}");
    }
}

/// A report of frames `ms` after the start: 100 ms old, and all of them arrive.
fn report(start: Instant, ms: u64, queued: Duration, lost: u8) -> Report {
    Report {
        ready: start + Duration::from_millis(ms),
        seq: None,
        at_relay: 100 * MS,
        late: Duration::ZERO,
        queued,
        lost,
        sent: ms * 30 / 1000,
        replaced: 0,
        relayed: None,
    }
}

#[test]
fn steps_that_leave_a_queue_as_it_was_are_taken_back() {
    // A queue of other traffic: a download that fills the line.
    let (mut control, start) = (RateControl::new(80, 200 * MS), Instant::now());
    let mut lowest: f64 = 1.0;
    for ms in (0..40_000).step_by(250) {
        control.hear(&report(start, ms, 140 * MS, 0), start + Duration::from_millis(ms + 100));
        lowest = lowest.min(control.share);
    }
    assert!(lowest < 0.8 && lowest > 0.3, "{lowest}");
    assert!(control.is_full() || control.share > 0.8, "{}", control.share);
}

#[test]
fn steps_that_bring_no_more_frames_are_taken_back() {
    // A viewer that takes ten frames per second, however small they are.
    let (mut control, start) = (RateControl::new(80, 200 * MS), Instant::now());
    let mut offered = 0.0;
    for ms in (0..30_000).step_by(250) {
        let rate = 30.0 * control.setting().rate;
        offered += rate / 4.0;
        let lost = (100.0 * (1.0 - 10.0 / rate)).max(0.0) as u8;
        let report = Report { sent: offered as u64, ..report(start, ms, Duration::ZERO, lost) };
        control.hear(&report, start + Duration::from_millis(ms + 100));
    }
    let setting = control.setting();
    assert!(setting.scale == 1.0 && (setting.quality >= 70 || setting.rate <= 0.33), "{setting:?}");
}

#[test]
fn old_reports_do_not_count_and_each_counts_once() {
    let (mut control, start) = (RateControl::new(80, 200 * MS), Instant::now());
    let mut changes = 0;
    for ms in (0..2_000).step_by(250) {
        changes +=
            usize::from(control.hear(&report(start, ms, 300 * MS, 50), start + Duration::from_millis(ms)));
        assert!(!control.hear(&report(start, ms, 300 * MS, 50), start + Duration::from_millis(ms + 1)));
    }
    assert!((1..=2).contains(&changes), "{changes}");
    let old = Report { ready: start, ..report(start, 0, 900 * MS, 90) };
    let before = control.setting();
    for ms in 0..20 {
        assert!(!control.hear(&old, start + Duration::from_millis(2_000 + 50 * ms)));
    }
    assert_eq!(control.setting(), before);
}

#[test]
fn the_sources_own_quality_is_never_exceeded() {
    let (mut control, start) = (RateControl::new(80, 200 * MS), Instant::now());
    for ms in (0..1_500).step_by(250) {
        control.hear(&report(start, ms, 300 * MS, 20), start + Duration::from_millis(ms));
    }
    assert!(!control.is_full());
    control.set_quality(50);
    assert!(control.setting().quality < 50, "{:?}", control.setting());
    for ms in (2_000..60_000).step_by(250) {
        control.hear(&report(start, ms, Duration::ZERO, 0), start + Duration::from_millis(ms));
        assert!(control.setting().quality <= 50);
    }
    assert!(control.is_full());
}

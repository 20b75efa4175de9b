//! A sender, a link with a queue, and a receiver, by a clock of their own.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use pulsecam_wire::Receipt;

use super::{Pacer, Release};

const MS: Duration = Duration::from_millis(1);

/// Step of the simulated clock.
const STEP: Duration = Duration::from_micros(250);

const FRAME: usize = 100_000;

/// Frames per second of the source: four times what the slow link takes.
const RATE: u32 = 60;

/// A link of 1.5 MB/s: a frame takes 67 ms.
const BYTES_PER_MS: f64 = 1_500.0;

/// What the kernel and the queue before the bottleneck take, in bytes.
const QUEUE: f64 = 150_000.0;

/// Our share of the link beside a greedy flow, without pacing.
const FULL_SHARE: f64 = 0.7;

struct Link {
    pacer: Pacer,
    start: Instant,
    now: Instant,
    bytes_per_ms: f64,
    one_way: Duration,
    /// Bytes that others keep in the queue.
    others: f64,
    /// Whether a flow takes more of the link if our frames do not stand in the queue.
    greedy: bool,
    /// Whether receipts arrive.
    receipts: bool,
    /// The receiver's clock minus ours.
    skew: Duration,
    /// How much longer a frame may seem to take than it does: a thread that wakes up late.
    jitter: Duration,
    /// When the bottleneck has carried everything.
    busy_until: f64,
    made: u64,
    waiting: Option<Instant>,
    started: u64,
    /// Receipts on their way, by their arrival.
    back: VecDeque<(Instant, Receipt)>,
    /// Age of each frame on arrival.
    ages: Vec<Duration>,
    /// The most that our frames kept in the queue, in bytes.
    most_queued: f64,
}

impl Link {
    fn new(one_way: Duration) -> Self {
        let start = Instant::now();
        Self {
            pacer: Pacer::new(start),
            start,
            now: start,
            bytes_per_ms: BYTES_PER_MS,
            one_way,
            others: 0.0,
            greedy: false,
            receipts: true,
            skew: Duration::from_secs(7_000),
            jitter: Duration::ZERO,
            busy_until: 0.0,
            made: 0,
            waiting: None,
            started: 0,
            back: VecDeque::new(),
            ages: Vec::new(),
            most_queued: 0.0,
        }
    }

    /// A link whose receiver has been asked, with the first seconds over.
    fn paced(one_way: Duration) -> Self {
        let mut link = Self::new(one_way);
        link.pacer.able(true);
        link.pacer.waited(10 * MS, link.now);
        assert_eq!(link.pacer.asks(link.now), Some(true));
        link.run(8_000 * MS);
        link.ages.clear();
        link.most_queued = 0.0;
        link
    }

    fn at(&self) -> f64 {
        (self.now - self.start).as_secs_f64() * 1e3
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += STEP;
            while self.back.front().is_some_and(|(due, _)| *due <= self.now) {
                let Some((_, receipt)) = self.back.pop_front() else { break };
                self.pacer.received(&receipt, self.now);
            }
            if self.at() >= self.made as f64 * 1e3 / f64::from(RATE) {
                self.made += 1;
                self.waiting = Some(self.now);
            }
            let queued = (self.busy_until - self.at()).max(0.0) * self.bytes_per_ms;
            if queued < QUEUE && self.pacer.release(self.now) == Release::Now {
                self.start_frame(queued);
            }
        }
    }

    fn start_frame(&mut self, queued: f64) {
        let Some(made) = self.waiting.take() else { return };
        self.most_queued = self.most_queued.max(queued);
        self.pacer.started(FRAME, self.now);
        self.started += 1;
        let begins = self.busy_until.max(self.at()) + self.others / self.bytes_per_ms;
        let share = match self.greedy {
            false => 1.0,
            true if queued > 20_000.0 => FULL_SHARE,
            true => 0.6 * FULL_SHARE,
        };
        let took = FRAME as f64 / self.bytes_per_ms / share;
        self.busy_until = begins + took;
        let after = |ms: f64| self.start + Duration::from_secs_f64(ms / 1e3);
        let arrived = after(self.busy_until) + self.one_way;
        self.ages.push(arrived - made);
        let micros = |time: Duration| time.as_micros() as u64;
        let receipt = Receipt::default().with(|receipt| {
            receipt.got = Some(self.started);
            receipt.at = Some(micros(arrived - self.start + self.skew));
            receipt.took = Some((took * 1e3) as u64 + micros(self.jitter) * (self.started * 7919 % 97) / 96);
        });
        if self.receipts {
            self.back.push_back((arrived + self.one_way, receipt));
        }
    }

    fn p95(&self) -> Duration {
        let mut ages = self.ages.clone();
        ages.sort_unstable();
        ages[ages.len() * 95 / 100]
    }

    /// The share of the link that frames used.
    fn used(&self, time: Duration) -> f64 {
        (self.ages.len() * FRAME) as f64 / self.bytes_per_ms / (time.as_secs_f64() * 1e3)
    }
}

/// A frame waits up to a source interval for its turn, and then takes its transfer.
#[test]
fn a_link_is_full_and_its_queue_is_empty_near_and_far() {
    for one_way in [Duration::ZERO, 20 * MS, 150 * MS] {
        let mut link = Link::paced(one_way);
        link.run(20_000 * MS);
        assert!(link.used(20_000 * MS) > 0.95, "{one_way:?}: {}", link.used(20_000 * MS));
        assert!(link.p95() < one_way + 90 * MS, "{one_way:?}: {:?}", link.p95());
        assert!(link.most_queued < 6_000.0, "{one_way:?}: {}", link.most_queued);
        let (rate, round_trip) = link.pacer.path().unwrap();
        assert!((rate / 1.5e6 - 1.0).abs() < 0.02, "{rate}");
        assert!(round_trip >= 2 * one_way && round_trip < 2 * one_way + 3 * MS, "{round_trip:?}");
    }
}

#[test]
fn without_pacing_frames_queue() {
    let mut link = Link::new(Duration::ZERO);
    link.run(10_000 * MS);
    assert!(link.p95() > 150 * MS, "{:?}", link.p95());
}

#[test]
fn a_rate_that_changes_is_followed() {
    let mut link = Link::paced(20 * MS);
    for bytes_per_ms in [500.0, 6_000.0, 1_000.0] {
        link.bytes_per_ms = bytes_per_ms;
        link.run(5_000 * MS);
        link.ages.clear();
        link.run(5_000 * MS);
        let transfer = Duration::from_secs_f64(FRAME as f64 / bytes_per_ms / 1e3);
        assert!(link.p95() < transfer + 20 * MS + 24 * MS, "{bytes_per_ms}: {:?}", link.p95());
        let most = f64::from(RATE) * FRAME as f64 / 1e3; // what the source makes
        assert!(link.used(5_000 * MS) > 0.94 * (most / bytes_per_ms).min(1.0), "{bytes_per_ms}");
    }
}

#[test]
fn lost_receipts_stop_nothing() {
    let mut link = Link::paced(20 * MS);
    link.receipts = false;
    link.run(2_000 * MS);
    link.ages.clear();
    link.run(5_000 * MS);
    assert!(link.used(5_000 * MS) > 0.95, "as without pacing");
    link.receipts = true;
    link.run(2_000 * MS);
    link.ages.clear();
    link.run(5_000 * MS);
    assert!(link.used(5_000 * MS) > 0.94 && link.p95() < 20 * MS + 90 * MS, "{:?}", link.p95());
}

/// What pacing leaves free, others would take.
#[test]
fn pacing_yields_to_traffic_of_others_and_comes_back() {
    let mut link = Link::paced(Duration::ZERO);
    link.others = 60_000.0;
    link.run(3_000 * MS);
    link.ages.clear();
    link.most_queued = 0.0;
    link.run(20_000 * MS);
    assert!(link.most_queued > 50_000.0, "it sends whenever the socket takes more: {}", link.most_queued);
    link.others = 0.0;
    link.run(64_000 * MS);
    link.ages.clear();
    link.run(10_000 * MS);
    assert!(link.p95() < 90 * MS, "{:?}", link.p95());
}

/// A flow that keeps as much in the queue as it can gets the place that pacing leaves. Frames take longer then,
/// but find the queue as they always did.
#[test]
fn pacing_yields_if_frames_take_longer_with_it() {
    let mut link = Link::new(Duration::ZERO);
    link.greedy = true;
    link.pacer.able(true);
    link.pacer.waited(10 * MS, link.now);
    link.pacer.asks(link.now);
    link.run(20_000 * MS);
    link.ages.clear();
    link.run(20_000 * MS);
    let unpaced = FULL_SHARE * 20.0 * BYTES_PER_MS * 1e3 / FRAME as f64;
    assert!(link.ages.len() as f64 > 0.85 * unpaced, "{} of {unpaced}", link.ages.len());
}

/// A stall of a far and fast link asks for receipts. On such a link, frames take as long as a thread needs to
/// wake up, which tells nothing about others; and waiting until nothing is under way would lose frames for
/// seconds.
#[test]
fn a_far_and_fast_link_loses_no_frames_after_a_stall() {
    let mut link = Link::new(150 * MS);
    (link.bytes_per_ms, link.jitter) = (500_000.0, 1_500 * MS / 1_000);
    link.pacer.able(true);
    link.pacer.waited(1_000 * MS, link.now);
    link.pacer.asks(link.now);
    link.run(30_000 * MS);
    assert!(link.ages.len() as u64 + 1 >= link.made, "{} of {}", link.ages.len(), link.made);
    assert!(link.p95() < 155 * MS, "{:?}", link.p95());
}

/// Nor does finding out whose queue it is cost a far link a round trip for each frame.
#[test]
fn a_far_link_stays_in_use_while_it_looks_for_others() {
    let mut link = Link::paced(150 * MS);
    link.others = 60_000.0;
    link.run(3_000 * MS);
    assert!(link.used(3_000 * MS) > 0.45, "others have 60 kB for each 100 kB: {}", link.used(3_000 * MS));
}

#[test]
fn a_receiver_gets_no_more_than_it_wants() {
    let mut pacer = Pacer::new(Instant::now());
    let now = Instant::now();
    let until = |until| Receipt::default().with(|receipt| receipt.until = Some(until));
    pacer.received(&until(2), now);
    pacer.started(FRAME, now);
    assert_eq!(pacer.release(now), Release::Now);
    pacer.started(FRAME, now);
    assert_eq!(pacer.release(now), Release::OnCredit, "also without receipts");
    pacer.received(&until(0), now);
    assert_eq!(pacer.release(now + 3_600_000 * MS), Release::OnCredit);
    pacer.received(&until(u64::MAX), now);
    assert_eq!(pacer.release(now), Release::Now);
}

#[test]
fn receipts_without_times_hold_nothing() {
    let now = Instant::now();
    let mut pacer = Pacer::new(now);
    pacer.able(true);
    pacer.waited(10 * MS, now);
    pacer.asks(now);
    for frame in 1..200 {
        let now = now + frame * 100 * MS;
        pacer.started(FRAME, now);
        assert_eq!(pacer.release(now), Release::Now);
        pacer.received(
            &Receipt::default().with(|receipt| receipt.got = Some(u64::from(frame))),
            now + 90 * MS,
        );
    }
}

#[test]
fn receipts_are_asked_for_only_while_a_link_is_slow() {
    let now = Instant::now();
    let mut pacer = Pacer::new(now);
    pacer.waited(50 * MS, now);
    assert_eq!(pacer.asks(now), None, "an old peer");
    pacer.able(true);
    assert_eq!(pacer.asks(now), Some(true));
    assert_eq!(pacer.asks(now), None, "once");
    pacer.waited(MS, now + 9_000 * MS);
    assert_eq!(pacer.asks(now + 9_000 * MS), None);
    assert_eq!(pacer.asks(now + 10_000 * MS), Some(false));
    pacer.started(FRAME, now + 10_000 * MS);
    assert_eq!(pacer.release(now + 10_000 * MS), Release::Now);
}

#[test]
fn hostile_receipts_are_survived() {
    let start = Instant::now();
    let values = [None, Some(0), Some(1), Some(7), Some(u64::MAX >> 1), Some(u64::MAX)];
    for got in values {
        for at in values {
            for took in values {
                let mut pacer = Pacer::new(start);
                pacer.able(true);
                pacer.waited(10 * MS, start);
                pacer.asks(start);
                for frame in 0..100 {
                    let now = start + frame * 30 * MS;
                    pacer.started(FRAME, now);
                    pacer.received(
                        &Receipt::default().with(|receipt| {
                            receipt.got = got;
                            receipt.at = at;
                            receipt.took = took;
                        }),
                        now + 10 * MS,
                    );
                    let limit = now + 40_000 * MS;
                    match pacer.release(now) {
                        Release::At(at) => assert!(at < limit, "a frame waits for too long"),
                        release => assert_eq!(release, Release::Now),
                    }
                }
                assert!(pacer.under_way_len() <= 64);
            }
        }
    }
}

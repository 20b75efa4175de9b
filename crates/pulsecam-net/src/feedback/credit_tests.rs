//! A source, a relay that keeps to the credit, a link, and a viewer, by a clock of their own.

use std::collections::VecDeque;

use super::*;

const MS: Duration = Duration::from_millis(1);

/// Step of the simulated clock.
const STEP: Duration = Duration::from_micros(500);

/// A frame in the viewer.
struct Taken {
    number: u64,
    since: Instant,
    /// When the current stage is done with it.
    until: Instant,
}

struct World {
    credit: Credit,
    now: Instant,
    /// Interval of the source's bursts, and the frames in each.
    interval: Duration,
    burst: u64,
    round_trip: Duration,
    /// What each stage of the viewer takes for a frame. The newest frame waits before each.
    stages: Vec<Duration>,
    may_miss: bool,
    offered: u64,
    next_burst: Instant,
    /// The newest frame, if the relay has not sent it yet.
    at_relay: Option<u64>,
    started: u64,
    until: Option<u64>,
    on_the_way: VecDeque<(Instant, u64)>,
    told: VecDeque<(Instant, u64)>,
    inbox: Option<u64>,
    hands: Vec<Option<Taken>>,
    waiting: Vec<Option<Taken>>,
    /// The frames that were shown, and how many the source had offered when they were taken up.
    shown: Vec<(u64, u64)>,
    messages: Vec<u64>,
}

impl World {
    fn new(interval: Duration, round_trip: Duration, stages: &[Duration]) -> Self {
        let start = Instant::now();
        let mut credit = Credit::new(start);
        credit.connected(start);
        credit.able(true);
        Self {
            credit,
            now: start,
            interval,
            burst: 1,
            round_trip,
            stages: stages.to_vec(),
            may_miss: true,
            offered: 0,
            next_burst: start,
            at_relay: None,
            started: 0,
            until: None,
            on_the_way: VecDeque::new(),
            told: VecDeque::new(),
            inbox: None,
            hands: stages.iter().map(|_| None).collect(),
            waiting: stages.iter().map(|_| None).collect(),
            shown: Vec::new(),
            messages: Vec::new(),
        }
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step();
            self.now += STEP;
        }
    }

    fn step(&mut self) {
        let (now, one_way) = (self.now, self.round_trip / 2);
        while let Some((_, until)) = self.told.pop_front_if(|(at, _)| *at <= now) {
            self.until = Some(until);
        }
        if now >= self.next_burst {
            self.next_burst += self.interval;
            for _ in 0..self.burst {
                self.offered += 1;
                self.at_relay = Some(self.offered);
                self.send(one_way);
            }
        }
        self.send(one_way);
        while let Some((_, number)) = self.on_the_way.pop_front_if(|(at, _)| *at <= now) {
            self.credit.arrived(Some(MS / 2));
            if self.inbox.replace(number).is_some() {
                self.credit.replaced();
            }
            self.tell();
        }
        self.work();
    }

    fn send(&mut self, one_way: Duration) {
        if self.until.is_none_or(|until| self.started < until)
            && let Some(number) = self.at_relay.take()
        {
            self.started += 1;
            self.on_the_way.push_back((self.now + one_way, number));
        }
    }

    fn work(&mut self) {
        let now = self.now;
        for stage in (0..self.stages.len()).rev() {
            if let Some(taken) = self.hands[stage].take_if(|taken| taken.until <= now) {
                if stage + 1 == self.stages.len() {
                    self.credit.done(Outcome::Used(now - taken.since), now);
                    self.shown.push((taken.number, self.offered));
                    self.tell();
                } else if self.waiting[stage + 1].replace(taken).is_some() {
                    self.credit.done(Outcome::GivenUp, now);
                    self.tell();
                }
            }
            if self.hands[stage].is_some() {
                continue;
            }
            if stage == 0
                && let Some(number) = self.inbox.take()
            {
                self.credit.taken_up(self.may_miss, now);
                self.waiting[0] = Some(Taken { number, since: now, until: now });
            }
            let next = self.waiting[stage].take();
            self.hands[stage] = next.map(|taken| Taken { until: now + self.stages[stage], ..taken });
        }
    }

    fn tell(&mut self) {
        let waiting = usize::from(self.inbox.is_some());
        if let Some(until) = self.credit.tell(waiting, self.round_trip, self.now) {
            self.messages.push(until);
            self.told.push_back((self.now + self.round_trip / 2, until));
        }
    }

    /// Frames sent by the relay and frames shown in this time, after some to settle.
    fn settled(&mut self, time: Duration) -> (u64, u64) {
        self.run(8 * Duration::from_secs(1));
        let before = (self.started, self.shown.len());
        self.run(time);
        (self.started - before.0, (self.shown.len() - before.1) as u64)
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_viewer_that_keeps_up_says_nothing_and_gets_all() {
    for (interval, round_trip, handling) in [(33, 0, 25), (33, 200, 30), (16, 2, 3), (1000, 1, 5)] {
        let mut world = World::new(interval * MS, round_trip * MS, &[handling * MS]);
        world.run(20 * SECOND);
        assert!(world.messages.is_empty() && world.started == world.offered);
    }
}

#[test]
fn a_slow_viewer_gets_what_it_can_handle_and_the_newest() {
    for (handling, round_trip) in [(200, 1), (200, 20), (100, 2), (50, 1), (1500, 2)] {
        let mut world = World::new(33 * MS, round_trip * MS, &[handling * MS]);
        let (sent, shown) = world.settled(30 * SECOND);
        let able = 30_000 / u64::from(handling);
        assert!(sent <= shown + 1, "{handling}: {sent} {shown}");
        assert!(shown * 10 >= able * 8, "{handling}: {shown} of {able}");
        // At most what the source offers on the way there and while the frame is handled.
        let most = u64::from(round_trip + handling) / 33 + 2;
        let recent = &world.shown[world.shown.len() - shown as usize..];
        assert!(recent.iter().all(|(number, offered)| offered - number <= most), "{handling}: {recent:?}");
    }
}

/// Frames that wait for a far viewer get old there, but it must not be idle. If it is very far, frames come in
/// bunches, and some are replaced there all the same.
#[test]
fn a_far_slow_viewer_stays_busy() {
    for round_trip in [50, 100, 300] {
        let mut world = World::new(33 * MS, round_trip * MS, &[200 * MS]);
        let (sent, shown) = world.settled(30 * SECOND);
        assert!(sent * 10 <= shown * 11 + 40 && shown >= 120, "{round_trip}: {sent} {shown}");
    }
}

#[test]
fn one_that_credit_would_leave_idle_gets_all() {
    let mut world = World::new(10 * MS, 500 * MS, &[20 * MS]);
    world.run(20 * SECOND);
    assert!(world.messages.is_empty() && world.started == world.offered);
}

#[test]
fn stages_that_work_at_the_same_time_are_all_kept_busy() {
    let mut world = World::new(10 * MS, MS, &[20 * MS, 20 * MS]);
    let (sent, shown) = world.settled(20 * SECOND);
    assert!(sent <= shown + 3 && shown >= 800, "{sent} {shown}");
    // The slower one counts.
    let mut world = World::new(33 * MS, MS, &[5 * MS, 300 * MS]);
    let (sent, shown) = world.settled(30 * SECOND);
    assert!(sent <= shown + 1 && shown >= 80, "{sent} {shown}");
}

#[test]
fn bursts_and_a_hiccup_are_no_overload() {
    let mut world = World::new(100 * MS, 5 * MS, &[5 * MS]);
    world.burst = 3;
    world.run(20 * SECOND);
    assert!(world.messages.is_empty());
    let mut world = World::new(33 * MS, 5 * MS, &[10 * MS]);
    for handling in [10, 600, 10, 600, 10] {
        world.stages = vec![handling * MS];
        world.run(if handling > 100 { SECOND } else { 5 * SECOND });
    }
    assert!(world.messages.is_empty());
}

#[test]
fn a_viewer_that_has_become_fast_gets_all_again() {
    for round_trip in [1, 100] {
        let mut world = World::new(33 * MS, round_trip * MS, &[200 * MS]);
        world.run(10 * SECOND);
        assert!(world.credit.is_limited());
        world.stages = vec![10 * MS];
        world.run(5 * SECOND);
        assert_eq!(world.messages.last(), Some(&UNLIMITED));
        let (said, before) = (world.messages.len(), world.offered - world.started);
        world.run(10 * SECOND);
        assert_eq!(world.messages.len(), said, "it is not limited again");
        assert!(world.offered - world.started <= before + 1, "nothing is left out");
    }
}

#[test]
fn one_that_needs_every_frame_is_not_limited() {
    let mut world = World::new(33 * MS, MS, &[200 * MS]);
    world.may_miss = false;
    world.run(10 * SECOND);
    assert!(world.messages.is_empty() && world.started == world.offered);
    world.may_miss = true;
    world.run(10 * SECOND);
    assert!(world.credit.is_limited());
    world.may_miss = false;
    world.run(SECOND);
    assert_eq!(world.messages.last(), Some(&UNLIMITED));
}

#[test]
fn a_relay_without_receipts_and_a_new_connection_have_no_limit() {
    let mut world = World::new(33 * MS, MS, &[200 * MS]);
    world.credit.able(false);
    world.run(10 * SECOND);
    assert!(world.messages.is_empty());
    world.credit.able(true);
    world.run(10 * SECOND);
    assert!(world.credit.is_limited());
    world.credit.connected(world.now);
    assert!(!world.credit.is_limited());
    assert_eq!(world.credit.tell(0, MS, world.now), None);
}

/// Also if the two ends should not agree on the number of frames.
#[test]
fn the_limit_ends_when_no_frames_come() {
    let mut world = World::new(33 * MS, MS, &[200 * MS]);
    world.run(10 * SECOND);
    assert!(world.credit.is_limited());
    world.started += 100;
    world.run(SECOND);
    let shown = world.shown.len();
    world.run(3 * SECOND);
    assert_eq!(world.shown.len(), shown, "nothing comes");
    world.tell(); // a heartbeat
    world.run(SECOND);
    assert!(!world.credit.is_limited() && world.shown.len() > shown);
}

#[test]
fn a_viewer_that_shows_nothing_is_limited_too() {
    let mut world = World::new(33 * MS, MS, &[MS, 3600 * SECOND]);
    world.run(20 * SECOND);
    assert!(world.credit.is_limited());
    let sent = world.started;
    world.run(20 * SECOND);
    assert!(world.started <= sent + 1);
    world.stages[1] = MS;
    world.hands[1].as_mut().unwrap().until = world.now;
    world.run(5 * SECOND);
    assert!(!world.credit.is_limited());
}

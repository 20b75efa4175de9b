//! How good a picture the link can carry: quality first, then rate, then size, so that pictures do not get old.
//!
//! Reports tell how old frames are when viewers get them. Where that is over the limit, or many frames are lost to newer ones, the next
//! step down is taken, and more than one where it is far over; each step's effect is waited for. A step up is tried after a
//! while of calm, and after a longer one where the last try failed: what a link cannot carry is not tried over and over.

use std::time::{Duration, Instant};

use crate::{clock::Timestamp, link::Report};

/// The lowest quality: below it, blocks are more visible than fewer frames.
const LOWEST_QUALITY: u8 = 30;

/// Quality goes down by a fifth at a step, which is about a sixth of the bytes: less than the gap between too late and calm, so that a
/// step up does not undo itself.
const QUALITY_STEP: (u32, u32) = (4, 5);

/// Shares of the frames that are sent once the quality is lowest.
const RATES: [f64; 4] = [0.75, 0.5, 0.33, 0.25];

/// Shares of width and height once the rate is lowest.
const SCALES: [f64; 3] = [0.75, 0.5, 0.25];

/// Frames lost on the way, of a hundred, that are too many: the viewer's rate is a third below what was chosen.
const TOO_MANY_LOST: u8 = 33;

/// As many lost as this are no reason for concern.
const FEW_LOST: u8 = 5;

/// Below this share of the limit, the age is calm.
const CALM: f64 = 0.6;

/// Over this many times the limit, several steps are taken at once.
const FAR_OVER: u32 = 2;

/// Steps that are then taken.
const BIG_STEP: usize = 3;

/// Calm that is waited for before a step up, at first and at the most.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(32));

/// A step up after which it gets too late so soon was one too many.
const TRIAL: Duration = Duration::from_secs(6);

/// What to send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// JPEG quality.
    pub quality: u8,
    /// The share of the frames.
    pub rate: f64,
    /// The share of width and height.
    pub scale: f64,
}

/// Where on the way down a stream is.
#[derive(Clone, Debug)]
pub struct Adapt {
    steps: Vec<Setting>,
    at: usize,
    max_age: Duration,
    /// When the last step was taken, by the clock of the frames: earlier ones tell nothing of it.
    changed: Option<Timestamp>,
    raised: Option<Instant>,
    calm_since: Option<Instant>,
    patience: Duration,
    heard: Option<Timestamp>,
}

impl Adapt {
    /// Begins with `quality`, all frames and their own size, and holds `max_age`.
    #[must_use]
    pub fn new(quality: u8, max_age: Duration) -> Self {
        let mut setting = Setting { quality, rate: 1.0, scale: 1.0 };
        let mut steps = vec![setting];
        while setting.quality > LOWEST_QUALITY {
            let lower = u32::from(setting.quality) * QUALITY_STEP.0 / QUALITY_STEP.1;
            setting.quality = u8::try_from(lower).unwrap_or(LOWEST_QUALITY).max(LOWEST_QUALITY);
            steps.push(setting);
        }
        for rate in RATES {
            setting.rate = rate;
            steps.push(setting);
        }
        for scale in SCALES {
            setting.scale = scale;
            steps.push(setting);
        }
        Self {
            steps,
            at: 0,
            max_age,
            changed: None,
            raised: None,
            calm_since: None,
            patience: PATIENCE.0,
            heard: None,
        }
    }

    /// What to send now.
    #[must_use]
    pub fn setting(&self) -> Setting {
        self.steps[self.at.min(self.steps.len() - 1)]
    }

    /// Whether frames go out as they were chosen.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.at == 0
    }

    /// A report came; `clock` is now by the frames' clock. Whether the setting is another than before.
    pub fn hear(&mut self, report: &Report, now: Instant, clock: Timestamp) -> bool {
        // Each report once, and of frames only that were captured since the last step.
        if self.heard.replace(report.ready) == Some(report.ready)
            || self.changed.is_some_and(|changed| report.ready < changed)
        {
            return false;
        }
        let age = report.age();
        if age > self.max_age || report.lost > TOO_MANY_LOST {
            let far = age > self.max_age * FAR_OVER;
            return self.down(if far { BIG_STEP } else { 1 }, now, clock);
        }
        if age > self.max_age.mul_f64(CALM) || report.lost > FEW_LOST {
            self.calm_since = None;
            return false;
        }
        let since = *self.calm_since.get_or_insert(now);
        if self.raised.is_some_and(|raised| now.duration_since(raised) >= TRIAL) {
            self.raised = None;
            self.patience = PATIENCE.0;
        }
        self.at > 0 && now.duration_since(since) >= self.patience && self.up(now, clock)
    }

    fn down(&mut self, steps: usize, now: Instant, clock: Timestamp) -> bool {
        self.calm_since = None;
        if self.raised.take().is_some_and(|raised| now.duration_since(raised) < TRIAL) {
            self.patience = (self.patience * 2).min(PATIENCE.1);
        }
        let to = (self.at + steps).min(self.steps.len() - 1);
        let moved = to != self.at;
        if moved {
            self.at = to;
            self.changed = Some(clock);
        }
        moved
    }

    fn up(&mut self, now: Instant, clock: Timestamp) -> bool {
        self.at -= 1;
        self.changed = Some(clock);
        self.raised = Some(now);
        self.calm_since = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A link of so many bytes a second, as a report from it would tell: a quarter of a second apart.
    struct Played {
        adapt: Adapt,
        start: Instant,
        tick: u32,
    }

    impl Played {
        fn new() -> Self {
            Self { adapt: Adapt::new(80, 200 * MS), start: Instant::now(), tick: 0 }
        }

        fn hear(&mut self, age: Duration, lost: u8) -> bool {
            self.tick += 1;
            let captured = Timestamp::from_micros(u64::from(self.tick) * 250_000);
            let report = Report {
                ready: captured,
                seq: None,
                at_relay: age,
                late: Duration::ZERO,
                lost,
                relayed: None,
            };
            let clock = Timestamp::from_micros(captured.as_micros() + 1);
            self.adapt.hear(&report, self.start + self.tick * 250 * MS, clock)
        }

        /// What a frame takes: quality 80 at full size and rate would take `full`.
        fn age(&self, full: Duration) -> Duration {
            let Setting { quality, rate, scale } = self.adapt.setting();
            full.mul_f64(f64::from(quality) / 80.0 * rate * scale * scale)
        }
    }

    #[test]
    fn quality_goes_first_then_rate_then_size() {
        let adapt = Adapt::new(80, 200 * MS);
        let Setting { quality, rate, scale } = *adapt.steps.last().unwrap();
        assert_eq!((quality, rate, scale), (LOWEST_QUALITY, 0.25, 0.25));
        for pair in adapt.steps.windows(2) {
            let changes = [
                pair[0].quality > pair[1].quality,
                pair[0].rate > pair[1].rate,
                pair[0].scale > pair[1].scale,
            ];
            assert_eq!(changes.iter().filter(|changed| **changed).count(), 1, "{pair:?}");
            assert!(pair[1].rate == 1.0 || pair[1].quality == LOWEST_QUALITY);
            assert!(pair[1].scale == 1.0 || pair[1].rate == 0.25);
        }
        assert_eq!(Adapt::new(20, MS).setting().quality, 20, "what was chosen is never raised");
    }

    #[test]
    fn a_link_too_slow_is_met_and_the_setting_then_rests() {
        let mut link = Played::new();
        for _ in 0..40 {
            link.hear(link.age(400 * MS), 0);
        }
        assert!(link.age(400 * MS) <= 200 * MS, "{:?}", link.adapt.setting());
        let mut changes = 0;
        for _ in 0..240 {
            changes += u32::from(link.hear(link.age(400 * MS), 0));
            assert!(link.age(400 * MS) <= 260 * MS);
        }
        assert!(changes <= 8, "{changes} changes in a minute");
    }

    #[test]
    fn it_goes_up_again_when_the_link_is_well_and_not_before() {
        let mut link = Played::new();
        for _ in 0..20 {
            link.hear(2000 * MS, 90);
        }
        let lowest = link.adapt.setting();
        assert_eq!(lowest, *link.adapt.steps.last().unwrap());
        for _ in 0..7 {
            assert!(!link.hear(5 * MS, 0));
        }
        for _ in 0..200 {
            link.hear(5 * MS, 0);
        }
        assert!(link.adapt.is_full(), "{:?}", link.adapt.setting());
    }

    #[test]
    fn lost_frames_count_and_old_reports_do_not() {
        let mut link = Played::new();
        assert!(link.hear(10 * MS, 50));
        let quality = link.adapt.setting().quality;
        let old = Report {
            ready: Timestamp::from_micros(1),
            seq: None,
            at_relay: 900 * MS,
            late: 900 * MS,
            lost: 0,
            relayed: None,
        };
        assert!(!link.adapt.hear(&old, link.start + 400 * MS, Timestamp::from_micros(400_000)));
        assert_eq!(link.adapt.setting().quality, quality);
        assert!(link.hear(450 * MS, 0));
        assert!(link.adapt.setting().quality < quality);
    }
}

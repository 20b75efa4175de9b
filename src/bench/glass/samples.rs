//! What is known about each frame, and the figures from it.

use std::collections::BTreeMap;

use super::{
    report::{Check, Figures, Known},
    screen_log::{Light, ScreenLog},
};
use crate::{
    bench::{Percentiles, fiducial::Stamp},
    clock::Timestamp,
};

/// Frames that are kept: an hour of them at 30 per second.
pub(super) const MAX_FRAMES: usize = 1 << 17;

/// What is known about one frame.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    /// When it was captured, by our clock.
    captured: Option<Timestamp>,
    in_captured: Option<Stamp>,
    in_delivered: Option<Stamp>,
    /// When the window had given it to the display.
    presented: Option<Timestamp>,
    known: Option<Known>,
}

/// Identifies a frame: its sender's capture time, which is not compared with our clock.
pub(super) type FrameKey = u64;

/// All frames of a run.
#[derive(Debug, Default)]
pub(super) struct Samples {
    frames: BTreeMap<FrameKey, Sample>,
    /// Milliseconds between the stamps in two windows that one picture shows.
    others: Vec<f64>,
}

/// Percentiles of any values, also negative ones.
pub(super) fn percentiles(values: &mut [f64]) -> Percentiles {
    values.sort_by(f64::total_cmp);
    let at = |share: usize| values.get(values.len() * share / 100).copied().unwrap_or_default();
    let max = values.last().copied().unwrap_or_default();
    Percentiles { p50: at(50), p95: at(95), p99: at(99), max }
}

/// The values at even percentiles, for a plot, whose axis begins at 0.
fn distribution(sorted: &[f64]) -> Vec<(f64, f64)> {
    const SHOWN: [f64; 9] = [0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5, 99.0, 99.9];
    let count = sorted.len() as f64;
    let shown = SHOWN.into_iter().filter(|percentile| *percentile <= 100.0 - 100.0 / count);
    shown
        .filter_map(|percentile| {
            Some((percentile, sorted.get((count * percentile / 100.0) as usize)?.max(0.0)))
        })
        .collect()
}

fn millis(to: Timestamp, from: Timestamp) -> f64 {
    to.micros_since(from) as f64 / 1000.0
}

impl Samples {
    fn of(&mut self, key: FrameKey) -> Option<&mut Sample> {
        let is_new = !self.frames.contains_key(&key);
        (!is_new || self.frames.len() < MAX_FRAMES).then(|| self.frames.entry(key).or_default())
    }

    /// A frame was captured at this time by our clock.
    pub(super) fn captured(&mut self, key: FrameKey, captured: Option<Timestamp>) {
        if let Some(sample) = self.of(key) {
            sample.captured = captured;
        }
    }

    /// The newest stamp in the captured picture.
    pub(super) fn read_captured(&mut self, key: FrameKey, stamp: Option<Stamp>) {
        if let Some(sample) = self.of(key) {
            sample.in_captured = stamp;
        }
    }

    /// The newest stamp in the delivered picture.
    pub(super) fn read_delivered(&mut self, key: FrameKey, stamp: Option<Stamp>) {
        if let Some(sample) = self.of(key) {
            sample.in_delivered = stamp;
        }
    }

    /// The frame was given to the display.
    pub(super) fn presented(&mut self, key: FrameKey, at: Timestamp) {
        if let Some(sample) = self.of(key) {
            sample.presented = Some(at);
        }
    }

    /// The truth about a frame of a simulated camera.
    #[cfg_attr(
        not(all(unix, not(target_os = "macos"))),
        allow(dead_code, reason = "the simulated camera reads an X11 window")
    )]
    pub(super) fn known(&mut self, key: FrameKey, known: Known) {
        if let Some(sample) = self.of(key) {
            sample.known = Some(known);
        }
    }

    /// A picture shows our window, and the same in another one.
    pub(super) fn other(&mut self, millis: f64) {
        if self.others.len() < MAX_FRAMES {
            self.others.push(millis);
        }
    }

    /// Whether no more frames can be taken.
    pub(super) fn is_full(&self) -> bool {
        self.frames.len() >= MAX_FRAMES
    }

    /// Drops what was seen before the measurement began.
    pub(super) fn forget(&mut self) {
        self.frames.clear();
        self.others.clear();
    }

    /// The whole latency of the last frames, for the window.
    pub(super) fn latest_ms(&self, log: &ScreenLog) -> Option<f64> {
        let recent = self.frames.values().rev().take(60);
        let mut whole: Vec<_> = recent
            .filter_map(|sample| Some(millis(sample.presented?, log.light(sample.in_delivered?)?.middle())))
            .collect();
        (!whole.is_empty()).then(|| percentiles(&mut whole).p50)
    }

    /// The figures, over the frames about which everything is known.
    pub(super) fn figures(mut self, log: &ScreenLog) -> Figures {
        let mut found = Found::default();
        for sample in self.frames.values() {
            found.take(sample, log);
        }
        let mut figures = found.figures();
        figures.pictures = self.frames.len() as u64;
        figures.other_ms = (!self.others.is_empty()).then(|| percentiles(&mut self.others));
        figures
    }
}

/// Values of all frames, in milliseconds.
#[derive(Debug, Default)]
struct Found {
    whole: Vec<f64>,
    before: Vec<f64>,
    own: Vec<f64>,
    stays: Vec<f64>,
    disagreeing: u64,
    read_captured: u64,
    read_delivered: u64,
    known: Vec<f64>,
    errors: Vec<f64>,
    outside: u64,
}

impl Found {
    fn take(&mut self, sample: &Sample, log: &ScreenLog) {
        let Sample { captured, in_captured, in_delivered, presented, known } = *sample;
        self.read_captured += u64::from(in_captured.is_some());
        self.read_delivered += u64::from(in_delivered.is_some());
        // Encoding may lose a slot of one of the two: the next older one is then an error of one change.
        if in_captured.is_some_and(|one| in_delivered.is_some_and(|other| one != other)) {
            self.disagreeing += 1;
            return;
        }
        let (Some(stamp), Some(presented)) = (in_delivered, presented) else { return };
        let Some(light) = log.light(stamp) else { return };
        self.whole.push(millis(presented, light.middle()));
        self.stays.push(light.time().as_secs_f64() * 1000.0);
        let Some(captured) = captured else { return };
        self.before.push(millis(captured, light.middle()));
        self.own.push(millis(presented, captured));
        if let Some(known) = known {
            self.check(captured, light, known);
        }
    }

    fn check(&mut self, captured: Timestamp, light: Light, known: Known) {
        self.known.push(millis(captured, known.light));
        self.errors.push(millis(known.light, light.middle()));
        self.outside += u64::from(!light.may_be(known.light, known.within));
    }

    fn figures(mut self) -> Figures {
        let whole_ms = percentiles(&mut self.whole);
        let before_ms = (!self.before.is_empty()).then(|| percentiles(&mut self.before));
        let own_ms = (!self.own.is_empty()).then(|| percentiles(&mut self.own));
        let check = (!self.errors.is_empty()).then(|| Check {
            known_ms: percentiles(&mut self.known),
            error_ms: percentiles(&mut self.errors),
            outside: self.outside,
        });
        Figures {
            pictures: 0,
            frames: self.whole.len() as u64,
            read_captured: self.read_captured,
            read_delivered: self.read_delivered,
            disagreeing: self.disagreeing,
            stamp_ms: percentiles(&mut self.stays),
            whole_ms,
            before_ms,
            own_ms,
            other_ms: None,
            check,
            distributions: [&self.whole, &self.before, &self.own].map(|values| distribution(values)),
            whole: self.whole,
        }
    }
}

/// The difference of a picture's two sheets in milliseconds: how much later another window shows what ours
/// shows. Small sheets do not count: the picture in our own window has one too.
pub(super) fn between(sheets: &[crate::bench::fiducial::Sheet], session: u8) -> Option<f64> {
    /// Size of a sheet, as a share of the largest.
    const MIN_SIZE: f32 = 0.4;
    let largest = sheets.iter().map(|sheet| sheet.cell).fold(0.0, f32::max);
    let stamps = sheets
        .iter()
        .filter(|sheet| sheet.cell >= largest * MIN_SIZE)
        .filter_map(|sheet| sheet.newest().filter(|stamp| stamp.session() == session));
    let stamps: Vec<_> = stamps.collect();
    let [one, other] = stamps[..] else { return None };
    Some(one.millis_since(other).abs() as f64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bench::{
        fiducial::{SLOTS, Sheet},
        glass::screen_log::Shown,
    };

    const fn at(micros: u64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    /// A display that takes a stamp each 16 ms and needs 2 ms for it.
    fn log() -> ScreenLog {
        let mut log = ScreenLog::default();
        for millis in (0..4000_u64).step_by(16) {
            let (painted, presented) = (at(millis * 1000), at(millis * 1000 + 2000));
            log.push(Shown { stamp: Stamp::new(1, millis), painted, presented });
        }
        log
    }

    /// A frame that saw the stamp of `millis` 5 ms after the display had it.
    fn frame(samples: &mut Samples, millis: u64) {
        let light = at(millis * 1000 + 7000);
        let (key, stamp) = (millis, Some(Stamp::new(1, millis)));
        samples.captured(key, Some(light.offset(40_000)));
        samples.read_captured(key, stamp);
        samples.read_delivered(key, stamp);
        samples.presented(key, light.offset(47_000));
        samples.known(key, Known { light, within: Duration::from_millis(1) });
    }

    #[test]
    fn the_parts_add_up_to_the_whole() {
        let mut samples = Samples::default();
        for index in 0..200 {
            frame(&mut samples, index * 16);
        }
        assert!((samples.latest_ms(&log()).unwrap() - 44.0).abs() < 1e-6);
        let figures = samples.figures(&log());
        // The middle of a stamp's time is 8 ms after the display had it, and 3 ms after the light.
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-6, "{found} {wanted}");
        near(figures.whole_ms.p50, 44.0);
        near(figures.before_ms.unwrap().p50, 37.0);
        near(figures.own_ms.unwrap().p99, 7.0);
        near(figures.stamp_ms.p50, 16.0);
        let check = figures.check.unwrap();
        near(check.known_ms.p50, 40.0);
        near(check.error_ms.p50, -3.0);
        assert_eq!((figures.frames, figures.pictures, check.outside), (200, 200, 0));
        assert_eq!(figures.distributions[0].first(), Some(&(0.0, 44.0)));
    }

    #[test]
    fn frames_about_which_too_little_is_known_do_not_count() {
        let mut samples = Samples::default();
        frame(&mut samples, 160);
        samples.read_captured(160, Some(Stamp::new(1, 144)));
        frame(&mut samples, 320);
        samples.read_delivered(320, None);
        frame(&mut samples, 480);
        samples.read_captured(480, None);
        frame(&mut samples, 640);
        samples.captured(640, None);
        samples.read_delivered(800, Some(Stamp::new(1, 800)));
        let figures = samples.figures(&log());
        assert_eq!((figures.pictures, figures.frames, figures.disagreeing), (5, 2, 1));
        assert_eq!((figures.read_captured, figures.read_delivered), (3, 4));
        assert!(figures.own_ms.is_some());
    }

    #[test]
    fn a_wrong_truth_is_outside() {
        let mut samples = Samples::default();
        frame(&mut samples, 160);
        samples.known(160, Known { light: at(150_000), within: Duration::from_millis(1) });
        assert_eq!(samples.figures(&log()).check.unwrap().outside, 1);
    }

    #[test]
    fn memory_is_bounded() {
        let mut samples = Samples::default();
        (0..MAX_FRAMES as u64 + 10).for_each(|key| samples.captured(key, None));
        assert!(samples.is_full() && samples.frames.len() == MAX_FRAMES);
        samples.presented(0, at(1));
        samples.forget();
        assert!(!samples.is_full());
    }

    #[test]
    fn the_same_sheet_in_two_windows_gives_their_distance() {
        let sheet = |cell, millis| {
            let slots = [Some(Stamp::new(1, millis)); SLOTS];
            Sheet { corners: [(0.0, 0.0); 4], cell, slots }
        };
        assert_eq!(between(&[sheet(20.0, 900), sheet(12.0, 780)], 1), Some(120.0));
        assert_eq!(between(&[sheet(12.0, 780), sheet(20.0, 900)], 1), Some(120.0));
        assert_eq!(between(&[sheet(20.0, 900), sheet(5.0, 780)], 1), None, "in our own window");
        assert_eq!(between(&[sheet(20.0, 900)], 1), None);
        assert_eq!(between(&[sheet(20.0, 900), sheet(12.0, 780)], 2), None);
    }

    #[test]
    fn percentiles_may_be_negative() {
        let mut values: Vec<_> = (-50..50).map(f64::from).collect();
        assert_eq!(percentiles(&mut values), Percentiles { p50: 0.0, p95: 45.0, p99: 49.0, max: 49.0 });
        assert_eq!(percentiles(&mut []), Percentiles::default());
        assert_eq!(distribution(&[]), []);
    }
}

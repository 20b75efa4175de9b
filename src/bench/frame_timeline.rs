//! Times of a frame at each step of its way, all by one clock.

use std::collections::BTreeMap;

use serde::Serializer;

use super::{Percentiles, StepTimes};
use crate::{clock::Timestamp, pipeline::ReceivedFrame};

/// Serialises steps as `{"captured to encoded": {…}, …}`.
pub(super) fn by_name<S: Serializer>(steps: &[(String, Percentiles)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(steps.iter().map(|(name, step)| (name, step)))
}

/// Times of one frame, as far as they are known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FrameTimes {
    /// The picture was taken.
    pub(super) captured: Option<Timestamp>,
    /// It was encoded as a JPEG.
    pub(super) encoded: Option<Timestamp>,
    /// The link got it.
    pub(super) queued: Option<Timestamp>,
    /// Its first byte was written to the socket.
    pub(super) sent: Option<Timestamp>,
    /// The relay had its last byte.
    pub(super) relayed: Option<Timestamp>,
    /// The viewer had its last byte.
    pub(super) received: Option<Timestamp>,
    /// Its pixels were decoded.
    pub(super) decoded: Option<Timestamp>,
    /// It was given to the display.
    pub(super) presented: Option<Timestamp>,
}

/// One of the times.
type When = fn(&FrameTimes) -> Option<Timestamp>;

/// Times of all frames of a run, by frame number.
#[derive(Debug, Default)]
pub(super) struct FrameTimeline {
    frames: BTreeMap<u64, FrameTimes>,
    pub(super) bytes: u64,
    /// Frames that arrived.
    pub(super) arrived: u64,
}

impl FrameTimeline {
    /// The times of a frame, for writing.
    pub(super) fn of(&mut self, seq: u64) -> &mut FrameTimes {
        self.frames.entry(seq).or_default()
    }

    /// Records what a frame that arrived tells.
    pub(super) fn arrived(&mut self, frame: &ReceivedFrame) {
        let Some(seq) = frame.info.seq else { return };
        self.arrived += 1;
        self.bytes += frame.bytes as u64;
        let life = self.of(seq);
        (life.captured, life.encoded, life.sent) = (frame.info.captured, frame.info.encoded, frame.info.sent);
        (life.received, life.decoded) = (Some(frame.received), Some(frame.decoded));
    }

    /// Drops the warm-up frames.
    pub(super) fn forget_before(&mut self, seq: u64) {
        self.frames = self.frames.split_off(&seq);
    }

    /// Durations from one time to another, of all frames for which both are known.
    pub(super) fn between(&self, from: When, to: When) -> StepTimes {
        let mut step = StepTimes::default();
        for life in self.frames.values() {
            if let (Some(from), Some(to)) = (from(life), to(life)) {
                step.record(to.since(from));
            }
        }
        step
    }

    /// The steps in order. A time that no frame knows is left out: the steps around it become one.
    pub(super) fn steps(&self) -> Vec<(String, Percentiles)> {
        const TIMES: [(&str, When); 8] = [
            ("captured", |life| life.captured),
            ("encoded", |life| life.encoded),
            ("queued", |life| life.queued),
            ("sent", |life| life.sent),
            ("relayed", |life| life.relayed),
            ("received", |life| life.received),
            ("decoded", |life| life.decoded),
            ("presented", |life| life.presented),
        ];
        let known: Vec<_> = TIMES
            .into_iter()
            .filter(|(_, when)| self.frames.values().any(|life| when(life).is_some()))
            .collect();
        let step = |pair: &[(&str, When)]| {
            let [(from, begin), (to, end)] = pair else { return None };
            Some((format!("{from} to {to}"), self.between(*begin, *end).percentiles()))
        };
        known.windows(2).filter_map(step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_times_are_left_out() {
        let mut lives = FrameTimeline::default();
        let at = |millis: u64| Some(Timestamp::from_micros(millis * 1000));
        for seq in 0..10 {
            let start = seq * 100;
            let life = lives.of(seq);
            (life.captured, life.encoded) = (at(start), at(start + 4));
            (life.sent, life.received) = (at(start + 5), at(start + 7 + seq));
            // Not every frame is reported.
            life.relayed = if seq % 2 == 0 { at(start + 6) } else { None };
        }
        lives.forget_before(2);
        let steps = lives.steps();
        let names: Vec<_> = steps.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["captured to encoded", "encoded to sent", "sent to relayed", "relayed to received"]
        );
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 0.02, "{found} {wanted}");
        near(steps[0].1.p50, 4.0);
        near(steps[3].1.max, 9.0);
        assert_eq!(lives.between(|life| life.sent, |life| life.relayed).count(), 4);
        near(lives.between(|life| life.sent, |life| life.received).percentiles().max, 11.0);
    }
}

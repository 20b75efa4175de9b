//! How noisy the machine was during a measurement, and what to do about it.
//!
//! The decisions are here, from numbers; `noise_probe` gets the numbers from the system.

use std::{fmt, time::Duration};

/// Share of the processors from which on other programs are warned about: an idle desktop takes less.
const OTHERS: f64 = 0.10;

/// The same for the host of a virtual machine: this much shows in a median already.
const STEAL: f64 = 0.02;

/// Runnable tasks per processor at the start from which on the machine is not idle.
const LOAD: f64 = 0.75;

/// How much longer than the fastest nine of ten short spins may take: an idle machine repeats them to within
/// a few percent.
const SPREAD: f64 = 0.15;

/// Share of the spins that count; the slowest are interrupts, which every machine has.
const COUNTED: f64 = 0.9;

/// The system's counters at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LoadSample {
    /// Ticks of all processors together, including idle ones.
    pub(crate) total: u64,
    /// Ticks in which no program ran: idle, and interrupts, which the system attributes to no program.
    pub(crate) idle: u64,
    /// Ticks that the host of a virtual machine gave to others.
    pub(crate) steal: u64,
    /// Ticks of this program and its child processes.
    pub(crate) own: u64,
    /// Runnable tasks, averaged over a minute; `None` if that would include our own measurement.
    pub(crate) load: Option<f64>,
    /// Durations of repetitions of the same work.
    pub(crate) spins: Vec<Duration>,
}

/// What disturbed a measurement, as shares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Noise {
    /// Share of all processor time that other programs took.
    pub others: f64,
    /// Share of all processor time that the host of this virtual machine took.
    pub steal: f64,
    /// Runnable tasks per processor, in the minute before.
    pub load: f64,
    /// How much longer than at its fastest the same work took, as a share.
    pub spread: f64,
}

/// One reason why figures are doubtful. Its text says what to do.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Other programs took this share of the processors' time.
    Others(f64),
    /// The host of this virtual machine took this share.
    Steal(f64),
    /// Runnable tasks per processor before the measurement began.
    Load(f64),
    /// The same work took up to this share longer.
    Spread(f64),
}

impl Noise {
    pub(crate) fn between(before: &LoadSample, after: &LoadSample, processors: usize) -> Self {
        let ticks = |count: fn(&LoadSample) -> u64| count(after).saturating_sub(count(before)) as f64;
        let total = ticks(|sample| sample.total);
        let share = |part: f64| if total > 0.0 { (part / total).clamp(0.0, 1.0) } else { 0.0 };
        let steal = ticks(|sample| sample.steal);
        let others = total - ticks(|sample| sample.idle) - steal - ticks(|sample| sample.own);
        let spins: Vec<_> = [before, after].iter().flat_map(|sample| &sample.spins).copied().collect();
        Self {
            others: share(others),
            steal: share(steal),
            load: before.load.unwrap_or(0.0) / processors.max(1) as f64,
            spread: spread(spins),
        }
    }

    /// Warnings, the most important first; empty if the machine was quiet.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        // If others use the processors, the spins differ for that reason and not because of the clock.
        let shared = self.others > OTHERS || self.steal > STEAL;
        let spread = if shared { 0.0 } else { self.spread };
        [
            (self.others, OTHERS, Warning::Others as fn(f64) -> Warning),
            (self.steal, STEAL, Warning::Steal),
            (self.load, LOAD, Warning::Load),
            (spread, SPREAD, Warning::Spread),
        ]
        .into_iter()
        .filter(|(value, limit, _)| value > limit)
        .map(|(value, _, warning)| warning(value))
        .collect()
    }
}

fn spread(mut spins: Vec<Duration>) -> f64 {
    spins.sort_unstable();
    let slow = ((spins.len() as f64 * COUNTED).ceil() as usize).saturating_sub(1);
    match (spins.first(), spins.get(slow)) {
        (Some(fastest), Some(slow)) if !fastest.is_zero() => slow.as_secs_f64() / fastest.as_secs_f64() - 1.0,
        _ => 0.0,
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: &f64| share * 100.0;
        match self {
            Self::Others(share) => write!(
                f,
                "other programs took {:.0} % of the processors: close them, or trust only ratios",
                percent(share)
            ),
            Self::Steal(share) => write!(
                f,
                "the host of this virtual machine took {:.1} % of its processors: measure at a quieter time, or trust only ratios",
                percent(share)
            ),
            Self::Load(load) => write!(
                f,
                "the machine was busy in the minute before ({load:.1} tasks per processor): wait until it is idle"
            ),
            Self::Spread(share) => write!(
                f,
                "the same work took up to {:.0} % longer than at its fastest, as the processor changes its clock: fix its \
                 frequency, or repeat and compare",
                percent(share)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(ticks: [u64; 4], load: f64, spins: &[u64]) -> LoadSample {
        let [total, idle, steal, own] = ticks;
        let spins = spins.iter().map(|micros| Duration::from_micros(*micros)).collect();
        LoadSample { total, idle, steal, own, load: Some(load), spins }
    }

    #[test]
    fn a_quiet_machine_is_not_warned_about() {
        let before = sample([1000, 500, 10, 7], 0.8, &[1000; 20]);
        let after = sample([2000, 900, 15, 567], 9.0, &[1010; 20]);
        let noise = Noise::between(&before, &after, 2);
        assert_eq!((noise.others, noise.steal, noise.load), (0.035, 0.005, 0.4));
        assert_eq!(noise.warnings(), []);
    }

    #[test]
    fn each_disturbance_gives_a_warning_with_advice() {
        let before = sample([0, 0, 0, 0], 3.0, &[1000, 1300, 1300, 1300, 1300, 1300, 1300, 1300, 1300, 9000]);
        for (after, wanted) in [
            ([1000, 200, 50, 400], &["took 35 %", "took 5.0 %", "(1.5 tasks"][..]),
            ([1000, 600, 0, 400], &["(1.5 tasks", "30 % longer"]),
        ] {
            let noise = Noise::between(&before, &sample(after, 0.0, &[]), 2);
            let told: Vec<_> = noise.warnings().iter().map(ToString::to_string).collect();
            assert_eq!(told.len(), wanted.len(), "{told:?}");
            for (told, wanted) in told.iter().zip(wanted) {
                assert!(told.contains(wanted) && told.contains(": "), "{told}");
            }
        }
    }

    #[test]
    fn impossible_numbers_are_no_noise() {
        for (before, after) in [
            (LoadSample::default(), LoadSample::default()),
            (sample([9, 9, 9, 9], 0.0, &[0, 0]), sample([1, 1, 1, 1], 0.0, &[5])),
            (sample([0; 4], 0.0, &[]), sample([10, 10, 10, 10], 0.0, &[])),
        ] {
            let noise = Noise::between(&before, &after, 0);
            assert_eq!(noise.others, 0.0);
            assert!(noise.spread >= 0.0);
        }
    }
}

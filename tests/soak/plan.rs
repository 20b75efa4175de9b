//! The schedule of events, from a seed. The same seed gives the same steps, whatever the programs do.

use std::time::Duration;

/// Pauses between two steps in ms: from a burst to a calm.
const PAUSES: [u64; 6] = [50, 150, 300, 600, 1200, 2500];

/// Durations of stalls in ms: from hardly noticeable to longer than every limit.
const STALLS: [u64; 6] = [100, 400, 1000, 2500, 6000, 9000];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A viewer connects, through the proxy or directly.
    Viewer { proxy: bool },
    /// A sender connects.
    Sender { proxy: bool },
    /// A guest is asked to end.
    Leave,
    /// A guest is killed.
    Kill,
    /// A guest is stopped and resumed later.
    Stop(Duration),
    /// A permanent program behind the proxy is stopped and resumed later.
    StopLasting(Duration),
    /// A connection through the proxy is cut.
    Cut,
    /// All connections through the proxy are cut.
    CutAll,
    /// The proxy passes nothing for a time.
    Stall(Duration),
}

#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub act: Action,
    /// Which of the possible targets, from 0 to 1.
    pub which: f64,
    pub pause: Duration,
}

pub struct Plan(fastrand::Rng);

impl Plan {
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    pub fn next(&mut self) -> Step {
        let rng = &mut self.0;
        let (act, which, proxy) = (rng.u32(..100), rng.f64(), rng.bool());
        let stall = Duration::from_millis(STALLS[rng.usize(..STALLS.len())]);
        let pause = Duration::from_millis(PAUSES[rng.usize(..PAUSES.len())]);
        let act = match act {
            0..24 => Action::Viewer { proxy },
            24..34 => Action::Sender { proxy },
            34..44 => Action::Leave,
            44..56 => Action::Kill,
            56..68 => Action::Stop(stall),
            68..74 => Action::StopLasting(stall),
            74..88 => Action::Cut,
            88..92 => Action::CutAll,
            _ => Action::Stall(stall),
        };
        Step { act, which, pause }
    }
}

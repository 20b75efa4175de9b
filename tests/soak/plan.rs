//! What happens when, from a seed. The same seed gives the same row of steps, whatever the programs do meanwhile.

use std::time::Duration;

/// Pauses between two steps: from a burst to a calm.
const PAUSES: [u64; 6] = [50, 150, 300, 600, 1200, 2500];

/// How long something stalls, in ms: from hardly to be noticed to longer than every limit.
const STALLS: [u64; 6] = [100, 400, 1000, 2500, 6000, 9000];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A viewer comes, by the proxy or not.
    Viewer { proxy: bool },
    /// A sender comes.
    Sender { proxy: bool },
    /// A guest is asked to end.
    Leave,
    /// A guest is killed.
    Kill,
    /// A guest is stopped and goes on later.
    Stop(Duration),
    /// One of those that stay behind the proxy is stopped and goes on later.
    StopLasting(Duration),
    /// A connection through the proxy is cut.
    Cut,
    /// All of them are.
    CutAll,
    /// Nothing passes the proxy for a time.
    Stall(Duration),
}

#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub act: Act,
    /// Which of those that it may happen to, from 0 to 1.
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
            0..24 => Act::Viewer { proxy },
            24..34 => Act::Sender { proxy },
            34..44 => Act::Leave,
            44..56 => Act::Kill,
            56..68 => Act::Stop(stall),
            68..74 => Act::StopLasting(stall),
            74..88 => Act::Cut,
            88..92 => Act::CutAll,
            _ => Act::Stall(stall),
        };
        Step { act, which, pause }
    }
}

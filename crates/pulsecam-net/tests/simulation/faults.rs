//! What is done to the network and the programs.

use std::{fmt, time::Duration};

use fastrand::Rng;

/// How long there are faults.
pub const FAULTS: Duration = Duration::from_secs(8);

/// The longest one: three times what a link waits for a sign of life.
const LONGEST: u64 = 3000;

/// One thing that is done. Clients are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// What is sent and under way in both directions is lost, as behind a router that forgot the connection.
    Cut(usize),
    /// The same towards the relay only.
    CutUp(usize),
    /// The same from the relay only.
    CutDown(usize),
    /// All that is sent waits, as where the cable is pulled and TCP sends again later.
    Hold(usize),
    /// The connection is as it was; what was held comes at once.
    Heal(usize),
    /// What is sent takes so many milliseconds, and may overtake what was sent before.
    Delay(usize, u64),
    /// The client's program ends without a word; the system closes its connections.
    Kill(usize),
    /// It starts again.
    Start(usize),
    /// The relay's program ends so.
    KillRelay,
    /// The relay's machine loses its power: nobody is told.
    LoseRelay,
    /// It starts again.
    StartRelay,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "=== {self:?}")
    }
}

/// What is done when, in order, where a healthy connection takes `delay` milliseconds.
pub fn schedule(clients: usize, delay: u64, random: &mut Rng) -> Vec<(Duration, Action)> {
    let mut all = Vec::new();
    for client in 0..clients {
        let mut at = random.u64(300..2500);
        loop {
            // Short ones as often as long ones: they end in the midst of something.
            let longest = [50, 400, LONGEST][random.usize(..3)];
            let end = at + random.u64(5..longest);
            if Duration::from_millis(end) >= FAULTS {
                break;
            }
            let (first, last) = match random.u32(..10) {
                0 | 1 => (vec![Action::Cut(client)], vec![Action::Heal(client)]),
                2 => (vec![Action::CutUp(client)], vec![Action::Heal(client)]),
                3 => (vec![Action::CutDown(client)], vec![Action::Heal(client)]),
                4 | 5 => (vec![Action::Hold(client)], vec![Action::Heal(client)]),
                6 | 7 => {
                    (vec![Action::Delay(client, random.u64(20..600))], vec![Action::Delay(client, delay)])
                }
                8 => (vec![Action::Kill(client)], vec![Action::Start(client)]),
                // Its machine loses its power.
                _ => (
                    vec![Action::Cut(client), Action::Kill(client)],
                    vec![Action::Heal(client), Action::Start(client)],
                ),
            };
            all.extend(first.into_iter().map(|action| (at, action)));
            all.extend(last.into_iter().map(|action| (end, action)));
            at = end + random.u64(5..2000);
        }
    }
    let mut at = 0;
    for _ in 0..random.u32(..3) {
        at += random.u64(500..4000);
        let end = at + random.u64(5..2000);
        if Duration::from_millis(end) < FAULTS {
            let first = if random.bool() { Action::KillRelay } else { Action::LoseRelay };
            all.extend([(at, first), (end, Action::StartRelay)]);
        }
        at = end;
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(at, action)| (Duration::from_millis(at), action)).collect()
}

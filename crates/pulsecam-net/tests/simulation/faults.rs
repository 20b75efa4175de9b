//! Faults of the network and the programs.

use std::{fmt, time::Duration};

use fastrand::Rng;

/// The duration of the phase with faults.
pub const FAULTS: Duration = Duration::from_secs(8);

/// The longest fault in milliseconds: three times the silence after which a link is dead.
const LONGEST: u64 = 3000;

/// One fault, or its end. Clients are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// All packets in both directions are lost, as behind a router that forgot the connection.
    Cut(usize),
    /// The same towards the relay only.
    CutUp(usize),
    /// The same from the relay only.
    CutDown(usize),
    /// All packets wait, as with a pulled cable and TCP retransmitting later.
    Hold(usize),
    /// The connection is restored; held packets arrive at once.
    Heal(usize),
    /// Packets take this many milliseconds, and may overtake earlier ones.
    Delay(usize, u64),
    /// The client's program is killed; the system closes its connections.
    Kill(usize),
    /// It restarts.
    Start(usize),
    /// The relay's program is killed.
    KillRelay,
    /// The relay's machine loses its power: connections are not closed.
    LoseRelay,
    /// It restarts.
    StartRelay,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "=== {self:?}")
    }
}

/// The schedule of faults, in order; a healthy connection has a delay of `delay` milliseconds.
pub fn schedule(clients: usize, delay: u64, random: &mut Rng) -> Vec<(Duration, Action)> {
    let mut all = Vec::new();
    for client in 0..clients {
        let mut at = random.u64(300..2500);
        loop {
            // Short ones as often as long ones, because they end in the middle of something.
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
                // The machine loses its power.
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

//! Faults of the network and the programs.

use std::{fmt, time::Duration};

use fastrand::Rng;

/// The duration of the phase with faults.
pub const FAULTS: Duration = Duration::from_secs(8);

/// The longest fault in milliseconds: three times the silence after which a link is dead.
const LONGEST: u64 = 3000;

/// One fault, or its end. Clients and relays are numbered; a client's connection is that to its relay.
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
    /// A relay's program is killed.
    KillRelay(usize),
    /// A relay's machine loses its power: connections are not closed.
    LoseRelay(usize),
    /// It restarts, and its connections are restored.
    StartRelay(usize),
    /// As between a client and its relay, between two relays.
    CutRelays(usize, usize),
    HoldRelays(usize, usize),
    HealRelays(usize, usize),
    DelayRelays(usize, usize, u64),
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
    all.extend(restarts(0, random));
    in_order(all)
}

/// The same for several relays: crashes of each, and faults of the network between each two.
pub fn between(relays: usize, delay: u64, random: &mut Rng) -> Vec<(Duration, Action)> {
    let mut all = Vec::new();
    // Most runs have relays that live all the time, of which more is promised.
    for relay in (0..relays).filter(|_| random.u32(..4) == 0).collect::<Vec<_>>() {
        all.extend(restarts(relay, random));
    }
    for (one, other) in pairs(relays) {
        let mut at = random.u64(300..4000);
        loop {
            let longest = [50, 400, 2 * LONGEST][random.usize(..3)];
            let end = at + random.u64(5..longest);
            if Duration::from_millis(end) >= FAULTS {
                break;
            }
            let heal = Action::HealRelays(one, other);
            let (first, last) = match random.u32(..4) {
                0 | 1 => (Action::CutRelays(one, other), heal),
                2 => (Action::HoldRelays(one, other), heal),
                _ => (
                    Action::DelayRelays(one, other, random.u64(20..600)),
                    Action::DelayRelays(one, other, delay),
                ),
            };
            all.extend([(at, first), (end, last)]);
            at = end + random.u64(5..3000);
        }
    }
    // One relay apart from the others.
    if random.bool() {
        let (alone, at) = (random.usize(..relays), random.u64(500..5000));
        let end = at + random.u64(500..2 * LONGEST);
        if Duration::from_millis(end) < FAULTS {
            for (one, other) in pairs(relays).filter(|(one, other)| *one == alone || *other == alone) {
                all.extend([(at, Action::CutRelays(one, other)), (end, Action::HealRelays(one, other))]);
            }
        }
    }
    in_order(all)
}

/// Each two of some relays.
pub fn pairs(relays: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..relays).flat_map(move |one| (one + 1..relays).map(move |other| (one, other)))
}

fn restarts(relay: usize, random: &mut Rng) -> Vec<(u64, Action)> {
    let (mut all, mut at) = (Vec::new(), 0);
    for _ in 0..random.u32(..3) {
        at += random.u64(500..4000);
        let end = at + random.u64(5..2000);
        if Duration::from_millis(end) < FAULTS {
            let first = if random.bool() { Action::KillRelay(relay) } else { Action::LoseRelay(relay) };
            all.extend([(at, first), (end, Action::StartRelay(relay))]);
        }
        at = end;
    }
    all
}

fn in_order(mut all: Vec<(u64, Action)>) -> Vec<(Duration, Action)> {
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(at, action)| (Duration::from_millis(at), action)).collect()
}

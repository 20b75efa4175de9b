//! The promises of several relays.
//!
//! A text reaches the clients of another relay if its relay knows, when it takes the text, that there are any. From
//! then on it comes once and in order whatever happens between the two, while both live. What a relay had
//! confirmed and not passed on dies with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    client::Part,
    invariants::alive,
    journal::{Journal, Process, Ways},
    relay::GOSSIP,
    world::NOTICED,
};

/// The time in which a relay learns that another one has clients: of that relay, and what it says.
const LEARNT: Duration = NOTICED.saturating_add(GOSSIP).saturating_add(Duration::from_millis(700));

/// A time in which the texts of a sender have to reach a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Duration,
    /// When one of their relays died.
    pub to: Option<Duration>,
}

/// The windows of a receiver's session that began at this time; `relays` are the sender's and the receiver's.
pub fn windows(journal: &Journal, relays: [usize; 2], since: Duration) -> Vec<Window> {
    let [one, other] = relays;
    if one == other {
        return vec![Window { from: since, to: None }];
    }
    let pair = (one.min(other), one.max(other));
    let live = |ways: &Ways| relays.iter().all(|relay| ways.running.contains(relay));
    let mut windows = Vec::new();
    // Since when they have been near each other, and in which window they are.
    let (mut near, mut window) = (None, None::<Window>);
    for (index, ways) in journal.ways.iter().enumerate() {
        let begin = ways.since.max(since);
        let end = journal.ways.get(index + 1).map_or(Duration::MAX, |next| next.since);
        if end <= since {
            continue;
        }
        if !live(ways) {
            windows.extend(window.take().map(|window| Window { to: Some(ways.since), ..window }));
            near = None;
            continue;
        }
        if ways.apart.contains(&pair) {
            near = None;
            continue;
        }
        let learnt = near.get_or_insert(begin).saturating_add(LEARNT);
        if learnt < end {
            window.get_or_insert(Window { from: learnt, to: None });
        }
    }
    windows.extend(window);
    windows
}

/// All receivers know a connection by the same number, and no number is that of two.
pub fn numbers(journal: &mut Journal) {
    // Without any relay, the numbers of the next ones begin anew.
    if journal.ways.iter().any(|ways| ways.running.is_empty()) {
        return;
    }
    let mut owners: BTreeMap<u64, Process> = BTreeMap::new();
    let mut last: BTreeMap<Process, BTreeMap<Process, u64>> = BTreeMap::new();
    let mut shared = BTreeSet::new();
    let lives = journal.lives.clone();
    for (receiver, record) in &lives {
        // What arrives late on a connection that its client has given up, goes to that client's next one too.
        let others = record.texts.iter().chain(&record.frames).filter(|got| got.from != *receiver);
        let mut all: Vec<_> = others.collect();
        all.sort_by_key(|got| got.at);
        for got in all {
            let Some(peer) = got.peer else { continue };
            let owner = *owners.entry(peer).or_insert(got.from);
            if owner != got.from {
                shared.insert((peer, owner, got.from));
            }
            last.entry(got.from).or_default().insert(*receiver, peer);
        }
    }
    for (peer, one, other) in shared {
        journal.broken(format_args!("the number {peer} is that of {one} and of {other}"));
    }
    let alive = alive(journal);
    for (sender, known) in last.into_iter().filter(|(sender, _)| alive.contains(sender)) {
        let mut known = known.into_iter().filter(|(receiver, _)| alive.contains(receiver));
        let Some((first, number)) = known.next() else { continue };
        for (receiver, other) in known.filter(|(_, other)| *other != number) {
            journal.broken(format_args!(
                "{sender} is number {number} to {first} and number {other} to {receiver}"
            ));
        }
    }
}

/// Each viewer has got pictures of each other sender since then.
pub fn pictures(journal: &mut Journal, parts: &[Part], since: Duration) {
    let alive = alive(journal);
    let lives = journal.lives.clone();
    for viewer in alive.iter().filter(|viewer| parts[viewer.host].shows()) {
        for sender in alive.iter().filter(|sender| *sender != viewer && parts[sender.host].films()) {
            if !lives[viewer].frames.iter().any(|got| got.from == *sender && got.at >= since) {
                journal.broken(format_args!("{viewer} sees nothing of {sender} since {since:?}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    /// Seconds since the beginning, the relays that run, and those that are apart.
    type Change<'a> = (u32, &'a [usize], &'a [(usize, usize)]);

    fn journal(changes: &[Change<'_>]) -> Journal {
        let ways = changes.iter().map(|(since, running, apart)| Ways {
            since: S * *since,
            running: running.iter().copied().collect(),
            apart: apart.iter().copied().collect(),
        });
        Journal { ways: ways.collect(), ..Journal::default() }
    }

    #[test]
    fn a_window_outlasts_cuts_and_ends_with_a_relay() {
        let all: &[usize] = &[0, 1, 2];
        let journal = journal(&[
            (0, all, &[]),
            (10, all, &[(0, 1)]),
            (20, &[0, 2], &[]),
            (30, all, &[(0, 1)]),
            (40, all, &[]),
        ]);
        let window = |from, to: Option<u32>| Window { from: S * from + LEARNT, to: to.map(|to| S * to) };
        assert_eq!(windows(&journal, [1, 0], S), [window(1, Some(20)), window(40, None)]);
        assert_eq!(windows(&journal, [0, 2], 5 * S), [window(5, None)]);
        assert_eq!(windows(&journal, [1, 1], 5 * S), [Window { from: 5 * S, to: None }]);
        assert_eq!(
            windows(&journal, [0, 1], 9 * S),
            [window(40, None)],
            "it cannot learn of it before the cut"
        );
    }
}

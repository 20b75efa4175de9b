//! The promises of link and relay, whatever happens to the network and the programs.
//!
//! The relay stores nothing. So a text reaches the clients that are connected when the relay first takes it;
//! a client that is away may miss it, or get it late if its sender's link also broke and sent it again.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use pulsecam_net::relay::Summary;

use crate::{
    client::Part,
    journal::{Got, Journal, Process, Record},
    together::{self, Window},
};

/// After healing, every client is at its relay exactly once, and senders know the number of viewers at all relays.
pub fn everybody_is_there_once(journal: &mut Journal, parts: &[Part], addresses: &[IpAddr]) {
    let present: Vec<_> = journal.relays.iter().map(|(relay, at)| (*relay, at.present.clone())).collect();
    let count: usize = present.iter().map(|(_, there)| there.len()).sum();
    if count != addresses.len() {
        journal.broken(format_args!("{count} are at the relays, not {}", addresses.len()));
    }
    let viewing = parts.iter().filter(|part| part.shows()).count();
    for (host, address) in addresses.iter().enumerate() {
        let there = present.iter().filter(|(relay, _)| *relay == parts[host].relay);
        let times = there.flat_map(|(_, there)| there.values()).filter(|here| here.ip() == *address).count();
        if times != 1 {
            journal.broken(format_args!("client {host} is at its relay {times} times"));
        }
        let Some(process) = journal.newest(host) else { panic!("client {host} never began") };
        let record = journal.of(process).clone();
        if !record.is_up {
            journal.broken(format_args!("{process}'s link is not up"));
        }
        let others = (viewing - usize::from(parts[host].shows())) as u32;
        let asks = parts[host].role != pulsecam_net::link::Role::Viewer;
        if record.viewers != asks.then_some(others) {
            journal.broken(format_args!("{process} knows of {:?} viewers, not {others}", record.viewers));
        }
    }
}

/// The latest process of each client.
pub fn alive(journal: &Journal) -> BTreeSet<Process> {
    (0..).map_while(|host| journal.newest(host)).collect()
}

/// Whether everything sent is confirmed.
pub fn all_is_confirmed(journal: &Journal) -> bool {
    alive(journal).iter().all(|process| {
        let record = &journal.lives[process];
        record.confirmed == record.sent.len()
    })
}

/// A receiver never gets a text twice. Those sent in a [`Window`] arrive in the order in which they were sent,
/// without gaps up to the last that arrives; all arrive if the window has no end. And everything sent is
/// confirmed.
pub fn texts(journal: &mut Journal, parts: &[Part]) {
    let alive = alive(journal);
    let lives = journal.lives.clone();
    for (receiver, record) in &lives {
        let mut seen = BTreeSet::new();
        for got in &record.texts {
            if !seen.insert((got.from, got.number)) {
                journal.broken(format_args!("{receiver} got text {} of {} twice", got.number, got.from));
            }
        }
        for (session, since) in (1..).zip(&record.sessions) {
            let is_last = alive.contains(receiver) && session == record.sessions.len() as u64;
            for (sender, sent) in lives.iter().filter(|(sender, _)| *sender != receiver) {
                let relays = [sender, receiver].map(|process| parts[process.host].relay);
                for Window { from, to } in together::windows(journal, relays, *since) {
                    let first = sent.sent.partition_point(|at| *at <= from) as u64;
                    let end = to.map_or(u64::MAX, |to| sent.sent.partition_point(|at| *at < to) as u64);
                    let is_in_time = |got: &&Got| to.is_none_or(|to| got.at < to);
                    let got: Vec<_> = record
                        .texts
                        .iter()
                        .filter(|got| got.session == session && got.from == *sender)
                        .filter(|got| (first..end).contains(&got.number))
                        .filter(is_in_time)
                        .map(|got| got.number)
                        .collect();
                    let expected: Vec<_> = (first..).take(got.len()).collect();
                    if got != expected && !sent.given_up {
                        journal.broken(format_args!(
                            "in session {session}, {receiver} got {got:?} of {sender}, from {first} (since {from:?})"
                        ));
                    }
                    let all = sent.sent.len() as u64 - first;
                    let is_over = is_last && to.is_none() && alive.contains(sender);
                    if is_over && (got.len() as u64) < all && !sent.given_up {
                        journal
                            .broken(format_args!("{receiver} got {} of {sender}'s {all} texts", got.len()));
                    }
                }
            }
        }
    }
    for process in alive {
        let record = &lives[&process];
        if record.confirmed < record.sent.len() {
            let (confirmed, sent) = (record.confirmed, record.sent.len());
            journal.broken(format_args!("{process}'s texts are not all confirmed: {confirmed} of {sent}"));
        }
    }
}

/// A stream never goes back, even after outages; and every frame that was given was sent or counted. Of a sender at
/// another relay, each connection is a stream.
pub fn frames(journal: &mut Journal, parts: &[Part]) {
    let lives = journal.lives.clone();
    let alive = alive(journal);
    for (receiver, record) in &lives {
        let mut newest: BTreeMap<(Process, Option<u64>), Got> = BTreeMap::new();
        for got in &record.frames {
            let is_far = parts[got.from.host].relay != parts[receiver.host].relay;
            let connection = got.peer.filter(|_| is_far);
            if let Some(before) = newest.insert((got.from, connection), *got)
                && before.number >= got.number
            {
                let (number, late) = (got.number, got.at - before.at);
                journal.broken(format_args!(
                    "{receiver} got frame {number} of {} {late:?} after frame {} (session {}, then {})",
                    got.from, before.number, before.session, got.session
                ));
            }
        }
        let counters = record.counters;
        let accounted = counters.frames_sent + counters.frames_replaced + counters.frames_while_down;
        if alive.contains(receiver) && accounted != record.frames_given {
            journal.broken(format_args!("{receiver} gave {} frames; {counters:?}", record.frames_given));
        }
    }
}

/// All counters before a period without faults.
pub struct Before(BTreeMap<Process, Record>);

impl Before {
    pub fn of(journal: &Journal) -> Self {
        Self(journal.lives.clone())
    }
}

/// The relay's counters equal what its clients sent and got, for a relay that ran without faults.
pub fn counters_add_up(journal: &mut Journal, parts: &[Part], before: &Before) {
    let Some(summary) = journal.at(0).summary else { return journal.broken("the relay reported no summary") };
    let (mut sent, mut got, mut copies) = (0, 0, 0);
    let viewing = parts.iter().filter(|part| part.shows()).count();
    for process in alive(journal) {
        let (old, new) = (&before.0[&process], journal.of(process).clone());
        let texts = (new.sent.len() - old.sent.len()) as u64;
        let frames = new.counters.frames_sent - old.counters.frames_sent;
        sent += texts + frames;
        copies += texts * (parts.len() - 1) as u64;
        copies += frames * (viewing - usize::from(parts[process.host].shows())) as u64;
        got += (new.texts.len() - old.texts.len() + new.frames.len() - old.frames.len()) as u64;
        got += new.replaced - old.replaced;
        if new.sessions.len() != old.sessions.len() {
            journal.broken(format_args!("{process}'s link broke without a fault"));
        }
    }
    let Summary { joined, messages_in, messages_out, frames_lost, refused, .. } = summary;
    journal.note(format_args!("{summary:?}"));
    let numbers = (joined, messages_in, messages_out, messages_out + frames_lost, refused);
    let expected = (parts.len() as u64, sent, got, copies, 0);
    if numbers != expected || joined != journal.at(0).joined {
        journal.broken(format_args!("joined, in, out, out and lost, refused: {numbers:?}, not {expected:?}"));
    }
}

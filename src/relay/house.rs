//! A relay: its door, its rooms, and what is counted in all of them.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    Config, Event, Summary,
    census::Census,
    door::{Door, Refusal, Rules},
    member::ClientId,
    pace::{self, Pace},
    room::{Room, lock},
};
use crate::{clock, wire::Message};

/// A relay's rooms and its door.
pub(super) struct House {
    pub(super) config: Config,
    door: Mutex<Door>,
    /// By name; without keys there is one, which has none. A room stays once it was entered: there are no more than keys.
    rooms: Mutex<BTreeMap<String, Arc<Room>>>,
    joined: AtomicU64,
    log: Log,
    counters: Counters,
    stop: CancellationToken,
}

/// How much is written of what strangers bring about.
struct Log {
    traffic: Mutex<Pace>,
    breaches: Mutex<Pace>,
    refusals: Mutex<Pace>,
    accepting: Mutex<Pace>,
}

#[derive(Default)]
struct Counters {
    refused: AtomicU64,
    messages_in: AtomicU64,
    bytes_in: AtomicU64,
    messages_out: AtomicU64,
    bytes_out: AtomicU64,
    frames_lost_by_gone: AtomicU64,
}

/// A place inside, held until this is dropped.
pub(super) struct Place {
    house: Arc<House>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.house.door).left(self.address, clock::now());
    }
}

/// Ends all that goes on in a house when it is dropped: rooms know their house, and would keep each other for ever.
pub(super) struct Closing(pub(super) Arc<House>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.stop.cancel();
        lock(&self.0.rooms).clear();
    }
}

impl House {
    /// Whatever goes on in it ends with `stop`.
    pub(super) fn new(config: Config, stop: CancellationToken) -> Self {
        let rules = Rules {
            clients: config.max_clients,
            per_address: config.limits.clients_per_address,
            joins_per_s: config.limits.joins_per_s,
        };
        Self {
            config,
            door: Mutex::new(Door::new(rules)),
            rooms: Mutex::default(),
            joined: AtomicU64::new(0),
            log: Log {
                traffic: Mutex::new(Pace::new(pace::TRAFFIC)),
                breaches: Mutex::new(Pace::new(pace::FLOOD)),
                refusals: Mutex::new(Pace::new(pace::FLOOD)),
                accepting: Mutex::new(Pace::new(pace::FLOOD)),
            },
            counters: Counters::default(),
            stop,
        }
    }

    pub(super) fn tell(&self, event: &Event) {
        match event {
            Event::Slow { .. } | Event::Refused { .. } | Event::AcceptFailed { .. } => warn!("{event}"),
            Event::Left { reason, .. } if reason.is_breach() => {
                match lock(&self.log.breaches).line(clock::now()) {
                    Some(0) => warn!("{event}"),
                    Some(more) => warn!("{event} ({more} others passed a limit since this was last told)"),
                    None => {}
                }
            }
            Event::Joined { .. } | Event::Left { .. } => match lock(&self.log.traffic).line(clock::now()) {
                Some(0) => info!("{event}"),
                Some(more) => info!("{event} ({more} lines before this one were left out)"),
                None => {}
            },
            _ => info!("{event}"),
        }
        if let Some(sink) = &self.config.events {
            sink(event);
        }
    }

    /// Lets somebody in, as far as the door is concerned.
    ///
    /// # Errors
    /// Why they are turned away.
    pub(super) fn knock(self: &Arc<Self>, addr: SocketAddr) -> Result<Place, Refusal> {
        let result = lock(&self.door).knock(addr.ip(), clock::now());
        match result {
            Ok(()) => Ok(Place { house: Arc::clone(self), address: addr.ip() }),
            Err(reason) => {
                self.refuse(addr, &reason);
                Err(reason)
            }
        }
    }

    /// Counts somebody who does not get in, and tells it, but not of each.
    pub(super) fn refuse(&self, addr: SocketAddr, reason: &Refusal) {
        self.counters.refused.fetch_add(1, Relaxed);
        let before = lock(&self.log.refusals).line(clock::now());
        if let Some(before) = before {
            self.tell(&Event::Refused { addr, reason: reason.clone(), times: before + 1 });
        }
    }

    /// Tells that nobody can be accepted, but not each time.
    pub(super) fn cannot_accept(&self, error: &io::Error) {
        if lock(&self.log.accepting).line(clock::now()).is_some() {
            self.tell(&Event::AcceptFailed { reason: error.to_string() });
        }
    }

    /// The room of that name.
    pub(super) fn room(self: &Arc<Self>, name: &str) -> Arc<Room> {
        let mut rooms = lock(&self.rooms);
        if let Some(room) = rooms.get(name) {
            return Arc::clone(room);
        }
        let room = Arc::new(Room::new(Arc::clone(self), name.to_owned()));
        rooms.insert(name.to_owned(), Arc::clone(&room));
        drop(rooms);
        let (stop, told) = (self.stop.clone(), Arc::clone(&room));
        tokio::spawn(async move { stop.run_until_cancelled(told.keep_senders_told()).await });
        room
    }

    /// The number of the next client.
    pub(super) fn next_client(&self) -> ClientId {
        self.joined.fetch_add(1, Relaxed) + 1
    }

    pub(super) fn count_in(&self, message: &Message) {
        self.counters.messages_in.fetch_add(1, Relaxed);
        self.counters.bytes_in.fetch_add(message.wire_len() as u64, Relaxed);
    }

    pub(super) fn count_out(&self, message: &Message) {
        self.counters.messages_out.fetch_add(1, Relaxed);
        self.counters.bytes_out.fetch_add(message.wire_len() as u64, Relaxed);
    }

    pub(super) fn count_lost(&self, frames: u64) {
        self.counters.frames_lost_by_gone.fetch_add(frames, Relaxed);
    }

    /// Reports those that lost frames since they were last reported.
    pub(super) fn survey(&self, now: Instant) {
        for room in self.rooms() {
            room.survey(now);
        }
    }

    /// Who is here.
    pub(super) fn census(&self, now: Instant) -> Census {
        let mut clients: Vec<_> = self.rooms().iter().flat_map(|room| room.residents(now)).collect();
        clients.sort_by_key(|resident| resident.client);
        Census { clients, totals: self.summary() }
    }

    pub(super) fn summary(&self) -> Summary {
        let here: u64 = self.rooms().iter().map(|room| room.frames_lost()).sum();
        Summary {
            joined: self.joined.load(Relaxed),
            messages_in: self.counters.messages_in.load(Relaxed),
            bytes_in: self.counters.bytes_in.load(Relaxed),
            messages_out: self.counters.messages_out.load(Relaxed),
            bytes_out: self.counters.bytes_out.load(Relaxed),
            frames_lost: here + self.counters.frames_lost_by_gone.load(Relaxed),
            refused: self.counters.refused.load(Relaxed),
        }
    }

    fn rooms(&self) -> Vec<Arc<Room>> {
        lock(&self.rooms).values().cloned().collect()
    }
}

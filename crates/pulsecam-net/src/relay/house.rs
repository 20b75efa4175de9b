//! The server: its admission and its rooms.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::Instant,
};

use tokio::time;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{
    census::Census,
    config::Config,
    door::{self, Door, Number, Rules},
    event::Summary,
    members::{Dismissal, Member},
    memory::{self, Hoard},
    reason::Refusal,
    room::Room,
    shared::Shared,
};
use crate::{clock, sync::lock};

/// The rooms and the admission of a relay.
pub(super) struct House {
    pub(super) shared: Arc<Shared>,
    door: Mutex<Door>,
    /// The connections that are not authenticated yet, to be closed if their places are needed.
    strangers: Mutex<HashMap<Number, CancellationToken>>,
    /// The rooms by name; without keys there is one, with an empty name. A room stays once it was entered:
    /// there are no more than keys.
    rooms: Mutex<BTreeMap<String, Arc<Room>>>,
    stop: CancellationToken,
}

/// A client's place, authenticated or not, held until this is dropped.
pub(super) struct Place {
    house: Arc<House>,
    address: IpAddr,
    /// Present while it is not authenticated.
    stranger: Option<(Number, CancellationToken)>,
}

impl Place {
    /// Admits the client, which has authenticated.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn admit(&mut self) -> Result<(), Refusal> {
        if let Some((number, _)) = &self.stranger {
            lock(&self.house.door).admit(self.address, clock::now())?;
            self.house.no_stranger(*number);
            self.stranger = None;
        }
        Ok(())
    }

    /// Completes if its place is needed for another connection.
    pub(super) fn pushed_out(&self) -> WaitForCancellationFutureOwned {
        let token = self.stranger.as_ref().map(|(_, token)| token.clone());
        token.unwrap_or_default().cancelled_owned()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        match &self.stranger {
            Some((number, _)) => self.house.no_stranger(*number),
            None => lock(&self.house.door).left(self.address, clock::now()),
        }
    }
}

impl House {
    /// Creates the state; everything in it ends with `stop`.
    pub(super) fn new(config: Config, stop: CancellationToken) -> Self {
        let rules = Rules {
            clients: config.max_clients,
            per_address: config.limits.clients_per_address,
            joins_per_s: config.limits.joins_per_s,
            strangers: config.limits.unauthenticated,
        };
        Self {
            shared: Arc::new(Shared::new(config)),
            door: Mutex::new(Door::new(rules)),
            strangers: Mutex::default(),
            rooms: Mutex::default(),
            stop,
        }
    }

    /// Takes a place for a new connection, unauthenticated if the relay has keys or TLS.
    ///
    /// # Errors
    /// Why the connection is refused.
    pub(super) fn knock(self: &Arc<Self>, addr: SocketAddr) -> Result<Place, Refusal> {
        let (address, now) = (addr.ip(), clock::now());
        let is_open = self.shared.config.keys.is_none() && self.shared.config.tls.is_none();
        let mut door = lock(&self.door);
        let result = if is_open {
            door.knock(address, now).and_then(|()| door.admit(address, now)).map(|()| None)
        } else {
            door.come(address, now).map(Some)
        };
        drop(door);
        let stranger =
            result.inspect_err(|reason| self.shared.refuse(addr, reason))?.map(|(number, goes)| {
                let token = CancellationToken::new();
                let mut strangers = lock(&self.strangers);
                if let Some(pushed_out) = goes.and_then(|goes| strangers.remove(&goes)) {
                    pushed_out.cancel();
                }
                strangers.insert(number, token.clone());
                (number, token)
            });
        Ok(Place { house: Arc::clone(self), address, stranger })
    }

    /// Removes an unauthenticated connection: it was admitted, or is gone.
    fn no_stranger(&self, number: Number) {
        lock(&self.door).gone(number);
        lock(&self.strangers).remove(&number);
    }

    /// Disconnects clients while the memory for messages is full.
    pub(super) async fn keep_within_memory(&self) {
        loop {
            self.shared.memory.passed().await;
            self.relieve();
            time::sleep(memory::PAUSE).await;
        }
    }

    fn relieve(&self) {
        let rooms = self.rooms();
        let members: Vec<_> = rooms.iter().flat_map(|room| room.members().to_vec()).collect();
        let (leaving, staying): (Vec<_>, Vec<_>) =
            members.iter().partition(|member| member.dismissed.is_cancelled());
        // Their memory will be free in a moment.
        let soon = leaving.iter().fold(0_usize, |sum, member| sum.saturating_add(member.hoard()));
        if soon >= self.shared.memory.excess() {
            return;
        }
        let heaviest = |bytes: &dyn Fn(&Member) -> usize| {
            let hoard = |member: &&Arc<Member>| Hoard {
                client: member.id,
                network: door::network(member.addr.ip()),
                bytes: bytes(member),
            };
            memory::heaviest(&staying.iter().map(hoard).collect::<Vec<_>>())
        };
        // Waiting messages are shared with others; they count if no client holds much alone.
        let heaviest =
            heaviest(&Member::hoard).or_else(|| heaviest(&|member| member.mailbox.waiting_bytes()));
        if let Some(Hoard { client, bytes, .. }) = heaviest
            && let Some(member) = staying.iter().find(|member| member.id == client)
        {
            member.dismiss(Dismissal::Hoard(bytes));
        }
    }

    /// Returns the room of that name.
    pub(super) fn room(&self, name: &str) -> Arc<Room> {
        let mut rooms = lock(&self.rooms);
        if let Some(room) = rooms.get(name) {
            return Arc::clone(room);
        }
        let room = Arc::new(Room::new(Arc::clone(&self.shared), name.to_owned()));
        rooms.insert(name.to_owned(), Arc::clone(&room));
        drop(rooms);
        let (stop, told) = (self.stop.clone(), Arc::clone(&room));
        tokio::spawn(async move { stop.run_until_cancelled(told.keep_senders_told()).await });
        room
    }

    /// Reports clients that lost frames since their last report.
    pub(super) fn survey(&self, now: Instant) {
        for room in self.rooms() {
            room.survey(now);
        }
    }

    /// Takes a snapshot of all clients.
    pub(super) fn census(&self, now: Instant) -> Census {
        let mut clients: Vec<_> = self.rooms().iter().flat_map(|room| room.residents(now)).collect();
        clients.sort_by_key(|resident| resident.client);
        Census { clients, totals: self.summary() }
    }

    pub(super) fn summary(&self) -> Summary {
        self.shared.summary(self.rooms().iter().map(|room| room.frames_lost()).sum())
    }

    fn rooms(&self) -> Vec<Arc<Room>> {
        lock(&self.rooms).values().cloned().collect()
    }
}

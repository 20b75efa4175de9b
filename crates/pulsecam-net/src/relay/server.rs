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
    admission::{self, Admission, AdmissionLimits, UnauthenticatedId},
    config::Config,
    event::Summary,
    members::{Dismissal, Member},
    memory::{self, MemoryUse},
    reason::RejectReason,
    room::Room,
    shared::Shared,
    stats::RelayStats,
};
use crate::{clock, sync::lock};

/// The rooms and the admission of a relay.
pub(super) struct Server {
    pub(super) shared: Arc<Shared>,
    admission: Mutex<Admission>,
    /// The connections that are not authenticated yet, to be closed if their places are needed.
    unauthenticated: Mutex<HashMap<UnauthenticatedId, CancellationToken>>,
    /// The rooms by name; without keys there is one, with an empty name. A room stays once it was entered:
    /// there are no more than keys.
    rooms: Mutex<BTreeMap<String, Arc<Room>>>,
    stop: CancellationToken,
    #[cfg(feature = "web")]
    web: Option<super::web::State>,
}

/// A client's place, authenticated or not, held until this is dropped.
pub(super) struct ConnectionPermit {
    server: Arc<Server>,
    address: IpAddr,
    /// Present while it is not authenticated.
    unauthenticated: Option<(UnauthenticatedId, CancellationToken)>,
}

impl ConnectionPermit {
    /// Admits the client, which has authenticated.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn admit(&mut self) -> Result<(), RejectReason> {
        if let Some((number, _)) = &self.unauthenticated {
            lock(&self.server.admission).admit(self.address, clock::now())?;
            self.server.forget_unauthenticated(*number);
            self.unauthenticated = None;
        }
        Ok(())
    }

    /// Completes if its place is needed for another connection.
    pub(super) fn evicted(&self) -> WaitForCancellationFutureOwned {
        let token = self.unauthenticated.as_ref().map(|(_, token)| token.clone());
        token.unwrap_or_default().cancelled_owned()
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        match &self.unauthenticated {
            Some((number, _)) => self.server.forget_unauthenticated(*number),
            None => lock(&self.server.admission).leave(self.address, clock::now()),
        }
    }
}

impl Server {
    /// Creates the state; everything in it ends with `stop`.
    pub(super) fn new(config: Config, stop: CancellationToken) -> Self {
        let limits = AdmissionLimits {
            clients: config.max_clients,
            per_address: config.limits.clients_per_address,
            joins_per_s: config.limits.joins_per_s,
            unauthenticated: config.limits.unauthenticated,
        };
        Self {
            #[cfg(feature = "web")]
            web: config.web.clone().map(super::web::State::new),
            shared: Arc::new(Shared::new(config)),
            admission: Mutex::new(Admission::new(limits)),
            unauthenticated: Mutex::default(),
            rooms: Mutex::default(),
            stop,
        }
    }

    /// What browsers share, if they are served.
    #[cfg(feature = "web")]
    pub(super) const fn web(&self) -> Option<&super::web::State> {
        self.web.as_ref()
    }

    /// Cancelled when the relay stops.
    pub(super) fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Records where browsers reach the relay.
    pub(super) fn listens(&self, http: SocketAddr) {
        #[cfg(feature = "web")]
        if let Some(web) = &self.web {
            web.listens(http);
        }
        #[cfg(not(feature = "web"))]
        let _ = http;
    }

    /// Records that the relay's loop runs.
    pub(super) fn beat(&self, now: Instant) {
        #[cfg(feature = "web")]
        if let Some(web) = &self.web {
            web.beat(now);
        }
        #[cfg(not(feature = "web"))]
        let _ = now;
    }

    /// Takes a place for a new connection, unauthenticated if the relay has keys or TLS.
    ///
    /// # Errors
    /// Why the connection is refused.
    pub(super) fn connect(self: &Arc<Self>, addr: SocketAddr) -> Result<ConnectionPermit, RejectReason> {
        let (address, now) = (addr.ip(), clock::now());
        let is_open = self.shared.config.keys.is_none() && self.shared.config.tls.is_none();
        let mut admission = lock(&self.admission);
        let result = if is_open {
            admission.connect(address, now).and_then(|()| admission.admit(address, now)).map(|()| None)
        } else {
            admission.add_unauthenticated(address, now).map(Some)
        };
        drop(admission);
        let unauthenticated =
            result.inspect_err(|reason| self.shared.refuse(addr, reason))?.map(|(number, goes)| {
                let token = CancellationToken::new();
                let mut unauthenticated = lock(&self.unauthenticated);
                if let Some(evicted) = goes.and_then(|goes| unauthenticated.remove(&goes)) {
                    evicted.cancel();
                }
                unauthenticated.insert(number, token.clone());
                (number, token)
            });
        Ok(ConnectionPermit { server: Arc::clone(self), address, unauthenticated })
    }

    /// Refuses connections from an address for a while; those that are there stay.
    #[cfg(feature = "web")]
    pub(super) fn keep_out(&self, address: IpAddr, time: std::time::Duration) {
        lock(&self.admission).keep_out(address, time, clock::now());
    }

    /// Checks whether an address is kept out, for a connection that was there before.
    ///
    /// # Errors
    /// Why it is refused.
    #[cfg(feature = "web")]
    pub(super) fn let_in(&self, address: IpAddr) -> Result<(), RejectReason> {
        lock(&self.admission).let_in(address, clock::now())
    }

    /// Removes an unauthenticated connection: it was admitted, or is gone.
    fn forget_unauthenticated(&self, number: UnauthenticatedId) {
        lock(&self.admission).remove_unauthenticated(number);
        lock(&self.unauthenticated).remove(&number);
    }

    /// Disconnects clients while the memory for messages is full.
    pub(super) async fn enforce_memory_limit(&self) {
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
        let soon = leaving.iter().fold(0_usize, |sum, member| sum.saturating_add(member.memory_use()));
        if soon >= self.shared.memory.excess() {
            return;
        }
        let heaviest = |bytes: &dyn Fn(&Member) -> usize| {
            let hoard = |member: &&Arc<Member>| MemoryUse {
                client: member.id,
                network: admission::network(member.addr.ip()),
                bytes: bytes(member),
            };
            memory::largest(&staying.iter().map(hoard).collect::<Vec<_>>())
        };
        // Waiting messages are shared with others; they count if no client holds much alone.
        let heaviest =
            heaviest(&Member::memory_use).or_else(|| heaviest(&|member| member.mailbox.waiting_bytes()));
        if let Some(MemoryUse { client, bytes, .. }) = heaviest
            && let Some(member) = staying.iter().find(|member| member.id == client)
        {
            member.dismiss(Dismissal::MemoryUse(bytes));
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
        tokio::spawn(async move {
            let notices = async { tokio::join!(told.notify_senders(), told.announce_departures()) };
            stop.run_until_cancelled(notices).await
        });
        room
    }

    /// Reports clients that lost frames since their last report.
    pub(super) fn report_slow_clients(&self, now: Instant) {
        for room in self.rooms() {
            room.report_slow_clients(now);
        }
    }

    /// Takes a snapshot of all clients.
    pub(super) fn stats(&self, now: Instant) -> RelayStats {
        let mut clients: Vec<_> = self.rooms().iter().flat_map(|room| room.client_stats(now)).collect();
        clients.sort_by_key(|client| client.client);
        RelayStats {
            clients,
            totals: self.summary(),
            #[cfg(feature = "cluster")]
            cluster: self.cluster_status(None),
            #[cfg(feature = "cluster")]
            guests: self.rooms().iter().flat_map(|room| room.guest_stats(now)).collect(),
        }
    }

    pub(super) fn summary(&self) -> Summary {
        self.shared.summary(self.rooms().iter().map(|room| room.frames_lost()).sum())
    }

    pub(super) fn rooms(&self) -> Vec<Arc<Room>> {
        lock(&self.rooms).values().cloned().collect()
    }
}

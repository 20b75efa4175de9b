//! A relay's shared state: its admission, its rooms, and the counters of all of them.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    io,
    net::{IpAddr, SocketAddr},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use tokio::{task::JoinError, time};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tracing::{error, info, warn};

use super::{
    Config, Event, Summary,
    admission::{self, Admission, AdmissionLimits, RejectReason},
    event::LeaveReason,
    member::{ClientId, Dismissal, Member},
    memory::{self, Memory, MemoryUse},
    room::{Room, lock},
    stats::RelayStats,
    unauthenticated,
};
use crate::{
    clock,
    log_throttle::{self, LogThrottle},
    wire::Message,
};

/// The rooms and the admission of a relay.
pub(super) struct Server {
    pub(super) config: Config,
    pub(super) memory: Arc<Memory>,
    admission: Mutex<Admission>,
    /// The connections that are not authenticated yet, to be closed if their places are needed.
    unauthenticated: Mutex<HashMap<unauthenticated::UnauthenticatedId, CancellationToken>>,
    /// The events of members whose tasks failed.
    failed: Mutex<VecDeque<Event>>,
    /// The rooms by name; without keys there is one, with an empty name. A room stays once it was entered:
    /// there are no more than keys.
    rooms: Mutex<BTreeMap<String, Arc<Room>>>,
    joined: AtomicU64,
    log: Log,
    counters: ServerCounters,
    stop: CancellationToken,
}

/// Limits on log lines that strangers can cause.
struct Log {
    traffic: Mutex<LogThrottle>,
    breaches: Mutex<LogThrottle>,
    refusals: Mutex<LogThrottle>,
    accepting: Mutex<LogThrottle>,
}

#[derive(Default)]
struct ServerCounters {
    refused: AtomicU64,
    messages_in: AtomicU64,
    bytes_in: AtomicU64,
    messages_out: AtomicU64,
    bytes_out: AtomicU64,
    frames_lost_by_gone: AtomicU64,
}

/// A client's place, authenticated or not, held until this is dropped.
pub(super) struct ConnectionPermit {
    server: Arc<Server>,
    address: IpAddr,
    /// Present while it is not authenticated.
    unauthenticated: Option<(unauthenticated::UnauthenticatedId, CancellationToken)>,
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

/// Stops everything when it is dropped. Rooms and this state refer to each other, and would otherwise never
/// be freed.
pub(super) struct ShutdownGuard(pub(super) Arc<Server>);

impl Drop for ShutdownGuard {
    fn drop(&mut self) {
        self.0.stop.cancel();
        lock(&self.0.rooms).clear();
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
            memory: Arc::new(Memory::new(config.memory)),
            config,
            admission: Mutex::new(Admission::new(limits)),
            unauthenticated: Mutex::default(),
            failed: Mutex::default(),
            rooms: Mutex::default(),
            joined: AtomicU64::new(0),
            log: Log {
                traffic: Mutex::new(LogThrottle::new(log_throttle::TRAFFIC)),
                breaches: Mutex::new(LogThrottle::new(log_throttle::FLOOD)),
                refusals: Mutex::new(LogThrottle::new(log_throttle::FLOOD)),
                accepting: Mutex::new(LogThrottle::new(log_throttle::FLOOD)),
            },
            counters: ServerCounters::default(),
            stop,
        }
    }

    pub(super) fn emit(&self, event: &Event) {
        match event {
            Event::Slow { .. } | Event::Refused { .. } | Event::AcceptFailed { .. } => warn!("{event}"),
            Event::ClientFailed { .. } | Event::Left { reason: LeaveReason::Failed(_), .. } => {
                error!("{event}");
            }
            Event::Left { reason, .. } if reason.is_breach() => {
                match lock(&self.log.breaches).line(clock::now()) {
                    Some(0) => warn!("{event}"),
                    Some(more) => warn!("{event} ({more} more were disconnected since the last such line)"),
                    None => {}
                }
            }
            Event::Joined { .. } | Event::Left { .. } => match lock(&self.log.traffic).line(clock::now()) {
                Some(0) => info!("{event}"),
                Some(more) => info!("{event} ({more} lines before this one were omitted)"),
                None => {}
            },
            _ => info!("{event}"),
        }
        if let Some(sink) = &self.config.events {
            sink(event);
        }
    }

    /// The same from the relay's own loop, which must survive a listener that panics.
    pub(super) fn emit_guarded(&self, event: &Event) {
        if catch_unwind(AssertUnwindSafe(|| self.emit(event))).is_err() {
            error!("the event listener failed");
        }
    }

    /// Stores the event of a member whose task failed.
    pub(super) fn has_failed(&self, left: Event) {
        lock(&self.failed).push_back(left);
    }

    /// Reports a client's task that failed.
    pub(super) fn emit_failure(&self, error: JoinError) {
        let Ok(panic) = error.try_into_panic() else { return };
        let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
        let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
        let reason = words.unwrap_or_else(|| "it panicked".into());
        let left = lock(&self.failed).pop_front();
        self.emit_guarded(&match left {
            Some(Event::Left { client, addr, frames_lost, clients, .. }) => {
                Event::Left { client, addr, reason: LeaveReason::Failed(reason), frames_lost, clients }
            }
            _ => Event::ClientFailed { reason },
        });
    }

    /// Takes a place for a new connection, unauthenticated if the relay has keys or TLS.
    ///
    /// # Errors
    /// Why the connection is refused.
    pub(super) fn connect(self: &Arc<Self>, addr: SocketAddr) -> Result<ConnectionPermit, RejectReason> {
        let (address, now) = (addr.ip(), clock::now());
        let is_open = self.config.keys.is_none() && self.config.tls.is_none();
        let mut admission = lock(&self.admission);
        let result = if is_open {
            admission.connect(address, now).and_then(|()| admission.admit(address, now)).map(|()| None)
        } else {
            admission.add_unauthenticated(address, now).map(Some)
        };
        drop(admission);
        let unauthenticated =
            result.inspect_err(|reason| self.refuse(addr, reason))?.map(|(number, goes)| {
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

    /// Removes an unauthenticated connection: it was admitted, or is gone.
    fn forget_unauthenticated(&self, number: unauthenticated::UnauthenticatedId) {
        lock(&self.admission).remove_unauthenticated(number);
        lock(&self.unauthenticated).remove(&number);
    }

    /// Disconnects clients while the memory for messages is full.
    pub(super) async fn enforce_memory_limit(&self) {
        loop {
            self.memory.passed().await;
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
        if soon >= self.memory.excess() {
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

    /// Counts a refused connection, and reports it at a limited rate.
    pub(super) fn refuse(&self, addr: SocketAddr, reason: &RejectReason) {
        self.counters.refused.fetch_add(1, Relaxed);
        let before = lock(&self.log.refusals).line(clock::now());
        if let Some(before) = before {
            self.emit(&Event::Refused { addr, reason: reason.clone(), times: before + 1 });
        }
    }

    /// Reports a failed accept, at a limited rate.
    pub(super) fn accept_failed(&self, error: &io::Error) {
        if lock(&self.log.accepting).line(clock::now()).is_some() {
            self.emit_guarded(&Event::AcceptFailed { reason: error.to_string() });
        }
    }

    /// Returns the room of that name.
    pub(super) fn room(self: &Arc<Self>, name: &str) -> Arc<Room> {
        let mut rooms = lock(&self.rooms);
        if let Some(room) = rooms.get(name) {
            return Arc::clone(room);
        }
        let room = Arc::new(Room::new(Arc::clone(self), name.to_owned()));
        rooms.insert(name.to_owned(), Arc::clone(&room));
        drop(rooms);
        let (stop, told) = (self.stop.clone(), Arc::clone(&room));
        tokio::spawn(async move { stop.run_until_cancelled(told.notify_senders()).await });
        room
    }

    /// Returns the number of the next client.
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
        RelayStats { clients, totals: self.summary() }
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

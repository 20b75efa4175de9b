//! Membership by gossip, with chitchat: each relay tells some others who is there, and how long ago each was heard
//! from. One that is not heard from for some intervals counts as gone.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chitchat::{
    Chitchat, ChitchatConfig, ChitchatHandle, ChitchatId, FailureDetectorConfig, NodeState, spawn_chitchat,
};
use tokio::{
    sync::{mpsc, watch},
    task::{self, JoinHandle},
    time::{self, MissedTickBehavior},
};
use tracing::warn;

use super::{
    Error,
    about::About,
    gossip_config::GossipConfig,
    key::ClusterKey,
    link_plan::MAX_RELAYS,
    members::{Members, Relay, RelayId, Roster},
    seal::{Refused, Seal},
    sealed_socket::{self, SealedTransport},
};
use crate::{
    address::Address,
    clock::{self, Timestamp},
    sync::lock,
};

/// The interval of the gossip. With it, a relay that dies is noticed within a second, and three relays exchange some
/// 5 kB/s each.
pub(super) const INTERVAL: Duration = Duration::from_millis(200);

/// How much longer than usual the silence of a relay has to be: 8 times. In 20 s on a machine with twice as much work
/// as cores, no relay was taken for dead.
const PHI: f64 = 8.0;

/// The longest pause between two signs of life that counts as usual. A longer one was an outage.
const MAX_INTERVAL: Duration = Duration::from_secs(2);

/// How long a dead relay is remembered. Messages for it wait that long, and its block of numbers is not given to others.
pub const REMEMBERED: Duration = Duration::from_secs(15 * 60);

/// How long all remember that a room was left, so that none believes an old message that says otherwise.
const TOMBSTONE: Duration = Duration::from_secs(60);

/// The interval at which what is known is looked at, if nothing was reported: only forgetting is not.
const LOOK: Duration = Duration::from_secs(1);

/// The interval at which the other relays' names are looked up while nobody was found, and later. A name may get
/// more addresses at any time.
const LOOK_UP_ALONE: Duration = Duration::from_secs(5);
const LOOK_UP: Duration = Duration::from_secs(60);

/// The most addresses of a name that are spoken to: those of the largest cluster.
const MAX_ADDRESSES: usize = MAX_RELAYS;

/// The name of all clusters: which one it is, the key says.
const CLUSTER: &str = "pulsecam";

/// A relay's part in the gossip, which ends when this is dropped.
#[derive(Debug)]
pub struct Gossip {
    id: RelayId,
    address: SocketAddr,
    about: watch::Sender<About>,
    roster: watch::Receiver<Arc<Roster>>,
    seal: Arc<Mutex<Seal>>,
    task: JoinHandle<()>,
}

impl Gossip {
    /// Starts to gossip.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn start(mut config: GossipConfig, about: About) -> Result<Self, Error> {
        let key = ClusterKey::required_at(config.listen.ip(), config.key.take())?;
        let socket = sealed_socket::bind(config.listen)?;
        config.listen.set_port(socket.local_addr()?.port());
        let (id, address) = (RelayId::random()?, config.reached_at());
        let transport = SealedTransport::new(socket, Seal::new(key)?);
        let (about, told) = watch::channel(about);
        let (roster, known) = watch::channel(Arc::default());
        let seal = transport.seal();
        let part = Part { id, address, transport, join: config.join, told, roster };
        let handle = part.begin().await?;
        let task = tokio::spawn(part.run(handle));
        Ok(Self { id, address, about, roster: known, seal, task })
    }

    /// Where other relays reach this one.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The numbers of datagrams that were worth nothing.
    #[must_use]
    pub fn refused(&self) -> Refused {
        lock(&self.seal).refused()
    }
}

impl Drop for Gossip {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Members for Gossip {
    fn id(&self) -> RelayId {
        self.id
    }

    fn roster(&self) -> watch::Receiver<Arc<Roster>> {
        self.roster.clone()
    }

    fn tell(&self, about: About) {
        self.about.send_if_modified(|before| {
            let changed = *before != about;
            *before = about;
            changed
        });
    }
}

/// The addresses of the names of other relays, by the names' places.
type Contacts = BTreeMap<usize, Vec<SocketAddr>>;

/// The task's side.
struct Part {
    id: RelayId,
    address: SocketAddr,
    transport: SealedTransport,
    join: Vec<Address>,
    told: watch::Receiver<About>,
    roster: watch::Sender<Arc<Roster>>,
}

/// Ends chitchat's task when it is dropped, which dropping its handle alone may do late.
struct Running(ChitchatHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Part {
    async fn begin(&self) -> Result<Running, Error> {
        let config = ChitchatConfig {
            // Of two with the same name, the one that began later counts.
            chitchat_id: ChitchatId::new(self.id.to_string(), Timestamp::now().as_micros(), self.address),
            cluster_id: CLUSTER.to_owned(),
            gossip_interval: INTERVAL,
            listen_addr: self.address,
            // Looked up here, more often than chitchat would, and spoken to until they answer.
            seed_nodes: Vec::new(),
            failure_detector_config: FailureDetectorConfig {
                phi_threshold: PHI,
                max_interval: MAX_INTERVAL,
                initial_interval: INTERVAL,
                dead_node_grace_period: REMEMBERED,
                ..FailureDetectorConfig::default()
            },
            marked_for_deletion_grace_period: TOMBSTONE,
            catchup_callback: None,
            extra_liveness_predicate: None,
        };
        let pairs = self.told.borrow().to_pairs();
        let started = spawn_chitchat(config, pairs, &self.transport).await;
        started.map(Running).map_err(|error| Error::Gossip(error.to_string()))
    }

    async fn run(mut self, mut running: Running) {
        loop {
            let why = self.gossip(&running).await;
            warn!("the gossip between relays failed, and is started again: {why}");
            drop(running);
            running = loop {
                time::sleep(LOOK).await;
                match self.begin().await {
                    Ok(running) => break running,
                    Err(error) => warn!("{error}"),
                }
            };
        }
    }

    /// Gossips until that fails.
    async fn gossip(&mut self, running: &Running) -> String {
        let handle = &running.0;
        let mut live = handle.with_chitchat(|chitchat| chitchat.live_nodes_watcher()).await;
        let mut ended = std::pin::pin!(handle.termination_watcher());
        let [mut look, mut knock] = [LOOK, INTERVAL].map(time::interval);
        for interval in [&mut look, &mut knock] {
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let (mut looked_up, mut contacts) = (None, Contacts::new());
        let (find, mut found) = mpsc::channel(self.join.len().max(1));
        self.told.mark_changed();
        loop {
            tokio::select! {
                biased;
                result = &mut ended => {
                    return result.err().map_or_else(|| "it has ended".to_owned(), |error| error.to_string());
                }
                Ok(()) = self.told.changed() => self.publish(handle).await,
                Ok(()) = live.changed() => {}
                Some((name, addresses)) = found.recv() => {
                    contacts.insert(name, addresses);
                }
                _ = knock.tick() => {
                    self.knock(handle, &contacts);
                    continue;
                }
                _ = look.tick() => {
                    let alone = self.roster.borrow().living().next().is_none();
                    if self.is_due(looked_up, alone) {
                        looked_up = Some(clock::now());
                        self.look_up(&find);
                    }
                }
            }
            self.observe(handle).await;
        }
    }

    fn is_due(&self, looked_up: Option<Instant>, alone: bool) -> bool {
        let pause = if alone { LOOK_UP_ALONE } else { LOOK_UP };
        !self.join.is_empty()
            && looked_up.is_none_or(|then| clock::now().saturating_duration_since(then) >= pause)
    }

    /// Looks the others up, without waiting for it.
    fn look_up(&self, find: &mpsc::Sender<(usize, Vec<SocketAddr>)>) {
        for (name, address) in self.join.iter().cloned().enumerate() {
            let (find, literal) = (find.clone(), address.literal());
            tokio::spawn(async move {
                let addresses = match literal {
                    Some(address) => vec![address],
                    None => match task::spawn_blocking(move || address.look_up()).await {
                        Ok(Ok(addresses)) => addresses,
                        Ok(Err(error)) => return warn!("cannot look up another relay: {error}"),
                        Err(_) => return, // the program ends
                    },
                };
                let _ = find.send((name, addresses)).await; // nobody gossips any more
            });
        }
    }

    /// Speaks to those of the addresses at which nobody is known. The first time, a relay there only greets.
    fn knock(&self, handle: &ChitchatHandle, contacts: &Contacts) {
        let roster = self.roster.borrow();
        let is_known = |address| roster.living().any(|(_, about)| about.link == address);
        for address in contacts.values().flat_map(|addresses| addresses.iter().take(MAX_ADDRESSES)) {
            if *address != self.address && !is_known(*address) {
                let _ = handle.gossip(*address); // if it has ended, that is noticed elsewhere
            }
        }
    }

    /// Puts what this relay says about itself into the gossip.
    async fn publish(&mut self, handle: &ChitchatHandle) {
        let pairs: BTreeMap<_, _> = self.told.borrow_and_update().to_pairs().into_iter().collect();
        handle
            .with_chitchat(|chitchat| {
                let state = chitchat.self_node_state();
                let gone: Vec<_> = state
                    .key_values()
                    .filter(|(key, _)| About::is_passing(key) && !pairs.contains_key(*key))
                    .map(|(key, _)| key.to_owned())
                    .collect();
                gone.iter().for_each(|key| state.delete(key));
                pairs.iter().for_each(|(key, value)| state.set(key, value));
            })
            .await;
    }

    /// Publishes who is there.
    async fn observe(&self, handle: &ChitchatHandle) {
        let roster = handle.with_chitchat(roster).await;
        self.roster.send_if_modified(|before| {
            let changed = **before != roster;
            if changed {
                *before = Arc::new(roster);
            }
            changed
        });
    }
}

/// Who is there, but for this relay itself.
fn roster(chitchat: &mut Chitchat) -> Roster {
    let own = chitchat.self_chitchat_id().node_id.clone();
    let living: Vec<_> = chitchat.live_nodes().cloned().collect();
    let mut newest: BTreeMap<RelayId, (u64, Relay)> = BTreeMap::new();
    for (node, state) in chitchat.node_states() {
        let Some(id) = node.node_id.parse::<RelayId>().ok().filter(|_| node.node_id != own) else { continue };
        let (begun, relay) = (node.generation_id, relay(state, living.contains(node)));
        // One whose gossip failed and was started again is there twice.
        if newest.get(&id).is_none_or(|(before, _)| *before < begun) {
            newest.insert(id, (begun, relay));
        }
    }
    newest.into_iter().map(|(id, (_, relay))| (id, relay)).collect()
}

fn relay(state: &NodeState, alive: bool) -> Relay {
    Relay { alive, about: About::parse(state.key_values()) }
}

#[cfg(test)]
#[path = "gossip_tests.rs"]
mod tests;

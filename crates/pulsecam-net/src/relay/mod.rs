//! The relay: forwards every message to all clients but its sender, byte for byte.
//!
//! Each client has a reader and a mailbox ([`crate::queue`]) with a writer. The reader puts a message's
//! reference-counted bytes into every other mailbox, which never blocks, so that a stalled viewer costs a
//! bounded amount of memory and delays nobody. Framing state belongs to one connection.

mod admission;
mod backlog;
mod client;
mod delivery_delay;
mod event;
mod handshake;
mod keyring;
mod limits;
mod listen;
mod member;
mod member_list;
mod membership;
mod memory;
mod peer_numbers;
mod presence;
mod rate_limit;
mod read_turn;
mod room;
mod server;
mod stall_detector;
mod stats;
mod token_bucket;
mod unauthenticated;

use std::{
    io,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    task::{self, JoinSet},
    time::{self, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use self::server::{Server, ShutdownGuard};
pub use self::{
    admission::RejectReason,
    event::{Event, LeaveReason, Summary},
    keyring::{Keyring, RoomKey},
    limits::Limits,
    listen::listen,
    stats::{ClientStats, RelayStats, Traffic},
};
use crate::{clock, tls, transport::Listen, wire};

pub use crate::address::DEFAULT_PORT;

/// The interval at which slow viewers are looked for. A shorter one would tell a log nothing new.
const SURVEY_INTERVAL: Duration = Duration::from_secs(1);

/// The pause after a failed accept: without file descriptors, an immediate retry would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The time that clients get at the end to take what waits for them.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// A callback for all events.
pub type EventHandler = Arc<dyn Fn(&Event) + Send + Sync>;

/// A callback from the relay's own loop, about once a second while it runs, with the time.
pub type WatchdogTick = Arc<dyn Fn(Instant) + Send + Sync>;

/// A callback with a snapshot of all clients, about once a second. It runs on the relay's own loop and must
/// not block.
pub type StatsHandler = Arc<dyn Fn(RelayStats) + Send + Sync>;

/// The configuration of a relay.
#[derive(Clone)]
pub struct Config {
    /// Concurrent clients; each costs a socket and two small tasks.
    pub max_clients: NonZeroUsize,
    /// The largest size field that is accepted, in bytes.
    pub max_message: u32,
    /// Silence after which a client counts as dead: five of the Qt example's heartbeats.
    pub client_timeout: Duration,
    /// Bytes of text and images that may wait for one client: two messages of the largest size.
    pub mailbox: usize,
    /// Bytes of messages in memory, of all clients together: unfinished, waiting, and being written. Beyond
    /// it, the client that uses most of it is disconnected. The default holds 32 messages of the largest
    /// size, or a frame of each of a thousand clients.
    pub memory: usize,
    /// The limits of each client and each address.
    pub limits: Limits,
    /// The certificate; with one, clients must speak TLS, and without one they cannot.
    pub tls: Option<Arc<tls::Acceptor>>,
    /// The keys, of which a client must know one; without keys, every client is admitted.
    pub keys: Option<Arc<Keyring>>,
    /// Called with each event, on the relay's own tasks: must not block.
    pub events: Option<EventHandler>,
    /// Called with snapshots of all clients; their traffic is only counted if this is set.
    pub watcher: Option<StatsHandler>,
    /// Called for a watchdog: a loop that hangs stops calling it. Must not block.
    pub pulse: Option<WatchdogTick>,
}

/// The number of checks within a time limit: the limit is kept to an eighth.
const LOOKS: u32 = 8;

impl Config {
    /// The silence in milliseconds after which a client is disconnected, as sent to clients of ours.
    fn silence_millis(&self) -> u32 {
        u32::try_from(self.client_timeout.as_millis()).unwrap_or(u32::MAX)
    }

    /// The interval at which a silent client is checked.
    fn look_interval(&self) -> Duration {
        let Limits { message_time, hello_time, .. } = self.limits;
        (self.client_timeout.min(message_time).min(hello_time) / LOOKS).max(Duration::from_millis(1))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_clients: const { NonZeroUsize::new(1024).unwrap() },
            max_message: wire::DEFAULT_MAX_MESSAGE,
            client_timeout: Duration::from_secs(15),
            mailbox: 32 << 20,
            memory: 512 << 20,
            limits: Limits::default(),
            tls: None,
            keys: None,
            events: None,
            watcher: None,
            pulse: None,
        }
    }
}

/// Serves clients until `shutdown` completes, then gives them up to a second to take what waits.
///
/// # Errors
/// If the listener's own address is unknown; failing clients are events, not errors.
pub async fn run(
    mut listener: impl Listen,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> io::Result<Summary> {
    let (pulse, watcher) = (config.pulse.clone(), config.watcher.clone());
    let stop = CancellationToken::new();
    let server = Arc::new(Server::new(config, stop.clone()));
    let _nothing_stays = ShutdownGuard(Arc::clone(&server));
    tokio::spawn({
        let (stop, server) = (stop.clone(), Arc::clone(&server));
        async move { stop.run_until_cancelled(server.enforce_memory_limit()).await }
    });
    server.emit_guarded(&Event::Listening { addr: listener.local_addr()? });
    let mut clients = JoinSet::new();
    let mut survey = time::interval(SURVEY_INTERVAL);
    survey.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            // Rare events first. Not in random order, because simulations must be reproducible.
            biased;
            () = &mut shutdown => break,
            _ = survey.tick() => {
                let now = clock::now();
                server.report_slow_clients(now);
                if let Some(watcher) = &watcher {
                    watcher(server.stats(now));
                }
                if let Some(pulse) = &pulse {
                    pulse(now);
                }
            }
            Some(ended) = clients.join_next(), if !clients.is_empty() => {
                if let Err(error) = ended {
                    server.emit_failure(error);
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((incoming, addr)) => {
                    clients.spawn(client::serve(incoming, addr, Arc::clone(&server), stop.child_token()));
                    // One at a time: frames that arrived meanwhile go before the next of many new
                    // connections.
                    task::yield_now().await;
                }
                Err(error) => {
                    server.accept_failed(&error);
                    time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    stop.cancel();
    // A client that does not take its last bytes in time is dropped with the set.
    let _ = time::timeout(DRAIN_LIMIT, async { while clients.join_next().await.is_some() {} }).await;
    drop(clients);
    let summary = server.summary();
    server.emit_guarded(&Event::Summary(summary));
    Ok(summary)
}

//! The relay: every message to all clients but its sender, byte for byte as it came.
//!
//! Each client has a reader and a mailbox ([`crate::fresh`]) with a writer. The reader hands a message's
//! reference-counted bytes to every other mailbox; no mailbox can make it wait, so that a stalled viewer
//! costs a bounded amount of memory and delays nobody. Framing state belongs to one connection.

mod allowance;
mod attendance;
mod backlog;
mod census;
mod client;
mod conduct;
mod delivery;
mod door;
mod entry;
mod event;
mod house;
mod keyring;
mod limits;
mod listen;
mod member;
mod memory;
mod numbers;
mod room;
mod roster;
mod standstill;
mod stay;
mod strangers;
mod turn;

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

use self::house::{Closing, House};
pub use self::{
    census::{Amount, Census, Resident},
    door::Refusal,
    event::{Event, LeaveReason, Summary},
    keyring::{Keyring, RoomKey},
    limits::Limits,
    listen::listen,
};
use crate::{clock, socket::Listen, tls, wire};

pub use crate::address::DEFAULT_PORT;

/// How often slow viewers are looked for. More often than this, a log says nothing new.
const SURVEY_INTERVAL: Duration = Duration::from_secs(1);

/// A pause after a failed accept: out of file descriptors, trying again at once would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Time that clients get at the end to take what waits for them.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// Is told all that happens.
pub type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// Is called by the relay's own loop, about once a second for as long as that turns; with the time.
pub type Pulse = Arc<dyn Fn(Instant) + Send + Sync>;

/// Is told about once a second who is here, on the relay's own loop: must not block.
pub type Watcher = Arc<dyn Fn(Census) + Send + Sync>;

/// What a relay allows, and whom it tells.
#[derive(Clone)]
pub struct Config {
    /// Clients at one time; each costs a socket and two small tasks.
    pub max_clients: NonZeroUsize,
    /// The largest size field that is accepted, in bytes.
    pub max_message: u32,
    /// Silence after which a client is taken for dead: five of the Qt example's heartbeats.
    pub client_timeout: Duration,
    /// Bytes of text and images that may wait for one client: two messages of the largest size.
    pub mailbox: usize,
    /// Bytes of messages that are in memory at one time, of all clients together: what is not whole yet, what waits, and what is being
    /// written. Past it, the client goes for which most of it is kept. By default it holds 32 messages of the largest size, or a frame
    /// of a thousand clients each.
    pub memory: usize,
    /// What each client may do, and each address.
    pub limits: Limits,
    /// The certificate that clients are shown; without one, nobody need speak TLS and nobody can.
    pub tls: Option<Arc<tls::Server>>,
    /// The keys that clients have to know one of; without any, everybody is let in.
    pub keys: Option<Arc<Keyring>>,
    /// Is told all that happens, on the relay's own tasks: must not block.
    pub events: Option<Listener>,
    /// Watches who is here; what that takes is only counted where somebody does.
    pub watcher: Option<Watcher>,
    /// For a watchdog: a loop that hangs stops calling it. Must not block.
    pub pulse: Option<Pulse>,
}

/// How often within a time limit it is looked at whether it has passed: the limit is kept to an eighth.
const LOOKS: u32 = 8;

impl Config {
    /// How often a client is looked at where nothing comes of it.
    /// What clients of ours are told: after how many milliseconds of silence they are closed.
    fn silence_millis(&self) -> u32 {
        u32::try_from(self.client_timeout.as_millis()).unwrap_or(u32::MAX)
    }

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

/// Serves clients until `shutdown` completes, then lets them take what waits, for a second at the most.
///
/// # Errors
/// Where the listener's own address cannot be told; failing clients are events, not errors.
pub async fn run(
    mut listener: impl Listen,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> io::Result<Summary> {
    let (pulse, watcher) = (config.pulse.clone(), config.watcher.clone());
    let stop = CancellationToken::new();
    let house = Arc::new(House::new(config, stop.clone()));
    let _nothing_stays = Closing(Arc::clone(&house));
    tokio::spawn({
        let (stop, house) = (stop.clone(), Arc::clone(&house));
        async move { stop.run_until_cancelled(house.keep_within_memory()).await }
    });
    house.tell_safely(&Event::Listening { addr: listener.local_addr()? });
    let mut clients = JoinSet::new();
    let mut survey = time::interval(SURVEY_INTERVAL);
    survey.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            // The seldom first. Not in a random order: a simulation has to come out the same way again.
            biased;
            () = &mut shutdown => break,
            _ = survey.tick() => {
                let now = clock::now();
                house.survey(now);
                if let Some(watcher) = &watcher {
                    watcher(house.census(now));
                }
                if let Some(pulse) = &pulse {
                    pulse(now);
                }
            }
            Some(ended) = clients.join_next(), if !clients.is_empty() => {
                if let Err(error) = ended {
                    house.tell_failure(error);
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((incoming, addr)) => {
                    clients.spawn(client::serve(incoming, addr, Arc::clone(&house), stop.child_token()));
                    // One at a time: frames that have come meanwhile go before the next of a crowd at the door.
                    task::yield_now().await;
                }
                Err(error) => {
                    house.cannot_accept(&error);
                    time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    stop.cancel();
    // Whoever does not take its last bytes in time is dropped with the set.
    let _ = time::timeout(DRAIN_LIMIT, async { while clients.join_next().await.is_some() {} }).await;
    drop(clients);
    let summary = house.summary();
    house.tell_safely(&Event::Summary(summary));
    Ok(summary)
}

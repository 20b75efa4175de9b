//! The configuration of a relay.

use std::{
    num::{NonZeroU32, NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{event::Event, keyring::Keyring, reason::Setting, stats::RelayStats};
use crate::{tls, wire};

/// A callback for all events.
pub type EventHandler = Arc<dyn Fn(&Event) + Send + Sync>;

/// A callback from the relay's own loop, about once a second while it runs, with the time.
pub type WatchdogTick = Arc<dyn Fn(Instant) + Send + Sync>;

/// A callback with a snapshot of all clients, about once a second. It runs on the relay's own loop and must
/// not block.
pub type StatsHandler = Arc<dyn Fn(RelayStats) + Send + Sync>;

/// The configuration of a relay. Start with [`Config::default`] and change fields, also by [`Config::with`].
#[derive(Clone)]
#[non_exhaustive]
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
    /// Whether frames are paced on slow links, in both directions, with clients that take part.
    pub pacing: bool,
    /// The limits of each client and each address.
    pub limits: Limits,
    /// The certificate; with one, clients must speak TLS, and without one they cannot.
    pub tls: Option<Arc<tls::Acceptor>>,
    /// The keys, of which a client must know one; without keys, every client is admitted.
    pub keys: Option<Arc<Keyring>>,
    /// What browsers and HTTP clients get at the same port; without it, only clients of the wire are served.
    #[cfg(feature = "web")]
    pub web: Option<super::web::Config>,
    /// The cluster in which the relay takes part.
    #[cfg(feature = "cluster")]
    pub cluster: Option<super::cluster::Config>,
    /// Called with each event, on the relay's own tasks: must not block.
    pub events: Option<EventHandler>,
    /// Names a setting in log lines about clients that exceed it, such as an option of the command line.
    pub setting_name: Option<fn(Setting) -> &'static str>,
    /// Called with snapshots of all clients; their traffic is only counted if this is set.
    pub watcher: Option<StatsHandler>,
    /// Called for a watchdog: a loop that hangs stops calling it. Must not block.
    pub pulse: Option<WatchdogTick>,
}

/// The number of checks within a time limit: the limit is kept to an eighth.
const LOOKS: u32 = 8;

impl Config {
    /// Returns the same with changes, as in `Config::default().with(|config| config.mailbox = 1 << 20)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Whether the traffic of each client may be requested.
    pub(super) const fn is_watched(&self) -> bool {
        #[cfg(feature = "web")]
        if self.web.is_some() {
            return true;
        }
        self.watcher.is_some()
    }

    /// The silence in milliseconds after which a client is disconnected, as sent to clients of ours.
    pub(super) fn silence_millis(&self) -> u32 {
        u32::try_from(self.client_timeout.as_millis()).unwrap_or(u32::MAX)
    }

    /// The interval at which a silent client is checked.
    pub(super) fn look_interval(&self) -> Duration {
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
            pacing: true,
            limits: Limits::default(),
            tls: None,
            keys: None,
            #[cfg(feature = "web")]
            web: None,
            #[cfg(feature = "cluster")]
            cluster: None,
            events: None,
            setting_name: None,
            watcher: None,
            pulse: None,
        }
    }
}

/// The limits of each client, each address, and unauthenticated connections. `None` means no limit.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Concurrent clients from one address. Enough for a household or an office behind one address, never the
    /// whole relay.
    pub clients_per_address: Option<NonZeroUsize>,
    /// Connections a second from one address: more than a network needs that reconnects after an outage.
    pub joins_per_s: Option<NonZeroU32>,
    /// Connections that have not finished TLS or not shown a key yet. One address may have a quarter of them.
    /// Enough when all clients reconnect after an outage, because each needs only a few round trips. Without
    /// keys and TLS this does not apply.
    pub unauthenticated: Option<NonZeroUsize>,
    /// Messages a second from one client: enough for a hundred streams.
    pub messages_per_s: Option<NonZeroU32>,
    /// Messages a second that the relay forwards to others for one client. Each has its cost, however small
    /// it is. The client is not read any faster than this allows. The default is enough for three streams of
    /// 60 frames a second to 1000 viewers; that many tiny texts take a tenth of a core.
    pub deliveries_per_s: Option<NonZeroU32>,
    /// Bytes a second from one client: twice the rate of a gigabit link.
    pub bytes_per_s: Option<NonZeroU64>,
    /// Time to finish a started message: the largest one at 1 Mbit/s takes two minutes.
    pub message_time: Duration,
    /// Time to send the first message: an old Qt client sends its first heartbeat after 3 s.
    pub hello_time: Duration,
    /// Bytes of a text: more than anyone types, and a window can still lay it out.
    pub text: u32,
}

impl Limits {
    /// Returns the same with changes, as in `Limits::default().with(|limits| limits.text = 1000)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        const {
            Self {
                clients_per_address: NonZeroUsize::new(256),
                joins_per_s: NonZeroU32::new(200),
                unauthenticated: NonZeroUsize::new(256),
                messages_per_s: NonZeroU32::new(10_000),
                deliveries_per_s: NonZeroU32::new(200_000),
                bytes_per_s: NonZeroU64::new(250_000_000),
                message_time: Duration::from_secs(120),
                hello_time: Duration::from_secs(10),
                text: 64 << 10,
            }
        }
    }
}

//! The part of a relay's state that all of its rooms and clients use.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::task::JoinError;
use tracing::{error, info, warn};

use super::{
    config::Config,
    event::{ClientId, Event, Summary},
    memory::Memory,
    reason::{LeaveReason, RejectReason},
    tally::Tally,
};
use crate::{
    clock,
    log_throttle::{self, LogThrottle},
    sync::lock,
    wire::Message,
};

/// The configuration, the memory of messages, the counters and the events of a relay.
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) memory: Arc<Memory>,
    /// Whether the traffic of each client is counted, and its newest frame known.
    pub(super) watches: bool,
    /// The events of members whose tasks failed.
    failed: Mutex<VecDeque<Event>>,
    /// The port of the page for browsers, if there is one; 0 is that of the clients.
    page: OnceLock<u16>,
    log: Log,
    counters: ServerCounters,
    /// Clients that joined, by their kind.
    pub(super) joins: Tally,
    /// Clients that left, by the reason.
    pub(super) leaves: Tally,
    /// Refused connections, by the reason.
    pub(super) refusals: Tally,
    /// The relay's place in its cluster.
    #[cfg(feature = "cluster")]
    pub(super) cluster: super::cluster::Standing,
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
    joined: AtomicU64,
    refused: AtomicU64,
    accept_errors: AtomicU64,
    heartbeats: AtomicU64,
    messages_in: AtomicU64,
    bytes_in: AtomicU64,
    messages_out: AtomicU64,
    bytes_out: AtomicU64,
    frames_lost_by_gone: AtomicU64,
    frames_torn: AtomicU64,
}

impl Shared {
    pub(super) fn new(config: Config) -> Self {
        Self {
            memory: Arc::new(Memory::new(config.memory)),
            watches: config.is_watched(),
            config,
            failed: Mutex::default(),
            page: OnceLock::new(),
            log: Log {
                traffic: Mutex::new(LogThrottle::new(log_throttle::TRAFFIC)),
                breaches: Mutex::new(LogThrottle::new(log_throttle::FLOOD)),
                refusals: Mutex::new(LogThrottle::new(log_throttle::FLOOD)),
                accepting: Mutex::new(LogThrottle::new(log_throttle::FLOOD)),
            },
            counters: ServerCounters::default(),
            joins: Tally::default(),
            leaves: Tally::default(),
            refusals: Tally::default(),
            #[cfg(feature = "cluster")]
            cluster: super::cluster::Standing::default(),
        }
    }

    /// Logs an event, and passes it to the handler.
    pub(super) fn emit(&self, event: &Event) {
        let name = self.config.setting_name.zip(event.setting()).map(|(name, setting)| name(setting));
        let line = event.line(name);
        match event {
            Event::Slow { .. } | Event::Refused { .. } | Event::AcceptFailed { .. } => warn!("{line}"),
            Event::ClientFailed { .. } | Event::Left { reason: LeaveReason::Failed(_), .. } => {
                error!("{line}");
            }
            Event::Left { reason, .. } if reason.is_breach() => {
                match lock(&self.log.breaches).line(clock::now()) {
                    Some(0) => warn!("{line}"),
                    Some(more) => warn!("{line} ({more} more were disconnected since the last such line)"),
                    None => {}
                }
            }
            Event::Joined { .. } | Event::Left { .. } => match lock(&self.log.traffic).line(clock::now()) {
                Some(0) => info!("{line}"),
                Some(more) => info!("{line} ({more} lines before this one were omitted)"),
                None => {}
            },
            _ => info!("{line}"),
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

    /// Counts a refused connection, and reports it at a limited rate.
    pub(super) fn refuse(&self, addr: SocketAddr, reason: &RejectReason) {
        self.counters.refused.fetch_add(1, Relaxed);
        self.refusals.count(reason.label());
        let before = lock(&self.log.refusals).line(clock::now());
        if let Some(before) = before {
            self.emit(&Event::Refused { addr, reason: reason.clone(), times: before + 1 });
        }
    }

    /// Reports a failed accept, at a limited rate.
    pub(super) fn accept_failed(&self, error: &io::Error) {
        self.counters.accept_errors.fetch_add(1, Relaxed);
        if lock(&self.log.accepting).line(clock::now()).is_some() {
            self.emit_guarded(&Event::AcceptFailed { reason: error.to_string() });
        }
    }

    /// Returns the number of the next client.
    pub(super) fn next_client(&self) -> ClientId {
        self.counters.joined.fetch_add(1, Relaxed) + 1
    }

    /// Notes where the page for browsers is: at its own address, or at that of the clients.
    #[cfg(feature = "web")]
    pub(super) fn note_page(&self, clients: SocketAddr, http: SocketAddr) {
        let Some(port) = self.config.web.as_ref().and_then(|web| web.page_port(clients, http)) else {
            return;
        };
        let _ = self.page.set(if http == clients { 0 } else { port }); // it listens once
    }

    /// The port of the page for browsers, if there is one; 0 is that of the clients.
    pub(super) fn page(&self) -> Option<u16> {
        self.page.get().copied()
    }

    pub(super) fn count_in(&self, message: &Message) {
        self.counters.messages_in.fetch_add(1, Relaxed);
        self.counters.bytes_in.fetch_add(message.wire_len() as u64, Relaxed);
    }

    pub(super) fn count_out(&self, message: &Message) {
        self.counters.messages_out.fetch_add(1, Relaxed);
        self.counters.bytes_out.fetch_add(message.wire_len() as u64, Relaxed);
    }

    pub(super) fn count_torn(&self) {
        self.counters.frames_torn.fetch_add(1, Relaxed);
    }

    pub(super) fn count_heartbeat(&self) {
        self.counters.heartbeats.fetch_add(1, Relaxed);
    }

    #[cfg(feature = "web")]
    pub(super) fn heartbeats(&self) -> u64 {
        self.counters.heartbeats.load(Relaxed)
    }

    #[cfg(feature = "web")]
    pub(super) fn accept_errors(&self) -> u64 {
        self.counters.accept_errors.load(Relaxed)
    }

    pub(super) fn count_lost(&self, frames: u64) {
        self.counters.frames_lost_by_gone.fetch_add(frames, Relaxed);
    }

    /// The totals; `frames_lost` are those of the members that are still here.
    pub(super) fn summary(&self, frames_lost: u64) -> Summary {
        Summary {
            joined: self.counters.joined.load(Relaxed),
            messages_in: self.counters.messages_in.load(Relaxed),
            bytes_in: self.counters.bytes_in.load(Relaxed),
            messages_out: self.counters.messages_out.load(Relaxed),
            bytes_out: self.counters.bytes_out.load(Relaxed),
            frames_lost: frames_lost + self.counters.frames_lost_by_gone.load(Relaxed),
            refused: self.counters.refused.load(Relaxed),
            frames_torn: self.counters.frames_torn.load(Relaxed),
        }
    }
}

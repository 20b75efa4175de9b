//! The client's side of a connection: heartbeats, reconnection, and clock offset.
//!
//! TCP does not notice a pulled cable, so the client sends a heartbeat every few seconds, and silence beyond
//! a limit means that the link is dead. It then reconnects by itself, without end, to another relay if it knows
//! several. The parts that decide (`keep_alive`, `hosts`, `backoff`, `unacked`, [`clock`], and those of connecting)
//! are plain types that take the time as an argument; the session drives them.

mod adaptive_timeout;
mod answer;
mod backoff;
pub mod clock;
mod config;
mod counters;
mod delivery;
mod dial;
mod dialers;
mod display_names;
mod error;
mod handling;
mod handshake;
mod hosts;
mod hub;
mod incoming;
mod keep_alive;
mod learnt;
mod lookup;
mod loss_stats;
mod moves;
mod outages;
mod outbound;
mod race;
mod received;
mod reconnect;
mod report;
mod resend;
mod session;
mod stale_filter;
mod state;
mod streams;
mod unacked;

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use tokio::{sync::watch, task::JoinHandle, time};
use tokio_util::sync::CancellationToken;

pub use self::{
    config::{Config, Role},
    counters::LinkCounters,
    delivery::{Receipt, Undeliverable},
    dial::Dial,
    error::Error,
    handling::{FrameInHand, Handling},
    loss_stats::LossStats,
    received::{Inbox, Received},
    report::DeliveryReport,
    state::{Down, State},
    streams::Peer,
};
use self::{
    dialers::Dialers,
    hosts::Hosts,
    hub::Hub,
    outbound::{Attempt, Outbound},
};
use crate::{
    address::AddressList,
    clock::now,
    queue,
    sync::lock,
    wire::{Fault, FrameInfo, Message},
};

/// The most bytes of a frame's message besides its JPEG, with the longest possible name.
const FRAME_OVERHEAD: usize = 4096;

/// The interval at which [`Link::settled`] checks whether the last frame was sent.
const SETTLE_INTERVAL: Duration = Duration::from_millis(2);

/// A handle to a link, which lives until the last clone of the handle is dropped.
#[derive(Clone, Debug)]
pub struct Link {
    hub: Arc<Hub>,
    _guard: Arc<Guard>,
}

#[derive(Debug)]
struct Guard {
    stop: CancellationToken,
    _task: JoinHandle<()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Starts a link, which connects and reconnects by itself. Returns once the host was looked up, or after
/// [`Config::resolve_timeout`]; the lookup then continues. Of several hosts, one is enough.
///
/// # Errors
/// [`Error::Address`] and [`Error::Unresolvable`], because retries cannot help. A relay or network that is
/// not there yet is not an error.
pub async fn connect(mut config: Config) -> Result<(Link, Inbox), Error> {
    let named: AddressList = config.host.parse()?;
    config.host = named.to_string();
    let mut dialers = Dialers::default();
    if config.dial.is_none() {
        dialers.look_up(&named, &config).await?;
    }
    let (outbox, waiting) = queue::channel(config.budget);
    let inbox_queue =
        queue::ConflatingQueue::new(config.budget).with_latest_budget(config.budget, Received::weight);
    let (inbox, arrived) = queue::channel_with(inbox_queue);
    let hub = Arc::new(Hub::new(config, outbox, inbox));
    let (stop, hosts) = (CancellationToken::new(), Hosts::new(&named, hub.config.max_backoff));
    let task =
        tokio::spawn(reconnect::keep_connected(Arc::clone(&hub), hosts, dialers, waiting, stop.clone()));
    Ok((Link { hub, _guard: Arc::new(Guard { stop, _task: task }) }, arrived))
}

impl Link {
    /// Queues a text or an image: it waits through an outage and is sent once the link is up. The receipt
    /// reports the outcome.
    ///
    /// # Errors
    /// [`Error::Full`] if more than [`Config::budget`] bytes would wait, [`Error::Message`] if it is larger
    /// than [`Config::max_message`].
    pub fn send(&self, message: Message) -> Result<Receipt, Error> {
        let (bytes, allowed) = (message.wire_len(), self.hub.config.max_message);
        if bytes - 4 > allowed as usize {
            return Err(Fault::SizeTooLarge { found: bytes as u64 - 4, allowed }.into());
        }
        // Held until the message is queued, so that receipts have the order of the queue.
        let mut deliveries = self.hub.deliveries();
        self.hub.outbox.send_ordered(bytes, Outbound::Message(Attempt { message, tries: 0 }))?;
        Ok(deliveries.accept())
    }

    /// Sends a frame as soon as the socket takes it, unless a newer one comes first. While the link is down
    /// it is counted and dropped.
    pub fn send_frame(&self, info: FrameInfo, jpeg: Bytes) {
        self.hub.counters.frames_given.fetch_add(1, Relaxed);
        let offset = match *self.hub.state.borrow() {
            State::Up { offset, .. } => Some(offset),
            State::Connecting | State::Down { .. } => None,
        };
        let allowed = self.hub.config.max_message.min(self.hub.largest.load(Relaxed));
        if jpeg.len() + FRAME_OVERHEAD > allowed as usize {
            // If sent, it would end the connection, again and again.
            if self.hub.counters.frames_too_large.fetch_add(1, Relaxed) == 0 {
                tracing::warn!(
                    "a frame of {} bytes was dropped: a message may have at most {allowed} bytes, including the description",
                    jpeg.len()
                );
            }
        } else if let Some(offset) = offset {
            if !self.hub.write_now(&info, &jpeg, offset) {
                // The link's task holds the receiver as long as this handle lives.
                let _ = self.hub.outbox.send_latest((), Outbound::Frame { info, jpeg });
            }
        } else {
            self.hub.counters.frames_while_down.fetch_add(1, Relaxed);
        }
    }

    /// Waits until the relay has taken every text and image given so far. It has then answered a heartbeat
    /// that was sent after them. Continues through outages.
    ///
    /// # Errors
    /// [`Error::Undeliverable`] with the first of them that was given up since the call.
    pub async fn flushed(&self) -> Result<(), Error> {
        let flush = self.hub.deliveries().flush();
        Ok(flush.delivered().await?)
    }

    /// Waits until the relay has also read every frame given so far. Frames that were replaced or lost to an
    /// outage do not count.
    pub async fn settled(&self) {
        let _ = self.flushed().await; // messages that were given up will not arrive
        while !self.hub.outbox.is_empty() {
            time::sleep(SETTLE_INTERVAL).await;
        }
        let asked = now();
        let mut answered = self.hub.answered.subscribe();
        self.hub.outbox.send_urgent(Outbound::Heartbeat);
        let _ = answered.wait_for(|sent| sent.is_some_and(|sent| sent >= asked)).await;
    }

    /// The current state and its changes.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.hub.state.subscribe()
    }

    /// The number of others that may show what is sent here, and its changes ([`Config::role`]). It is `None`
    /// if unknown: through a Qt relay, or while the link is down.
    #[must_use]
    pub fn viewers(&self) -> watch::Receiver<Option<u32>> {
        self.hub.viewers.subscribe()
    }

    /// The port of the relay's page for browsers, and its changes; 0 is the port of the link. It is `None` while
    /// the relay has not answered, and if it has no page.
    #[must_use]
    pub fn page(&self) -> watch::Receiver<Option<u16>> {
        self.hub.page.subscribe()
    }

    /// Our relay's newest report on the frames sent, if [`Config::report`] requests it. It is `None` before
    /// the first, and if the relay sends none.
    #[must_use]
    pub fn reports(&self) -> watch::Receiver<Option<DeliveryReport>> {
        self.hub.reports.subscribe()
    }

    /// Where the viewer tells which frames it is busy with, so that a slow one is not sent more than it shows.
    #[must_use]
    pub fn handling(&self) -> Handling {
        self.hub.handling.clone()
    }

    /// Why the link was last down, if it ever was.
    #[must_use]
    pub fn last_down(&self) -> Option<Down> {
        lock(&self.hub.last_down).clone()
    }

    /// Waits until the link is down for a lasting reason ([`Down::is_permanent`]), and returns it. The link is
    /// retried in any case: the relay may be restarted with the right key.
    pub async fn permanent_failure(&self) -> Down {
        let mut state = self.state();
        let found =
            state.wait_for(|state| matches!(state, State::Down { why, .. } if why.is_permanent())).await;
        match found.as_deref() {
            Ok(State::Down { why, .. }) => why.clone(),
            // The sender is in the hub that this handle holds.
            _ => std::future::pending().await,
        }
    }

    /// Whether there is a connection, even one on which the relay has not answered yet.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        lock(&self.hub.writer).is_some()
    }

    /// The host and port of the relay, as configured; several are separated by commas.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.hub.config.host
    }

    /// The host and port of the one relay to which the link is or was connected, or tries to connect, and its
    /// changes. It changes before the state does.
    #[must_use]
    pub fn relay(&self) -> watch::Receiver<Arc<str>> {
        self.hub.relay.subscribe()
    }

    /// The counters so far.
    #[must_use]
    pub fn counters(&self) -> LinkCounters {
        self.hub.counters.counters(self.hub.outbox.replaced())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_means_nothing_is_an_error_at_once() {
        let error = connect(Config::new("no such host")).await.unwrap_err();
        assert!(error.to_string().contains("no such host"), "{error}");
    }
}

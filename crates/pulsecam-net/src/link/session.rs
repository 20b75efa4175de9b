//! One connection of a link, from its start to its end.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    time::{self, MissedTickBehavior},
};
use tracing::{debug, info};

use super::{
    Down, State,
    clock::OffsetFilter,
    handshake::{Authenticated, closed, failed},
    hosts::Hosts,
    hub::Hub,
    keep_alive::{KeepAlive, KeepAliveAction},
    learnt::{self, Host},
    moves::{Arrival, Moves},
    outages::Outages,
    outbound::Outbound,
    report::SentFrames,
    resend::take_unacked,
    unacked::Unacked,
};
use crate::{
    clock::{Timestamp, now},
    feedback::FrameAcks,
    log_throttle::{self, LogThrottle},
    queue::{Dequeued, Receiver},
    sync::lock,
    transport::{self, MessageWriter, ReceiveHalf},
    wire::{CloseReason, OtherRelays, PieceAssembler, QString, Reader},
};

/// The time to wait for the relay's farewell after a failed write. It is already here, or it does not come.
const LAST_WORD: Duration = Duration::from_millis(250);

/// The interval at which the bytes of an unfinished message are checked. 1 s is far below any usual timeout,
/// and each check wakes a core.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

pub(super) type Outbox = Receiver<(), Outbound>;

/// The state that outlives a connection.
pub(super) struct Retained {
    pub(super) hosts: Hosts,
    pub(super) outages: Outages,
    pub(super) moves: Moves,
    pub(super) unacked: Unacked<Dequeued<(), Outbound>>,
    /// Waiting messages that were unconfirmed when an earlier connection ended.
    pub(super) retrying: u64,
}

/// The end of a connection.
pub(super) struct Ended {
    pub(super) why: Down,
    /// The time it was up; `None` if the relay never answered.
    pub(super) up_for: Option<Duration>,
}

/// Serves one connection until it ends. It is up once the relay has answered.
pub(super) async fn serve(
    Authenticated { reader, writer, answered }: Authenticated,
    (host, peer): (&Host, SocketAddr),
    hub: &Hub,
    outbox: &mut Outbox,
    kept: &mut Retained,
) -> Ended {
    let overtaken = outbox.clear_latest();
    hub.counters.frames_while_down.fetch_add(overtaken as u64, Relaxed);
    *hub.sent_frames() = SentFrames::new(now());
    // Messages that were unconfirmed on the last connection wait until a relay has answered.
    hub.outbox.hold_ordered(kept.retrying > 0);
    let config = &hub.config;
    let (interval, silence) = kept.hosts.patience((config.interval, config.timeout), None);
    let session = Session {
        hub,
        host,
        peer,
        writer: Arc::clone(&writer),
        began: now(),
        state: Mutex::new(Inner {
            keep_alive: KeepAlive::new(interval, silence, now()),
            kept,
            offsets: OffsetFilter::default(),
            up_since: None,
            introduced: false,
            close_reason: None,
            asked: Timestamp::default(),
            frame_acks: FrameAcks::default(),
        }),
        confirm: Notify::new(),
    };
    hub.streams().numbered_in(None); // until the relay announces it
    hub.streams().limited(false);
    hub.handling.credit().connected(now());
    if answered {
        session.comes_up();
    }
    // The first heartbeat precedes everything that waits: its answer proves that there is a relay, and from
    // it the relay learns the token before any frame.
    if session.lock().keep_alive.poll(now()) == KeepAliveAction::Send {
        hub.outbox.send_urgent(Outbound::Heartbeat);
    }
    hub.set_writer(Some(Arc::clone(&writer)));
    let why = {
        let mut read = std::pin::pin!(session.read(reader));
        let ended = tokio::select! {
            // Reading first: bytes that arrived while this process was stopped or starved prove the relay
            // alive.
            biased;
            why = &mut read => Ok(why),
            result = transport::drain(outbox, &writer, &session) => Err(match result {
                Err(error) => Down::Lost(error.to_string()),
                Ok(()) => Down::Closed, // impossible: the hub holds a sender
            }),
            why = session.beat() => Ok(why),
            never = session.give_credit() => match never {},
        };
        match ended {
            Ok(why) => why,
            // The relay's farewell may still be in the socket.
            Err(why) => time::timeout(LAST_WORD, read).await.unwrap_or(why),
        }
    };
    if matches!(why, Down::Silent(_)) {
        writer.reset_on_close();
    }
    let Inner { kept, up_since, close_reason, .. } =
        session.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    take_unacked(hub, outbox, kept, &why, close_reason.as_ref(), up_since.is_some());
    Ended { why, up_for: up_since.map(|since| now().saturating_duration_since(since)) }
}

/// The state shared by reading, writing and heartbeats on one connection.
pub(super) struct Session<'a> {
    pub(super) hub: &'a Hub,
    pub(super) host: &'a Host,
    peer: SocketAddr,
    pub(super) writer: Arc<MessageWriter>,
    pub(super) began: Instant,
    state: Mutex<Inner<'a>>,
    /// Notified when a message was sent that needs a confirmation, or when heartbeats become more frequent.
    pub(super) confirm: Notify,
}

pub(super) struct Inner<'a> {
    pub(super) kept: &'a mut Retained,
    pub(super) keep_alive: KeepAlive,
    pub(super) offsets: OffsetFilter,
    /// The time in the heartbeat that is about to be sent.
    pub(super) asked: Timestamp,
    pub(super) frame_acks: FrameAcks,
    /// When the link came up, with the relay's first answer.
    pub(super) up_since: Option<Instant>,
    /// Whether the relay has answered a heartbeat.
    pub(super) introduced: bool,
    /// The relay's reason for closing the connection, if it gave one.
    pub(super) close_reason: Option<CloseReason>,
}

impl<'a> Session<'a> {
    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, Inner<'a>> {
        lock(&self.state)
    }

    /// Sends heartbeats when they are due or needed; returns when the peer is dead.
    async fn beat(&self) -> Down {
        loop {
            let (action, timeout) = {
                let mut inner = self.lock();
                (inner.keep_alive.poll(now()), inner.keep_alive.timeout())
            };
            match action {
                KeepAliveAction::Send => self.hub.outbox.send_urgent(Outbound::Heartbeat),
                KeepAliveAction::Dead => return Down::Silent(timeout),
                KeepAliveAction::Wait(until) => {
                    let wanted = time::timeout_at(until.into(), self.confirm.notified()).await.is_ok();
                    if wanted && self.lock().kept.unacked.wants_heartbeat() {
                        self.hub.outbox.send_urgent(Outbound::Heartbeat);
                    }
                }
            }
        }
    }

    /// Handles the relay's first answer.
    pub(super) fn comes_up(&self) {
        let mut inner = self.lock();
        if inner.up_since.is_some() {
            return;
        }
        inner.up_since = Some(now());
        inner.kept.hosts.up(self.host);
        let arrival = inner.kept.moves.came_up(&self.host.address);
        let reported = inner.kept.outages.came_up(matches!(arrival, Arrival::Moved(_)));
        drop(inner);
        self.hub.outbox.hold_ordered(false);
        self.report_up(reported, arrival);
        self.hub.counters.sessions.fetch_add(1, Relaxed);
        self.hub.state.send_replace(State::Up { peer: self.peer, rtt: None, offset: None });
    }

    pub(super) fn report_up(&self, reported: bool, arrival: Arrival) {
        let (host, peer) = (&self.host.address, self.peer);
        let line = match arrival {
            Arrival::Up => format!("link to {host} is up ({peer})"),
            Arrival::Back(why) => format!("link to {host} is up again ({peer}): {why}"),
            Arrival::Moved(outage) => format!("moved to {host}: {outage}"),
        };
        if reported {
            info!("{line}");
        } else {
            debug!("{line}");
        }
    }

    /// Handles what the relay says of others.
    pub(super) fn learn(&self, description: &QString) {
        if !self.hub.config.others {
            return;
        }
        let Some(others) = OtherRelays::of(description) else { return };
        let mut usable = learnt::usable(&others, self.peer.ip());
        fastrand::shuffle(&mut usable);
        self.lock().kept.hosts.learn(usable);
    }

    async fn read(&self, mut reader: Reader<ReceiveHalf>) -> Down {
        // Bytes of an unfinished message also prove the peer alive, so they are checked in between.
        let often = LOOK_INTERVAL.min(self.hub.config.timeout / 4).max(Duration::from_millis(1));
        let mut look = time::interval(often);
        // After a stall one check is enough, not one for each second of it.
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut heard, mut skipped) = (0, reader.skipped());
        let mut throttle = LogThrottle::new(log_throttle::FLOOD);
        let mut pieces = PieceAssembler::new(self.hub.config.max_message);
        loop {
            let next = tokio::select! {
                biased;
                next = reader.next() => Some(next),
                _ = look.tick() => None,
            };
            if reader.received() > heard {
                self.hub.counters.bytes_received.fetch_add(reader.received() - heard, Relaxed);
                heard = reader.received();
                self.lock().keep_alive.heard(now());
            }
            if reader.skipped() != skipped {
                self.skipped(skipped, reader.skipped(), &mut throttle);
                skipped = reader.skipped();
            }
            let end = match next {
                None => continue,
                Some(Ok(Some(message))) => {
                    if let Some(assembled) = pieces.take(&message) {
                        self.piece(assembled, &mut throttle);
                    } else {
                        self.take(message, reader.took());
                    }
                    continue;
                }
                Some(Ok(None)) => None,
                Some(Err(error)) => Some(error),
            };
            let inner = self.lock();
            let answered = inner.up_since.is_some();
            return match (&inner.close_reason, end) {
                // The farewell counts however the connection ends: the relay may have reset it.
                (Some(close_reason), _) => Down::said(close_reason.clone()),
                (None, None) => closed(answered),
                (None, Some(error)) => failed(error, answered),
            };
        }
    }
}

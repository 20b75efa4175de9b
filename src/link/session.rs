//! One connection of a link, from up to down.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time};
use tracing::{debug, error, info, warn};

use super::{
    Account, Attempt, Down, Hub, MAX_TRIES, Outbound, Received, State,
    backoff::Backoff,
    clock::OffsetFilter,
    counters::Step,
    entry::failed,
    heartbeat::{Action, Pulse},
    ledger::Ledger,
    report::Departures,
    video,
};
use crate::{
    clock::{Timestamp, now},
    fresh::{Lane, Receiver, Taken},
    socket::{self, Feed, Input, Pen},
    wire::{FrameInfo, Heartbeat, Kind, Message, Reader, Receipts, Side, farewell_reason},
};

pub(super) type Outbox = Receiver<(), Outbound>;
pub(super) type Sent = Ledger<Taken<(), Outbound>>;

/// One connection, from up to down.
pub(super) async fn serve(
    (reader, pen): (Reader<Input>, Arc<Pen>),
    peer: SocketAddr,
    hub: &Hub,
    outbox: &mut Outbox,
    ledger: &mut Sent,
    backoff: &mut Backoff,
) -> Down {
    let overtaken = outbox.clear_fresh();
    hub.tally.frames_while_down.fetch_add(overtaken as u64, Relaxed);
    *hub.departures() = Departures::default();
    let again = ledger.take_back();
    let suspect = again.len() == 1;
    let mut doubtful = 0;
    for mut unconfirmed in again.into_iter().rev() {
        let Outbound::Message(attempt) = &mut unconfirmed.item else { continue };
        attempt.tries += u32::from(suspect);
        if attempt.tries < MAX_TRIES {
            doubtful += 1;
            outbox.put_back(unconfirmed);
        } else {
            give_up(hub, attempt);
        }
    }
    hub.outbox.hold_ordered(false);
    let pulse = Pulse::new(hub.config.interval, hub.config.timeout, now());
    let session = Session {
        hub,
        began: now(),
        state: Mutex::new(Inner {
            ledger,
            backoff,
            pulse,
            offsets: OffsetFilter::default(),
            introduced: false,
            farewell: None,
            asked: Timestamp::default(),
            receipts: Receipts::default(),
            doubtful,
        }),
        confirm: Notify::new(),
    };
    info!("link to {} is up ({peer})", hub.config.host);
    hub.tally.sessions.fetch_add(1, Relaxed);
    hub.state.send_replace(State::Up { peer, rtt: None, offset: None });
    hub.lend(Some(Arc::clone(&pen)));
    let write = socket::drain(outbox, &pen, &session);
    let why = tokio::select! {
        // Reading first: bytes that wait since this process was stopped or starved prove the relay alive.
        biased;
        why = session.read(reader) => why,
        result = write => match result {
            Err(error) => Down::Lost(error.to_string()),
            Ok(()) => Down::Closed, // cannot be: the hub holds a sender
        },
        why = session.beat() => why,
    };
    if matches!(why, Down::Silent(_)) {
        pen.abandon();
    }
    why
}

fn give_up(hub: &Hub, attempt: &Attempt) {
    error!(
        "a message of {} bytes is given up: {} times the connection ended with it",
        attempt.message.wire_len(),
        attempt.tries
    );
    hub.tally.undeliverable.fetch_add(1, Relaxed);
    hub.confirmed.send_modify(|_| ()); // whoever waits looks again
}

/// What reading, writing and beating share on one connection.
struct Session<'a> {
    hub: &'a Hub,
    began: Instant,
    state: Mutex<Inner<'a>>,
    /// Told when a message went out that wants to be confirmed soon.
    confirm: Notify,
}

struct Inner<'a> {
    ledger: &'a mut Sent,
    backoff: &'a mut Backoff,
    pulse: Pulse,
    offsets: OffsetFilter,
    /// The time in the heartbeat that is about to go out.
    asked: Timestamp,
    receipts: Receipts,
    /// Whether the relay has answered.
    introduced: bool,
    /// Why the relay is about to close the connection, where it said so.
    farewell: Option<String>,
    /// Messages that did not survive the last connection and are not confirmed on this one. They go one by one, each
    /// once the one before it is confirmed, so that the one that the relay refuses is found.
    doubtful: u64,
}

impl Feed<(), Outbound> for &Session<'_> {
    /// With times as late as can be.
    fn prepare(&mut self, item: &Outbound) -> Option<Message> {
        match item {
            Outbound::Heartbeat => {
                let asked = Timestamp::now();
                self.lock().asked = asked;
                let config = &self.hub.config;
                let report =
                    config.report.map(|interval| u32::try_from(interval.as_millis()).unwrap_or(u32::MAX));
                let plain =
                    Heartbeat { t1: Some(asked), views: config.role.views(), report, ..Heartbeat::default() };
                Some(self.lock().receipts.tell(plain, now()).to_message(Side::Client))
            }
            Outbound::Message(attempt) => Some(attempt.message.clone()),
            Outbound::Frame { info, jpeg } => {
                let offset = self.lock().offsets.best();
                let out = self.hub.tally.frames_sent.load(Relaxed);
                let message = video(info, jpeg, offset, out);
                message.inspect_err(|fault| warn!("a frame cannot be sent: {fault}")).ok()
            }
        }
    }

    fn started(&mut self, taken: &Taken<(), Outbound>, _: &Message) {
        match taken.lane {
            Lane::Urgent => {
                let mut inner = self.lock();
                let asked = inner.asked;
                inner.ledger.heartbeat(asked, now());
            }
            Lane::Ordered(_) => {
                let mut inner = self.lock();
                inner.ledger.message(taken.clone());
                self.hub.outbox.hold_ordered(inner.doubtful > 0);
                drop(inner);
                self.confirm.notify_one();
            }
            Lane::Fresh(()) => {
                if let Outbound::Frame { info, .. } = &taken.item {
                    self.hub.departures().sent(info);
                }
                self.hub.tally.frames_sent.fetch_add(1, Relaxed);
            }
        }
    }

    /// A large message on a slow link takes longer than the timeout, and no heartbeat can pass it: that the full socket
    /// takes more of it is the proof of life.
    fn progressed(&mut self) {
        self.hub.tally.written_on.fetch_add(1, Relaxed);
        self.lock().pulse.heard(now());
    }
}

impl<'a> Session<'a> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends heartbeats when they are due or wanted; returns when the peer is dead.
    async fn beat(&self) -> Down {
        loop {
            let action = self.lock().pulse.poll(now());
            match action {
                Action::Send => self.hub.outbox.send_urgent(Outbound::Heartbeat),
                Action::Dead => return Down::Silent(self.hub.config.timeout),
                Action::Wait(until) => {
                    let wanted = time::timeout_at(until.into(), self.confirm.notified()).await.is_ok();
                    if wanted && self.lock().ledger.wants_heartbeat() {
                        self.hub.outbox.send_urgent(Outbound::Heartbeat);
                    }
                }
            }
        }
    }

    async fn read(&self, mut reader: Reader<Input>) -> Down {
        // Bytes of an unfinished message prove the peer alive too: looked at in between.
        let often = LOOK_INTERVAL.min(self.hub.config.timeout / 4).max(Duration::from_millis(1));
        let mut look = time::interval(often);
        let mut heard = 0;
        loop {
            let next = tokio::select! {
                biased;
                next = reader.next() => Some(next),
                _ = look.tick() => None,
            };
            if reader.received() > heard {
                self.hub.tally.bytes_received.fetch_add(reader.received() - heard, Relaxed);
                heard = reader.received();
                self.lock().pulse.heard(now());
            }
            match next {
                None => {}
                Some(Ok(Some(message))) => self.take(message),
                Some(Ok(None)) => return self.lock().farewell.take().map_or(Down::Closed, Down::SentAway),
                Some(Err(error)) => return failed(error),
            }
        }
    }

    /// Whether this comes from somebody whom our relay will tell apart once it knows us, by the first heartbeat. Else it would be a stream
    /// of its own for a moment.
    fn is_untold(&self, info: &FrameInfo, now: Instant) -> bool {
        let nameless = info.stream.is_none() && info.peer.is_none();
        nameless && now.duration_since(self.began) < INTRODUCTION && !self.lock().introduced
    }

    fn take(&self, message: Message) {
        let (received, received_at) = (Timestamp::now(), now());
        match message.kind() {
            Kind::Heartbeat => match farewell_reason(&message) {
                // Not an answer: what was sent before it has not been taken.
                Some(reason) => self.lock().farewell = Some(reason),
                None => self.answered(&Heartbeat::parse(message.description()), received),
            },
            Kind::Reserved(number) => debug!("the reserved type {number} is ignored"),
            Kind::Video => {
                let info = FrameInfo::parse(message.description());
                if self.is_untold(&info, received_at) {
                    return;
                }
                if !self.hub.is_late(&info, received_at) {
                    let stream = info.stream_name().into_owned();
                    let account = self.hub.account(&info);
                    let item = Received { message, info: Some(info), account, received, received_at };
                    let _ = self.hub.inbox.send_fresh(stream, item); // nobody looks any more: no loss
                }
                if self.lock().receipts.came(received_at) {
                    self.hub.outbox.send_urgent(Outbound::Heartbeat);
                }
            }
            Kind::Text | Kind::Image | Kind::Other(_) => {
                if message.origin().id.is_some_and(|id| self.hub.is_repeated(&id)) {
                    return;
                }
                let bytes = message.wire_len() + ITEM_COST;
                let item =
                    Received { message, info: None, account: Account::default(), received, received_at };
                if let Err(full) = self.hub.inbox.send_ordered(bytes, item) {
                    warn!("a message was lost because nobody takes what comes in: {full}");
                }
            }
        }
    }

    fn answered(&self, answer: &Heartbeat, t4: Timestamp) {
        if let Some(viewers) = answer.viewers {
            let new = Some(viewers);
            self.hub.viewers.send_if_modified(|known| std::mem::replace(known, new) != new);
        }
        if answer.got.is_some() {
            let report = self.hub.departures().reported(answer, t4);
            if report.is_some() {
                self.hub.reports.send_replace(report);
            }
        }
        if answer.t1.is_none() && (answer.viewers.is_some() || answer.got.is_some()) {
            return; // said unasked: no answer to anything
        }
        let mut inner = self.lock();
        inner.introduced = true;
        inner.receipts.asked(answer.report.map(|millis| Duration::from_millis(millis.into())));
        let before = inner.ledger.confirmed();
        let Some(sent) = inner.ledger.answered(answer.t1) else { return };
        self.hub.tally.reached(Step::Answered);
        let newly = inner.ledger.confirmed() - before;
        if newly > 0 && inner.doubtful > 0 {
            inner.doubtful = inner.doubtful.saturating_sub(newly);
            self.hub.outbox.hold_ordered(false);
        }
        let rtt = now().duration_since(sent);
        if now().duration_since(self.began) >= self.hub.config.max_backoff {
            inner.backoff.reset();
        }
        if let (Some(t1), Some(t2), Some(t3)) = (answer.t1, answer.t2, answer.t3) {
            inner.offsets.sample(t1, t2, t3, t4);
        }
        let (confirmed, best) = (inner.ledger.confirmed(), inner.offsets.best());
        let more = inner.ledger.wants_heartbeat();
        drop(inner);
        if more {
            self.confirm.notify_one();
        }
        self.hub.confirmed.send_replace(confirmed);
        self.hub.answered.send_replace(Some(sent));
        self.hub.state.send_modify(|state| {
            if let State::Up { rtt: shown, offset, .. } = state {
                *shown = Some(rtt);
                *offset = best;
            }
        });
    }
}

/// What an ordered message costs beside its bytes: its place in the inbox and its allocations.
const ITEM_COST: usize = 256;

/// How long the first answer is waited for: who answers at all does so in one round trip.
const INTRODUCTION: Duration = Duration::from_millis(500);

/// How often the bytes of an unfinished message are noticed: a second is far below any usual timeout, and each look wakes a
/// processor.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

//! The pushing end of a link: keeps a connection to another relay up, and writes what waits for it.

use std::{
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, watch},
    time::{self, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{
    entry,
    note::Note,
    outlet::{Mailbox, Outgoing, Outlet},
};
use crate::{
    clock::{self, Timestamp},
    feedback::OffsetFilter,
    queue::{Dequeued, Priority},
    relay::{
        cluster::{Carrier, ClusterKey, LinkKey, RelayId, Roster},
        event::{ClientId, Event},
        room::Room,
    },
    sync::lock,
    transport::{self, MessageWriter, ReceiveHalf, WriteHooks},
    wire::{ClockShift, Departed, Message, Reader, Receipt},
};

/// The interval of the notes.
const INTERVAL: Duration = Duration::from_secs(1);

/// The silence after which the connection is dead: three notes without an answer.
const SILENCE: Duration = Duration::from_secs(3);

/// The time for each step of an attempt to connect.
pub(super) const CONNECT: Duration = Duration::from_millis(1500);

/// The pause after the first failed attempt, which doubles up to the longest. That is short, since a cluster has a few
/// dozen relays, and pictures have to be back within a second of an outage's end.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The pause while the other relay is not heard from, after this many failed attempts: the gossip says when it is back.
const PAUSE_WHILE_GONE: Duration = Duration::from_secs(5);
const TRIES: u32 = 10;

/// A connection that was up for this long was well: the pauses start over.
const WELL: Duration = Duration::from_secs(1);

/// The failed attempts before the one whose reason is logged: some 3 s of them.
const TELLING: u32 = 6;

/// A link to another relay, for one room.
pub(in crate::relay::cluster) struct Push {
    pub(in crate::relay::cluster) own: RelayId,
    pub(in crate::relay::cluster) link: LinkKey,
    pub(in crate::relay::cluster) key: ClusterKey,
    pub(in crate::relay::cluster) carrier: Arc<dyn Carrier>,
    pub(in crate::relay::cluster) room: Arc<Room>,
    pub(in crate::relay::cluster) roster: watch::Receiver<Arc<Roster>>,
    /// Notified if the next attempt need not wait.
    pub(in crate::relay::cluster) hurry: Arc<Notify>,
    /// Cancelled when the whole relay stops.
    pub(in crate::relay::cluster) stop: CancellationToken,
}

/// A connection that is up, which is reported, and so is its end.
struct Up<'a> {
    push: &'a Push,
    reason: Option<String>,
}

impl<'a> Up<'a> {
    fn new(push: &'a Push) -> Self {
        push.room.shared.emit(&Event::LinkUp { relay: push.link.relay, room: push.room.named() });
        Self { push, reason: None }
    }
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        let Push { link, room, stop, .. } = self.push;
        // Without a reason, its task was dropped.
        let reason = self.reason.take().unwrap_or_else(|| "no client needs it".into());
        if !stop.is_cancelled() {
            room.shared.emit_guarded(&Event::LinkDown { relay: link.relay, room: room.named(), reason });
        }
    }
}

/// Removes a link from its room when its task ends.
struct Joined {
    room: Arc<Room>,
    outlet: Arc<Outlet>,
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.room.links.remove(&self.outlet);
        if self.room.links.left(self.outlet.relay) {
            self.room.viewers_changed.notify_one();
        }
    }
}

impl Push {
    /// Opens the link: what clients of the room say from now on waits for the other relay. The result, a task, keeps it up
    /// until it is dropped.
    pub(in crate::relay::cluster) fn open(self) -> impl Future<Output = ()> {
        let (outlet, mailbox) = Outlet::new(self.link.relay, Arc::clone(&self.room.shared.memory));
        self.room.links.add(&outlet);
        let joined = Joined { room: Arc::clone(&self.room), outlet };
        self.run(joined, mailbox)
    }

    async fn run(self, joined: Joined, mut mailbox: Mailbox) {
        let outlet = &joined.outlet;
        let mut failures = 0_u32;
        loop {
            let began = clock::now();
            let result = self.once(outlet, &mut mailbox).await;
            outlet.disconnected();
            if self.room.links.left(self.link.relay) {
                self.room.viewers_changed.notify_one();
            }
            match result {
                Ok(()) if clock::now().saturating_duration_since(began) >= WELL => failures = 0,
                Ok(()) => {}
                Err(why) => self.cannot_connect(failures, &why),
            }
            let is_gone = failures >= TRIES && !self.roster.borrow().is_alive(self.link.relay);
            let pause = FIRST_PAUSE.saturating_mul(1 << failures.min(8)).min(LONGEST_PAUSE);
            let pause = if is_gone { PAUSE_WHILE_GONE } else { pause };
            failures = failures.saturating_add(1);
            // Jitter, so that the relays of a cluster do not dial one in the same millisecond.
            let pause = pause.mul_f64(1.0 - fastrand::f64() / 2.0);
            let _ = time::timeout(pause, self.hurry.notified()).await;
        }
    }

    /// Connects, and serves the connection until it ends.
    ///
    /// # Errors
    /// Why there is no connection.
    async fn once(&self, outlet: &Outlet, mailbox: &mut Mailbox) -> Result<(), String> {
        let connected = tokio::select! {
            biased;
            connected = self.connect() => connected,
            // An attempt that began during the outage may take seconds: the network tries again only then.
            () = self.hurry.notified() => {
                self.hurry.notify_one(); // no pause either
                Err("it is heard from again".into())
            }
        };
        let (reader, writer) = connected?;
        let mut up = Up::new(self);
        // Both ends are of this version or a later one.
        writer.pace(self.room.shared.config.pacing);
        // Older than what will come in a moment.
        mailbox.clear_latest();
        let session = Session {
            push: self,
            outlet,
            writer: &writer,
            heard: Mutex::new(clock::now()),
            telling: Mutex::default(),
            offsets: Mutex::default(),
        };
        outlet.connected(&writer);
        up.reason = Some(tokio::select! {
            biased;
            why = session.read(reader) => why,
            result = transport::drain(mailbox, &writer, &session) => match result {
                Err(error) => error.to_string(),
                Ok(()) => "nothing can be sent any more".into(), // impossible: the outlet holds a sender
            },
            why = session.beat() => why,
        });
        Ok(())
    }

    /// Logs why there is no connection: once, when that lasts although the relay is heard from.
    fn cannot_connect(&self, failures: u32, why: &str) {
        let relay = self.link.relay;
        if failures == TELLING && self.roster.borrow().is_alive(relay) {
            warn!("cannot connect to relay {relay}: {why}");
        } else {
            debug!("cannot connect to relay {relay}: {why}");
        }
    }

    async fn connect(&self) -> Result<(Reader<ReceiveHalf>, Arc<MessageWriter>), String> {
        let (address, certificate) = {
            let roster = self.roster.borrow();
            let about = roster.relay(self.link.relay).and_then(|relay| relay.about.as_ref().ok());
            let about = about.ok_or("its address is not known")?;
            (about.link, about.certificate)
        };
        let connecting = self.carrier.connect(address, certificate);
        let late = |_| format!("{address} does not answer within {CONNECT:?}");
        let connection = time::timeout(2 * CONNECT, connecting).await.map_err(late)??;
        let key = self.key.link_key(self.link.room);
        time::timeout(CONNECT, entry::enter(connection, address, &key)).await.map_err(late)?
    }
}

/// One connection.
struct Session<'a> {
    push: &'a Push,
    outlet: &'a Outlet,
    writer: &'a Arc<MessageWriter>,
    /// When the other relay was last heard from, or read on.
    heard: Mutex<Instant>,
    /// The connections that have ended, in the note that is about to be sent.
    telling: Mutex<Departed>,
    /// The offset of the other relay's clock.
    offsets: Mutex<OffsetFilter>,
}

impl Session<'_> {
    async fn read(&self, mut reader: Reader<ReceiveHalf>) -> String {
        loop {
            let message = match reader.next().await {
                Ok(Some(message)) => message,
                Ok(None) => return "it was closed".into(),
                Err(error) => return error.to_string(),
            };
            *lock(&self.heard) = clock::now();
            if let Some(receipt) = Receipt::parse(&message) {
                self.writer.receipt_came(&receipt);
            } else if let Some(note) = Note::parse(&message) {
                self.noted(&note);
            } else {
                debug!("relay {} sent {:?}, which is ignored", self.push.link.relay, message.kind());
            }
        }
    }

    fn noted(&self, note: &Note) {
        if let (Some(t1), Some(t2), Some(t3)) = (note.t1, note.t2, note.t3) {
            let mut offsets = lock(&self.offsets);
            let is_first = offsets.best().is_none();
            let offset = offsets.sample(t1, t2, t3, Timestamp::now());
            drop(offsets);
            if let Some(offset) = offset {
                // Its error is half of the round trip.
                self.outlet.measured(2 * offset.uncertainty());
            }
            if is_first {
                // Until it knows that, the other relay shows no ages.
                self.outlet.note();
            }
        }
        if let Some(got) = note.got {
            self.outlet.reported(got, note.t3);
        }
        if let Some(upto) = note.upto {
            self.outlet.confirmed(upto);
        }
        if let Some(viewers) = note.viewers {
            self.outlet.set_viewers(viewers);
            let room = &self.push.room;
            if room.links.said(self.push.link.relay, viewers) {
                room.viewers_changed.notify_one();
            }
        }
        self.push.room.links.reported(self.push.link.relay, &note.reports, clock::now());
    }

    /// Sends a note each second; returns when the other end is dead.
    async fn beat(&self) -> String {
        let mut beats = time::interval(INTERVAL);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beats.tick().await;
            if clock::now().saturating_duration_since(*lock(&self.heard)) >= SILENCE {
                self.writer.reset_on_close();
                return format!("it is silent for {SILENCE:?}");
            }
            self.outlet.note();
        }
    }
}

impl WriteHooks<ClientId, Outgoing> for &Session<'_> {
    fn prepare(&mut self, item: &Outgoing) -> Option<Message> {
        match item {
            Outgoing::Note => {
                let (relay, t1) = (Some(self.push.own), Some(Timestamp::now()));
                let gone = self.outlet.gone();
                *lock(&self.telling) = gone;
                let offset = lock(&self.offsets).best();
                let ahead =
                    offset.map(|offset| ClockShift { micros: offset.micros, within: offset.uncertainty });
                let asks = self.push.room.reported.load(Relaxed) > 0;
                Some(Note { relay, t1, gone, ahead, asks, ..Note::default() }.to_message())
            }
            Outgoing::Ordered => self.outlet.next(),
            Outgoing::Frame(message, _) => Some(message.clone()),
        }
    }

    fn started(&mut self, taken: &Dequeued<ClientId, Outgoing>, message: &Message) {
        match (&taken.priority, &taken.item) {
            (Priority::Urgent, _) => self.outlet.told(std::mem::take(&mut *lock(&self.telling))),
            (Priority::Ordered(_), _) => self.outlet.started(message),
            (Priority::Latest(from), Outgoing::Frame(_, came)) => {
                self.outlet.forwarded(*from, message, *came);
            }
            (Priority::Latest(_), _) => {} // only frames are replaced by newer ones
        }
    }

    /// A large message on a slow link takes longer than the limit of silence, and no note can pass it.
    fn progressed(&mut self) {
        *lock(&self.heard) = clock::now();
    }
}

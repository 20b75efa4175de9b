//! The receiving end of a link: gives another relay's messages to the clients of a room, and says how far it has got.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{self, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{entry::Entered, guests::Guests, mark::Mark, note::Note};
use crate::{
    clock::{self, Timestamp},
    feedback::FrameAcks,
    queue::{self, Dequeued},
    relay::{
        client::revoked,
        client_reader::hold,
        cluster::{Arrival, RelayId},
        heartbeats::REPORT_INTERVAL,
        memory::MemoryGate,
        passing::Passing,
        room::Room,
        stats::TrafficCounter,
    },
    sync::lock,
    transport::{self, MessageWriter, WriteHooks},
    wire::{Heartbeat, Message, MessageKind, Reader, Receipt},
};

/// The silence after which the connection is dead: four notes of the other end that did not come.
const SILENCE: Duration = Duration::from_secs(4);

/// The interval at which that is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// How a connection from another relay has ended.
pub(super) struct Taken {
    pub(super) why: String,
    /// The connections of the other relay whose frames were shown here.
    pub(super) streams: Vec<u64>,
}

/// Serves a relay that has entered a room, until its connection ends.
pub(super) async fn take(
    entered: Entered,
    peer: SocketAddr,
    room: Arc<Room>,
    stop: &CancellationToken,
) -> Taken {
    let Entered { reader, writer, memory, relay, note, grant, .. } = entered;
    writer.pace(false); // only receipts go back
    let (mailbox, mut waiting) = queue::channel::<(), ()>(0);
    let mut acks = FrameAcks::default();
    acks.asked(Some(REPORT_INTERVAL));
    let session = Session {
        room: &room,
        relay,
        writer: &writer,
        mailbox,
        viewers: room.links.told_viewers(),
        due: Mutex::default(),
        acks: Mutex::new(acks),
        guests: Mutex::new(Guests::new(Arc::clone(&room), peer, Arc::clone(&writer), memory)),
        asks: Asks { room: &room, on: AtomicBool::new(false) },
        received: room.links.received_from(relay),
    };
    session.noted(&note);
    let replaced = room.links.takes_from(relay, stop);
    let why = tokio::select! {
        biased;
        () = replaced.cancelled() => "there is a newer one".into(),
        () = revoked(grant) => "the key of the room was removed".into(),
        why = session.read(reader) => why,
        result = transport::drain(&mut waiting, &writer, &session) => {
            result.err().map_or_else(String::new, |error| error.to_string())
        }
        why = session.tell() => why, // it never ends
    };
    room.links.ends(relay, &replaced);
    Taken { why, streams: lock(&session.guests).streams() }
}

/// One connection.
struct Session<'a> {
    room: &'a Arc<Room>,
    relay: RelayId,
    writer: &'a Arc<MessageWriter>,
    mailbox: queue::Sender<(), ()>,
    viewers: watch::Receiver<u32>,
    /// The times of the newest note that has no answer yet.
    due: Mutex<Option<(Timestamp, Timestamp)>>,
    /// The frames that came.
    acks: Mutex<FrameAcks>,
    guests: Mutex<Guests>,
    asks: Asks<'a>,
    received: Arc<TrafficCounter>,
}

/// Whether senders at the other relay want reports: then clients here are asked for them, until this is dropped.
struct Asks<'a> {
    room: &'a Room,
    on: AtomicBool,
}

impl Asks<'_> {
    fn set(&self, on: bool) {
        match (self.on.swap(on, Relaxed), on) {
            (false, true) => _ = self.room.reported.fetch_add(1, Relaxed),
            (true, false) => _ = self.room.reported.fetch_sub(1, Relaxed),
            _ => {}
        }
    }
}

impl Drop for Asks<'_> {
    fn drop(&mut self) {
        self.set(false);
    }
}

impl Session<'_> {
    /// Reads until the connection ends.
    async fn read(&self, mut reader: Reader<MemoryGate>) -> String {
        let mut look = time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut received, mut heard) = (reader.received(), clock::now());
        loop {
            let next = tokio::select! {
                biased;
                next = reader.next() => Some(next),
                _ = look.tick() => None,
            };
            let now = clock::now();
            // Bytes of an unfinished message also prove it alive.
            if reader.received() > received {
                (received, heard) = (reader.received(), now);
            }
            match next {
                Some(Ok(Some(message))) => {
                    let took = reader.took();
                    self.taken(&message, took).await;
                    if message.kind().is_ordered() {
                        heard = clock::now(); // it may have waited
                    }
                }
                Some(Ok(None)) => return "it was closed".into(),
                Some(Err(error)) => return error.to_string(),
                None if now.saturating_duration_since(heard) >= SILENCE => {
                    self.writer.reset_on_close();
                    return format!("it is silent for {SILENCE:?}");
                }
                None => {}
            }
        }
    }

    async fn taken(&self, message: &Message, took: Duration) {
        let now = clock::now();
        match message.kind() {
            MessageKind::Video => {
                let mut acks = lock(&self.acks);
                let due = acks.came(now);
                let receipt = acks.receipt(Some(took), now);
                drop(acks);
                if let Some(receipt) = receipt {
                    self.writer.send_receipt(receipt);
                }
                self.received.count(message);
                if let Some((mark, message)) = Mark::cut(message) {
                    let guest = lock(&self.guests).sender(mark.peer, true);
                    self.room.forward(&guest, &message, now, &mut Passing::new(self.room, &guest));
                }
                if due {
                    self.mailbox.send_urgent(());
                }
            }
            MessageKind::Text | MessageKind::Image | MessageKind::Other(_) => {
                self.received.count(message);
                let Some((mark, message)) = Mark::cut(message) else { return };
                let guest = lock(&self.guests).sender(mark.peer, false);
                hold(&message, &guest, self.room, false).await;
                let arrival = lock(&self.room.links.arrivals).take(self.relay, mark.number);
                if let Arrival::After { missing } = arrival {
                    warn!("{missing} texts and images of relay {} did not come", self.relay);
                }
                if arrival != Arrival::Repeated {
                    let now = clock::now();
                    self.room.forward(&guest, &message, now, &mut Passing::new(self.room, &guest));
                }
                self.mailbox.send_urgent(()); // confirms it
            }
            MessageKind::Heartbeat => {}
            MessageKind::Reserved(number) => {
                if let Some(receipt) = Receipt::parse(message) {
                    if let Some(wanted) = receipt.ask {
                        let wanted = wanted && self.room.shared.config.pacing;
                        lock(&self.acks).asked_for_receipts(wanted);
                    }
                } else if let Some(note) = Note::parse(message) {
                    self.noted(&note);
                } else {
                    debug!("relay {} sent the reserved type {number}: ignored", self.relay);
                }
            }
        }
    }

    fn noted(&self, note: &Note) {
        if let Some(t1) = note.t1 {
            *lock(&self.due) = Some((t1, Timestamp::now()));
        }
        if let Some(ahead) = note.ahead {
            lock(&self.guests).clock.set(ahead);
        }
        self.asks.set(note.asks);
        for number in note.gone.iter() {
            lock(&self.guests).left(number);
            lock(&self.room.departures).add(number, clock::now());
            self.room.departed.notify_one();
        }
        self.mailbox.send_urgent(());
    }

    /// Tells the other relay of each change of the number of viewers.
    async fn tell(&self) -> String {
        let mut viewers = self.viewers.clone();
        while viewers.changed().await.is_ok() {
            self.mailbox.send_urgent(());
        }
        std::future::pending().await
    }
}

impl WriteHooks<(), ()> for &Session<'_> {
    fn prepare(&mut self, (): &()) -> Option<Message> {
        let due = *lock(&self.due);
        let acks = lock(&self.acks).tell(Heartbeat::default(), clock::now());
        let asked = self.asks.on.load(Relaxed);
        let reports = if asked { lock(&self.guests).reports(clock::now()) } else { Vec::new() };
        let note = Note {
            t1: due.map(|(t1, _)| t1),
            t2: due.map(|(_, t2)| t2),
            t3: Some(Timestamp::now()),
            viewers: Some(*self.viewers.borrow()),
            upto: Some(lock(&self.room.links.arrivals).upto(self.relay)),
            got: acks.got.zip(acks.ago),
            reports,
            ..Note::default()
        };
        Some(note.to_message())
    }

    fn started(&mut self, _: &Dequeued<(), ()>, _: &Message) {
        *lock(&self.due) = None;
    }
}

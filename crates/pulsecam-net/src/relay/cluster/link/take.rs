//! The receiving end of a link: gives another relay's messages to the clients of a room, and says how far it has got.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
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
        client_reader::hold,
        cluster::{Arrival, RelayId},
        memory::MemoryGate,
        passing::Passing,
        room::Room,
    },
    sync::lock,
    transport::{self, MessageWriter, WriteHooks},
    wire::{Departed, Message, MessageKind, Reader, Receipt},
};

/// The silence after which the connection is dead: four notes of the other end that did not come.
const SILENCE: Duration = Duration::from_secs(4);

/// The interval at which that is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Serves a relay that has entered a room, until its connection ends; returns why.
pub(super) async fn take(
    entered: Entered,
    peer: SocketAddr,
    room: Arc<Room>,
    stop: &CancellationToken,
) -> String {
    let Entered { reader, writer, memory, relay, note, .. } = entered;
    writer.pace(false); // only receipts go back
    let (mailbox, mut waiting) = queue::channel::<(), ()>(0);
    let guests = Guests::new(Arc::clone(&room), peer, Arc::clone(&writer), memory);
    let session = Session {
        room: &room,
        relay,
        writer: &writer,
        mailbox,
        viewers: room.links.told_viewers(),
        due: Mutex::default(),
    };
    session.noted(note);
    let replaced = room.links.takes_from(relay, stop);
    let why = tokio::select! {
        biased;
        () = replaced.cancelled() => "there is a newer one".into(),
        why = session.read(reader, guests) => why,
        result = transport::drain(&mut waiting, &writer, &session) => {
            result.err().map_or_else(String::new, |error| error.to_string())
        }
        why = session.tell() => why, // it never ends
    };
    room.links.ends(relay, &replaced);
    why
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
}

impl Session<'_> {
    /// Reads until the connection ends.
    async fn read(&self, mut reader: Reader<MemoryGate>, mut guests: Guests) -> String {
        let mut look = time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut received, mut heard) = (reader.received(), clock::now());
        let mut acks = FrameAcks::default();
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
                    self.taken(&message, took, &mut acks, &mut guests).await;
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

    async fn taken(&self, message: &Message, took: Duration, acks: &mut FrameAcks, guests: &mut Guests) {
        let now = clock::now();
        match message.kind() {
            MessageKind::Video => {
                acks.came(now);
                if let Some(receipt) = acks.receipt(Some(took), now) {
                    self.writer.send_receipt(receipt);
                }
                if let Some((mark, message)) = Mark::cut(message) {
                    let guest = guests.sender(mark.peer);
                    self.room.forward(&guest, &message, now, &mut Passing::new(self.room, &guest));
                }
            }
            MessageKind::Text | MessageKind::Image | MessageKind::Other(_) => {
                let Some((mark, message)) = Mark::cut(message) else { return };
                let guest = guests.sender(mark.peer);
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
                        acks.asked_for_receipts(wanted && self.room.shared.config.pacing);
                    }
                } else if let Some(note) = Note::parse(message) {
                    self.noted(note);
                } else {
                    debug!("relay {} sent the reserved type {number}: ignored", self.relay);
                }
            }
        }
    }

    fn noted(&self, note: Note) {
        if let Some(t1) = note.t1 {
            *lock(&self.due) = Some((t1, Timestamp::now()));
        }
        for number in note.gone.iter() {
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
        let note = Note {
            relay: None,
            t1: due.map(|(t1, _)| t1),
            t2: due.map(|(_, t2)| t2),
            t3: due.map(|_| Timestamp::now()),
            viewers: Some(*self.viewers.borrow()),
            upto: Some(lock(&self.room.links.arrivals).upto(self.relay)),
            gone: Departed::default(),
        };
        Some(note.to_message())
    }

    fn started(&mut self, _: &Dequeued<(), ()>, _: &Message) {
        *lock(&self.due) = None;
    }
}

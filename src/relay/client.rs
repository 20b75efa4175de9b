//! One client's connection: a reader that passes on what comes, a writer that empties its mailbox.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{io::AsyncRead, time};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    Config, Limits,
    attendance::{Attendance, Due},
    conduct::Conduct,
    delivery::Delivery,
    entry::{self, Entered},
    event::LeaveReason,
    house::House,
    intake::Intake,
    member::{ClientId, Item, Member},
    room::{Room, lock},
    standstill::Waiting,
};
use crate::{
    clock::{self, Timestamp},
    fresh::{Lane, Taken},
    socket::{self, Feed, Incoming},
    wire::{Heartbeat, Kind, Message, Reader, Side, farewell},
};

/// How often within its time limit a client's silence is looked at: the limit is kept to an eighth.
const LOOKS: u32 = 8;

/// Serves one client to the end of its connection.
pub(super) async fn serve(incoming: Incoming, addr: SocketAddr, house: Arc<House>, stop: CancellationToken) {
    // Held to the end.
    let _place = match house.knock(addr) {
        Ok(place) => place,
        Err(reason) => return entry::tell(incoming, &house, &reason),
    };
    // In a box: what a handshake needs is given back when it is done, and not kept for each client that is in.
    let entered = stop.run_until_cancelled(Box::pin(entry::enter(incoming, addr, &house))).await;
    let Entered { mut reader, pen, room } = match entered {
        Some(Ok(entered)) => entered,
        Some(Err(reason)) => return house.refuse(addr, &reason),
        None => return,
    };
    let (member, mut waiting) = room.join(addr, Arc::clone(&pen), stop.child_token());
    let mut write = std::pin::pin!(socket::drain(&mut waiting, &pen, Post::new(&room, &member)));
    let reason = {
        let mut read = std::pin::pin!(read(&mut reader, &member, &room));
        let mut dismissed = std::pin::pin!(member.dismissed.cancelled());
        // In turns: whichever is always asked first could keep the other from its work, and a random order, as `select!` has it, would
        // let no simulation come out the same way again.
        let mut writes_first = false;
        poll_fn(|context| {
            writes_first = !writes_first;
            for writes in [writes_first, !writes_first] {
                let done = if writes {
                    let written = |result: io::Result<()>| {
                        result.map_or_else(LeaveReason::Io, |()| LeaveReason::Shutdown)
                    };
                    write.as_mut().poll(context).map(written)
                } else {
                    read.as_mut().poll(context)
                };
                if done.is_ready() {
                    return done;
                }
            }
            let why = |()| member.overflow().map_or(LeaveReason::Shutdown, LeaveReason::MailboxFull);
            dismissed.as_mut().poll(context).map(why)
        })
        .await
    };
    let stopping = matches!(reason, LeaveReason::Shutdown);
    if matches!(reason, LeaveReason::Silent(_)) {
        pen.abandon();
    }
    if reason.is_to_be_told() {
        // Where something else is half written, it cannot be said.
        pen.try_write(&farewell(&reason.to_string()));
    }
    room.leave(&member, reason);
    drop(member);
    if stopping {
        // With the last sender gone, the writer ends once the mailbox is empty.
        let _ = write.await;
    }
}

/// What the writer needs to know of the room.
struct Post<'a> {
    room: &'a Room,
    id: ClientId,
    client: Arc<Attendance>,
    delivery: Arc<Mutex<Delivery>>,
    intake: Arc<Mutex<Intake>>,
    /// What the heartbeat says that is about to leave; it may have to wait after all.
    due: Due,
}

impl<'a> Post<'a> {
    fn new(room: &'a Room, member: &Member) -> Self {
        Self {
            room,
            id: member.id,
            client: Arc::clone(&member.attendance),
            delivery: Arc::clone(&member.delivery),
            intake: Arc::clone(&member.intake),
            due: Due::default(),
        }
    }
}

impl Feed<ClientId, Item> for Post<'_> {
    fn prepare(&mut self, item: &Item) -> Option<Message> {
        if let Item::Message(message, _) = item {
            return Some(message.clone());
        }
        self.due = self.due.and(self.client.take());
        let Due { answer, notice, report } = self.due;
        if answer.is_none() && !notice && !report {
            return None;
        }
        let told = if report { self.room.report(self.id, &self.intake) } else { Heartbeat::default() };
        let answer = answer.unwrap_or_default();
        let heartbeat = Heartbeat {
            t1: answer.t1,
            t2: answer.t2,
            t3: answer.t2.map(|_| Timestamp::now()).or(told.t3),
            viewers: self.room.viewers_for(&self.client),
            report: answer.report,
            ..told
        };
        Some(heartbeat.to_message(Side::Relay))
    }

    fn started(&mut self, taken: &Taken<ClientId, Item>, message: &Message) {
        if taken.lane == Lane::Urgent {
            self.due = Due::default();
            return;
        }
        self.room.house.count_out(message);
        if let (Lane::Fresh(from), Item::Message(_, came)) = (&taken.lane, &taken.item) {
            lock(&self.delivery).given(*from, *came);
        }
    }

    fn finished(&mut self) {
        lock(&self.delivery).written(clock::now());
    }
}

/// How often a client is looked at where nothing comes of it.
pub(super) fn look_interval(config: &Config) -> Duration {
    let Limits { message_time, hello_time, .. } = config.limits;
    (config.client_timeout.min(message_time).min(hello_time) / LOOKS).max(Duration::from_millis(1))
}

/// Reads until the connection ends, nothing was heard for too long, or a limit is passed.
async fn read<R: AsyncRead + Unpin>(reader: &mut Reader<R>, member: &Member, room: &Room) -> LeaveReason {
    let limit = room.house.config.client_timeout;
    let Limits { message_time, hello_time, .. } = room.house.config.limits;
    let mut look = time::interval(look_interval(&room.house.config));
    let (mut received, mut heard, came) = (reader.received(), clock::now(), clock::now());
    let mut conduct = Conduct::new(&room.house.config.limits, heard);
    // Since when a message is under way, and whether any ever came.
    let (mut begun, mut said) = (None, false);
    let mut waiting = Waiting::new(came);
    let since = |then| clock::now().duration_since(then);
    loop {
        let next = tokio::select! {
            biased;
            next = reader.next() => Some(next),
            _ = look.tick() => None,
        };
        // Bytes of an unfinished message prove it alive too.
        if reader.received() > received {
            (received, heard) = (reader.received(), clock::now());
        }
        let stood = room.standstill.turn(if next.is_some() { heard } else { clock::now() });
        if next.is_none() {
            waiting.emptied(clock::now());
        }
        match next {
            Some(Ok(Some(message))) => {
                (begun, said) = (None, true);
                if let Err(reason) = conduct.judge(&message, heard) {
                    return reason;
                }
                handle(&message, member, room, waiting.is_old(stood));
            }
            Some(Ok(None)) => return LeaveReason::Closed,
            Some(Err(error)) => return error.into(),
            None if since(heard) >= limit => return LeaveReason::Silent(limit),
            None if !reader.is_amid() => {
                begun = None;
                if !said && since(came) >= hello_time {
                    return LeaveReason::SaidNothing(hello_time);
                }
            }
            None if since(*begun.get_or_insert_with(clock::now)) >= message_time => {
                return LeaveReason::Unfinished(message_time);
            }
            None => {}
        }
    }
}

fn handle(message: &Message, member: &Member, room: &Room, old: bool) {
    match message.kind() {
        Kind::Heartbeat => room.heard(member, &Heartbeat::parse(message.description())),
        Kind::Reserved(number) => debug!("client {} sent the reserved type {number}: ignored", member.id),
        Kind::Text | Kind::Image | Kind::Video | Kind::Other(_) => {
            let came = clock::now();
            if !(old && message.kind() == Kind::Video) {
                room.pass_on(member.id, message, came);
            }
            if message.kind() == Kind::Video && lock(&member.intake).receipts.came(came) {
                member.say(Due { report: true, ..Due::default() });
            }
        }
    }
}

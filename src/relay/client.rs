//! One client's connection: a reader that passes on what comes, a writer that empties its mailbox.

use std::{
    future::poll_fn,
    net::SocketAddr,
    sync::{Arc, Mutex},
    task::Poll,
    time::Instant,
};

use tokio::{io::AsyncRead, time};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    Limits,
    attendance::{Attendance, Due},
    census::Meter,
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
    wire::{Heartbeat, Kind, Message, Reader, Side},
};

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
    let writing = async {
        let result = (&mut write).await;
        result.map_or_else(LeaveReason::Io, |()| LeaveReason::Shutdown)
    };
    let reason = tokio::select! {
        biased;
        reason = in_turns(read(&mut reader, &member, &room), writing) => reason,
        () = member.dismissed.cancelled() => {
            member.overflow().map_or(LeaveReason::Shutdown, LeaveReason::MailboxFull)
        }
    };
    let stopping = matches!(reason, LeaveReason::Shutdown);
    if let Some(farewell) = reason.farewell() {
        // If something else is half written, it cannot be said.
        pen.try_write(&farewell.to_message());
    }
    if matches!(reason, LeaveReason::Silent(_)) {
        // After its last word: one that is only too seldom heard reads it all the same, before the reset.
        pen.abandon();
    }
    room.leave(&member, reason);
    drop(member);
    if stopping {
        // With the last sender gone, the writer ends once the mailbox is empty.
        let _ = write.await;
    }
}

/// What the first of two is done with. Each is asked first every other time: whichever always were could keep the other from its work, and
/// a random order, as `select!` has it, would let no simulation come out the same way again.
async fn in_turns<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    let (mut one, mut other) = (std::pin::pin!(one), std::pin::pin!(other));
    let mut other_first = false;
    poll_fn(|context| {
        other_first = !other_first;
        for others_turn in [other_first, !other_first] {
            let done = if others_turn { other.as_mut().poll(context) } else { one.as_mut().poll(context) };
            if done.is_ready() {
                return done;
            }
        }
        Poll::Pending
    })
    .await
}

/// What the writer needs to know of the room.
struct Post<'a> {
    room: &'a Room,
    id: ClientId,
    client: Arc<Attendance>,
    delivery: Arc<Mutex<Delivery>>,
    intake: Arc<Mutex<Intake>>,
    got: Arc<Meter>,
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
            got: Arc::clone(&member.got),
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
            silence: answer.t1.map(|_| self.room.house.config.silence_millis()),
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
        if self.room.house.config.watcher.is_some() {
            self.got.count(message);
        }
        if let (Lane::Fresh(from), Item::Message(_, came)) = (&taken.lane, &taken.item) {
            lock(&self.delivery).given(*from, *came);
        }
    }

    fn finished(&mut self) {
        lock(&self.delivery).written(clock::now());
    }
}

/// Reads until the connection ends, nothing was heard for too long, or a limit is passed.
async fn read<R: AsyncRead + Unpin>(reader: &mut Reader<R>, member: &Member, room: &Room) -> LeaveReason {
    let limit = room.house.config.client_timeout;
    let Limits { message_time, hello_time, .. } = room.house.config.limits;
    let mut look = time::interval(room.house.config.look_interval());
    let came = clock::now();
    let (mut received, mut heard) = (reader.received(), came);
    let mut conduct = Conduct::new(&room.house.config.limits, heard);
    // Since when a message is under way, and whether any ever came.
    let (mut begun, mut said) = (None, false);
    let mut waiting = Waiting::new(came);
    loop {
        let next = tokio::select! {
            biased;
            next = reader.next() => Some(next),
            _ = look.tick() => None,
        };
        let now = clock::now();
        let since = |then| now.saturating_duration_since(then);
        // Bytes of an unfinished message prove it alive too.
        if reader.received() > received {
            (received, heard) = (reader.received(), now);
        }
        let stood = room.standstill.turn(now);
        if next.is_none() {
            waiting.emptied(now, stood);
        }
        match next {
            Some(Ok(Some(message))) => {
                (begun, said) = (None, true);
                if let Err(reason) = conduct.judge(&message, now) {
                    return reason;
                }
                handle(&message, now, member, room, waiting.is_old(stood));
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
            None if since(*begun.get_or_insert(now)) >= message_time => {
                return LeaveReason::Unfinished(message_time);
            }
            None => {}
        }
    }
}

fn handle(message: &Message, came: Instant, member: &Member, room: &Room, old: bool) {
    match message.kind() {
        Kind::Heartbeat => room.heard(member, &Heartbeat::parse(message.description())),
        Kind::Reserved(number) => debug!("client {} sent the reserved type {number}: ignored", member.id),
        Kind::Text | Kind::Image | Kind::Video | Kind::Other(_) => {
            if !(old && message.kind() == Kind::Video) {
                room.pass_on(member, message, came);
            }
            if message.kind() == Kind::Video && lock(&member.intake).receipts.came(came) {
                member.say(Due { report: true, ..Due::default() });
            }
        }
    }
}

//! One client's connection: a reader that passes on what comes, a writer that empties its mailbox.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::AsyncRead,
    net::TcpStream,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    event::LeaveReason,
    room::{Member, Room},
};
use crate::{
    clock::Timestamp,
    socket,
    wire::{Codec, Heartbeat, Kind, Message, Reader, Side},
};

/// Serves one client to the end of its connection.
pub(super) async fn serve(stream: TcpStream, addr: SocketAddr, room: Arc<Room>, stop: CancellationToken) {
    if let Err(error) = socket::tune(&stream) {
        debug!("{addr} was gone before it joined: {error}");
        return;
    }
    let dismissed = stop.child_token();
    let Some((member, mut waiting)) = room.join(addr, dismissed) else { return };
    let (input, output) = stream.into_split();
    let mut reader = Reader::new(input, Codec::new(room.config.max_message).with_peer(addr));
    let mut write = std::pin::pin!(socket::drain(
        &mut waiting,
        &output,
        |message| Some(Message::clone(message)),
        |taken, message| {
            if taken.lane != crate::fresh::Lane::Urgent {
                room.count_out(message);
            }
        },
    ));
    let reason = tokio::select! {
        reason = read(&mut reader, &member, &room) => reason,
        result = &mut write => result.map_or_else(LeaveReason::Io, |()| LeaveReason::Shutdown),
        () = member.dismissed.cancelled() => {
            member.overflow().map_or(LeaveReason::Shutdown, LeaveReason::MailboxFull)
        }
    };
    let stopping = matches!(reason, LeaveReason::Shutdown);
    room.leave(&member, reason);
    drop(member);
    if stopping {
        // With the last sender gone, the writer ends once the mailbox is empty.
        let _ = write.await;
    }
}

/// Reads until the connection ends or nothing was heard for too long.
async fn read<R: AsyncRead + Unpin>(reader: &mut Reader<R>, member: &Member, room: &Room) -> LeaveReason {
    let limit = room.config.client_timeout;
    let mut heard = reader.received();
    let mut silence = std::pin::pin!(time::sleep(limit));
    loop {
        tokio::select! {
            biased;
            next = reader.next() => match next {
                Ok(Some(message)) => handle(&message, member, room),
                Ok(None) => return LeaveReason::Closed,
                Err(error) => return error.into(),
            },
            () = &mut silence => {
                if reader.received() == heard {
                    return LeaveReason::Silent(limit);
                }
                heard = reader.received();
                silence.as_mut().reset(Instant::now() + limit);
            }
        }
    }
}

fn handle(message: &Message, member: &Member, room: &Room) {
    match message.kind() {
        Kind::Heartbeat => member.mailbox.send_urgent(answer(message, Timestamp::now())),
        Kind::Reserved(number) => debug!("client {} sent the reserved type {number}: ignored", member.id),
        Kind::Text | Kind::Image | Kind::Video | Kind::Other(_) => room.pass_on(member.id, message),
    }
}

/// A plain heartbeat is answered plainly, as a Qt client expects; one with a time gets the relay's times.
fn answer(message: &Message, now: Timestamp) -> Message {
    let asked = Heartbeat::parse(message.description());
    let answer = match asked.t1 {
        Some(t1) => Heartbeat { t1: Some(t1), t2: Some(now), t3: Some(now) },
        None => Heartbeat::default(),
    };
    answer.to_message(Side::Relay)
}

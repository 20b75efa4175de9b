//! One client's connection: a reader that forwards its messages, and a writer that empties its mailbox.

use std::{
    future::poll_fn,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Poll,
    time::{Duration, Instant},
};

use tokio::{
    io::AsyncRead,
    task,
    time::{self, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    arrival::Arrival,
    config::Limits,
    handshake::{self, Authenticated},
    hooks::RoomHooks,
    keyring::KeyGrant,
    members::{ClientKind, Member},
    membership::Membership,
    passing::Passing,
    presence::PendingHeartbeat,
    rate_limit::RateLimiter,
    read_turn::ReadTurn,
    reason::{LeaveReason, RejectReason},
    room::Room,
    server::{ConnectionPermit, Server},
    stall_detector::InputAge,
};
use crate::{
    auth::Channel,
    clock,
    transport::{self, Incoming, MessageWriter},
    wire::{Heartbeat, Message, MessageKind, Progress, Reader, Receipt},
};

/// Serves one client until its connection ends.
pub(super) async fn serve(
    incoming: Incoming,
    addr: SocketAddr,
    server: Arc<Server>,
    stop: CancellationToken,
) {
    #[cfg(feature = "web")]
    let incoming = match incoming {
        Incoming::Admin(connection) => {
            // Operators need no place, so that a full relay can be looked at.
            let visit = super::web::Visit { connection, ahead: bytes::Bytes::new(), addr, secure: false };
            let visiting = Box::pin(super::web::serve(visit, &server, None));
            stop.run_until_cancelled(visiting).await;
            return;
        }
        other => other,
    };
    // Held until the end.
    let mut permit = match server.connect(addr) {
        Ok(permit) => permit,
        Err(reason) => return handshake::reject(incoming, &server, &reason),
    };
    // Boxed, so that the memory of the handshake is freed when it is done, and not kept for each client.
    let entered = stop.run_until_cancelled(Box::pin(enter(incoming, addr, &server, &mut permit))).await;
    #[cfg_attr(not(feature = "web"), expect(unused_mut, reason = "only a browser's socket is taken out"))]
    let mut entered = match entered {
        Some(Ok(Some(entered))) => entered,
        Some(Err(reason)) => return server.shared.refuse(addr, &reason),
        Some(Ok(None)) | None => return,
    };
    #[cfg(feature = "web")]
    let quiet = entered.quiet.take();
    take_part(entered, addr, stop.child_token(), |_| ()).await;
    #[cfg(feature = "web")]
    if let Some(stream) = quiet.and_then(super::web::Quiet::into_http)
        && let Ok(connection) = crate::transport::Connection::tcp(stream)
    {
        let visit = super::web::Visit { connection, ahead: bytes::Bytes::new(), addr, secure: false };
        let entered = stop.run_until_cancelled(Box::pin(visited(visit, &server, &mut permit))).await;
        match entered {
            Some(Ok(Some(entered))) => take_part(entered, addr, stop.child_token(), |_| ()).await,
            Some(Err(reason)) => server.shared.refuse(addr, &reason),
            Some(Ok(None)) | None => {}
        }
    }
}

/// Serves an admitted client until its connection ends; returns what `ended` makes of the reason. The client is
/// disconnected if `dismissed` is cancelled.
pub(super) async fn take_part<T>(
    entered: Authenticated,
    addr: SocketAddr,
    dismissed: CancellationToken,
    ended: impl FnOnce(&LeaveReason) -> T,
) -> T {
    let Authenticated { mut reader, writer, room, memory, pass, kind, session: _session, .. } = entered;
    let (membership, mut waiting) =
        Membership::begin(room, addr, Arc::clone(&writer), memory, dismissed, kind);
    let (room, member) = (Arc::clone(&membership.room), Arc::clone(&membership.member));
    let mut write = std::pin::pin!(transport::drain(&mut waiting, &writer, RoomHooks::new(&room, &member)));
    let writing = async {
        let result = (&mut write).await;
        result.map_or_else(LeaveReason::Io, |()| LeaveReason::Shutdown)
    };
    let reason = tokio::select! {
        biased;
        reason = in_turns(read(&mut reader, &member, &room), writing) => reason,
        () = member.dismissed.cancelled() => {
            member.dismissal().map_or(LeaveReason::Shutdown, LeaveReason::from)
        }
        () = revoked(pass) => LeaveReason::KeyGone,
    };
    let stopping = matches!(reason, LeaveReason::Shutdown);
    if let Some(farewell) = reason.close_reason() {
        // Not sent if another message is half written.
        writer.try_write(&farewell.to_message());
    }
    if matches!(reason, LeaveReason::Silent(_)) {
        // After the farewell: a client that merely sends too seldom still reads it, before the reset.
        writer.reset_on_close();
    }
    drop(member);
    let result = ended(&reason);
    membership.end(reason);
    if stopping {
        // Once the last sender is gone, the writer ends when the mailbox is empty.
        let _ = write.await;
    }
    result
}

/// Admits a client; `None` if it was one of HTTP, and has been served.
async fn enter(
    incoming: Incoming,
    addr: SocketAddr,
    server: &Arc<Server>,
    permit: &mut ConnectionPermit,
) -> Result<Option<Authenticated>, RejectReason> {
    let deadline = handshake::deadline(server);
    let arrival = handshake::identify(incoming, addr, server, permit, deadline).await?;
    let visit = match arrival {
        Arrival::Wire(connection) => {
            let entered =
                handshake::perform(connection, Channel::Wire, addr, server, permit, deadline).await?;
            return Ok(Some(entered));
        }
        #[cfg(feature = "web")]
        Arrival::Silent(connection, quiet) => {
            let mut entered =
                handshake::perform(connection, Channel::Wire, addr, server, permit, deadline).await?;
            entered.quiet = Some(quiet);
            return Ok(Some(entered));
        }
        Arrival::Http(visit) => visit,
    };
    #[cfg(feature = "web")]
    return visited(visit, server, permit).await;
    #[cfg(not(feature = "web"))]
    match visit {}
}

/// Serves a client of HTTP; a page that continues with messages is admitted.
#[cfg(feature = "web")]
async fn visited(
    visit: super::web::Visit,
    server: &Arc<Server>,
    permit: &mut ConnectionPermit,
) -> Result<Option<Authenticated>, RejectReason> {
    let addr = visit.addr;
    let Some(upgraded) = super::web::serve(visit, server, Some(permit)).await else { return Ok(None) };
    let super::web::Upgraded { connection, cookie, grant } = upgraded;
    if let Some(grant) = grant {
        let memory = server.shared.memory.open();
        let reader = handshake::reader(connection.input, addr, server, &memory);
        let writer = Arc::new(MessageWriter::new(connection.output));
        let mut entered = Authenticated::new((reader, writer), grant.room, memory, grant.pass);
        entered.kind = ClientKind::Watcher;
        return Ok(Some(entered));
    }
    let deadline = handshake::deadline(server);
    let mut entered = handshake::perform(connection, Channel::Web, addr, server, permit, deadline).await?;
    entered.kind = ClientKind::Page;
    entered.session = super::web::OpenSession::begin(server, cookie, entered.pass.as_ref());
    Ok(Some(entered))
}

/// Completes once the client's key is revoked.
pub(super) async fn revoked(pass: Option<KeyGrant>) {
    match pass {
        Some(pass) => pass.revoked().await,
        None => std::future::pending().await,
    }
}

/// Returns the output of whichever completes first. They are polled first in turns: if one always were, it
/// could starve the other; the random order of `select!` would make simulations irreproducible.
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

/// Reads until the connection ends, is silent for too long, or exceeds a limit.
async fn read<R: AsyncRead + Unpin>(reader: &mut Reader<R>, member: &Member, room: &Room) -> LeaveReason {
    let limit = room.shared.config.client_timeout;
    let Limits { message_time, hello_time, .. } = room.shared.config.limits;
    let mut look = looks(room.shared.config.look_interval());
    let came = clock::now();
    let (mut received, mut heard) = (reader.received(), came);
    let mut rate_limiter = RateLimiter::new(&room.shared.config.limits, heard);
    let mut turn = ReadTurn::default();
    // When the unfinished message began, and whether any message ever came.
    let (mut begun, mut said) = (None, false);
    let mut waiting = InputAge::new(came);
    let mut passing = Passing::new(room, member);
    loop {
        let next = tokio::select! {
            biased;
            next = reader.next_or_part(passing.looks_beyond()) => Some(next),
            _ = look.tick() => None,
            () = passing.overdue() => {
                passing.tear();
                continue;
            }
        };
        let now = clock::now();
        let since = |then| now.saturating_duration_since(then);
        // Bytes of an unfinished message also prove it alive.
        if reader.received() > received {
            (received, heard) = (reader.received(), now);
        }
        let stood = room.stall_detector.turn(now);
        if next.is_none() {
            waiting.emptied(now, stood);
        }
        match next {
            Some(Ok(Some(Progress::Part))) if waiting.is_old(stood) || !member.kind.may_send() => {
                passing.ignore();
            }
            Some(Ok(Some(Progress::Part))) => {
                let (arriving, arrived) = (reader.arriving(), reader.arrived());
                let pieces = passing.part(arriving.as_ref(), arrived, &mut rate_limiter, now);
                if turn.passed_on(passing.piece_length(), pieces, false) {
                    task::yield_now().await;
                }
            }
            Some(Ok(Some(Progress::Whole(message)))) => {
                (begun, said) = (None, true);
                passing.whole(&message, reader.took());
                if let Err(reason) = rate_limiter.verify(&message, now) {
                    return reason;
                }
                if message.kind().is_ordered() && hold(&message, member, room, !turn.is_new()).await {
                    heard = clock::now();
                }
                member.crowds.store(turn.is_crowd(message.wire_len()), Relaxed);
                let arrival = MessageArrival { at: now, took: reader.took(), is_old: waiting.is_old(stood) };
                handle(&message, arrival, member, room, &mut passing);
                passing.end();
                let others = if message.kind().is_forwarded() { room.others() } else { 0 };
                let over = turn.passed_on(message.wire_len(), others, reader.is_amid());
                let pause = rate_limiter.pause(others, now);
                if !pause.is_zero() {
                    time::sleep(pause).await;
                    heard = clock::now();
                } else if over {
                    task::yield_now().await;
                }
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

/// The ticks at which a silent client is checked. After a stall, one check replaces all that were
/// missed.
fn looks(every: Duration) -> time::Interval {
    let mut looks = time::interval(every);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

/// The number of immediate turns that others get to take a client's messages. After them the next check is
/// delayed.
const TURNS: u32 = 3;

/// The delay of that check. A fast client does not empty its mailbox within this time.
const HOLD_LOOK: Duration = Duration::from_millis(5);

/// The longest time that a message waits because the relay's memory is short. Clients that never read may
/// keep it full.
const HOLD_FOR_MEMORY: Duration = Duration::from_secs(1);

/// How often a client that is not being read gets a sign of life. Without answers it gives up after ten
/// seconds.
const ALIVE_INTERVAL: Duration = Duration::from_secs(2);

/// Waits while the client's messages fill others' mailboxes, or too much of the relay's memory. Returns
/// whether it waited. `amid`: its turn is not over.
async fn hold(message: &Message, member: &Member, room: &Room, mut amid: bool) -> bool {
    let begun = clock::now();
    let (mut told, mut looks) = (begun, 0_u32);
    loop {
        let now = clock::now();
        let bytes = message.wire_len();
        let others = member.memory.sent.bytes().saturating_sub(bytes);
        let fills_memory =
            others > room.shared.memory.free() && now.saturating_duration_since(begun) < HOLD_FOR_MEMORY;
        if !fills_memory && !room.is_held_up(member, bytes, amid, now) {
            return looks > 0;
        }
        amid = false;
        looks = looks.saturating_add(1);
        if looks <= TURNS {
            task::yield_now().await;
            continue;
        }
        if member.presence.is_pulsecam() && now.saturating_duration_since(told) >= ALIVE_INTERVAL {
            told = now;
            member.schedule_heartbeat(PendingHeartbeat { alive: true, ..PendingHeartbeat::default() });
        }
        time::sleep(HOLD_LOOK).await;
    }
}

/// The arrival of a message.
#[derive(Clone, Copy)]
struct MessageArrival {
    at: Instant,
    /// The time since its first byte.
    took: Duration,
    /// Whether it waited while the relay was suspended.
    is_old: bool,
}

fn handle(
    message: &Message,
    arrival: MessageArrival,
    member: &Member,
    room: &Room,
    passing: &mut Passing<'_>,
) {
    match message.kind() {
        MessageKind::Heartbeat => {
            if let Some(name) = Heartbeat::only(message.description()) {
                member.presence.wanted.set(name);
            }
            room.handle_heartbeat(member, &Heartbeat::parse(message.description()));
        }
        MessageKind::Reserved(number) => match Receipt::parse(message) {
            Some(receipt) => room.handle_receipt(member, &receipt),
            None => debug!("client {} sent the reserved type {number}: ignored", member.id),
        },
        _ if !member.kind.may_send() => {
            debug!("client {} may only watch: its message is dropped", member.id);
        }
        MessageKind::Video => {
            let due = room.acknowledge(member, arrival.took, arrival.at);
            if !arrival.is_old {
                room.forward(member, message, arrival.at, passing);
            }
            if due {
                member.schedule_heartbeat(PendingHeartbeat { report: true, ..PendingHeartbeat::default() });
            }
        }
        MessageKind::Text | MessageKind::Image | MessageKind::Other(_) => {
            room.forward(member, message, arrival.at, passing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_standstill_of_hours_is_looked_at_once() {
        let mut looks = looks(Duration::from_secs(1));
        looks.tick().await;
        time::advance(Duration::from_secs(8 * 3600)).await;
        let mut at_once = 0;
        while time::timeout(Duration::ZERO, looks.tick()).await.is_ok() {
            at_once += 1;
        }
        assert_eq!(at_once, 1);
    }
}

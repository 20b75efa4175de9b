//! One client's connection, from its admission to its end: a reader that forwards its messages, and a writer
//! that empties its mailbox.

use std::{future::poll_fn, net::SocketAddr, sync::Arc, task::Poll};

use tokio_util::sync::CancellationToken;

use super::{
    arrival::Arrival,
    client_reader::read,
    handshake::{self, Authenticated},
    hooks::RoomHooks,
    keyring::KeyGrant,
    members::ClientKind,
    membership::Membership,
    reason::{LeaveReason, RejectReason},
    server::{ConnectionPermit, Server},
};
use crate::{
    auth::Channel,
    transport::{self, Incoming, MessageWriter},
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
    let reading = async {
        room.settled().await;
        read(&mut reader, &member, &room).await
    };
    let reason = tokio::select! {
        biased;
        reason = in_turns(reading, writing) => reason,
        () = member.dismissed.cancelled() => {
            member.dismissal().map_or(LeaveReason::Shutdown, LeaveReason::from)
        }
        () = revoked(pass) => LeaveReason::KeyGone,
    };
    let stopping = matches!(reason, LeaveReason::Shutdown);
    let farewell = if stopping { room.farewell(&member) } else { reason.close_reason() };
    if let Some(farewell) = farewell {
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

//! Entering a room: client and relay prove to each other that they know the key.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::time;

use super::{Down, adaptive_timeout::AdaptiveTimeout, hub::Hub};
use crate::{
    auth::{Hello, Response},
    transport::{Connection, MessageWriter, ReceiveHalf},
    wire::{CloseReason, Codec, Error, Heartbeat, Message, Reader, Side},
};

/// The longest wait for a challenge. A relay without keys closes the connection of a client that is silent
/// for 10 s, and that reason would hide the true one.
const ASKED: Duration = Duration::from_secs(9);

/// A connection on which the relay accepts messages.
pub(super) struct Authenticated {
    pub(super) reader: Reader<ReceiveHalf>,
    pub(super) writer: Arc<MessageWriter>,
    /// Whether the relay has answered already, by proving that it knows the key.
    pub(super) answered: bool,
}

/// Enters the room that the key opens, if there is one.
pub(super) async fn perform(
    connection: Connection,
    peer: SocketAddr,
    hub: &Hub,
    patience: &mut AdaptiveTimeout,
) -> Result<Authenticated, Down> {
    // A relay may forward messages over our own limit.
    let codec = Codec::new(hub.config.max_message).with_peer(peer).skip_larger();
    let mut reader = Reader::new(connection.input, codec);
    let writer = Arc::new(MessageWriter::new(connection.output));
    let Some(key) = &hub.config.key else { return Ok(Authenticated { reader, writer, answered: false }) };
    if connection.binding.is_none() {
        // Without TLS, the relay would wait for a browser's request before it asks for the key.
        writer.try_write(&Hello::message());
    }
    let failed = |error: crate::auth::Error| Down::Lost(error.to_string());
    let asked = patience.within(time::timeout(ASKED, next(&mut reader, false))).await;
    let Some(challenge) = asked.and_then(Result::ok) else {
        return Err(why_nothing_is_asked(&mut reader, &writer, patience.limit()).await);
    };
    let response =
        Response::to(&challenge?, key, connection.binding).map_err(failed)?.ok_or(Down::NoKeyAsked)?;
    writer.try_write(&response.message());
    let judged = time::timeout(hub.config.timeout, next(&mut reader, true));
    let welcome = judged.await.map_err(|_| Down::Silent(hub.config.timeout))??;
    if !response.is_confirmed_by(&welcome) {
        return Err(Down::RelayNotAuthenticated);
    }
    Ok(Authenticated { reader, writer, answered: true })
}

/// Finds out why no challenge came. A relay without keys waits for the client's first message, and so do a
/// relay with TLS and a web server. A plain heartbeat reveals nothing, and each of them answers it
/// differently.
async fn why_nothing_is_asked(
    reader: &mut Reader<ReceiveHalf>,
    writer: &MessageWriter,
    limit: Duration,
) -> Down {
    writer.try_write(&Heartbeat::default().to_message(Side::Client));
    match time::timeout(limit, next(reader, false)).await {
        // It does ask, but late.
        Ok(Ok(late)) if Response::is_challenge(&late) => Down::ConnectTimeout(limit),
        Ok(Ok(_)) => Down::NoKeyAsked,
        Ok(Err(why)) => why,
        Err(_) => Down::ConnectTimeout(limit),
    }
}

/// Reads the next message; `answered`: whether the relay has answered before.
async fn next(reader: &mut Reader<ReceiveHalf>, answered: bool) -> Result<Message, Down> {
    let message = match reader.next().await {
        Ok(Some(message)) => message,
        Ok(None) => return Err(closed(answered)),
        Err(error) => return Err(failed(error, answered)),
    };
    CloseReason::parse(&message).map_or(Ok(message), |close_reason| Err(Down::said(close_reason)))
}

/// The reason for a link whose connection was closed.
pub(super) const fn closed(answered: bool) -> Down {
    if answered { Down::Closed } else { Down::ClosedAtOnce }
}

/// The reason for a link with an error of the wire; `answered`: whether the relay has answered before.
pub(super) fn failed(error: Error, answered: bool) -> Down {
    match error {
        Error::Io(error) if !answered && error.kind() == io::ErrorKind::ConnectionReset => Down::ClosedAtOnce,
        Error::Io(error) => Down::Lost(error.to_string()),
        Error::Malformed(malformed) if malformed.is_tls() => Down::TlsWanted,
        Error::Malformed(malformed) if !answered => Down::foreign(&malformed),
        error => Down::Malformed(error.to_string()),
    }
}

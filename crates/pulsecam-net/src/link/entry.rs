//! The way into a room: the client shows that it knows the key, and has the relay show the same.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::time;

use super::{Down, Hub, patience::Patience};
use crate::{
    key::Response,
    socket::{Connection, Input, Pen},
    wire::{Codec, Error, Farewell, Heartbeat, Message, Reader, Side},
};

/// The longest that a challenge is waited for. A relay that wants no key closes the connection of a client that is silent for 10 s, and
/// its reason would hide the true one.
const ASKED: Duration = Duration::from_secs(9);

/// A connection on which the relay is ready for anything.
pub(super) struct Entered {
    pub(super) reader: Reader<Input>,
    pub(super) pen: Arc<Pen>,
    /// The relay has said something already: it knows the key.
    pub(super) answered: bool,
}

/// Enters the room that the key opens, if there is one.
pub(super) async fn enter(
    connection: Connection,
    peer: SocketAddr,
    hub: &Hub,
    patience: &mut Patience,
) -> Result<Entered, Down> {
    // A relay may pass on larger messages than are wanted here.
    let codec = Codec::new(hub.config.max_message).with_peer(peer).skip_larger();
    let mut reader = Reader::new(connection.input, codec);
    let pen = Arc::new(Pen::new(connection.output));
    let Some(key) = &hub.config.key else { return Ok(Entered { reader, pen, answered: false }) };
    let failed = |error: crate::key::Error| Down::Lost(error.to_string());
    let asked = patience.within(time::timeout(ASKED, next(&mut reader, false))).await;
    let Some(challenge) = asked.and_then(Result::ok) else {
        return Err(why_nothing_is_asked(&mut reader, &pen, patience.limit()).await);
    };
    let response =
        Response::to(&challenge?, key, connection.binding).map_err(failed)?.ok_or(Down::NoKeyAsked)?;
    pen.try_write(&response.message());
    let judged = time::timeout(hub.config.timeout, next(&mut reader, true));
    let welcome = judged.await.map_err(|_| Down::Silent(hub.config.timeout))??;
    if !response.is_welcomed_by(&welcome) {
        return Err(Down::Impostor);
    }
    Ok(Entered { reader, pen, answered: true })
}

/// Why no challenge came: a relay without keys waits for a first word, as one that speaks TLS does, and a web server. A heartbeat as old
/// programs send it tells nobody anything, and each of them answers it in its own way.
async fn why_nothing_is_asked(reader: &mut Reader<Input>, pen: &Pen, limit: Duration) -> Down {
    pen.try_write(&Heartbeat::default().to_message(Side::Client));
    match time::timeout(limit, next(reader, false)).await {
        // It does ask, and is only far away.
        Ok(Ok(late)) if Response::is_asked_by(&late) => Down::ConnectTimeout(limit),
        Ok(Ok(_)) => Down::NoKeyAsked,
        Ok(Err(why)) => why,
        Err(_) => Down::ConnectTimeout(limit),
    }
}

/// The next message; `answered`: the relay has said something before.
async fn next(reader: &mut Reader<Input>, answered: bool) -> Result<Message, Down> {
    let message = match reader.next().await {
        Ok(Some(message)) => message,
        Ok(None) => return Err(closed(answered)),
        Err(error) => return Err(failed(error, answered)),
    };
    Farewell::parse(&message).map_or(Ok(message), |farewell| Err(Down::said(farewell)))
}

/// What the end of a connection says of the link.
pub(super) const fn closed(answered: bool) -> Down {
    if answered { Down::Closed } else { Down::ClosedAtOnce }
}

/// What an error of the wire says of the link; `answered`: the relay has said something before.
pub(super) fn failed(error: Error, answered: bool) -> Down {
    match error {
        Error::Io(error) if !answered && error.kind() == io::ErrorKind::ConnectionReset => Down::ClosedAtOnce,
        Error::Io(error) => Down::Lost(error.to_string()),
        Error::Malformed(malformed) if malformed.is_tls() => Down::TlsWanted,
        Error::Malformed(malformed) if !answered => Down::foreign(&malformed),
        error => Down::Malformed(error.to_string()),
    }
}

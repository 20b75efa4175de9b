//! The way into a room: the client shows that it knows the key, and has the relay show the same.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::time;

use super::{Down, Hub, patience::Patience};
use crate::{
    key::Response,
    socket::{Connection, Input, Pen},
    wire::{Codec, Error, Message, Reader, farewell_reason},
};

/// The longest that a challenge is waited for. A relay that wants no key closes the connection of a client that is silent for 10 s, and
/// its reason would hide the true one.
const ASKED: Duration = Duration::from_secs(9);

/// A connection on which the relay is ready for anything.
pub(super) async fn enter(
    connection: Connection,
    peer: SocketAddr,
    hub: &Hub,
    patience: &mut Patience,
) -> Result<(Reader<Input>, Arc<Pen>), Down> {
    let codec = Codec::new(hub.config.max_message).with_peer(peer);
    let mut reader = Reader::new(connection.input, codec);
    let pen = Arc::new(Pen::new(connection.output));
    if let Some(key) = &hub.config.key {
        let failed = |error: crate::key::Error| Down::Lost(error.to_string());
        let asked = patience.within(time::timeout(ASKED, next(&mut reader))).await;
        let challenge = asked.and_then(Result::ok).ok_or(Down::NoKeyAsked)??;
        let response =
            Response::to(&challenge, key, connection.binding).map_err(failed)?.ok_or(Down::NoKeyAsked)?;
        pen.try_write(&response.message());
        let judged = time::timeout(hub.config.timeout, next(&mut reader));
        let welcome = judged.await.map_err(|_| Down::Silent(hub.config.timeout))??;
        if !response.is_welcomed_by(&welcome) {
            return Err(Down::Impostor);
        }
    }
    Ok((reader, pen))
}

async fn next(reader: &mut Reader<Input>) -> Result<Message, Down> {
    let message = match reader.next().await {
        Ok(Some(message)) => message,
        Ok(None) => return Err(Down::Closed),
        Err(error) => return Err(failed(error)),
    };
    farewell_reason(&message).map_or(Ok(message), |reason| Err(Down::SentAway(reason)))
}

/// What an error of the wire says of the link.
pub(super) fn failed(error: Error) -> Down {
    match error {
        Error::Io(error) => Down::Lost(error.to_string()),
        Error::Malformed(malformed) if malformed.is_tls() => Down::TlsWanted,
        error => Down::Malformed(error.to_string()),
    }
}

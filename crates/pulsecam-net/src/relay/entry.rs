//! Admission of one connection: TLS if the relay has a certificate, then the key if it has any.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use bytes::{Buf, Bytes};
use tokio::time;

use super::{
    house::{House, Place},
    keyring::Pass,
    memory::{Accounts, Gated},
    reason::Refusal,
    room::Room,
};
use crate::{
    key::Challenge,
    socket::{Connection, Incoming, Pen},
    tls,
    wire::{Codec, Error, Reader},
};

/// The largest message of an unauthenticated client. An answer to the challenge has a hundred bytes, an old
/// program's first heartbeat a few hundred.
const STRANGERS_MESSAGE: u32 = 4096;

/// An admitted client.
pub(super) struct Entered {
    pub(super) reader: Reader<Gated>,
    pub(super) pen: Arc<Pen>,
    pub(super) room: Arc<Room>,
    pub(super) accounts: Accounts,
    /// The key that it has shown, if the relay asks for one.
    pub(super) pass: Option<Pass>,
}

/// Admits a connection, within the time limit for a client's first message.
///
/// # Errors
/// Why it was refused; the client was informed if possible.
pub(super) async fn enter(
    incoming: Incoming,
    addr: SocketAddr,
    house: &Arc<House>,
    place: &mut Place,
) -> Result<Entered, Refusal> {
    let limit = house.shared.config.limits.hello_time;
    // The writing side for the farewell, once there is one.
    let told = OnceLock::new();
    let pushed_out = place.pushed_out();
    let entered = tokio::select! {
        biased;
        () = pushed_out => Err(Refusal::Crowded),
        result = time::timeout(limit, entering(incoming, addr, house, place, &told)) => {
            result.unwrap_or(Err(Refusal::TooSlow(limit)))
        }
    };
    if let (Err(reason), Some(pen)) = (&entered, told.get()) {
        pen.try_write(&reason.farewell().to_message());
    }
    entered
}

async fn entering(
    incoming: Incoming,
    addr: SocketAddr,
    house: &Arc<House>,
    place: &mut Place,
    told: &OnceLock<Arc<Pen>>,
) -> Result<Entered, Refusal> {
    let connection = connection(incoming, house).await?;
    let accounts = house.shared.memory.open();
    let codec = Codec::new(house.shared.config.max_message).with_peer(addr);
    let input = Gated::new(connection.input, Arc::clone(&house.shared.memory));
    let reader = Reader::new(input, codec);
    let mut reader = reader.counting(Arc::clone(&accounts.unfinished), Arc::clone(&accounts.sent));
    let pen = Arc::clone(told.get_or_init(|| Arc::new(Pen::new(connection.output))));
    let Some(ring) = &house.shared.config.keys else {
        place.admit()?;
        return Ok(Entered { reader, pen, room: house.room(""), accounts, pass: None });
    };
    reader.allow(STRANGERS_MESSAGE);
    let challenge = Challenge::new(connection.binding).map_err(|error| Refusal::Failed(error.to_string()))?;
    pen.try_write(&challenge.message());
    let failed = |why: String| Refusal::Failed(why);
    let answer = reader.next().await.map_err(|error| match error {
        Error::Malformed(malformed) if malformed.is_tls() => Refusal::SpeaksTls,
        Error::Malformed(malformed) => failed(malformed.for_peer().to_string()),
        error => failed(error.to_string()),
    })?;
    let answer = answer.ok_or_else(|| failed("it closed the connection before it showed a key".into()))?;
    let keys = ring.keys();
    let (shown, welcome) = challenge.judge(&answer, keys.iter().map(|entry| (entry, &entry.key)))?;
    // Before the welcome is sent: after it the client counts as admitted.
    place.admit()?;
    pen.try_write(&welcome);
    reader.allow(house.shared.config.max_message);
    Ok(Entered { reader, pen, room: house.room(&shown.room), accounts, pass: Some(ring.pass(shown)) })
}

/// Tells a client why it is refused. Under TLS this is an alert without text: a handshake would be too
/// expensive.
pub(super) fn tell(incoming: Incoming, house: &House, reason: &Refusal) {
    let farewell = reason.farewell().to_message();
    match incoming {
        Incoming::Tcp(stream) => {
            let mut words = farewell.to_buf();
            let words = if house.shared.config.tls.is_some() {
                Bytes::from_static(&tls::ACCESS_DENIED)
            } else {
                words.copy_to_bytes(words.remaining())
            };
            // Not through tokio, which does not know yet whether the socket takes anything. If it takes
            // nothing, closing it must do.
            let _ = socket2::SockRef::from(&stream).send(&words);
        }
        Incoming::Other(connection) => _ = Pen::new(connection.output).try_write(&farewell),
    }
}

async fn connection(incoming: Incoming, house: &House) -> Result<Connection, Refusal> {
    let gone = |error: io::Error| Refusal::Failed(error.to_string());
    match (incoming, &house.shared.config.tls) {
        (Incoming::Tcp(stream), Some(tls)) => {
            tls.accept(stream).await.map_err(|error| Refusal::Tls(tls::explain(&error)))
        }
        (Incoming::Tcp(stream), None) => Connection::tcp(stream).map_err(gone),
        (Incoming::Other(connection), _) => Ok(connection),
    }
}

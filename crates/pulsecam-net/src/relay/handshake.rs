//! Admission of one connection: TLS if the relay has a certificate, then the key if it has any.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use bytes::{Buf, Bytes};
use tokio::time;

use super::{
    keyring::KeyGrant,
    memory::{ClientMemory, MemoryGate},
    reason::RejectReason,
    room::Room,
    server::{ConnectionPermit, Server},
};
use crate::{
    auth::Challenge,
    tls,
    transport::{Connection, Incoming, MessageWriter},
    wire::{Codec, Error, Reader},
};

/// The largest message of an unauthenticated client. An answer to the challenge has a hundred bytes, an old
/// program's first heartbeat a few hundred.
const STRANGERS_MESSAGE: u32 = 4096;

/// An admitted client.
pub(super) struct Authenticated {
    pub(super) reader: Reader<MemoryGate>,
    pub(super) writer: Arc<MessageWriter>,
    pub(super) room: Arc<Room>,
    pub(super) memory: ClientMemory,
    /// The key that it has shown, if the relay asks for one.
    pub(super) pass: Option<KeyGrant>,
}

/// Admits a connection, within the time limit for a client's first message.
///
/// # Errors
/// Why it was refused; the client was informed if possible.
pub(super) async fn perform(
    incoming: Incoming,
    addr: SocketAddr,
    server: &Arc<Server>,
    permit: &mut ConnectionPermit,
) -> Result<Authenticated, RejectReason> {
    let limit = server.shared.config.limits.hello_time;
    // The writing side for the farewell, once there is one.
    let told = OnceLock::new();
    let evicted = permit.evicted();
    let entered = tokio::select! {
        biased;
        () = evicted => Err(RejectReason::Crowded),
        result = time::timeout(limit, entering(incoming, addr, server, permit, &told)) => {
            result.unwrap_or(Err(RejectReason::TooSlow(limit)))
        }
    };
    if let (Err(reason), Some(writer)) = (&entered, told.get()) {
        writer.try_write(&reason.close_reason().to_message());
    }
    entered
}

async fn entering(
    incoming: Incoming,
    addr: SocketAddr,
    server: &Arc<Server>,
    permit: &mut ConnectionPermit,
    told: &OnceLock<Arc<MessageWriter>>,
) -> Result<Authenticated, RejectReason> {
    let connection = connection(incoming, server).await?;
    let memory = server.shared.memory.open();
    let codec = Codec::new(server.shared.config.max_message).with_peer(addr);
    let input = MemoryGate::new(connection.input, Arc::clone(&server.shared.memory));
    let reader = Reader::new(input, codec);
    let mut reader = reader.counting(Arc::clone(&memory.unfinished), Arc::clone(&memory.sent));
    let writer = Arc::clone(told.get_or_init(|| Arc::new(MessageWriter::new(connection.output))));
    let Some(ring) = &server.shared.config.keys else {
        permit.admit()?;
        return Ok(Authenticated { reader, writer, room: server.room(""), memory, pass: None });
    };
    reader.allow(STRANGERS_MESSAGE);
    let challenge =
        Challenge::new(connection.binding).map_err(|error| RejectReason::Failed(error.to_string()))?;
    writer.try_write(&challenge.message());
    let failed = |why: String| RejectReason::Failed(why);
    let answer = reader.next().await.map_err(|error| match error {
        Error::Malformed(malformed) if malformed.is_tls() => RejectReason::SpeaksTls,
        Error::Malformed(malformed) => failed(malformed.for_peer().to_string()),
        error => failed(error.to_string()),
    })?;
    let answer = answer.ok_or_else(|| failed("it closed the connection before it showed a key".into()))?;
    let keys = ring.keys();
    let (shown, welcome) = challenge.verify(&answer, keys.iter().map(|entry| (entry, &entry.key)))?;
    // Before the welcome is sent: after it the client counts as admitted.
    permit.admit()?;
    writer.try_write(&welcome);
    reader.allow(server.shared.config.max_message);
    Ok(Authenticated { reader, writer, room: server.room(&shown.room), memory, pass: Some(ring.pass(shown)) })
}

/// Tells a client why it is refused. Under TLS this is an alert without text: a handshake would be too
/// expensive.
pub(super) fn reject(incoming: Incoming, server: &Server, reason: &RejectReason) {
    let farewell = reason.close_reason().to_message();
    match incoming {
        Incoming::Tcp(stream) => {
            let mut words = farewell.to_buf();
            let words = if server.shared.config.tls.is_some() {
                Bytes::from_static(&tls::ACCESS_DENIED)
            } else {
                words.copy_to_bytes(words.remaining())
            };
            // Not through tokio, which does not know yet whether the socket takes anything. If it takes
            // nothing, closing it must do.
            let _ = socket2::SockRef::from(&stream).send(&words);
        }
        Incoming::Other(connection) => _ = MessageWriter::new(connection.output).try_write(&farewell),
    }
}

async fn connection(incoming: Incoming, server: &Server) -> Result<Connection, RejectReason> {
    let gone = |error: io::Error| RejectReason::Failed(error.to_string());
    match (incoming, &server.shared.config.tls) {
        (Incoming::Tcp(stream), Some(tls)) => {
            tls.accept(stream).await.map_err(|error| RejectReason::Tls(tls::explain(&error)))
        }
        (Incoming::Tcp(stream), None) => Connection::tcp(stream).map_err(gone),
        (Incoming::Other(connection), _) => Ok(connection),
    }
}

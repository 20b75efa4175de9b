//! Admission of one connection: TLS if the relay has a certificate, then the key if it has any.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use bytes::{Buf, Bytes};
use tokio::time::{self, Instant};

use super::{
    arrival::{self, Arrival},
    keyring::KeyGrant,
    members::ClientKind,
    memory::{ClientMemory, MemoryGate},
    reason::RejectReason,
    room::Room,
    server::{ConnectionPermit, Server},
};
use crate::{
    auth::{Challenge, Channel, Hello},
    tls,
    transport::{Connection, Incoming, MessageWriter, ReceiveHalf},
    wire::{Codec, Error, Message, Reader},
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
    pub(super) kind: ClientKind,
    /// The cookie of a page, valid while this is kept.
    #[cfg(feature = "web")]
    pub(super) session: Option<super::web::OpenSession>,
    #[cfg(not(feature = "web"))]
    pub(super) session: (),
    /// Its socket, if it may turn out to be a browser's.
    #[cfg(feature = "web")]
    pub(super) quiet: Option<super::web::Quiet>,
}

impl Authenticated {
    /// A client that may enter a room.
    pub(super) fn new(
        connection: (Reader<MemoryGate>, Arc<MessageWriter>),
        room: Arc<Room>,
        memory: ClientMemory,
        pass: Option<KeyGrant>,
    ) -> Self {
        let (reader, writer) = connection;
        Self {
            reader,
            writer,
            room,
            memory,
            pass,
            kind: ClientKind::Native,
            session: Default::default(),
            #[cfg(feature = "web")]
            quiet: None,
        }
    }
}

/// The latest end of the handshakes of a connection that comes now.
pub(super) fn deadline(server: &Server) -> Instant {
    Instant::now() + server.shared.config.limits.hello_time
}

/// Finds out what a connection speaks.
///
/// # Errors
/// Why it was refused.
pub(super) async fn identify(
    incoming: Incoming,
    addr: SocketAddr,
    server: &Arc<Server>,
    permit: &ConnectionPermit,
    deadline: Instant,
) -> Result<Arrival, RejectReason> {
    within(server, permit, deadline, arrival::identify(incoming, addr, server)).await
}

/// Admits a client of the wire, which may have to show a key.
///
/// # Errors
/// Why it was refused; the client was informed if possible.
pub(super) async fn perform(
    connection: Connection,
    channel: Channel,
    addr: SocketAddr,
    server: &Arc<Server>,
    permit: &mut ConnectionPermit,
    deadline: Instant,
) -> Result<Authenticated, RejectReason> {
    // The writing side for the farewell, once there is one.
    let told = OnceLock::new();
    let evicted = permit.evicted();
    let entering = entering(connection, channel, addr, server, permit, &told);
    let entered = limited(server, evicted, deadline, entering).await;
    if let (Err(reason), Some(writer)) = (&entered, told.get()) {
        writer.try_write(&reason.close_reason().to_message());
    }
    entered
}

async fn within<T>(
    server: &Server,
    permit: &ConnectionPermit,
    deadline: Instant,
    step: impl Future<Output = Result<T, RejectReason>>,
) -> Result<T, RejectReason> {
    limited(server, permit.evicted(), deadline, step).await
}

/// Gives a step the time until `deadline`, unless its place is needed for another connection.
async fn limited<T>(
    server: &Server,
    evicted: impl Future<Output = ()>,
    deadline: Instant,
    step: impl Future<Output = Result<T, RejectReason>>,
) -> Result<T, RejectReason> {
    tokio::select! {
        biased;
        () = evicted => Err(RejectReason::Crowded),
        result = time::timeout_at(deadline, step) => {
            result.unwrap_or(Err(RejectReason::TooSlow(server.shared.config.limits.hello_time)))
        }
    }
}

async fn entering(
    connection: Connection,
    channel: Channel,
    addr: SocketAddr,
    server: &Arc<Server>,
    permit: &mut ConnectionPermit,
    told: &OnceLock<Arc<MessageWriter>>,
) -> Result<Authenticated, RejectReason> {
    let memory = server.shared.memory.open();
    let mut reader = reader(connection.input, addr, server, &memory);
    let writer = Arc::clone(told.get_or_init(|| Arc::new(MessageWriter::new(connection.output))));
    let Some(ring) = &server.shared.config.keys else {
        permit.admit()?;
        return Ok(Authenticated::new((reader, writer), server.room(""), memory, None));
    };
    reader.allow(STRANGERS_MESSAGE);
    let challenge = Challenge::on(channel, connection.binding)
        .map_err(|error| RejectReason::Failed(error.to_string()))?;
    writer.try_write(&challenge.message());
    let mut answer = answer(&mut reader).await?;
    if Hello::is(&answer) {
        answer = self::answer(&mut reader).await?;
    }
    let keys = ring.keys();
    let (shown, welcome) = challenge.verify(&answer, keys.iter().map(|entry| (entry, &entry.key)))?;
    // Before the welcome is sent: after it the client counts as admitted.
    permit.admit()?;
    writer.try_write(&welcome);
    reader.allow(server.shared.config.max_message);
    let room = server.room(&shown.room);
    Ok(Authenticated::new((reader, writer), room, memory, Some(ring.pass(shown))))
}

/// Reads a client's messages, within the limits on one and on the memory of all.
pub(super) fn reader(
    input: ReceiveHalf,
    addr: SocketAddr,
    server: &Server,
    memory: &ClientMemory,
) -> Reader<MemoryGate> {
    let codec = Codec::new(server.shared.config.max_message).with_peer(addr);
    let input = MemoryGate::new(input, Arc::clone(&server.shared.memory));
    Reader::new(input, codec).counting(Arc::clone(&memory.unfinished), Arc::clone(&memory.sent))
}

/// Reads the answer to the challenge, or what comes in its place.
async fn answer(reader: &mut Reader<MemoryGate>) -> Result<Message, RejectReason> {
    let failed = |why: String| RejectReason::Failed(why);
    let answer = reader.next().await.map_err(|error| match error {
        Error::Malformed(malformed) if malformed.is_tls() => RejectReason::SpeaksTls,
        Error::Malformed(malformed) => failed(malformed.for_peer().to_string()),
        error => failed(error.to_string()),
    })?;
    answer.ok_or_else(|| failed("it closed the connection before it showed a key".into()))
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
        Incoming::Http(stream) => {
            #[cfg(feature = "web")]
            let words = super::web::refusal(&reason.to_string());
            #[cfg(not(feature = "web"))]
            let words = Bytes::new();
            let _ = socket2::SockRef::from(&stream).send(&words); // as above
        }
        Incoming::Admin(connection) | Incoming::Other(connection) => {
            _ = MessageWriter::new(connection.output).try_write(&farewell);
        }
    }
}

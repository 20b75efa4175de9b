//! How a relay enters a room of another one: with the link's key, as a client does with the room's key.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use tokio::time;

use super::{mark::MARK_ROOM, note::Note, push::CONNECT};
use crate::{
    auth::{Challenge, Key, Response},
    relay::{
        cluster::{ClusterKey, RelayId, RoomTag},
        keyring::KeyGrant,
        memory::{ClientMemory, MemoryGate},
        server::Server,
    },
    transport::{Connection, MessageWriter, ReceiveHalf},
    wire::{Codec, Message, Reader},
};

/// The largest message of a relay that has not entered, and of what comes back on a link: receipts and notes have at
/// most some thousand bytes.
pub(super) const SMALL: u32 = 4096;

/// The time for a relay to enter: TLS, and two round trips.
const ENTRY: Duration = CONNECT.saturating_mul(4);

/// A relay that has entered a room.
pub(super) struct Entered {
    pub(super) reader: Reader<MemoryGate>,
    pub(super) writer: Arc<MessageWriter>,
    pub(super) memory: ClientMemory,
    pub(super) relay: RelayId,
    /// Its first note.
    pub(super) note: Note,
    /// The room's name here.
    pub(super) room: String,
    pub(super) tag: RoomTag,
    /// The room's key, if it has one: the link ends when it is removed.
    pub(super) grant: Option<KeyGrant>,
}

/// Enters a room of another relay.
///
/// # Errors
/// Why not.
pub(super) async fn enter(
    connection: Connection,
    peer: SocketAddr,
    key: &Key,
) -> Result<(Reader<ReceiveHalf>, Arc<MessageWriter>), String> {
    let mut reader = Reader::new(connection.input, Codec::new(SMALL).with_peer(peer));
    let writer = Arc::new(MessageWriter::new(connection.output));
    let challenge = next(&mut reader).await?;
    let response = Response::to(&challenge, key, connection.binding).map_err(|error| error.to_string())?;
    let response = response.ok_or("it does not ask for the link's key")?;
    writer.try_write(&response.message());
    let welcome = next(&mut reader).await?;
    if response.is_confirmed_by(&welcome) {
        Ok((reader, writer))
    } else {
        Err("it does not have this cluster's key".into())
    }
}

/// Lets another relay enter one of these rooms.
///
/// # Errors
/// Why not.
pub(super) async fn admit(
    connection: Connection,
    peer: SocketAddr,
    server: &Server,
    cluster: &ClusterKey,
    rooms: &BTreeMap<RoomTag, String>,
) -> Result<Entered, String> {
    time::timeout(ENTRY, admitting(connection, peer, server, cluster, rooms))
        .await
        .unwrap_or_else(|_| Err(format!("it did not enter within {ENTRY:?}")))
}

async fn admitting(
    connection: Connection,
    peer: SocketAddr,
    server: &Server,
    cluster: &ClusterKey,
    rooms: &BTreeMap<RoomTag, String>,
) -> Result<Entered, String> {
    let memory = server.shared.memory.open();
    let codec = Codec::new(SMALL).with_peer(peer);
    let input = MemoryGate::new(connection.input, Arc::clone(&server.shared.memory));
    let mut reader =
        Reader::new(input, codec).counting(Arc::clone(&memory.unfinished), Arc::clone(&memory.sent));
    let writer = Arc::new(MessageWriter::new(connection.output));
    let challenge = Challenge::new(connection.binding).map_err(|error| error.to_string())?;
    writer.try_write(&challenge.message());
    let answer = next(&mut reader).await?;
    let keys: Vec<_> = rooms.iter().map(|room| (cluster.link_key(*room.0), room)).collect();
    let shown = challenge.verify(&answer, keys.iter().map(|(key, room)| (room, key)));
    let ((tag, room), welcome) = shown.map_err(|error| error.to_string())?;
    writer.try_write(&welcome);
    reader.allow(server.shared.config.max_message.saturating_add(MARK_ROOM));
    let note = Note::parse(&next(&mut reader).await?).ok_or("it did not begin with a note")?;
    let relay = note.relay.ok_or("it did not say who it is")?;
    let (tag, room) = (**tag, (*room).clone());
    let grant = grant(server, cluster, tag)?;
    Ok(Entered { reader, writer, memory, relay, note, room, tag, grant })
}

/// What the room's key grants; `None` if this relay has no keys.
///
/// # Errors
/// The key was removed meanwhile.
fn grant(server: &Server, cluster: &ClusterKey, tag: RoomTag) -> Result<Option<KeyGrant>, String> {
    let Some(ring) = &server.shared.config.keys else { return Ok(None) };
    let keys = ring.keys();
    let opens = keys.iter().find(|entry| cluster.room_tag(Some(&entry.key)) == tag);
    opens.map(|entry| Some(ring.pass(entry))).ok_or_else(|| "the key of its room was removed".into())
}

async fn next<R: tokio::io::AsyncRead + Unpin>(reader: &mut Reader<R>) -> Result<Message, String> {
    let message = reader.next().await.map_err(|error| error.to_string())?;
    message.ok_or_else(|| "it closed the connection".into())
}

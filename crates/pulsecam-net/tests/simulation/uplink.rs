//! A client's connection over an uplink with a limited rate: the simulated network has none.
//!
//! What the client writes is queued, as in a kernel, and leaves bit by bit. What is queued when the client
//! crashes is lost, so the relay gets a part of a frame.

use pulsecam_net::transport::{Connection, PolledWriter};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    time::sleep,
};
use turmoil::net::TcpStream;

use crate::world::TICK;

/// The bytes that leave in a tick: 2.4 MB/s.
pub const PER_TICK: usize = 12_000;

/// The queue, in bytes. It is larger than a frame: the link takes it as a sign of life if a full socket
/// accepts more, and here that would not depend on the relay.
const QUEUE: usize = 16 * PER_TICK;

/// Wraps a simulated connection for a client.
pub fn connection(stream: TcpStream) -> Connection {
    let (input, mut relay) = stream.into_split();
    let (client, mut queue) = duplex(QUEUE);
    tokio::spawn(async move {
        let mut some = vec![0; PER_TICK];
        while let Ok(count @ 1..) = queue.read(&mut some).await {
            if relay.write_all(&some[..count]).await.is_err() {
                return;
            }
            sleep(TICK).await;
        }
    });
    Connection::new(input, PolledWriter::new(client))
}

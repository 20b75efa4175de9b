//! The way in: TLS where the relay has a certificate, then the key where it has one.

use std::{io, net::SocketAddr, sync::Arc};

use bytes::{Buf, Bytes};
use tokio::time;

use super::{door::Refusal, house::House, room::Room};
use crate::{
    key::{Challenge, Refused},
    socket::{Connection, Incoming, Input, Pen},
    tls,
    wire::{Codec, Error, Reader},
};

/// The largest message of somebody who has not shown a key: an answer to the challenge has a hundred bytes, an old program's first
/// heartbeat a few hundred.
const STRANGERS_MESSAGE: u32 = 4096;

/// Somebody who is in.
pub(super) struct Entered {
    pub(super) reader: Reader<Input>,
    pub(super) pen: Arc<Pen>,
    pub(super) room: Arc<Room>,
}

/// Lets somebody in, for as long as a relay waits for a first word.
///
/// # Errors
/// Why not; the client has been told where it can be.
pub(super) async fn enter(
    incoming: Incoming,
    addr: SocketAddr,
    house: &Arc<House>,
) -> Result<Entered, Refusal> {
    let limit = house.config.limits.hello_time;
    let entering = async {
        let connection = connection(incoming, house).await?;
        let codec = Codec::new(house.config.max_message).with_peer(addr);
        let mut reader = Reader::new(connection.input, codec);
        let pen = Arc::new(Pen::new(connection.output));
        let Some(ring) = &house.config.keys else {
            return Ok(Entered { reader, pen, room: house.room("") });
        };
        reader.allow(STRANGERS_MESSAGE);
        let challenge =
            Challenge::new(connection.binding).map_err(|error| Refusal::Failed(error.to_string()))?;
        pen.try_write(&challenge.message());
        let answer = match reader.next().await {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                return Err(Refusal::Failed("it closed the connection before it showed a key".into()));
            }
            Err(Error::Malformed(malformed)) if malformed.is_tls() => {
                return Err(turned_away(&pen, Refusal::SpeaksTls));
            }
            Err(Error::Malformed(malformed)) => {
                return Err(turned_away(&pen, Refusal::Failed(malformed.for_peer().to_string())));
            }
            Err(error) => return Err(turned_away(&pen, Refusal::Failed(error.to_string()))),
        };
        let keys = ring.keys();
        let judged = challenge.judge(&answer, keys.iter().map(|entry| (&entry.room, &entry.key)));
        let (room, welcome) = judged.map_err(|reason: Refused| turned_away(&pen, reason.into()))?;
        pen.try_write(&welcome);
        reader.allow(house.config.max_message);
        Ok(Entered { reader, pen, room: house.room(room) })
    };
    time::timeout(limit, entering).await.unwrap_or(Err(Refusal::TooSlow(limit)))
}

/// Tells why somebody is turned away. Under TLS it is an alert without words: a handshake would cost more than that is worth.
pub(super) fn tell(incoming: Incoming, house: &House, reason: &Refusal) {
    let farewell = reason.farewell().to_message();
    match incoming {
        Incoming::Tcp(stream) => {
            let mut words = farewell.to_buf();
            let words = if house.config.tls.is_some() {
                Bytes::from_static(&tls::ACCESS_DENIED)
            } else {
                words.copy_to_bytes(words.remaining())
            };
            // Not through tokio, which does not know yet whether the socket takes anything. If it takes nothing, its end says it.
            let _ = socket2::SockRef::from(&stream).send(&words);
        }
        Incoming::Other(connection) => _ = Pen::new(connection.output).try_write(&farewell),
    }
}

async fn connection(incoming: Incoming, house: &House) -> Result<Connection, Refusal> {
    let gone = |error: io::Error| Refusal::Failed(error.to_string());
    match (incoming, &house.config.tls) {
        (Incoming::Tcp(stream), Some(tls)) => {
            tls.accept(stream).await.map_err(|error| Refusal::Tls(tls::explain(&error)))
        }
        (Incoming::Tcp(stream), None) => Connection::tcp(stream).map_err(gone),
        (Incoming::Other(connection), _) => Ok(connection),
    }
}

fn turned_away(pen: &Pen, reason: Refusal) -> Refusal {
    pen.try_write(&reason.farewell().to_message());
    reason
}

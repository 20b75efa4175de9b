//! Tells the protocols apart that share the relay's port, by a connection's first byte.

use std::{io, time::Duration};

use tokio::{net::TcpStream, time};

/// The longest wait for a client's first byte. A client that has a key and predates this port-sharing waits
/// for the relay to speak first, and so does a viewer that sends its first heartbeat after seconds. Everybody
/// else sends bytes right after connecting; 300 ms include one lost packet (Linux repeats it after 200 ms),
/// and are a fifth of the time that an old client waits for the challenge.
pub(in crate::relay) const FIRST_BYTE: Duration = Duration::from_millis(300);

/// The first byte of a TLS record with a handshake (RFC 8446, 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// A protocol that may be spoken on the relay's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// Messages of pulsecam, or anything else: the reader of messages reports what it is.
    Wire,
    /// TLS, which may contain either of the others.
    Tls,
    /// HTTP/1: a method in capital letters.
    Http,
}

impl Protocol {
    /// Classifies a connection by its first byte. In a message it belongs to the size, and a letter would
    /// mean more than a gigabyte.
    #[must_use]
    pub const fn of(first: u8) -> Self {
        match first {
            TLS_HANDSHAKE => Self::Tls,
            b'A'..=b'Z' => Self::Http,
            _ => Self::Wire,
        }
    }
}

/// Classifies a connection without taking bytes from it; `None` if it is silent for `wait`. One that was closed is
/// a client of the wire.
///
/// # Errors
/// The system's error.
pub(in crate::relay) async fn peek(stream: &TcpStream, wait: Duration) -> io::Result<Option<Protocol>> {
    let mut first = [0];
    match time::timeout(wait, stream.peek(&mut first)).await {
        Ok(Ok(1)) => Ok(Some(Protocol::of(first[0]))),
        Ok(Ok(_)) => Ok(Some(Protocol::Wire)),
        Err(_) => Ok(None),
        Ok(Err(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    use super::*;
    use crate::wire::{DEFAULT_MAX_MESSAGE, Heartbeat, Side};

    #[test]
    fn every_size_of_a_message_is_told_from_every_method() {
        for method in ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "CONNECT", "PRI"] {
            assert_eq!(Protocol::of(method.as_bytes()[0]), Protocol::Http);
        }
        for size in [12, 84, DEFAULT_MAX_MESSAGE, 1 << 28] {
            assert_eq!(Protocol::of(size.to_be_bytes()[0]), Protocol::Wire);
        }
        assert_eq!(Protocol::of(0x16), Protocol::Tls);
    }

    #[tokio::test]
    async fn the_first_byte_stays_in_the_socket_and_silence_is_the_wire() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        assert_eq!(peek(&near, FIRST_BYTE).await.unwrap(), None, "it says nothing");
        far.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        for _ in 0..2 {
            assert_eq!(peek(&near, FIRST_BYTE).await.unwrap(), Some(Protocol::Http));
        }
        drop(far);
        let mut far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        let mut heartbeat = Heartbeat::default().to_message(Side::Client).to_buf();
        far.write_all_buf(&mut heartbeat).await.unwrap();
        assert_eq!(peek(&near, FIRST_BYTE).await.unwrap(), Some(Protocol::Wire));
        drop(far);
        assert_eq!(peek(&near, FIRST_BYTE).await.unwrap(), Some(Protocol::Wire), "closed, with bytes left");
    }
}

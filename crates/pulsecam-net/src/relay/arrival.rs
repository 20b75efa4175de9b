//! What a new connection speaks: the wire, or HTTP; and TLS around either if the relay has a certificate.

use std::{io, net::SocketAddr};

use super::{reason::RejectReason, server::Server};
use crate::{
    tls,
    transport::{Connection, Incoming},
};

#[cfg(feature = "web")]
use {
    super::web,
    crate::transport::ReceiveHalf,
    bytes::Bytes,
    std::time::Duration,
    tokio::{io::AsyncReadExt, net::TcpStream, time},
};

/// A new connection, once it is known what it speaks.
pub(super) enum Arrival {
    /// Messages, from the first byte on.
    Wire(Connection),
    /// Messages, or requests after all: it has said nothing yet.
    #[cfg(feature = "web")]
    Silent(Connection, web::Quiet),
    /// Requests.
    #[cfg(feature = "web")]
    Http(web::Visit),
    #[cfg(not(feature = "web"))]
    Http(std::convert::Infallible),
}

/// Determines what a connection speaks, and decrypts it. Without a time limit, except for a client that says
/// nothing at a relay that also serves browsers: it gets a moment.
///
/// # Errors
/// Why it cannot be served.
pub(super) async fn identify(
    incoming: Incoming,
    addr: SocketAddr,
    server: &Server,
) -> Result<Arrival, RejectReason> {
    #[cfg(feature = "web")]
    if let Some(config) = &server.shared.config.web {
        return match incoming {
            Incoming::Tcp(stream) if !config.own_port => either(stream, addr, server).await,
            Incoming::Http(stream) => either(stream, addr, server).await,
            other => wire(other, server).await.map(Arrival::Wire),
        };
    }
    let _ = addr;
    wire(incoming, server).await.map(Arrival::Wire)
}

async fn wire(incoming: Incoming, server: &Server) -> Result<Connection, RejectReason> {
    match (incoming, &server.shared.config.tls) {
        (Incoming::Tcp(stream), Some(tls)) => {
            tls.accept(stream).await.map_err(|error| RejectReason::Tls(tls::explain(&error)))
        }
        (Incoming::Tcp(stream), None) => Connection::tcp(stream).map_err(failed),
        (Incoming::Http(_), _) => Err(RejectReason::Failed("this relay serves no browsers".into())),
        (Incoming::Admin(_), _) => Err(RejectReason::Failed("this relay serves no operators".into())),
        (Incoming::Other(connection), _) => Ok(connection),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: io::Error) -> RejectReason {
    RejectReason::Failed(error.to_string())
}

/// Tells the protocols of one port apart.
#[cfg(feature = "web")]
async fn either(stream: TcpStream, addr: SocketAddr, server: &Server) -> Result<Arrival, RejectReason> {
    use web::Protocol::{Http, Tls, Wire};
    // Within a small part of the time for the first message.
    let wait = web::FIRST_BYTE.min(server.shared.config.limits.hello_time / 4);
    let protocol = web::peek(&stream, wait).await.map_err(failed)?;
    let visit = |connection, ahead, secure| Arrival::Http(web::Visit { connection, ahead, addr, secure });
    match (protocol, &server.shared.config.tls) {
        (Some(Http), _) => Ok(visit(Connection::tcp(stream).map_err(failed)?, Bytes::new(), false)),
        (Some(Tls | Wire) | None, Some(tls)) => {
            let accepted = tls.accept_any(stream).await;
            let (mut connection, chosen) =
                accepted.map_err(|error| RejectReason::Tls(tls::explain(&error)))?;
            match chosen {
                Some(tls::Inner::Http) => Ok(visit(connection, Bytes::new(), true)),
                Some(tls::Inner::Wire) => Ok(Arrival::Wire(connection)),
                // Old programs, and simple clients of HTTP.
                None => {
                    let (input, first) = read_first(connection.input, wait).await.map_err(failed)?;
                    connection.input = input;
                    let ahead = Bytes::from_iter(first);
                    if first.map(web::Protocol::of) == Some(Http) {
                        return Ok(visit(connection, ahead, true));
                    }
                    connection.input = Box::new(io::Cursor::new(ahead).chain(connection.input));
                    Ok(Arrival::Wire(connection))
                }
            }
        }
        // With keys it is asked for one now, and a browser would give the connection up.
        (None, None) if server.shared.config.keys.is_none() => {
            let (connection, quiet) = web::Quiet::new(stream).map_err(failed)?;
            Ok(Arrival::Silent(connection, quiet))
        }
        (_, None) => Connection::tcp(stream).map_err(failed).map(Arrival::Wire),
    }
}

/// Reads a connection's first byte, if it comes soon.
#[cfg(feature = "web")]
async fn read_first(mut input: ReceiveHalf, wait: Duration) -> io::Result<(ReceiveHalf, Option<u8>)> {
    let mut first = [0];
    match time::timeout(wait, input.read(&mut first)).await {
        Ok(Ok(1)) => Ok((input, Some(first[0]))),
        Ok(Ok(_)) | Err(_) => Ok((input, None)),
        Ok(Err(error)) => Err(error),
    }
}

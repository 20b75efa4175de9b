//! One connection of an HTTP client: requests and answers, until it is closed or becomes one of the wire.

use std::{
    convert::Infallible,
    future::poll_fn,
    io::IoSlice,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use hyper::{Request, StatusCode, body::Incoming as RequestBody, server::conn::http1, service::service_fn};
use tokio::{io::AsyncReadExt, time};

use super::{
    answer::{self, Client},
    credentials::Grant,
    http_io::HttpIo,
    response::{Answer, line},
    timer::TokioTimer,
    websocket,
};
use crate::{
    clock,
    relay::server::{ConnectionPermit, Server},
    sync::lock,
    transport::{Connection, ReceiveHalf, SendHalf},
};

/// The longest head of a request, and the bytes of an answer that may wait for the socket: less than a frame,
/// so that the next one is chosen when the last is with the kernel.
const MAX_BUFFER: usize = 16 << 10;

/// The headers of a request: browsers send twenty.
const MAX_HEADERS: usize = 64;

/// The longest wait for the head of a request, and so for the next request on a connection.
const HEAD_TIME: Duration = Duration::from_secs(20);

/// The interval at which a client that takes nothing is looked for.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// What is read from a client after the last answer, so that the answer is not lost with a reset: at most for
/// this long, and at most this many bytes.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES: usize = 1 << 20;

/// A connection that speaks HTTP.
pub(in crate::relay) struct Visit {
    pub(in crate::relay) connection: Connection,
    /// Bytes that were read from it already.
    pub(in crate::relay) ahead: Bytes,
    pub(in crate::relay) addr: SocketAddr,
    /// Whether it is encrypted.
    pub(in crate::relay) secure: bool,
}

/// A page's connection after the handshake of its WebSocket.
pub(in crate::relay) struct Upgraded {
    pub(in crate::relay) connection: Connection,
    /// The cookie that will open pictures.
    pub(in crate::relay) cookie: String,
    /// The room, if a link has opened it for viewing.
    pub(in crate::relay) grant: Option<Grant>,
}

/// Answers requests until the connection ends, or continues as one of the wire.
pub(in crate::relay) async fn serve(
    visit: Visit,
    server: &Arc<Server>,
    permit: Option<&mut ConnectionPermit>,
) -> Option<Upgraded> {
    let Visit { connection, ahead, addr, secure } = visit;
    let state = server.web()?;
    let io = HttpIo::new(connection.input, connection.output, ahead);
    let progress = io.progress();
    let evicted = permit.as_ref().map(|permit| permit.evicted());
    let evicted = async {
        match evicted {
            Some(evicted) => evicted.await,
            None => std::future::pending().await,
        }
    };
    let (upgraded, answered) = (AtomicBool::new(false), AtomicBool::new(false));
    let client = Client::new(server, state, addr, secure, permit);
    let service = service_fn(|request: Request<RequestBody>| {
        let (client, upgraded, answered) = (&client, &upgraded, &answered);
        let answering: Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send + '_>> =
            Box::pin(async move {
                let answer = answer::to(request, client).await;
                answered.store(true, Relaxed);
                upgraded.store(answer.status() == StatusCode::SWITCHING_PROTOCOLS, Relaxed);
                Ok(answer)
            });
        answering
    });
    let mut http = http1::Builder::new()
        .timer(TokioTimer)
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MAX_BUFFER)
        .max_headers(MAX_HEADERS)
        .serve_connection(io, service);
    let patience = server.shared.config.client_timeout;
    let ended = {
        let stuck = async {
            while progress.stuck(clock::now()) < patience {
                time::sleep(LOOK_INTERVAL).await;
            }
        };
        tokio::select! {
            biased;
            ended = poll_fn(|context| http.poll_without_shutdown(context)) => Some(ended),
            () = evicted => None,
            () = stuck => None,
            () = client.cut.cancelled() => None,
        }
    };
    let parts = http.into_parts();
    let (input, output) = parts.io.into_halves();
    match ended? {
        Ok(()) if upgraded.load(Relaxed) => {
            let cookie = std::mem::take(&mut *lock(&client.cookie));
            let grant = lock(&client.grant).take();
            let connection = websocket::connection(input, parts.read_buf, output);
            return Some(Upgraded { connection, cookie, grant });
        }
        Ok(()) => {}
        // hyper has answered what it cannot read, except for a head that never ended.
        Err(error) => {
            let status = if error.is_timeout() {
                StatusCode::REQUEST_TIMEOUT
            } else if error.is_parse_too_large() {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            } else {
                StatusCode::BAD_REQUEST
            };
            if error.is_parse() || (error.is_timeout() && progress.has_received() && !answered.load(Relaxed))
            {
                state.count("other", status);
            }
            if error.is_timeout() && progress.has_received() && !answered.load(Relaxed) {
                let late = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
                let _ = output.try_write_vectored(&[IoSlice::new(late)]); // it closes in any case
            }
        }
    }
    linger(input, output).await;
    None
}

/// Closes the sending side and reads what the client still sends.
async fn linger(mut input: ReceiveHalf, output: Box<dyn SendHalf>) {
    drop(output);
    let mut room = [0; 4096];
    let mut left = LINGER_BYTES;
    let reading = async {
        while left > 0
            && let Ok(count @ 1..) = input.read(&mut room).await
        {
            left = left.saturating_sub(count);
        }
    };
    let _ = time::timeout(LINGER, reading).await; // it has had its time
}

/// Tells an HTTP client that it is refused.
pub(in crate::relay) fn refusal(words: &str) -> Bytes {
    let body = format!("{words}\n");
    let answer = line(StatusCode::SERVICE_UNAVAILABLE, words);
    Bytes::from(format!(
        "HTTP/1.1 {}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        answer.status(),
        body.len()
    ))
}

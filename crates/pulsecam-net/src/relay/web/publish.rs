//! A stream that a program sends over HTTP, as ffmpeg and curl can: its pictures become frames of the wire, and
//! their sender a client like any other.

use std::{
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, buf::Chain};
use hyper::{Request, StatusCode, body::Body as _, body::Incoming as RequestBody};
use tokio::io::{AsyncRead, ReadBuf};

use super::{
    answer::Client,
    credentials::Grant,
    mjpeg::Splitter,
    response::{Answer, line},
};
use crate::{
    relay::{
        client,
        handshake::{self, Authenticated},
        members::ClientKind,
        reason::LeaveReason,
    },
    transport::{MessageWriter, SendHalf},
    wire::{FrameInfo, Heartbeat, HeldShare, Message, Side},
};

/// The longest name of a stream, in bytes: it comes in the description of each frame.
const LONGEST_NAME: usize = 256;

/// Passes on what a program sends until it ends.
pub(super) async fn publish(
    request: Request<RequestBody>,
    name: String,
    grant: Grant,
    client: &Client<'_>,
) -> Answer {
    if name.is_empty() || name.len() > LONGEST_NAME {
        let words = format!("the address has to name the stream, in at most {LONGEST_NAME} bytes");
        return line(StatusCode::BAD_REQUEST, &words);
    }
    let server = client.server;
    let memory = server.shared.memory.open();
    let published =
        Published::new(request.into_body(), name, server.shared.config.max_message, memory.beside(0));
    let reader = handshake::reader(Box::new(published), client.addr, server, &memory);
    let writer = Arc::new(MessageWriter::new(Box::new(Nobody)));
    let mut entered = Authenticated::new((reader, writer), grant.room, memory, grant.pass);
    entered.kind = ClientKind::Publisher;
    client::take_part(entered, client.addr, client.cut.child_token(), answer).await
}

/// The answer to a sender whose stream has ended.
fn answer(reason: &LeaveReason) -> Answer {
    let status = match reason {
        LeaveReason::Closed => return line(StatusCode::OK, "the stream has ended"),
        LeaveReason::Silent(_) | LeaveReason::SaidNothing(_) | LeaveReason::Unfinished(_) => {
            StatusCode::REQUEST_TIMEOUT
        }
        LeaveReason::TooManyBytes(_) | LeaveReason::TooManyMessages(_) => StatusCode::TOO_MANY_REQUESTS,
        LeaveReason::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        LeaveReason::Io(_) | LeaveReason::Wire(_) => StatusCode::BAD_REQUEST,
        LeaveReason::KeyGone => StatusCode::UNAUTHORIZED,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    line(status, &reason.to_string())
}

/// The body of a request, as a client of the wire would have sent it.
struct Published {
    body: RequestBody,
    splitter: Splitter,
    name: String,
    seq: u64,
    /// What is read next.
    message: Chain<Bytes, Bytes>,
    ended: bool,
    /// The memory of pictures that are not complete.
    held: HeldShare,
}

impl Published {
    fn new(body: RequestBody, name: String, largest: u32, held: HeldShare) -> Self {
        // It shows nothing, and so wants no frames of others.
        let hello = Heartbeat::default().with(|beat| beat.views = Some(false));
        Self {
            body,
            splitter: Splitter::new(largest as usize),
            name,
            seq: 0,
            message: hello.to_message(Side::Client).to_buf(),
            ended: false,
            held,
        }
    }

    /// Makes the next picture a message, if it is there.
    fn advance(&mut self) -> io::Result<bool> {
        let picture =
            self.splitter.next().map_err(|error| io::Error::new(io::ErrorKind::FileTooLarge, error))?;
        let Some(jpeg) = picture else { return Ok(false) };
        // When it was captured is not known.
        let info = FrameInfo::default().with_stream(self.name.clone()).with_seq(self.seq);
        self.seq += 1;
        self.message = Message::video(jpeg, &info).map_err(io::Error::other)?.to_buf();
        Ok(true)
    }
}

impl AsyncRead for Published {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while !this.message.has_remaining() {
            if this.advance()? {
                break;
            }
            if this.ended {
                return Poll::Ready(Ok(()));
            }
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        this.splitter.push(&bytes);
                        this.held.resize(this.splitter.room());
                    }
                }
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => this.ended = true,
            }
        }
        while this.message.has_remaining() && to.remaining() > 0 {
            let chunk = this.message.chunk();
            let count = chunk.len().min(to.remaining());
            to.put_slice(&chunk[..count]);
            this.message.advance(count);
        }
        Poll::Ready(Ok(()))
    }
}

/// The writing side of a client that reads nothing.
struct Nobody;

impl fmt::Debug for Nobody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nobody")
    }
}

impl SendHalf for Nobody {
    fn try_write_vectored(&self, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
        Ok(chunks.iter().map(|chunk| chunk.len()).sum())
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

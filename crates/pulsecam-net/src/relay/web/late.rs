//! A client that was silent at first, and may turn out to be a browser: they open connections ahead of need.

use std::{
    fmt, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    net::TcpStream,
};

use super::sniff::Protocol;
use crate::transport::{Connection, SendHalf, set_notsent_lowat, try_write_vectored, tune};

/// Bytes that are read at a time; more would clear more memory than is filled.
const AT_ONCE: usize = 64 << 10;

/// The socket of a client that was silent at first.
pub(in crate::relay) struct Quiet(Arc<Socket>);

struct Socket {
    stream: TcpStream,
    /// Whether its first byte was one of HTTP; it is still in the socket.
    is_http: AtomicBool,
    /// Whether anything was sent to it.
    was_written: AtomicBool,
}

impl Quiet {
    /// Makes it a client of the wire, for as long as it says nothing else.
    ///
    /// # Errors
    /// The system's error.
    pub(in crate::relay) fn new(stream: TcpStream) -> io::Result<(Connection, Self)> {
        tune(&stream)?;
        let (is_http, was_written) = (AtomicBool::new(false), AtomicBool::new(false));
        let socket = Arc::new(Socket { stream, is_http, was_written });
        let input = Box::new(Input { socket: Arc::clone(&socket), is_first: true });
        let output = Box::new(Output(Arc::clone(&socket)));
        Ok((Connection { input, output, binding: None }, Self(socket)))
    }

    /// Returns the stream, if it has turned out to speak HTTP and nothing was sent to it.
    pub(in crate::relay) fn into_http(self) -> Option<TcpStream> {
        let socket = Arc::into_inner(self.0)?;
        (socket.is_http.load(Relaxed) && !socket.was_written.load(Relaxed)).then_some(socket.stream)
    }
}

struct Input {
    socket: Arc<Socket>,
    is_first: bool,
}

impl AsyncRead for Input {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let socket = Arc::clone(&self.socket);
        if self.is_first {
            let mut first = [0];
            let count = ready!(socket.stream.poll_peek(context, &mut ReadBuf::new(&mut first)))?;
            self.is_first = false;
            if count > 0 && Protocol::of(first[0]) == Protocol::Http {
                socket.is_http.store(true, Relaxed);
                return Poll::Ready(Err(io::Error::other("it speaks HTTP after all")));
            }
        }
        loop {
            ready!(socket.stream.poll_read_ready(context))?;
            let room = to.remaining().min(AT_ONCE);
            match socket.stream.try_read(to.initialize_unfilled_to(room)) {
                Ok(count) => {
                    to.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

struct Output(Arc<Socket>);

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Output").field(&self.0.stream).finish()
    }
}

impl SendHalf for Output {
    fn try_write_vectored(&self, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
        let written = try_write_vectored(&self.0.stream, chunks)?;
        self.0.was_written.store(true, Relaxed);
        Ok(written)
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.stream.poll_write_ready(context)
    }

    fn set_notsent_lowat(&self, bytes: u32) -> io::Result<()> {
        set_notsent_lowat(&self.0.stream, bytes)
    }

    fn reset_on_close(&self) {
        // Fails only if the socket is broken, and then nothing is sent anyway.
        let _ = socket2::SockRef::from(&self.0.stream).set_linger(Some(Duration::ZERO));
    }
}

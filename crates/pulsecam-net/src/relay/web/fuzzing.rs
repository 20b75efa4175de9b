//! What fuzzers call: the parsers of strangers' bytes, without sockets.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::io::AsyncReadExt;

use super::{
    mjpeg::Splitter,
    query::Query,
    route::Route,
    websocket::{self, Input},
};
use crate::transport::SendHalf;

/// A socket that takes everything.
#[derive(Debug)]
struct Sink;

impl SendHalf for Sink {
    fn try_write_vectored(&self, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
        Ok(chunks.iter().map(|chunk| chunk.len()).sum())
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Reads the frames of a WebSocket to their end. `ahead`: how many bytes were read with the request.
///
/// # Errors
/// If they break the rules.
pub async fn websocket(bytes: Bytes, ahead: usize) -> io::Result<Vec<u8>> {
    let first = bytes.slice(..ahead.min(bytes.len()));
    let rest = io::Cursor::new(bytes.slice(first.len()..));
    let session = Arc::new(websocket::Session::new(Box::new(Sink)));
    let mut input = Input::new(Box::new(rest), first, session);
    let mut all = Vec::new();
    input.read_to_end(&mut all).await?;
    Ok(all)
}

/// Finds the resource of a request, and returns its name in counters.
#[must_use]
pub fn endpoint(path: &str, query: &str, posts: bool) -> &'static str {
    Route::parse(path, &Query::parse(query), posts).endpoint()
}

/// Cuts bytes, in pieces of this size, into pictures of at most `largest` bytes.
#[must_use]
pub fn pictures(bytes: &[u8], piece: usize, largest: usize) -> Vec<Bytes> {
    let mut splitter = Splitter::new(largest);
    let mut all = Vec::new();
    for piece in bytes.chunks(piece.max(1)) {
        splitter.push(piece);
        loop {
            match splitter.next() {
                Ok(Some(picture)) => all.push(picture),
                Ok(None) => break,
                Err(_) => return all,
            }
        }
    }
    all
}

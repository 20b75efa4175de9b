//! A message of which a part may be written.

use std::io;

use bytes::{Buf, Bytes, buf::Chain};

use super::{SendHalf, watermark::SendWatermark};

/// The chunks of a message: its head and its payload.
const CHUNKS: usize = 2;

/// A message that is being written.
#[derive(Debug)]
pub(super) struct PartialMessage {
    bytes: Chain<Bytes, Bytes>,
    /// Whether a byte of it was written, so that it must be finished.
    pub(super) started: bool,
}

impl PartialMessage {
    pub(super) fn new(bytes: Chain<Bytes, Bytes>) -> Self {
        Self { bytes, started: false }
    }

    /// Writes what the socket takes now; `true` once all of it is written, `false` if the socket is full.
    pub(super) fn write(&mut self, half: &dyn SendHalf, watermark: &mut SendWatermark) -> io::Result<bool> {
        while self.bytes.has_remaining() {
            let mut chunks = [io::IoSlice::new(&[]); CHUNKS];
            let count = self.bytes.chunks_vectored(&mut chunks);
            match half.try_write_vectored(&chunks[..count]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.bytes.advance(written);
                    let first = !std::mem::replace(&mut self.started, true);
                    // Before the socket reports that it is full: that state lasts until it has room again.
                    if first && self.bytes.has_remaining() {
                        watermark.raise(half)?;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        match half.flush() {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The number of bytes that are not written yet.
    pub(super) fn remaining(&self) -> usize {
        self.bytes.remaining()
    }
}

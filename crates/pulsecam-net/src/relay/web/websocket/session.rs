//! What both directions of a WebSocket share: the socket's sending side, and the frames that answer others.

use std::{
    io::{self, IoSlice},
    sync::Mutex,
};

use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{CloseCode, Control, Data, OpCode},
};

use crate::{sync::lock, transport::SendHalf};

/// The size field of a message of the wire.
const SIZE_FIELD: usize = 4;

/// The chunks that are written at a time: what is held, and a message's head and payload.
const CHUNKS: usize = 3;

/// The sending side of a WebSocket, which wraps each message of the wire in a frame as it is started.
#[derive(Debug)]
pub(in crate::relay::web) struct Session {
    output: Box<dyn SendHalf>,
    outgoing: Mutex<Outgoing>,
}

#[derive(Debug, Default)]
struct Outgoing {
    /// Bytes of the started message that were not taken yet.
    left: usize,
    /// Bytes that belong before everything else: the rest of a header, and a byte of the message at most.
    held: Vec<u8>,
    /// The answer to a ping, or the last frame, which goes out between two messages.
    control: Option<Vec<u8>>,
    /// Whether the last frame was made.
    closed: bool,
}

impl Session {
    pub(in crate::relay::web) fn new(output: Box<dyn SendHalf>) -> Self {
        Self { output, outgoing: Mutex::default() }
    }

    pub(super) fn output(&self) -> &dyn SendHalf {
        &*self.output
    }

    /// Writes as much as the socket takes of the rest of a message, or of several; returns how much that was.
    pub(super) fn write(&self, chunks: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut outgoing = lock(&self.outgoing);
        let outgoing = &mut *outgoing;
        self.send_held(outgoing)?;
        let begins = outgoing.left == 0;
        if begins {
            if outgoing.closed {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            outgoing.left = message_length(chunks)?;
            outgoing.held.extend(outgoing.control.iter().flatten());
            put_header(&mut outgoing.held, OpCode::Data(Data::Binary), outgoing.left);
        }
        match self.send(&outgoing.held, chunks, outgoing.left) {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                outgoing.control = outgoing.control.take().filter(|_| !begins);
                let of_held = written.min(outgoing.held.len());
                outgoing.held.drain(..of_held);
                let mut taken = written - of_held;
                // A header without its message: the message must be finished, so it counts as started.
                if taken == 0
                    && let Some(first) = chunks.iter().find_map(|chunk| chunk.first())
                {
                    outgoing.held.push(*first);
                    taken = 1;
                }
                outgoing.left -= taken;
                Ok(taken)
            }
            Err(error) => {
                if begins {
                    outgoing.left = 0;
                    outgoing.held.clear();
                }
                Err(error)
            }
        }
    }

    /// Sends what was taken and not written.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.send_held(&mut lock(&self.outgoing))?;
        self.output.flush()
    }

    /// Answers a ping.
    pub(super) fn pong(&self, payload: &[u8]) {
        self.control(Control::Pong, payload);
    }

    /// Ends the session, once and with a reason.
    pub(super) fn close(&self, code: CloseCode) {
        self.control(Control::Close, &u16::from(code).to_be_bytes());
    }

    /// Sends a frame between two messages: now if the socket takes it, else before the next message.
    fn control(&self, what: Control, payload: &[u8]) {
        let mut outgoing = lock(&self.outgoing);
        if outgoing.closed {
            return;
        }
        outgoing.closed = matches!(what, Control::Close);
        let mut frame = Vec::new();
        put_header(&mut frame, OpCode::Control(what), payload.len());
        frame.extend_from_slice(payload);
        if outgoing.left > 0 || self.send_held(&mut outgoing).is_err() {
            outgoing.control = Some(frame);
            return;
        }
        // The rest of a frame that was started must follow.
        if let Ok(written) = self.output.try_write_vectored(&[IoSlice::new(&frame)])
            && written > 0
        {
            frame.drain(..written);
            outgoing.held = frame;
            outgoing.control = None;
            let _ = self.output.flush(); // what it holds goes out with the next message
        } else {
            outgoing.control = Some(frame);
        }
    }

    fn send_held(&self, outgoing: &mut Outgoing) -> io::Result<()> {
        while !outgoing.held.is_empty() {
            match self.output.try_write_vectored(&[IoSlice::new(&outgoing.held)]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => _ = outgoing.held.drain(..written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes what is held, and at most `most` bytes of the chunks.
    fn send(&self, held: &[u8], chunks: &[IoSlice<'_>], most: usize) -> io::Result<usize> {
        let mut parts = [IoSlice::new(&[]); CHUNKS];
        let (mut count, mut room) = (0, most);
        if !held.is_empty() {
            parts[0] = IoSlice::new(held);
            count = 1;
        }
        for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
            let Some(part) = parts.get_mut(count).filter(|_| room > 0) else { break };
            let length = chunk.len().min(room);
            *part = IoSlice::new(&chunk[..length]);
            (count, room) = (count + 1, room - length);
        }
        self.output.try_write_vectored(&parts[..count])
    }
}

/// The length of the message that begins with these chunks.
fn message_length(chunks: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut size = [0; SIZE_FIELD];
    let mut bytes = chunks.iter().flat_map(|chunk| chunk.iter());
    for place in &mut size {
        *place = *bytes.next().ok_or(io::ErrorKind::InvalidInput)?;
    }
    Ok(SIZE_FIELD + u32::from_be_bytes(size) as usize)
}

fn put_header(to: &mut Vec<u8>, opcode: OpCode, length: usize) {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    let _ = header.format(length as u64, to); // a vector takes everything
}

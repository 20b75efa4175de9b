//! The receiving side: the bytes of the wire out of masked frames.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};
use tungstenite::protocol::frame::coding::CloseCode;

use super::{
    frames::{Event, Fault, Frames},
    session::Session,
};
use crate::transport::ReceiveHalf;

/// Bytes that are read at a time where a header is expected: it and a message of a few words.
const READ_AHEAD: usize = 2 << 10;

/// Bytes of a message that are read at a time; more would clear more memory than is filled.
const AT_ONCE: usize = 64 << 10;

/// The receiving side of a WebSocket.
pub(in crate::relay::web) struct Input {
    input: ReceiveHalf,
    /// Bytes that were read and not used; no buffer is held for a silent connection.
    ahead: Bytes,
    frames: Frames,
    session: Arc<Session>,
}

impl Input {
    pub(in crate::relay::web) fn new(input: ReceiveHalf, ahead: Bytes, session: Arc<Session>) -> Self {
        Self { input, ahead, frames: Frames::default(), session }
    }

    fn fail(&self, fault: Fault) -> Poll<io::Result<()>> {
        self.session.close(fault.code());
        Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, fault)))
    }

    /// Reads more into `ahead`; `false` at the end of the connection.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut room = [0; READ_AHEAD];
        let kept = self.ahead.len();
        room[..kept].copy_from_slice(&self.ahead);
        let mut read = ReadBuf::new(&mut room);
        read.set_filled(kept);
        ready!(Pin::new(&mut self.input).poll_read(context, &mut read))?;
        let more = read.filled().len() > kept;
        self.ahead = Bytes::copy_from_slice(read.filled());
        Poll::Ready(Ok(more))
    }
}

impl AsyncRead for Input {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            let wanted = this.frames.payload_left().min(to.remaining() as u64).min(AT_ONCE as u64) as usize;
            if wanted > 0 && this.ahead.is_empty() {
                let mut read = ReadBuf::new(to.initialize_unfilled_to(wanted));
                ready!(Pin::new(&mut this.input).poll_read(context, &mut read))?;
                let count = read.filled().len();
                if let Err(fault) = this.frames.unmask(read.filled_mut()) {
                    return this.fail(fault);
                }
                to.advance(count);
                return Poll::Ready(Ok(()));
            }
            if wanted > 0 {
                let count = wanted.min(this.ahead.len());
                let room = to.initialize_unfilled_to(count);
                room.copy_from_slice(&this.ahead.split_to(count));
                if let Err(fault) = this.frames.unmask(room) {
                    return this.fail(fault);
                }
                to.advance(count);
                return Poll::Ready(Ok(()));
            }
            if to.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            match this.frames.next(&mut this.ahead) {
                Ok(Some(Event::Payload)) => {}
                Ok(Some(Event::Ping(payload))) => this.session.pong(&payload),
                Ok(Some(Event::Close)) => {
                    this.session.close(CloseCode::Normal);
                    return Poll::Ready(Ok(())); // the end
                }
                Ok(None) => {
                    if !ready!(this.poll_more(context))? {
                        return Poll::Ready(Ok(()));
                    }
                }
                Err(fault) => return this.fail(fault),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Buf;
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tungstenite::protocol::frame::{
        FrameHeader,
        coding::{Control, Data, OpCode},
    };

    use super::*;
    use crate::{
        transport::PolledWriter,
        wire::{Message, Origin},
    };

    const MASK: [u8; 4] = [1, 0xfe, 0x55, 0xaa];

    fn frame(opcode: OpCode, is_final: bool, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let header = FrameHeader { is_final, opcode, mask, ..FrameHeader::default() };
        header.format(payload.len() as u64, &mut bytes).unwrap();
        let mask = mask.unwrap_or_default();
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        bytes
    }

    fn wire(text: &str) -> Vec<u8> {
        let mut message = Message::text(text, &Origin::default()).unwrap().to_buf();
        message.copy_to_bytes(message.remaining()).to_vec()
    }

    const BINARY: OpCode = OpCode::Data(Data::Binary);
    const CONTINUE: OpCode = OpCode::Data(Data::Continue);
    const PING: OpCode = OpCode::Control(Control::Ping);
    const CLOSE: OpCode = OpCode::Control(Control::Close);

    /// Reads all that comes out of these bytes, which arrive in pieces, and what is answered.
    async fn read(bytes: &[u8], piece: usize) -> (io::Result<Vec<u8>>, Vec<u8>) {
        let (mut far, near) = tokio::io::duplex(1 << 20);
        let (near_in, near_out) = tokio::io::split(near);
        let session = Arc::new(Session::new(Box::new(PolledWriter::new(near_out))));
        let mut input = Input::new(Box::new(near_in), Bytes::new(), session);
        let (mut far_in, mut far_out) = tokio::io::split(&mut far);
        let writing = async {
            for piece in bytes.chunks(piece) {
                if far_out.write_all(piece).await.is_err() {
                    return; // it was closed
                }
                tokio::task::yield_now().await;
            }
            let _ = far_out.shutdown().await;
        };
        let reading = async {
            let mut all = Vec::new();
            let result = input.read_to_end(&mut all).await.map(|_| all);
            drop(input);
            result
        };
        let ((), result) = tokio::join!(writing, reading);
        let mut answer = Vec::new();
        far_in.read_to_end(&mut answer).await.unwrap();
        (result, answer)
    }

    #[tokio::test]
    async fn messages_come_out_whole_or_in_parts_with_a_ping_between_them() {
        let (one, two) = (wire("one"), wire(&"two".repeat(30_000)));
        let (begin, end) = two.split_at(7);
        let bytes = [
            frame(BINARY, true, Some(MASK), &one),
            frame(BINARY, false, Some(MASK), begin),
            frame(PING, true, Some(MASK), b"there?"),
            frame(CONTINUE, false, Some(MASK), b""),
            frame(CONTINUE, true, Some(MASK), end),
            frame(CLOSE, true, Some(MASK), &[3, 232]),
            frame(BINARY, true, Some(MASK), &one),
        ]
        .concat();
        for piece in [1, 3, 4096, bytes.len()] {
            let (result, answer) = read(&bytes, piece).await;
            assert_eq!(result.unwrap(), [&one[..], &two[..]].concat(), "and nothing after the end");
            assert_eq!(answer, [&b"\x8a\x06there?"[..], &[0x88, 2, 3, 232]].concat());
        }
    }

    #[tokio::test]
    async fn what_breaks_the_rules_is_closed_with_its_code() {
        let one = wire("one");
        let twice = [&one[..], &one[..]].concat();
        let mut reserved = frame(BINARY, true, Some(MASK), &one);
        reserved[0] |= 0x40;
        for (bytes, code) in [
            (frame(BINARY, true, None, &one), 1002),
            (reserved, 1002),
            (frame(CONTINUE, true, Some(MASK), &one), 1002),
            (frame(PING, false, Some(MASK), b""), 1002),
            (frame(PING, true, Some(MASK), &[0; 126]), 1002),
            (frame(OpCode::Data(Data::Reserved(3)), true, Some(MASK), &one), 1002),
            (
                [frame(BINARY, false, Some(MASK), &one[..5]), frame(BINARY, true, Some(MASK), &one)].concat(),
                1002,
            ),
            (frame(OpCode::Data(Data::Text), true, Some(MASK), b"hello"), 1003),
            (frame(BINARY, true, Some(MASK), &one[..one.len() - 1]), 1007),
            (frame(BINARY, true, Some(MASK), &twice), 1007),
            (frame(BINARY, true, Some(MASK), b""), 1007),
            (frame(CLOSE, true, Some(MASK), &[3]), 1002),
            (frame(CLOSE, true, Some(MASK), &[3, 237]), 1002),
            (frame(CLOSE, true, Some(MASK), &[3, 232, 0xff]), 1002),
        ] {
            let (result, answer) = read(&bytes, 4096).await;
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::InvalidData);
            assert_eq!(answer, [&[0x88, 2][..], &u16::to_be_bytes(code)].concat(), "{bytes:?}");
        }
    }

    proptest! {
        /// Whatever comes, nothing panics, and what comes out came in.
        #[test]
        fn anything_may_come(bytes in prop::collection::vec(any::<u8>(), 0..300), piece in 1_usize..50) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (result, _) = runtime.block_on(read(&bytes, piece));
            prop_assert!(result.map_or(0, |all| all.len()) <= bytes.len());
        }
    }
}

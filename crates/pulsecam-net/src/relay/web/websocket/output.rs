//! The sending side.

use std::{
    fmt, io,
    sync::Arc,
    task::{Context, Poll},
};

use tungstenite::protocol::frame::coding::CloseCode;

use super::session::Session;
use crate::transport::SendHalf;

/// The sending side of a WebSocket.
pub(super) struct Output(pub(super) Arc<Session>);

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebSocket").field(&self.0.output()).finish()
    }
}

impl SendHalf for Output {
    fn try_write_vectored(&self, chunks: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.write(chunks)
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.output().poll_writable(context)
    }

    fn set_notsent_lowat(&self, bytes: u32) -> io::Result<()> {
        self.0.output().set_notsent_lowat(bytes)
    }

    fn reset_on_close(&self) {
        self.0.output().reset_on_close();
    }
}

impl Drop for Output {
    /// Says goodbye, if the socket takes it.
    fn drop(&mut self) {
        self.0.close(CloseCode::Normal);
    }
}

#[cfg(test)]
mod tests {
    use std::{io::IoSlice, task::Waker};

    use bytes::Buf;
    use proptest::prelude::*;
    use tungstenite::{
        Message as WebMessage,
        protocol::{Role, WebSocket},
    };

    use super::*;
    use crate::{
        sync::lock,
        wire::{Message, Origin},
    };

    /// A socket that takes a few bytes at a time, or none, as the plan says.
    #[derive(Debug)]
    struct Narrow {
        plan: Arc<std::sync::Mutex<Vec<usize>>>,
        taken: Arc<std::sync::Mutex<Vec<u8>>>,
    }

    impl SendHalf for Narrow {
        fn try_write_vectored(&self, chunks: &[IoSlice<'_>]) -> io::Result<usize> {
            let all: usize = chunks.iter().map(|chunk| chunk.len()).sum();
            let room = lock(&self.plan).pop().unwrap_or(usize::MAX);
            if room == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let bytes: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.iter().copied()).take(room).collect();
            lock(&self.taken).extend(&bytes);
            Ok(all.min(room))
        }

        fn poll_writable(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// What a browser makes of these bytes.
    fn received(bytes: Vec<u8>) -> Vec<WebMessage> {
        struct Bytes(io::Cursor<Vec<u8>>);
        impl io::Read for Bytes {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                self.0.read(to)
            }
        }
        impl io::Write for Bytes {
            fn write(&mut self, from: &[u8]) -> io::Result<usize> {
                Ok(from.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut socket = WebSocket::from_raw_socket(Bytes(io::Cursor::new(bytes)), Role::Client, None);
        let mut all = Vec::new();
        while let Ok(message) = socket.read() {
            all.push(message);
        }
        all
    }

    proptest! {
        /// However little the socket takes at a time, a browser gets each message in a frame of its own, and
        /// answers to its pings between them.
        #[test]
        fn every_message_is_a_frame(
            sizes in prop::collection::vec(0_usize..70_000, 1..5),
            plan in prop::collection::vec(prop_oneof![Just(0_usize), 1..20_usize, 1..100_000_usize], 0..40),
            pings in prop::collection::vec(any::<bool>(), 40),
        ) {
            let taken = Arc::default();
            let plan = Arc::new(std::sync::Mutex::new(plan));
            let narrow = Narrow { plan: Arc::clone(&plan), taken: Arc::clone(&taken) };
            let output = Output(Arc::new(Session::new(Box::new(narrow))));
            let mut pings = pings.into_iter();
            let mut wanted = Vec::new();
            for (number, size) in sizes.iter().enumerate() {
                let message = Message::image(vec![number as u8; *size].into(), &Origin::default()).unwrap();
                let mut rest = message.to_buf();
                wanted.push(message.to_buf().copy_to_bytes(rest.remaining()));
                while rest.has_remaining() {
                    if pings.next() == Some(true) {
                        output.0.pong(b"still here");
                    }
                    let mut chunks = [IoSlice::new(&[]); 2];
                    let count = rest.chunks_vectored(&mut chunks);
                    match output.try_write_vectored(&chunks[..count]) {
                        Ok(written) => rest.advance(written),
                        Err(error) => prop_assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
                    }
                }
                while output.flush().is_err() {}
            }
            assert!(output.poll_writable(&mut Context::from_waker(Waker::noop())).is_ready());
            // The last frame goes out if the socket takes it at once.
            lock(&plan).clear();
            drop(output);
            let all = received(std::mem::take(&mut *lock(&taken)));
            let (mut binary, mut last) = (Vec::new(), None);
            for message in all {
                match message {
                    WebMessage::Binary(bytes) => binary.push(bytes),
                    WebMessage::Pong(payload) => prop_assert_eq!(&payload[..], b"still here"),
                    other => last = Some(other),
                }
            }
            prop_assert_eq!(binary, wanted);
            prop_assert!(matches!(last, Some(WebMessage::Close(Some(_)))));
        }
    }

    /// Several messages may come in one buffer.
    #[test]
    fn joined_messages_are_separated() {
        let taken = Arc::default();
        let narrow = Narrow { plan: Arc::default(), taken: Arc::clone(&taken) };
        let output = Output(Arc::new(Session::new(Box::new(narrow))));
        let mut joined = Vec::new();
        for text in ["one", "two", "three"] {
            let mut message = Message::text(text, &Origin::default()).unwrap().to_buf();
            joined.extend(message.copy_to_bytes(message.remaining()));
        }
        let mut rest = &joined[..];
        while !rest.is_empty() {
            rest = &rest[output.try_write_vectored(&[IoSlice::new(rest)]).unwrap()..];
        }
        let all = received(std::mem::take(&mut *lock(&taken)));
        assert_eq!(all.len(), 3);
        assert_eq!(all.iter().map(WebMessage::len).sum::<usize>(), joined.len());
    }
}

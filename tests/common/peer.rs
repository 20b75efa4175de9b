//! A peer that sends arbitrary raw messages.

use std::{io::Write, net::TcpStream, sync::mpsc, thread, time::Duration};

use bytes::Bytes;
use pulsecam::wire::{Message, MessageKind};

/// Sends on its own connection, ten messages per second, until it is dropped.
pub struct Peer {
    stop: mpsc::Sender<()>,
}

impl Peer {
    /// Sends the messages in order, and then repeats the last.
    pub fn sending(host: &str, messages: Vec<Message>) -> Self {
        let (stop, stopped) = mpsc::channel();
        let mut socket = TcpStream::connect(host).unwrap();
        thread::spawn(move || {
            for message in messages.iter().chain(std::iter::repeat(messages.last().unwrap())) {
                let sent = socket.write_all(&super::wire_bytes(message));
                let pause = stopped.recv_timeout(Duration::from_millis(100));
                if sent.is_err() || pause != Err(mpsc::RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Self { stop }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.stop.send(());
    }
}

/// An image message.
pub fn image(file: &[u8]) -> Message {
    message(MessageKind::Image, "this is image", file)
}

/// A frame message of this stream.
pub fn frame(stream: &str, jpeg: &[u8]) -> Message {
    message(MessageKind::Video, &format!("this is video image; stream={stream}"), jpeg)
}

fn message(kind: MessageKind, description: &str, payload: &[u8]) -> Message {
    Message::new(kind, description.into(), Some(Bytes::copy_from_slice(payload))).unwrap()
}

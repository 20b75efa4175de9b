use bytes::Buf;
use tokio::io::AsyncReadExt;

use super::*;
use crate::{
    queue::channel,
    transport::PolledWriter,
    wire::{Origin, close_message},
};

/// Gives messages as they are.
struct Plain;

impl WriteHooks<(), Message> for Plain {
    fn prepare(&mut self, item: &Message) -> Option<Message> {
        Some(item.clone())
    }

    fn started(&mut self, _: &Dequeued<(), Message>, _: &Message) {}
}

fn image() -> Message {
    Message::image(vec![7; 1000].into(), &Origin::default()).unwrap()
}

/// If a client is disconnected, its writer may be dropped at any point.
#[tokio::test]
async fn nothing_follows_a_message_that_is_never_finished() {
    let (mut far, near) = tokio::io::duplex(100);
    let writer = MessageWriter::new(Box::new(PolledWriter::new(near)));
    let (sender, mut waiting) = channel(10_000);
    sender.send_ordered(1000, image()).unwrap();
    {
        let writing = std::pin::pin!(drain(&mut waiting, &writer, Plain));
        let amid = tokio::time::timeout(std::time::Duration::from_millis(20), writing).await;
        assert!(amid.is_err(), "the socket is full");
    }
    let mut read = vec![0; 100];
    far.read_exact(&mut read).await.unwrap();
    assert_eq!(writer.try_write(&close_message("too late")), Written::Nothing);
    drop(writer);
    let mut rest = Vec::new();
    far.read_to_end(&mut rest).await.unwrap();
    read.extend(rest);
    let mut whole = image().to_buf();
    let whole = whole.copy_to_bytes(whole.remaining());
    assert!(whole.starts_with(&read), "a part of the message and nothing else");
}

/// The same if another thread started the message.
#[tokio::test]
async fn nothing_follows_a_message_that_was_begun_elsewhere_and_is_never_finished() {
    let (mut far, near) = tokio::io::duplex(100);
    let writer = MessageWriter::new(Box::new(PolledWriter::new(near)));
    let (_sender, mut waiting) = channel(10_000);
    assert_eq!(writer.try_write(&image()), Written::Begun);
    {
        let writing = std::pin::pin!(drain(&mut waiting, &writer, Plain));
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), writing).await.is_err());
    }
    let mut read = vec![0; 100];
    far.read_exact(&mut read).await.unwrap();
    assert_eq!(writer.try_write(&close_message("too late")), Written::Nothing);
}

/// Counts what was finished.
struct Counting<'a>(&'a AtomicUsize);

impl WriteHooks<(), Message> for Counting<'_> {
    fn prepare(&mut self, item: &Message) -> Option<Message> {
        Some(item.clone())
    }

    fn started(&mut self, _: &Dequeued<(), Message>, _: &Message) {}

    fn finished(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[tokio::test]
async fn each_message_is_finished_once_whoever_began_it() {
    let (mut far, near) = tokio::io::duplex(100);
    let writer = MessageWriter::new(Box::new(PolledWriter::new(near)));
    let (sender, mut waiting) = channel(10_000);
    assert_eq!(writer.try_write(&image()), Written::Begun);
    sender.send_ordered(1000, image()).unwrap();
    let reading = tokio::spawn(async move {
        let mut read = vec![0; 2 * image().wire_len()];
        far.read_exact(&mut read).await.unwrap();
        far
    });
    drop(sender);
    let finished = AtomicUsize::new(0);
    drain(&mut waiting, &writer, Counting(&finished)).await.unwrap();
    assert_eq!(finished.load(Relaxed), 2);
    drop(reading.await.unwrap());
}

#[tokio::test]
async fn what_was_finished_is_followed_by_the_next() {
    let (mut far, near) = tokio::io::duplex(100);
    let writer = MessageWriter::new(Box::new(PolledWriter::new(near)));
    let (sender, mut waiting) = channel(10_000);
    sender.send_ordered(1000, image()).unwrap();
    let reading = tokio::spawn(async move {
        let mut read = vec![0; image().wire_len()];
        far.read_exact(&mut read).await.unwrap();
        far
    });
    drop(sender);
    drain(&mut waiting, &writer, Plain).await.unwrap();
    let _far = reading.await.unwrap();
    assert_eq!(writer.try_write(&image()), Written::Begun, "the socket takes a part of the next");
}

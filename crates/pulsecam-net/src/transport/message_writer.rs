//! Writes whole messages, one after the other, and chooses the next as late as possible.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use tokio::sync::Notify;

use super::{
    SendHalf, batch::Batch, pacing::Pacing, partial_message::PartialMessage, send_half::writable,
    watermark::SendWatermark,
};
use crate::{
    clock,
    feedback::Release,
    queue::{Closed, Dequeued, Receiver},
    wire::{Message, MessageKind, Receipt},
};

/// The source of messages for [`drain`], which also reports its progress to it.
pub trait WriteHooks<K, T> {
    /// Builds the message of an item, as late as possible. It may be called again if the socket turned out to
    /// be full. An item without a message is dropped.
    fn prepare(&mut self, item: &T) -> Option<Message>;

    /// Called once the first bytes of an item are written: it will be finished, or the connection is dead.
    fn started(&mut self, taken: &Dequeued<K, T>, message: &Message);

    /// Called once a message has been handed to the kernel in full.
    fn finished(&mut self) {}

    /// Called if a full socket takes more of a started message: the peer is alive and reading.
    fn progressed(&mut self) {}

    /// Called with the number of bytes that the socket has taken.
    fn wrote(&mut self, _bytes: usize) {}

    /// Whether small ordered messages that wait behind each other may go out in one write.
    fn joins(&self) -> bool {
        false
    }
}

/// The writing side of a connection, which writes one message at a time. A task ([`drain`]) uses it, or any
/// thread that finds it idle.
///
/// Waking the task for each frame costs more than writing the frame: another core has to be woken, and has
/// none of the frame's bytes in its cache.
#[derive(Debug)]
pub struct MessageWriter {
    half: Box<dyn SendHalf>,
    state: tokio::sync::Mutex<WriterState>,
    /// The size of the message that is being written.
    pending: AtomicUsize,
    pacing: Pacing,
    /// Notified when [`MessageWriter::try_write`] leaves a message unfinished, when a receipt waits to be
    /// sent, and when one has come.
    woken: Notify,
}

#[derive(Debug)]
struct WriterState {
    watermark: SendWatermark,
    left: Option<PartialMessage>,
    /// Whether [`drain`] is in the middle of a message. If it is dropped there, the message is never
    /// finished, and nothing may follow it.
    amid: bool,
}

impl MessageWriter {
    /// Creates the writing side of a connection.
    #[must_use]
    pub fn new(half: Box<dyn SendHalf>) -> Self {
        let state = WriterState { watermark: SendWatermark::new(), left: None, amid: false };
        let pending = AtomicUsize::new(0);
        let pacing = Pacing::new();
        Self { half, state: tokio::sync::Mutex::new(state), pending, pacing, woken: Notify::new() }
    }

    /// The size of the message that is being written, which stays in memory until it is finished.
    pub fn pending_bytes(&self) -> usize {
        self.pending.load(Relaxed)
    }

    /// Discards undelivered bytes when the connection is closed.
    pub fn reset_on_close(&self) {
        self.half.reset_on_close();
    }

    /// Records whether the other end sends receipts of frames if it is asked. Without them, frames are
    /// started as soon as the socket takes them.
    pub fn pace(&self, able: bool) {
        self.pacing.able(able);
    }

    /// Handles what the other end says about the frames that it received.
    pub fn receipt_came(&self, receipt: &Receipt) {
        self.pacing.received(receipt);
        self.woken.notify_one();
    }

    /// Says something about the frames that arrived, before anything else that waits. Never waits.
    pub fn send_receipt(&self, receipt: Receipt) {
        self.pacing.say(receipt);
        if let Some(receipt) = self.pacing.take()
            && self.try_write(&receipt.to_message()) == Written::Nothing
        {
            self.pacing.put_back(receipt);
            self.woken.notify_one();
        }
    }

    /// The link's rate in bytes per second, and the round trip without queues; `None` if that is unknown.
    pub fn path(&self) -> Option<(f64, Duration)> {
        self.pacing.path()
    }

    /// Whether a frame may be started now, as far as the link is concerned.
    pub fn is_free(&self) -> bool {
        self.pacing.release() == Release::Now
    }

    /// Whether the next frame has to wait until the other end wants more.
    pub fn awaits_credit(&self) -> bool {
        self.pacing.release() == Release::OnCredit
    }

    /// Starts a message now, on the calling thread; [`drain`] finishes it. Writes nothing if another message
    /// is being written or was never finished, if the socket is full or broken, or if it is a frame for which
    /// the link is not free yet. Never waits.
    pub fn try_write(&self, message: &Message) -> Written {
        let Ok(mut state) = self.state.try_lock() else { return Written::Nothing };
        if state.left.is_some() || state.amid {
            return Written::Nothing;
        }
        if message.kind() == MessageKind::Video && self.pacing.release() != Release::Now {
            return Written::Nothing;
        }
        let mut outgoing = PartialMessage::new(message.to_buf());
        let done = outgoing.write(&*self.half, &mut state.watermark);
        if outgoing.started {
            self.pacing.started(message);
        }
        match (outgoing.started, done) {
            (false, _) => Written::Nothing,
            (true, Ok(true)) => {
                let _ = state.watermark.lower(&*self.half); // if it is broken, the next write fails
                Written::Whole
            }
            // Also if it broke: the task will get the same error.
            (true, _) => {
                state.left = Some(outgoing);
                self.pending.store(message.wire_len(), Relaxed);
                self.woken.notify_one();
                Written::Begun
            }
        }
    }

    /// Waits until a full socket takes more.
    async fn room(&self) -> io::Result<()> {
        let full = clock::now();
        writable(&*self.half).await?;
        self.pacing.waited(full);
        Ok(())
    }
}

/// How much of a message [`MessageWriter::try_write`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Not a single byte.
    Nothing,
    /// A part; [`drain`] writes the rest, or the connection is dead.
    Begun,
    /// All of it.
    Whole,
}

/// Writes the messages of a queue until all senders are gone and nothing waits. Chooses the next only once
/// the socket takes bytes and, for a frame, the link is free; finishes what it or
/// [`MessageWriter::try_write`] has started.
///
/// # Errors
/// The system's error; the connection is unusable. An item that was not started is back in the queue.
pub async fn drain<K: PartialEq, T>(
    waiting: &mut Receiver<K, T>,
    writer: &MessageWriter,
    mut hooks: impl WriteHooks<K, T>,
) -> io::Result<()> {
    loop {
        let release = hold_frames(waiting, writer);
        tokio::select! {
            biased; // all are checked below in any case
            () = waiting.ready() => {}
            () = writer.woken.notified() => {}
            () = until(release) => {}
        }
        let mut state = writer.state.lock().await;
        if let Some(left) = state.left.take() {
            finish(left, writer, &mut state, &mut hooks).await?;
            continue;
        }
        if let Some(receipt) = writer.pacing.take() {
            let mut outgoing = PartialMessage::new(receipt.to_message().to_buf());
            match (outgoing.write(&*writer.half, &mut state.watermark)?, outgoing.started) {
                (true, _) => {}
                (false, true) => finish(outgoing, writer, &mut state, &mut hooks).await?,
                (false, false) => {
                    writer.pacing.put_back(receipt);
                    drop(state);
                    writer.room().await?;
                }
            }
            continue;
        }
        // Another thread may have started a frame since.
        hold_frames(waiting, writer);
        let taken = match waiting.try_recv() {
            Ok(Some(taken)) => taken,
            Ok(None) => continue,
            Err(Closed) => return Ok(()),
        };
        let Some(message) = hooks.prepare(&taken.item) else { continue };
        let mut batch = Batch::new(taken, message);
        if hooks.joins() {
            batch.fill(waiting, &mut hooks);
        }
        let mut outgoing = PartialMessage::new(batch.to_buf());
        let result = outgoing.write(&*writer.half, &mut state.watermark);
        let length = batch.wire_len();
        hooks.wrote(length - outgoing.remaining());
        if outgoing.started {
            state.amid = !matches!(result, Ok(true));
            batch.for_each(|taken, message| {
                writer.pacing.started(message);
                hooks.started(taken, message);
            });
        } else {
            batch.requeue(waiting);
        }
        match (result?, outgoing.started) {
            (true, _) => {
                state.watermark.lower(&*writer.half)?;
                hooks.finished();
            }
            (false, true) => {
                writer.pending.store(length, Relaxed);
                finish(outgoing, writer, &mut state, &mut hooks).await?;
            }
            (false, false) => {
                drop(state);
                writer.room().await?;
            }
        }
    }
}

/// Holds the queue's frames while the link is not free for one. Returns until when, as far as that is known.
fn hold_frames<K: PartialEq, T>(waiting: &mut Receiver<K, T>, writer: &MessageWriter) -> Release {
    let release = writer.pacing.release();
    waiting.hold_latest(release != Release::Now);
    release
}

/// Waits until the next frame may start; forever if that is not a matter of time.
async fn until(release: Release) {
    match release {
        Release::At(at) => tokio::time::sleep_until(at.into()).await,
        Release::Now | Release::OnCredit => std::future::pending().await,
    }
}

/// Writes the rest of a message.
async fn finish<K, T>(
    mut outgoing: PartialMessage,
    writer: &MessageWriter,
    state: &mut WriterState,
    hooks: &mut impl WriteHooks<K, T>,
) -> io::Result<()> {
    state.amid = true;
    loop {
        let full = clock::now();
        writable(&*writer.half).await?;
        hooks.progressed();
        state.watermark.waited(writer.pacing.waited(full));
        state.watermark.raise(&*writer.half)?;
        let before = outgoing.remaining();
        let done = outgoing.write(&*writer.half, &mut state.watermark)?;
        hooks.wrote(before - outgoing.remaining());
        if done {
            state.amid = false;
            writer.pending.store(0, Relaxed);
            state.watermark.lower(&*writer.half)?;
            hooks.finished();
            return Ok(());
        }
    }
}

#[cfg(test)]
#[path = "message_writer_tests.rs"]
mod tests;

//! A client that only takes pictures: a member of its room without a socket of its own.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::{
    clock,
    queue::{Closed, Priority, Receiver},
    relay::{
        client::revoked, event::ClientId, keyring::KeyGrant, mailbox::Item, members::ClientKind,
        membership::Membership, reason::LeaveReason, room::Room, server::Server,
    },
    sync::lock,
    transport::{MessageWriter, SendHalf},
    wire::{FrameInfo, Message, MessageKind},
};

/// A member that takes the frames of one stream.
pub(super) struct Viewer {
    membership: Option<Membership>,
    room: Arc<Room>,
    waiting: Receiver<ClientId, Item>,
    /// The name of the stream, or any.
    name: Option<String>,
    /// Who sends it.
    sender: Option<ClientId>,
    /// Whether a frame was given out and is being sent.
    sending: bool,
    stop: CancellationToken,
    revoked: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// A frame.
pub(super) struct Picture {
    pub(super) jpeg: Bytes,
    pub(super) info: FrameInfo,
}

/// A writing side that never takes anything, so that frames wait in the mailbox, where newer ones replace them.
#[derive(Debug)]
struct Nowhere;

impl SendHalf for Nowhere {
    fn try_write_vectored(&self, _: &[io::IoSlice<'_>]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl Viewer {
    /// Joins a room. `cut` closes the connection if the relay dismisses the member.
    pub(super) fn join(
        server: &Arc<Server>,
        room: Arc<Room>,
        addr: SocketAddr,
        pass: Option<KeyGrant>,
        name: Option<String>,
        cut: CancellationToken,
    ) -> Self {
        let writer = Arc::new(MessageWriter::new(Box::new(Nowhere)));
        let memory = server.shared.memory.open();
        let (membership, waiting) =
            Membership::begin(Arc::clone(&room), addr, writer, memory, cut, ClientKind::Pictures);
        if let Some(name) = &name {
            membership.member.presence.wanted.set(name.clone());
        }
        Self {
            sender: name.is_none().then(|| room.oldest_stream(membership.member.id)).flatten(),
            membership: Some(membership),
            room,
            waiting,
            name,
            sending: false,
            stop: server.stop_token(),
            revoked: Box::pin(revoked(pass)),
        }
    }

    /// Waits for the newest frame; `None` if none came within `patience`, or the viewer may not see any more.
    pub(super) async fn next(&mut self, patience: Duration) -> Option<Picture> {
        if std::mem::take(&mut self.sending)
            && let Some(membership) = &self.membership
        {
            lock(&membership.member.delivery).written(clock::now());
        }
        let deadline = time::Instant::now() + patience;
        loop {
            tokio::select! {
                biased;
                () = &mut self.revoked => return None,
                () = self.waiting.ready() => {}
                () = time::sleep_until(deadline) => return None,
            }
            let taken = match self.waiting.try_recv() {
                Ok(Some(taken)) => taken,
                Ok(None) => continue,
                Err(Closed) => return None,
            };
            if let (Priority::Latest(from), Item::Message(message, came)) = (taken.priority, taken.item)
                && message.kind() == MessageKind::Video
                && let Some(picture) = self.accept(from, &message, came)
            {
                return Some(picture);
            }
        }
    }

    /// Records whether frames are to pass for a while, because the client asked for fewer.
    pub(super) fn rest(&self, rests: bool) {
        if let Some(Membership { member, .. }) = &self.membership {
            member.presence.rest(rests);
        }
    }

    /// Takes a frame of the stream.
    fn accept(&mut self, from: ClientId, message: &Message, came: Instant) -> Option<Picture> {
        let info = FrameInfo::parse(message.description());
        if self.name.is_some() && info.stream != self.name {
            return None;
        }
        if let Some(sender) = self.sender.filter(|sender| *sender != from) {
            // Two of the same name: the first, for as long as it is there.
            if self.room.has_stream(sender) {
                return None;
            }
        }
        let jpeg = message.payload().filter(|jpeg| !jpeg.is_empty())?.clone();
        self.sender = Some(from);
        self.sending = true;
        if let Some(Membership { member, .. }) = &self.membership {
            self.room.count_out(message);
            member.got.count(message);
            lock(&member.delivery).forwarded(from, came);
        }
        Some(Picture { jpeg, info })
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        let Some(membership) = self.membership.take() else { return };
        let dismissal = membership.member.dismissal().map(LeaveReason::from);
        let closed = if self.stop.is_cancelled() { LeaveReason::Shutdown } else { LeaveReason::Closed };
        membership.end(dismissal.unwrap_or(closed));
    }
}

impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Viewer").field("name", &self.name).finish_non_exhaustive()
    }
}

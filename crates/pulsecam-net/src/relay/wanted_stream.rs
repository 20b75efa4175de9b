//! The one stream that a client wants, if it does not want all.

use std::{
    borrow::Cow,
    cell::OnceCell,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use crate::{
    sync::lock,
    wire::{FrameInfo, QString},
};

/// The name of the stream that a client wants; all streams until it says otherwise.
#[derive(Debug, Default)]
pub(super) struct WantedStream {
    /// Readable without the lock: nearly all clients want all streams.
    is_one: AtomicBool,
    name: Mutex<String>,
}

impl WantedStream {
    /// Records that the client wants the stream of this name only; an empty one: all.
    pub(super) fn set(&self, name: String) {
        let is_one = !name.is_empty();
        *lock(&self.name) = name;
        self.is_one.store(is_one, Relaxed);
    }

    /// Whether the client wants one stream only.
    pub(super) fn is_one(&self) -> bool {
        self.is_one.load(Relaxed)
    }

    /// Whether the client wants a frame.
    pub(super) fn includes(&self, frame: &FrameName<'_>) -> bool {
        !self.is_one() || frame.get().is_none_or(|name| *name == **lock(&self.name))
    }
}

/// The name of a frame's stream, which is read when it is first needed.
pub(super) struct FrameName<'a> {
    /// The number that the relay has given to the sender.
    peer: Option<u64>,
    description: &'a QString,
    name: OnceCell<Option<String>>,
}

impl<'a> FrameName<'a> {
    /// `peer`: the number that the relay has given to the sender; one in the description may be a lie.
    pub(super) const fn new(peer: Option<u64>, description: &'a QString) -> Self {
        Self { peer, description, name: OnceCell::new() }
    }

    /// The name; `None` if the stream has none and its sender no number yet.
    fn get(&self) -> Option<&str> {
        let read = || {
            let info = FrameInfo::parse(self.description).with(|info| info.peer = self.peer);
            Some(info.stream_name()).filter(|name| !name.is_empty()).map(Cow::into_owned)
        };
        self.name.get_or_init(read).as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_all_streams_until_it_names_one() {
        let wanted = WantedStream::default();
        let gets = |peer: Option<u64>, description: &str| {
            wanted.includes(&FrameName::new(peer, &description.into()))
        };
        assert!(gets(None, "x; stream=door") && gets(None, "anything"));
        wanted.set("door".into());
        assert!(gets(None, "x; stream=door") && !gets(None, "x; stream=doors"));
        assert!(!gets(Some(3), "x; stream=gate; peer=1"));
        assert!(gets(None, "a frame without a name"), "it may be the one");
        assert!(!gets(Some(3), "a frame without a name"));
        wanted.set("peer\u{a0}3".into());
        assert!(gets(Some(3), "a frame without a name") && !gets(Some(4), "a lie; peer=3"));
        wanted.set(String::new());
        assert!(gets(None, "x; stream=doors") && !wanted.is_one());
    }
}

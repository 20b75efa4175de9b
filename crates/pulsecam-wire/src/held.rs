//! Accounts of the bytes of messages in memory, per peer and in total.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use bytes::{Bytes, BytesMut};

use crate::Message;

/// Memory that a message needs besides its bytes: allocations and reference counts.
const MESSAGE_COST: usize = 128;

/// An account of bytes in memory: from their allocation until the last reference is dropped.
#[derive(Debug, Default)]
pub struct HeldBytes {
    bytes: AtomicUsize,
    within: Option<Arc<Self>>,
}

impl HeldBytes {
    /// Creates an account whose bytes count in `all` as well.
    #[must_use]
    pub const fn within(all: Arc<Self>) -> Self {
        Self { bytes: AtomicUsize::new(0), within: Some(all) }
    }

    /// Bytes currently held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    fn change(&self, from: usize, to: usize) {
        // May wrap in the addition, never in the sum: what is subtracted was added before.
        self.bytes.fetch_add(to.wrapping_sub(from), Relaxed);
        if let Some(all) = &self.within {
            all.change(from, to);
        }
    }
}

/// Bytes that count in an account until this is dropped.
#[derive(Debug)]
pub struct HeldShare {
    held: Arc<HeldBytes>,
    bytes: usize,
}

impl HeldShare {
    /// Counts `bytes` in `held`.
    #[must_use]
    pub fn new(held: Arc<HeldBytes>, bytes: usize) -> Self {
        held.change(0, bytes);
        Self { held, bytes }
    }

    /// Changes the number of bytes.
    pub fn resize(&mut self, bytes: usize) {
        if bytes != self.bytes {
            self.held.change(self.bytes, bytes);
            self.bytes = bytes;
        }
    }
}

impl Drop for HeldShare {
    fn drop(&mut self) {
        self.held.change(self.bytes, 0);
    }
}

/// The memory of a message, counted until its last slice is dropped.
struct Counted {
    buffer: BytesMut,
    _share: HeldShare,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Message {
    /// Returns a copy with memory of its own, counted in `held`. What this one shares with others can be freed.
    #[must_use]
    pub fn copied(&self, held: &Arc<HeldBytes>) -> Self {
        let described = self.description().as_bytes();
        let payload = self.payload().map(|payload| {
            counted(BytesMut::from(&payload[..]), payload.len() + described.len(), Some(held))
        });
        // It had the same size before.
        Self::new(self.kind(), self.description().clone(), payload).unwrap_or_else(|_| self.clone())
    }
}

/// Shares a buffer that occupies `room` bytes, counted in `held` if there is such an account.
pub(super) fn counted(buffer: BytesMut, room: usize, held: Option<&Arc<HeldBytes>>) -> Bytes {
    let Some(held) = held else { return buffer.freeze() };
    let share = HeldShare::new(Arc::clone(held), room + MESSAGE_COST);
    Bytes::from_owner(Counted { buffer, _share: share })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_counted_where_it_is_kept() {
        let held = Arc::new(HeldBytes::default());
        let payload = Some(Bytes::from(vec![7; 1000]));
        let message = Message::new(crate::MessageKind::Image, "x; link=1,1".into(), payload).unwrap();
        let copy = message.copied(&held);
        assert_eq!(copy, message);
        assert!(held.bytes() > 1000);
        drop(message);
        assert!(held.bytes() > 1000);
        drop(copy);
        assert_eq!(held.bytes(), 0);
    }

    #[test]
    fn what_one_holds_counts_in_all_until_it_is_dropped() {
        let all = Arc::<HeldBytes>::default();
        let [one, other] = [0; 2].map(|_| Arc::new(HeldBytes::within(Arc::clone(&all))));
        let mut first = HeldShare::new(Arc::clone(&one), 100);
        let second = HeldShare::new(Arc::clone(&other), 10);
        first.resize(70);
        assert_eq!((one.bytes(), other.bytes(), all.bytes()), (70, 10, 80));
        drop(first);
        assert_eq!((one.bytes(), other.bytes(), all.bytes()), (0, 10, 10));
        drop(second);
        assert_eq!(all.bytes(), 0);
    }
}

//! The limit on the memory of all messages, and the choice of clients to disconnect when it is reached.
//!
//! Each client may start a message of the largest size, and the limits per client times the number of clients
//! exceed any machine's memory. So the bytes really in memory are counted, from the allocation for a message
//! until its last byte was written to every client.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::Notify,
    time::{Sleep, sleep},
};

use super::event::ClientId;
use crate::{
    transport::ReceiveHalf,
    wire::{HeldBytes, HeldShare},
};

/// The pause of a read while the limit is exceeded. Clients are disconnected at this interval meanwhile.
pub(super) const PAUSE: Duration = Duration::from_millis(1);

/// The most pauses of one read: the relay continues even if disconnecting clients does not help.
const MOST_PAUSES: u32 = 100;

/// A client that holds fewer bytes than this is not disconnected: it would not help.
const NOTEWORTHY: usize = 64 << 10;

/// The account of all messages in memory.
#[derive(Debug)]
pub(super) struct Memory {
    all: Arc<HeldBytes>,
    limit: usize,
    /// Notified when the limit is exceeded.
    passed: Notify,
    /// What waits for other relays that cannot be reached.
    #[cfg(feature = "cluster")]
    links: Arc<HeldBytes>,
}

/// The part of the limit that may wait for other relays that cannot be reached, of all together: no client could be
/// disconnected to free it.
#[cfg(feature = "cluster")]
const OF_LINKS: usize = 4;

/// The memory of one client's messages.
#[derive(Clone, Debug)]
pub(super) struct ClientMemory {
    /// All messages that it sent, until their last reference is dropped.
    pub(super) sent: Arc<HeldBytes>,
    /// The unfinished ones among them.
    pub(super) unfinished: Arc<HeldBytes>,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Self {
        let all = Arc::default();
        Self {
            #[cfg(feature = "cluster")]
            links: Arc::new(HeldBytes::within(Arc::clone(&all))),
            all,
            limit,
            passed: Notify::new(),
        }
    }

    /// Creates the accounts of a client.
    pub(super) fn open(&self) -> ClientMemory {
        let sent = Arc::new(HeldBytes::within(Arc::clone(&self.all)));
        let unfinished = Arc::new(HeldBytes::within(Arc::clone(&sent)));
        ClientMemory { sent, unfinished }
    }

    /// The account of what waits for other relays, unless it has no room for another `bytes`.
    #[cfg(feature = "cluster")]
    pub(super) fn for_links(&self, bytes: usize) -> Option<&Arc<HeldBytes>> {
        (self.links.bytes().saturating_add(bytes) <= self.limit / OF_LINKS).then_some(&self.links)
    }

    /// The bytes over the limit.
    pub(super) fn excess(&self) -> usize {
        self.all.bytes().saturating_sub(self.limit)
    }

    /// The bytes below the limit.
    pub(super) fn free(&self) -> usize {
        self.limit.saturating_sub(self.all.bytes())
    }

    /// Waits until the limit is exceeded.
    pub(super) async fn passed(&self) {
        while self.excess() == 0 {
            self.passed.notified().await;
        }
    }
}

impl ClientMemory {
    /// Counts `bytes` of memory that its messages need besides their own.
    pub(super) fn beside(&self, bytes: usize) -> HeldShare {
        HeldShare::new(Arc::clone(&self.sent), bytes)
    }
}

/// A connection that is not read while the limit is exceeded.
pub(super) struct MemoryGate {
    input: ReceiveHalf,
    memory: Arc<Memory>,
    pause: Option<Pin<Box<Sleep>>>,
    pauses: u32,
}

impl MemoryGate {
    pub(super) fn new(input: ReceiveHalf, memory: Arc<Memory>) -> Self {
        Self { input, memory, pause: None, pauses: 0 }
    }
}

impl AsyncRead for MemoryGate {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        while self.memory.excess() > 0 && self.pauses < MOST_PAUSES {
            self.memory.passed.notify_one();
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(PAUSE)));
            std::task::ready!(pause.as_mut().poll(context));
            self.pause = None;
            self.pauses += 1;
        }
        (self.pause, self.pauses) = (None, 0);
        Pin::new(&mut self.input).poll_read(context, to)
    }
}

/// The memory that would be freed if a client were gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemoryUse {
    pub(super) client: ClientId,
    /// For IPv6 the network: its owner has all addresses in it.
    pub(super) network: IpAddr,
    pub(super) bytes: usize,
}

/// Chooses the client to disconnect. Of those from the address that holds most, it is the one that holds
/// most; of two equal ones, the one that came last. All connections from an address count together, so a
/// client elsewhere that sends a large picture meanwhile stays.
pub(super) fn largest(hoards: &[MemoryUse]) -> Option<MemoryUse> {
    let mut totals = std::collections::HashMap::<IpAddr, usize>::new();
    for hoard in hoards {
        let total = totals.entry(hoard.network).or_default();
        *total = total.saturating_add(hoard.bytes);
    }
    let total = |hoard: &MemoryUse| totals.get(&hoard.network).copied();
    let worth = hoards.iter().filter(|hoard| hoard.bytes >= NOTEWORTHY);
    worth.max_by_key(|hoard| (total(hoard), hoard.bytes, hoard.client)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: usize = 1_000_000;

    fn memory_use(client: ClientId, last: u8, bytes: usize) -> MemoryUse {
        MemoryUse { client, network: [192, 0, 2, last].into(), bytes }
    }

    #[test]
    fn many_connections_of_one_address_pay_before_one_large_message_of_another() {
        let mut hoards: Vec<_> = (1..=100).map(|client| memory_use(client, 1, MB)).collect();
        hoards.push(memory_use(101, 2, 16 * MB));
        assert_eq!(largest(&hoards).map(|hoard| hoard.client), Some(100), "the one that came last");
        hoards.push(memory_use(102, 1, 2 * MB));
        assert_eq!(largest(&hoards).map(|hoard| hoard.client), Some(102));
        hoards.retain(|hoard| hoard.network == IpAddr::from([192, 0, 2, 2]));
        assert_eq!(largest(&hoards).map(|hoard| hoard.client), Some(101));
    }

    #[test]
    fn who_holds_next_to_nothing_stays() {
        assert!(largest(&[]).is_none());
        assert!(largest(&[memory_use(1, 1, 1000), memory_use(2, 1, 0)]).is_none());
    }

    #[cfg(feature = "cluster")]
    #[test]
    fn links_have_a_part_of_the_memory() {
        let memory = Memory::new(4000);
        let share = HeldShare::new(Arc::clone(memory.for_links(900).unwrap()), 900);
        assert!(memory.for_links(100).is_some() && memory.for_links(101).is_none());
        assert_eq!(memory.free(), 3100, "it counts in the whole");
        drop(share);
        assert!(memory.for_links(101).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_read_past_the_limit_and_not_for_ever() {
        use tokio::io::AsyncReadExt;
        let memory = Arc::new(Memory::new(100));
        let accounts = memory.open();
        let mut gated = MemoryGate::new(Box::new(&b"abcdef"[..]), Arc::clone(&memory));
        let mut read = [0; 3];
        gated.read_exact(&mut read).await.unwrap();
        let too_much = accounts.beside(101);
        assert_eq!(memory.excess(), 1);
        memory.passed().await;
        let begun = tokio::time::Instant::now();
        gated.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"def");
        assert!(begun.elapsed() >= MOST_PAUSES * PAUSE);
        drop(too_much);
        assert_eq!((memory.excess(), memory.free()), (0, 100));
    }
}

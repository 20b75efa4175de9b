//! Changes of who is in which room, and how far the links to other relays are adapted to them.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Notify, watch};

/// The clients that have come and gone, as numbers of changes.
#[derive(Debug, Default)]
pub(in crate::relay) struct Occupancy {
    changes: AtomicU64,
    notify: Notify,
    /// The changes to which the links are adapted.
    adapted: watch::Sender<u64>,
}

impl Occupancy {
    /// Records that a client has joined or left a room.
    pub(in crate::relay) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.notify.notify_one();
    }

    /// Waits for a change.
    pub(super) async fn next(&self) {
        self.notify.notified().await;
    }

    /// The changes so far. Who asks this before it looks into the rooms has seen them all.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Records that the links are adapted to so many changes.
    pub(super) fn adapted(&self, changes: u64) {
        self.adapted.send_if_modified(|adapted| {
            let is_more = changes > *adapted;
            *adapted = changes.max(*adapted);
            is_more
        });
    }

    /// Waits until the links are adapted to all changes so far: from then on, what a client says that has joined before
    /// goes to all relays that are known to have clients in its room.
    pub(in crate::relay) async fn settled(&self) {
        let changes = self.changes();
        // Without its sender, nobody would be here.
        let _ = self.adapted.subscribe().wait_for(|adapted| *adapted >= changes).await;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    #[test]
    fn who_joined_waits_for_links_that_were_adapted_later() {
        let occupancy = Occupancy::default();
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(pin!(occupancy.settled()).poll(&mut context), Poll::Ready(()), "nobody has come");
        occupancy.changed();
        let mut first = pin!(occupancy.settled());
        assert_eq!(first.as_mut().poll(&mut context), Poll::Pending);
        let seen = occupancy.changes();
        occupancy.changed();
        let mut second = pin!(occupancy.settled());
        assert_eq!(second.as_mut().poll(&mut context), Poll::Pending);
        occupancy.adapted(seen);
        assert_eq!(first.as_mut().poll(&mut context), Poll::Ready(()));
        assert_eq!(
            second.as_mut().poll(&mut context),
            Poll::Pending,
            "it came after the look into the rooms"
        );
        occupancy.adapted(occupancy.changes());
        occupancy.adapted(seen);
        assert_eq!(second.as_mut().poll(&mut context), Poll::Ready(()));
    }

    #[test]
    fn nobody_waits_for_links_that_have_ended() {
        let occupancy = Occupancy::default();
        occupancy.adapted(u64::MAX);
        occupancy.changed();
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(pin!(occupancy.settled()).poll(&mut context), Poll::Ready(()));
    }
}

//! The links of a room: where its clients' messages go besides its clients, and what other relays said.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{mark::Mark, note::PeerReport, outlet::Outlet};
use crate::{
    relay::{
        cluster::{Arrivals, LinkStatus, MAX_RELAYS, RelayId, audience::Audience},
        delivery_delay::AudienceReport,
        event::ClientId,
        members::Member,
        stats::{FIRST_GUEST, TrafficCounter},
    },
    sync::lock,
    wire::{Departed, Message, MessageKind},
};

/// The links of one room.
pub(in crate::relay) struct RoomLinks {
    outlets: Mutex<Arc<[Arc<Outlet>]>>,
    /// Whether there are any: looked at for each message, also of relays that take part in no cluster.
    any: AtomicBool,
    audience: Mutex<Audience>,
    /// The texts and images that came from other relays.
    pub(super) arrivals: Mutex<Arrivals>,
    /// The newest connection from each other relay, to be ended by a newer one.
    takers: Mutex<BTreeMap<RelayId, CancellationToken>>,
    /// What came from each.
    received: Mutex<BTreeMap<RelayId, Arc<TrafficCounter>>>,
    /// The room's own viewers.
    viewers: watch::Sender<u32>,
    guests: AtomicU64,
    /// Those guests that have sent video.
    filming: Mutex<BTreeMap<ClientId, Arc<Member>>>,
}

impl Default for RoomLinks {
    fn default() -> Self {
        Self {
            outlets: Mutex::new(Arc::new([])),
            any: AtomicBool::new(false),
            audience: Mutex::default(),
            arrivals: Mutex::default(),
            takers: Mutex::default(),
            received: Mutex::default(),
            viewers: watch::Sender::new(0),
            guests: AtomicU64::new(FIRST_GUEST),
            filming: Mutex::default(),
        }
    }
}

impl RoomLinks {
    /// The links to other relays.
    fn outlets(&self) -> Arc<[Arc<Outlet>]> {
        Arc::clone(&lock(&self.outlets))
    }

    /// Whether there is none.
    pub(in crate::relay) fn is_empty(&self) -> bool {
        !self.any.load(Relaxed)
    }

    pub(super) fn add(&self, outlet: &Arc<Outlet>) {
        let mut outlets = lock(&self.outlets);
        *outlets = outlets.iter().chain([outlet]).cloned().collect();
        self.any.store(true, Relaxed);
    }

    /// Removes this one, and none that has taken its place.
    pub(super) fn remove(&self, gone: &Arc<Outlet>) {
        let mut outlets = lock(&self.outlets);
        *outlets = outlets.iter().filter(|outlet| !Arc::ptr_eq(outlet, gone)).cloned().collect();
        self.any.store(!outlets.is_empty(), Relaxed);
    }

    /// Sends a message of a client of this relay to the others, which came at `came`; `peer` is the number of its
    /// connection.
    pub(in crate::relay) fn push(&self, from: ClientId, peer: u64, message: &Message, came: Instant) {
        let is_video = message.kind() == MessageKind::Video;
        let mut marked = None;
        for outlet in self.outlets().iter() {
            if !is_video {
                outlet.ordered(peer, message);
            } else if outlet.wants_frames() {
                // The same for all of them.
                let mark = || Mark { peer, number: 0 }.put(message);
                if let Some(marked) = marked.get_or_insert_with(mark) {
                    outlet.frame(from, marked, came);
                }
            }
        }
    }

    /// Tells the others that connections of this relay have ended.
    pub(in crate::relay) fn departed(&self, gone: Departed) {
        self.outlets().iter().for_each(|outlet| outlet.departed(gone));
    }

    /// Records how many viewers another relay has; returns whether that changes the number of all.
    pub(super) fn said(&self, relay: RelayId, viewers: u32) -> bool {
        lock(&self.audience).said(relay, viewers)
    }

    /// Records how the viewers of another relay get frames from here.
    pub(super) fn reported(&self, relay: RelayId, reports: &[PeerReport], now: Instant) {
        let mut audience = lock(&self.audience);
        for PeerReport { peer, report } in reports {
            audience.reported(relay, *peer, *report, now);
        }
    }

    /// How all viewers get the frames of a client with this number, here (`own`, and of how many that is known) and at
    /// the other relays.
    pub(in crate::relay) fn median(
        &self,
        of: ClientId,
        number: Option<u64>,
        own: Option<(AudienceReport, u32)>,
        now: Instant,
    ) -> Option<AudienceReport> {
        let outlets = self.outlets();
        let link = |relay| outlets.iter().find(|outlet| outlet.relay == relay)?.report(of, now);
        lock(&self.audience).median(number, own, link, now)
    }

    /// Records that the link to another relay is down; returns whether that changes the number of viewers.
    pub(super) fn left(&self, relay: RelayId) -> bool {
        lock(&self.audience).left(relay)
    }

    /// The viewers at all other relays.
    pub(in crate::relay) fn viewers(&self) -> u32 {
        lock(&self.audience).count()
    }

    /// Tells the other relays how many viewers there are here.
    pub(in crate::relay) fn tell_viewers(&self, viewers: u32) {
        self.viewers.send_if_modified(|told| std::mem::replace(told, viewers) != viewers);
    }

    /// The room's own viewers, and each change.
    pub(super) fn told_viewers(&self) -> watch::Receiver<u32> {
        self.viewers.subscribe()
    }

    /// The counter of what comes from another relay.
    pub(super) fn received_from(&self, relay: RelayId) -> Arc<TrafficCounter> {
        let mut received = lock(&self.received);
        if received.len() >= MAX_RELAYS && !received.contains_key(&relay) {
            let takers = lock(&self.takers);
            received.retain(|relay, _| takers.contains_key(relay));
        }
        Arc::clone(received.entry(relay).or_default())
    }

    /// A snapshot of the links with another relay; `None` if there are none.
    pub(in crate::relay) fn status(&self, relay: RelayId, room: &str) -> Option<LinkStatus> {
        let outlets = self.outlets();
        let outlet = outlets.iter().find(|outlet| outlet.relay == relay);
        let received = lock(&self.received).get(&relay).map(|counter| counter.amount());
        if outlet.is_none() && !self.is_taking_from(relay) {
            return None;
        }
        let sent = outlet.map(|outlet| outlet.status()).unwrap_or_default();
        Some(LinkStatus { room: room.to_owned(), received: received.unwrap_or_default(), ..sent })
    }

    /// Begins to take what another relay pushes. An older connection from it ends: what is still under way there would
    /// come after what is newer.
    pub(super) fn takes_from(&self, relay: RelayId, stop: &CancellationToken) -> CancellationToken {
        let token = stop.child_token();
        if let Some(older) = lock(&self.takers).insert(relay, token.clone()) {
            older.cancel();
        }
        token
    }

    /// Whether there is a connection from another relay.
    pub(super) fn is_taking_from(&self, relay: RelayId) -> bool {
        lock(&self.takers).contains_key(&relay)
    }

    /// Ends what [`Self::takes_from`] began.
    pub(super) fn ends(&self, relay: RelayId, token: &CancellationToken) {
        if !token.is_cancelled() {
            lock(&self.takers).remove(&relay);
        }
    }

    /// Records that a guest has sent video.
    pub(super) fn films(&self, guest: &Arc<Member>) {
        lock(&self.filming).insert(guest.id, Arc::clone(guest));
    }

    /// Whether a guest with this number has sent video, and is still there.
    pub(in crate::relay) fn is_filming(&self, number: u64) -> bool {
        lock(&self.filming).values().any(|guest| guest.number.get() == Some(&number))
    }

    /// Forgets a guest.
    pub(super) fn forgets(&self, guest: ClientId) {
        lock(&self.filming).remove(&guest);
    }

    /// The guests that have sent video: those that have been there longest first.
    pub(in crate::relay) fn guests(&self) -> Vec<Arc<Member>> {
        lock(&self.filming).values().cloned().collect()
    }

    /// A guest that has sent video, for clients of HTTP.
    #[cfg(feature = "web")]
    pub(in crate::relay) fn guest(&self, id: ClientId) -> Option<Arc<Member>> {
        lock(&self.filming).get(&id).cloned()
    }

    /// The number of the next guest.
    pub(super) fn next_guest(&self) -> ClientId {
        self.guests.fetch_add(1, Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::memory::Memory;

    const A: RelayId = RelayId::from_bits(1);
    const B: RelayId = RelayId::from_bits(2);

    #[test]
    fn a_newer_connection_from_a_relay_ends_the_older_one_and_no_other() {
        let (links, stop) = (RoomLinks::default(), CancellationToken::new());
        let [first, other, second] = [A, B, A].map(|relay| links.takes_from(relay, &stop));
        assert!(first.is_cancelled() && !second.is_cancelled() && !other.is_cancelled());
        links.ends(A, &first);
        assert!(links.is_taking_from(A), "the end of the first is not that of the second");
        let third = links.takes_from(A, &stop);
        assert!(second.is_cancelled(), "the end of the first was not that of the second");
        links.ends(A, &third);
        assert!(!links.is_taking_from(A));
        links.takes_from(A, &stop);
        assert!(!third.is_cancelled(), "it has ended by itself");
        stop.cancel();
        assert!(other.is_cancelled());
    }

    #[test]
    fn viewers_are_told_if_their_number_has_changed() {
        let links = RoomLinks::default();
        let mut told = links.told_viewers();
        links.tell_viewers(0);
        assert!(!told.has_changed().unwrap());
        links.tell_viewers(2);
        assert!(told.has_changed().unwrap());
        assert_eq!(*told.borrow_and_update(), 2);
        assert!(links.said(A, 3) && links.said(B, 1) && links.left(A));
        assert_eq!(links.viewers(), 1);
    }

    #[test]
    fn what_is_pushed_goes_to_each_link_and_frames_only_where_somebody_views() {
        let links = RoomLinks::default();
        let [(to_a, mut at_a), (to_b, mut at_b)] =
            [A, B].map(|relay| Outlet::new(relay, Arc::new(Memory::new(1 << 20))));
        assert!(links.is_empty());
        links.add(&to_a);
        links.add(&to_b);
        to_b.set_viewers(1);
        let frame = Message::new(MessageKind::Video, "frame".into(), None).unwrap();
        let text = Message::new(MessageKind::Text, "text".into(), None).unwrap();
        let now = Instant::now();
        links.push(7, 1001, &frame, now);
        links.push(7, 1001, &text, now);
        let kinds = |mailbox: &mut super::super::outlet::Mailbox| {
            std::iter::from_fn(|| mailbox.try_recv().unwrap().map(|taken| format!("{:?}", taken.priority)))
                .collect::<Vec<_>>()
        };
        assert_eq!(kinds(&mut at_a), ["Ordered(0)"]);
        assert_eq!(kinds(&mut at_b), ["Ordered(0)", "Latest(7)"]);
        let (mark, message) = Mark::cut(&to_a.next().unwrap()).unwrap();
        assert_eq!((mark, message), (Mark { peer: 1001, number: 1 }, text));
        let (again, _at_a) = Outlet::new(A, Arc::new(Memory::new(1 << 20)));
        links.add(&again);
        links.remove(&to_a);
        links.remove(&to_b);
        assert!(!links.is_empty(), "the end of the first is not that of the second");
        links.remove(&again);
        assert!(links.is_empty());
    }
}

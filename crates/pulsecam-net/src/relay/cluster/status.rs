//! What a relay knows of its cluster, for those who watch it.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    about::Load,
    members::{Relay, RelayId, Roster},
};
use crate::{
    address::Address,
    relay::{
        members::Member,
        room::Room,
        server::Server,
        stats::{ClientStats, Traffic},
    },
};

/// A snapshot of a cluster, as one of its relays knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// This relay's name.
    pub id: RelayId,
    /// Where other relays reach it.
    pub addr: SocketAddr,
    /// Where clients reach it, if it says so.
    pub public: Option<Address>,
    /// The others, also those that are gone and not forgotten yet.
    pub relays: Vec<RelayStatus>,
}

impl Status {
    /// What a relay knows that is called `id`, and that others reach at `addr`.
    #[must_use]
    pub const fn new(
        id: RelayId,
        addr: SocketAddr,
        public: Option<Address>,
        relays: Vec<RelayStatus>,
    ) -> Self {
        Self { id, addr, public, relays }
    }
}

/// Another relay.
#[derive(Clone, Debug, PartialEq, Eq)]
// Exhaustive, so that a dashboard can be tested with relays of its own.
pub struct RelayStatus {
    /// Its name.
    pub id: RelayId,
    /// Whether it is heard from.
    pub alive: bool,
    /// Why it cannot be linked; what follows is then unknown.
    pub unusable: Option<String>,
    /// Where other relays reach it.
    pub addr: Option<SocketAddr>,
    /// Where clients reach it.
    pub public: Option<Address>,
    /// How busy it is.
    pub load: Load,
    /// The links with it.
    pub links: Vec<LinkStatus>,
}

/// The two links with another relay for one room, one in each direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
// Exhaustive, as above.
pub struct LinkStatus {
    /// The room.
    pub room: String,
    /// Whether what clients here send reaches the other relay.
    pub up: bool,
    /// The viewers there.
    pub viewers: u32,
    /// What was sent there.
    pub sent: Traffic,
    /// What came from there.
    pub received: Traffic,
    /// Frames for it that newer ones replaced.
    pub lost: u64,
    /// Texts and images that wait, and their bytes.
    pub waiting: (usize, usize),
    /// Texts and images that were dropped because too many waited.
    pub dropped: u64,
    /// How late the other relay gets frames.
    pub late: Option<Duration>,
    /// The shortest of the last round trips.
    pub round_trip: Option<Duration>,
}

impl Room {
    /// The clients of other relays whose video has come in the last seconds.
    pub(in crate::relay) fn filming_guests(&self) -> Vec<Arc<Member>> {
        let mut guests = self.links.guests();
        guests.retain(|guest| guest.is_sending());
        guests
    }

    /// Takes a snapshot of the streams that come from other relays.
    pub(in crate::relay) fn guest_stats(&self, now: Instant) -> Vec<ClientStats> {
        let members = self.members();
        self.filming_guests().iter().map(|guest| guest.stats(self.name(), &members, now)).collect()
    }
}

impl Server {
    /// Takes a snapshot of the cluster, if the relay is in one. Without a room, of the links for all rooms.
    pub(in crate::relay) fn cluster_status(&self, room: Option<&Room>) -> Option<Status> {
        let config = self.shared.config.cluster.as_ref()?;
        let roster = config.members.roster();
        let known: &Roster = &roster.borrow();
        let rooms = self.rooms();
        let rooms: Vec<_> = match room {
            Some(room) => vec![room],
            None => rooms.iter().map(|room| &**room).collect(),
        };
        let relays = known.iter().map(|(id, relay)| status(id, relay, &rooms)).collect();
        let (addr, public) = (config.about.link, config.about.public.clone());
        Some(Status::new(config.members.id(), addr, public, relays))
    }
}

fn status(id: RelayId, relay: &Relay, rooms: &[&Room]) -> RelayStatus {
    let about = relay.about.as_ref();
    RelayStatus {
        id,
        alive: relay.alive,
        unusable: about.err().map(ToString::to_string),
        addr: about.ok().map(|about| about.link),
        public: about.ok().and_then(|about| about.public.clone()),
        load: about.map(|about| about.load).unwrap_or_default(),
        links: rooms.iter().filter_map(|room| room.links.status(id, room.name())).collect(),
    }
}

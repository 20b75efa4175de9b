//! The streams of a room for clients of HTTP: those of its members, and those that come from other relays.

#[cfg(not(feature = "cluster"))]
use std::{sync::Arc, time::Instant};

use crate::relay::{event::ClientId, room::Room};
#[cfg(not(feature = "cluster"))]
use crate::relay::{members::Member, stats::ClientStats};

impl Room {
    /// Without a cluster, no streams come from other relays.
    #[cfg(not(feature = "cluster"))]
    pub(super) const fn guest_stats(&self, _: Instant) -> Vec<ClientStats> {
        Vec::new()
    }

    /// Without a cluster, there are no clients of other relays.
    #[cfg(not(feature = "cluster"))]
    const fn filming_guests(&self) -> Vec<Arc<Member>> {
        Vec::new()
    }

    /// The client that has been there longest of those that send video, of this relay if there are any.
    pub(super) fn oldest_stream(&self, but: ClientId) -> Option<ClientId> {
        let members = self.members.list();
        let own = members.iter().find(|member| member.id != but && member.is_sending());
        own.map(|member| member.id).or_else(|| self.filming_guests().first().map(|guest| guest.id))
    }

    /// Whether a client that sends video is still there.
    pub(super) fn has_stream(&self, of: ClientId) -> bool {
        self.members.list().iter().any(|member| member.id == of) || self.is_filming_guest(of)
    }

    /// Whether it is a client of another relay whose video has come in the last seconds.
    #[cfg(feature = "cluster")]
    fn is_filming_guest(&self, of: ClientId) -> bool {
        self.links.guest(of).is_some_and(|guest| guest.is_sending())
    }

    /// There are none.
    #[cfg(not(feature = "cluster"))]
    const fn is_filming_guest(&self, _: ClientId) -> bool {
        false
    }
}

//! A tree of relays for one stream, on paper: what a cluster would need that is larger than any that was run.
//!
//! The sender's relay is the root. Each relay gives copies to its children one after the other, through one network
//! card, and the rest of what the card carries to its own viewers.

use std::time::Duration;

use super::Table;

/// Bytes of a frame, and frames per second.
const FRAME: f64 = 100_000.0;
const FRAMES_PER_S: f64 = 30.0;

/// Bytes per second that a relay sends at most: 10 Gb/s, less what headers take.
const NETWORK_CARD: f64 = 1.2e9;

/// The copies of the stream that these carry.
pub const COPIES: u64 = (NETWORK_CARD / (FRAME * FRAMES_PER_S)) as u64;

/// What a relay adds to a frame's age, as measured between two relays on a fast network.
const HOP: Duration = Duration::from_micros(400);

/// The most relays that a room's relays are linked with each other, and so the first version's limit.
pub const LINKED: u64 = 64;

/// Relays that pass one stream on to each other.
#[derive(Clone, Debug, PartialEq)]
pub struct RelayTree {
    fan_out: u64,
    /// When each relay has the whole frame, without round trips; the sender's own first. A relay's children come later.
    arrivals: Vec<Duration>,
}

impl RelayTree {
    /// Builds the smallest tree that serves this many viewers, in which no relay has more than `fan_out` children.
    #[must_use]
    pub fn for_viewers(viewers: u64, fan_out: u64) -> Self {
        // Each relay but the first takes one of the copies.
        let relays = viewers.saturating_sub(1).div_ceil(COPIES - 1).max(1);
        let transfer = Duration::from_secs_f64(FRAME / NETWORK_CARD);
        let mut arrivals = vec![Duration::ZERO];
        for relay in 1..relays {
            let (parent, place) = ((relay - 1) / fan_out, (relay - 1) % fan_out);
            let at = arrivals.get(parent as usize).copied().unwrap_or_default();
            arrivals.push(at + HOP + transfer * (place as u32 + 1));
        }
        Self { fan_out, arrivals }
    }

    /// The number of relays.
    #[must_use]
    pub fn relays(&self) -> u64 {
        self.arrivals.len() as u64
    }

    /// The most relays that a frame passes after the first one.
    #[must_use]
    pub fn hops(&self) -> u32 {
        let mut relay = self.relays() - 1;
        let mut hops = 0;
        while relay > 0 {
            relay = (relay - 1) / self.fan_out;
            hops += 1;
        }
        hops
    }

    /// When the last relay has a frame, after the first one has it, without the time on the way.
    #[must_use]
    pub fn added(&self) -> Duration {
        self.arrivals.iter().max().copied().unwrap_or_default()
    }

    /// The share of relays below which there is no other one: if they die, nobody but their own viewers notices.
    #[must_use]
    pub fn leaves(&self) -> f64 {
        let parents = (self.relays() - 1).div_ceil(self.fan_out);
        1.0 - parents as f64 / self.relays() as f64
    }
}

/// The most viewers of one stream if all relays are linked with each other, and of all streams if all relays have
/// senders.
#[must_use]
pub const fn linked_viewers() -> [u64; 2] {
    let others = LINKED - 1;
    [LINKED * COPIES - others, LINKED * (COPIES - others)]
}

/// What trees for so many viewers need.
#[must_use]
pub fn table() -> Table {
    let mut table = Table::new("")
        .column("viewers", "")
        .column("fan-out", "")
        .column("relays", "")
        .column("hops", "")
        .column("added without round trips", "ms")
        .column("relays with none below", "%")
        .column("sent in all", "GB/s");
    for viewers in [400, 20_000, 100_000, 1_000_000] {
        for fan_out in [8, 20, 50, 200] {
            let tree = RelayTree::for_viewers(viewers, fan_out);
            let copies = viewers + tree.relays() - 1;
            table.row(vec![
                viewers.into(),
                fan_out.into(),
                tree.relays().into(),
                u64::from(tree.hops()).into(),
                (tree.added().as_secs_f64() * 1e3, 1).into(),
                (tree.leaves() * 100.0, 0).into(),
                (copies as f64 * FRAME * FRAMES_PER_S / 1e9, 1).into(),
            ]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_relay_has_room_for_its_children_and_its_viewers() {
        for (viewers, fan_out) in [(1, 8), (400, 8), (401, 8), (21_000, 20), (1_000_000, 200)] {
            let tree = RelayTree::for_viewers(viewers, fan_out);
            let places = tree.relays() * COPIES - (tree.relays() - 1);
            assert!(places >= viewers, "{viewers}");
            let fewer = tree.relays() - 1;
            assert!(fewer == 0 || fewer * COPIES - (fewer - 1) < viewers, "none is too many: {viewers}");
        }
    }

    #[test]
    fn a_frame_reaches_a_lone_relay_at_once_and_children_one_after_the_other() {
        let alone = RelayTree::for_viewers(400, 8);
        assert_eq!((alone.relays(), alone.hops(), alone.added()), (1, 0, Duration::ZERO));
        let two = RelayTree::for_viewers(401, 8);
        let transfer = Duration::from_secs_f64(FRAME / NETWORK_CARD);
        assert_eq!((two.relays(), two.hops(), two.added()), (2, 1, HOP + transfer));
        let million = RelayTree::for_viewers(1_000_000, 20);
        assert_eq!((million.relays(), million.hops()), (2507, 3));
        assert!(million.leaves() > 0.94);
    }

    #[test]
    fn the_first_versions_limit_is_known() {
        assert_eq!(linked_viewers(), [25_537, 21_568]);
    }
}

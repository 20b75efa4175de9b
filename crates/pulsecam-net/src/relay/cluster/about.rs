//! What a relay says about itself to the others, as the keys and values of the gossip.
//!
//! | key | value |
//! |---|---|
//! | `v` | the version of this table |
//! | `started` | when the relay started, in microseconds by its own clock |
//! | `link` | where other relays reach it |
//! | `cert` | the fingerprint of the certificate that it shows there |
//! | `public` | where clients reach it, as they write it |
//! | `slot` | the block of numbers that it wants, how often it has wanted another one before, and 1 if it has that block |
//! | `agreed/RELAY` | block and turn of that relay, which wants them, and to which this one has agreed |
//! | `epoch` | when the cluster's epoch began, and its number |
//! | `load` | clients, bytes per second sent to them, and the most clients |
//! | `room/TAG` | there while it has somebody in that room |
//!
//! Unknown keys are ignored. Numbers that change often are not in it: they go over links.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    str::FromStr,
};

use super::{claim::Claim, key::RoomTag, members::RelayId};
use crate::{address::Address, clock::Timestamp, tls::Fingerprint};

/// The version of the table.
pub(super) const VERSION: u32 = 1;

/// The most rooms that a relay tells of. With as many in each of 64 relays, the state of all still fits one
/// datagram.
pub const MAX_ROOMS: usize = 64;

/// The longest value in bytes that is looked at: twice the longest name of a host, with its port.
const MAX_VALUE: usize = 512;

/// What precedes a room's tag in its key.
const ROOM: &str = "room/";

/// What precedes a relay's name in the key of what was agreed to.
const AGREED: &str = "agreed/";

/// The most relays to which one agrees at once: as many as there are blocks.
const MAX_AGREED: usize = 1024;

/// What a relay says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// When it started. The elder of two relays is the one that started earlier.
    pub started: Timestamp,
    /// Where other relays reach it.
    pub link: SocketAddr,
    /// The certificate that it shows there.
    pub certificate: Fingerprint,
    /// Where clients reach it, if it says so.
    pub public: Option<Address>,
    /// The block of numbers that it wants.
    pub claim: Claim,
    /// Whether it has that block.
    pub has_slot: bool,
    /// What others want, and what it has agreed to.
    pub agreed: BTreeMap<RelayId, Claim>,
    /// The epoch to which its numbers belong.
    pub epoch: Epoch,
    /// How busy it is.
    pub load: Load,
    /// The rooms in which it has clients, at most [`MAX_ROOMS`].
    pub rooms: BTreeSet<RoomTag>,
}

/// The time in which numbers of connections mean the same at all relays.
///
/// The one that began first counts, of two with the same beginning the one with the smaller number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch {
    /// When it began.
    pub began: Timestamp,
    /// A random number, which clients see.
    pub number: u64,
}

/// How busy a relay is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Its clients.
    pub clients: u32,
    /// The bytes per second that it sends to them.
    pub bytes_per_s: u64,
    /// The most clients that it takes.
    pub max_clients: u32,
}

/// Why a relay cannot be linked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// It has not said all about itself yet.
    #[error("it has not said its {0:?} yet")]
    Missing(&'static str),
    /// It is of another version.
    #[error("it speaks version {0} of the gossip, and this relay version {VERSION}")]
    Version(u32),
    /// It says something that means nothing.
    #[error("its {0:?} means nothing")]
    Meaningless(&'static str),
}

impl About {
    /// The keys and values, of which those of rooms come and go.
    #[must_use]
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        let Load { clients, bytes_per_s, max_clients } = self.load;
        let mut pairs = vec![
            ("v".to_owned(), VERSION.to_string()),
            ("started".to_owned(), self.started.as_micros().to_string()),
            ("link".to_owned(), self.link.to_string()),
            ("cert".to_owned(), self.certificate.to_string().replace(':', "")),
            ("slot".to_owned(), format!("{} {}", self.claim, u8::from(self.has_slot))),
            ("epoch".to_owned(), format!("{} {}", self.epoch.began.as_micros(), self.epoch.number)),
            ("load".to_owned(), format!("{clients} {bytes_per_s} {max_clients}")),
        ];
        if let Some(public) = &self.public {
            pairs.push(("public".to_owned(), public.to_string()));
        }
        pairs
            .extend(self.agreed.iter().map(|(relay, claim)| (format!("{AGREED}{relay}"), claim.to_string())));
        pairs.extend(self.rooms.iter().take(MAX_ROOMS).map(|room| (format!("{ROOM}{room}"), String::new())));
        pairs
    }

    /// Whether a key is one of those that this version writes and may remove.
    #[must_use]
    pub fn is_passing(key: &str) -> bool {
        key == "public" || key.starts_with(ROOM) || key.starts_with(AGREED)
    }

    /// Reads what another relay says about itself.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn parse<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Unusable> {
        let (mut values, mut rooms, mut agreed) = (Values::default(), BTreeSet::new(), BTreeMap::new());
        for (key, value) in pairs {
            let value = Some(value).filter(|value| value.len() <= MAX_VALUE);
            match key {
                "v" => values.version = value,
                "started" => values.started = value,
                "link" => values.link = value,
                "cert" => values.certificate = value,
                "public" => values.public = value,
                "slot" => values.slot = value,
                "epoch" => values.epoch = value,
                "load" => values.load = value,
                _ => {
                    let room = key.strip_prefix(ROOM).and_then(|tag| tag.parse::<RoomTag>().ok());
                    rooms.extend(room.filter(|_| rooms.len() < MAX_ROOMS));
                    let relay = key.strip_prefix(AGREED).and_then(|relay| relay.parse::<RelayId>().ok());
                    let claim = value.and_then(|value| value.parse::<Claim>().ok());
                    agreed.extend(relay.zip(claim).filter(|_| agreed.len() < MAX_AGREED));
                }
            }
        }
        values.read(rooms, agreed)
    }
}

/// The values as they came.
#[derive(Default)]
struct Values<'a> {
    version: Option<&'a str>,
    started: Option<&'a str>,
    link: Option<&'a str>,
    certificate: Option<&'a str>,
    public: Option<&'a str>,
    slot: Option<&'a str>,
    epoch: Option<&'a str>,
    load: Option<&'a str>,
}

impl Values<'_> {
    fn read(self, rooms: BTreeSet<RoomTag>, agreed: BTreeMap<RelayId, Claim>) -> Result<About, Unusable> {
        // First: nothing else is known of another version.
        let version: u32 = one(self.version, "v")?;
        if version != VERSION {
            return Err(Unusable::Version(version));
        }
        let [began, number] = several(self.epoch, "epoch")?;
        let [clients, bytes_per_s, max_clients] = several(self.load, "load")?;
        let (claim, has_slot) = claim(self.slot)?;
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(About {
            started: Timestamp::from_micros(one(self.started, "started")?),
            link: one(self.link, "link")?,
            certificate: one(self.certificate, "cert")?,
            public: self.public.map(|public| one(Some(public), "public")).transpose()?,
            claim,
            has_slot,
            agreed,
            epoch: Epoch { began: Timestamp::from_micros(began), number },
            load: Load { clients: count(clients), bytes_per_s, max_clients: count(max_clients) },
            rooms,
        })
    }
}

fn one<T: FromStr>(value: Option<&str>, key: &'static str) -> Result<T, Unusable> {
    value.ok_or(Unusable::Missing(key))?.parse().map_err(|_| Unusable::Meaningless(key))
}

fn several<const N: usize>(value: Option<&str>, key: &'static str) -> Result<[u64; N], Unusable> {
    let mut numbers = value.ok_or(Unusable::Missing(key))?.split(' ');
    let mut read = [0; N];
    for number in &mut read {
        *number = one(numbers.next(), key).map_err(|_| Unusable::Meaningless(key))?;
    }
    if numbers.next().is_some() { Err(Unusable::Meaningless(key)) } else { Ok(read) }
}

/// Reads a claim, and whether it was taken.
fn claim(value: Option<&str>) -> Result<(Claim, bool), Unusable> {
    let odd = || Unusable::Meaningless("slot");
    let (claim, has_slot) = value.ok_or(Unusable::Missing("slot"))?.rsplit_once(' ').ok_or_else(odd)?;
    let has_slot = match has_slot {
        "0" => false,
        "1" => true,
        _ => return Err(odd()),
    };
    Ok((claim.parse().map_err(|_| odd())?, has_slot))
}

#[cfg(test)]
impl About {
    /// Any relay, for tests; `started` is also its port.
    pub(super) fn of_test(started: u64) -> Self {
        Self {
            started: Timestamp::from_micros(started),
            link: ([127, 0, 0, 1], started as u16).into(),
            certificate: "00".repeat(32).parse().unwrap(),
            public: None,
            claim: Claim::default(),
            has_slot: false,
            agreed: BTreeMap::new(),
            epoch: Epoch::default(),
            load: Load::default(),
            rooms: BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any relay.
    fn any_about() -> impl Strategy<Value = About> {
        let rooms = proptest::collection::btree_set(any::<u64>().prop_map(RoomTag::from_bits), 0..5);
        let load = (any::<u32>(), any::<u64>(), any::<u32>());
        let claim = any::<(u32, u32)>().prop_map(|(slot, turn)| Claim { slot, turn });
        let relay = any::<u64>().prop_map(RelayId::from_bits);
        let agreed = proptest::collection::btree_map(relay, claim.clone(), 0..4);
        let public =
            proptest::option::of(prop_oneof!["[a-z]{1,9}\\.lan", Just("[2001:db8::7]:7000".to_owned())]);
        (
            any::<u64>(),
            any::<SocketAddr>(),
            any::<[u8; 32]>(),
            public,
            (claim.clone(), any::<bool>(), agreed),
            any::<(u64, u64)>(),
            load,
            rooms,
        )
            .prop_map(|(started, link, certificate, public, slot, (began, number), load, rooms)| {
                let (claim, has_slot, agreed) = slot;
                let (clients, bytes_per_s, max_clients) = load;
                let digits: String = certificate.iter().map(|byte| format!("{byte:02X}")).collect();
                About {
                    started: Timestamp::from_micros(started),
                    link: plain(link),
                    certificate: digits.parse().unwrap(),
                    public: public.map(|public| public.parse().unwrap()),
                    claim,
                    has_slot,
                    agreed,
                    epoch: Epoch { began: Timestamp::from_micros(began), number },
                    load: Load { clients, bytes_per_s, max_clients },
                    rooms,
                }
            })
    }

    /// Without flow and scope, which mean nothing elsewhere.
    fn plain(address: SocketAddr) -> SocketAddr {
        (address.ip(), address.port()).into()
    }

    fn parse(pairs: &[(String, String)]) -> Result<About, Unusable> {
        About::parse(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    }

    proptest! {
        #[test]
        fn what_a_relay_says_comes_back_in_any_order(about in any_about(), turn: prop::sample::Index) {
            let mut pairs = about.to_pairs();
            prop_assert_eq!(parse(&pairs), Ok(about.clone()));
            let middle = turn.index(pairs.len());
            pairs.rotate_left(middle);
            pairs.push(("tomorrow".into(), "?".into()));
            prop_assert_eq!(parse(&pairs), Ok(about));
        }

        #[test]
        fn anything_can_be_read(
            about in any_about(),
            odd in "[0-9a-f :.]{0,30}|[0-9]{1,3} [0-9]{1,3} [0-9]|\\PC{0,20}",
            keys in proptest::collection::vec("(room|agreed)/[0-9a-f]{16}|[a-z]{1,8}", 0..200),
            at: prop::sample::Index,
        ) {
            let mut pairs = about.to_pairs();
            let at = at.index(pairs.len());
            pairs[at].1 = odd;
            pairs.extend(keys.into_iter().map(|key| (key, String::new())));
            prop_assert!(parse(&pairs).is_ok_and(|about| about.rooms.len() <= MAX_ROOMS) || parse(&pairs).is_err());
        }

        #[test]
        fn each_part_is_needed(about in any_about()) {
            let pairs = about.to_pairs();
            for without in 0..pairs.len() {
                let mut pairs = pairs.clone();
                let (key, _) = pairs.remove(without);
                let expected = !About::is_passing(&key);
                prop_assert_eq!(matches!(parse(&pairs), Err(Unusable::Missing(_))), expected, "{}", key);
            }
        }
    }

    #[test]
    fn another_version_is_named() {
        let pairs = [("v", "2"), ("started", "soon")];
        assert_eq!(About::parse(pairs), Err(Unusable::Version(2)));
        assert_eq!(About::parse([("v", "1.5")]), Err(Unusable::Meaningless("v")));
        assert_eq!(About::parse([]), Err(Unusable::Missing("v")));
        assert_eq!(About::parse([("v", "1".repeat(MAX_VALUE + 1).as_str())]), Err(Unusable::Missing("v")));
    }

    #[test]
    fn a_slot_is_a_claim_and_whether_it_was_taken() {
        let read = |slot: &str| {
            let mut pairs = About::of_test(1).to_pairs();
            pairs.iter_mut().filter(|(key, _)| key == "slot").for_each(|(_, value)| *value = slot.to_owned());
            parse(&pairs).map(|about| (about.claim, about.has_slot))
        };
        assert_eq!(read("3 2 1"), Ok((Claim { slot: 3, turn: 2 }, true)));
        assert_eq!(read("3 2 0"), Ok((Claim { slot: 3, turn: 2 }, false)));
        for odd in ["3", "3 2", "3 2 2", "3 2 1 1", "x 2 1"] {
            assert_eq!(read(odd), Err(Unusable::Meaningless("slot")), "{odd}");
        }
    }

    #[test]
    fn the_epoch_that_began_first_counts() {
        let epoch = |began, number| Epoch { began: Timestamp::from_micros(began), number };
        assert!(epoch(1, 9) < epoch(2, 1) && epoch(2, 1) < epoch(2, 2));
    }
}

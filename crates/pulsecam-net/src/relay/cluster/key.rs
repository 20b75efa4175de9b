//! The cluster's key, and what is derived from it. Every relay of a cluster has the same.

use std::{fmt, net::IpAddr, path::Path, str::FromStr};

use super::Error;
use crate::{
    auth::{self, Key},
    wire::Token,
};

/// What is signed, so that a value for one purpose is worthless for another.
const GOSSIP: &[u8] = b"pulsecam cluster 1, gossip";
const ROOM: &[u8] = b"pulsecam cluster 1, room";
const LINK: &[u8] = b"pulsecam cluster 1, link";
const NUMBER: &[u8] = b"pulsecam cluster 1, number";

/// The numbers of clients that are recognised: 52 bits above this. Counted numbers stay below it, and all are integers
/// that JavaScript represents exactly.
const FIRST_NUMBER: u64 = 1 << 52;

/// What a room's own key signs to be recognised by other relays.
const ROOM_ITSELF: &[u8] = b"pulsecam room 1";

/// The key of a cluster without one, which only programs of the same machine can reach.
const NO_KEY: &str = "a cluster of one machine needs no key";

/// The size of an HMAC-SHA256 in bytes.
const SIGNATURE: usize = 32;

/// The key that all relays of a cluster share. Who has it is a relay, and sees and does everything.
#[derive(Clone, Debug)]
pub struct ClusterKey(Key);

/// A room as relays name it to each other: neither its name nor its key can be computed from it.
///
/// The same key is the same room at all relays, whatever it is called there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomTag(u64);

impl ClusterKey {
    /// Creates a key from its text, as [`Key::new`] does.
    ///
    /// # Errors
    /// [`auth::Error::TooShort`].
    pub fn new(text: &str) -> Result<Self, auth::Error> {
        Key::new(text).map(Self)
    }

    /// Loads a key from a file, as [`Key::load`] does.
    ///
    /// # Errors
    /// As [`Key::load`].
    pub fn load(file: &Path) -> Result<Self, auth::Error> {
        Key::load(file).map(Self)
    }

    /// Returns the key for a relay that other relays reach at `address`. Without a key, this must be an address
    /// that no other machine can reach.
    ///
    /// # Errors
    /// [`Error::NoKey`].
    pub fn required_at(address: IpAddr, key: Option<Self>) -> Result<Self, Error> {
        match key {
            Some(key) => Ok(key),
            None if address.to_canonical().is_loopback() => Ok(Self::new(NO_KEY)?),
            None => Err(Error::NoKey(address)),
        }
    }

    /// The tag of the room that `key` opens; of the only room, if a relay has no keys.
    #[must_use]
    pub fn room_tag(&self, key: Option<&Key>) -> RoomTag {
        let own = key.map(|key| key.sign(&[ROOM_ITSELF]));
        let own = own.as_ref().map_or(&[][..], |signature| signature.as_ref());
        let signature = self.signature(&[ROOM, own]);
        RoomTag(signature.first_chunk().copied().map_or(0, u64::from_be_bytes))
    }

    /// The key with which a relay enters a room of another one. No client can have it.
    #[must_use]
    pub fn link_key(&self, room: RoomTag) -> Key {
        self.0.derive(&[LINK, &room.0.to_be_bytes()])
    }

    /// The number by which all relays know the client with this token. Nobody can choose it, and the token cannot be
    /// computed from it.
    pub(super) fn number_of(&self, token: Token) -> u64 {
        let signature = self.signature(&[NUMBER, &token.to_bytes()]);
        let bits = signature.first_chunk().copied().map_or(0, u64::from_be_bytes);
        FIRST_NUMBER | (bits % FIRST_NUMBER)
    }

    /// The key with which the relay that chose `salt` seals datagrams.
    pub(super) fn gossip_key(&self, salt: &[u8]) -> [u8; SIGNATURE] {
        self.signature(&[GOSSIP, salt])
    }

    fn signature(&self, parts: &[&[u8]]) -> [u8; SIGNATURE] {
        let mut bytes = [0; SIGNATURE];
        bytes.copy_from_slice(self.0.sign(parts).as_ref());
        bytes
    }
}

impl RoomTag {
    /// Creates a tag for tests and simulations, which have no keys.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

impl fmt::Display for RoomTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for RoomTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomTag({self})")
    }
}

/// The error for text that is not 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("16 hexadecimal digits are expected")]
pub struct NotAnId;

impl FromStr for RoomTag {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        id_bits(text).map(Self)
    }
}

/// Reads 16 hexadecimal digits, and nothing else that std would accept.
pub(super) fn id_bits(text: &str) -> Result<u64, NotAnId> {
    let is_plain = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_plain { u64::from_str_radix(text, 16).map_err(|_| NotAnId) } else { Err(NotAnId) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAN: [u8; 4] = [192, 168, 1, 7];

    #[test]
    fn without_a_key_only_this_machine_can_be_a_cluster() {
        let key = || Some(ClusterKey::new("a cluster key of sorts").unwrap());
        assert!(matches!(ClusterKey::required_at(LAN.into(), None), Err(Error::NoKey(_))));
        assert!(
            matches!(ClusterKey::required_at([0; 4].into(), None), Err(Error::NoKey(_))),
            "all addresses"
        );
        assert!(ClusterKey::required_at(LAN.into(), key()).is_ok());
        for loopback in ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"] {
            let address = loopback.parse().unwrap();
            let [one, other] = [(); 2].map(|()| ClusterKey::required_at(address, None).unwrap());
            assert_eq!(one.room_tag(None), other.room_tag(None), "all find each other");
            assert_ne!(one.room_tag(None), ClusterKey::required_at(address, key()).unwrap().room_tag(None));
        }
    }

    /// Computed with Python's hmac and hashlib.
    #[test]
    fn a_tag_is_that_of_the_vectors() {
        let cluster = ClusterKey::new("a cluster key of the test vectors").unwrap();
        let room = Key::new("the key of a room, also a vector").unwrap();
        assert_eq!(cluster.room_tag(Some(&room)).to_string(), "2fd15e44d427da5d");
        assert_eq!(cluster.room_tag(None).to_string(), "aefa54211dc263e8");
    }

    #[test]
    fn each_room_and_each_cluster_has_its_own_tags_and_link_keys() {
        let [one, other] =
            ["one cluster of all", "other cluster of all"].map(|text| ClusterKey::new(text).unwrap());
        let [lab, office] =
            ["the lab's key, long", "the office's key, long"].map(|text| Key::new(text).unwrap());
        let [a, b] = [&lab, &office].map(|key| one.room_tag(Some(key)));
        assert_ne!(a, b);
        assert_ne!(a, other.room_tag(Some(&lab)));
        assert!(one.link_key(a).is_same(&one.link_key(a)));
        assert!(!one.link_key(a).is_same(&one.link_key(b)));
        assert!(!one.link_key(a).is_same(&other.link_key(a)));
        assert!(!one.link_key(a).is_same(&lab), "a client's key opens no link");
    }

    #[test]
    fn a_client_has_the_same_number_at_all_relays_and_another_in_each_cluster() {
        let [one, other] =
            ["one cluster of all", "other cluster of all"].map(|text| ClusterKey::new(text).unwrap());
        let [ann, bob] = [(); 2].map(|()| Token::random().unwrap());
        assert_eq!(one.number_of(ann), one.clone().number_of(ann));
        assert_ne!(one.number_of(ann), one.number_of(bob));
        assert_ne!(one.number_of(ann), other.number_of(ann));
        for number in [one.number_of(ann), other.number_of(bob)] {
            assert!((FIRST_NUMBER..2 * FIRST_NUMBER).contains(&number), "{number}");
        }
    }

    #[test]
    fn a_tag_is_read_as_it_is_printed() {
        let tag = RoomTag::from_bits(0x0123_4567_89ab_cdef);
        assert_eq!(tag.to_string().parse(), Ok(tag));
        for odd in [
            "",
            "+123456789abcdef",
            "0123456789abcde",
            "0123456789abcdef0",
            "0123456789abcdeg",
            "０123456789abc",
        ] {
            assert_eq!(odd.parse::<RoomTag>(), Err(NotAnId), "{odd}");
        }
    }
}

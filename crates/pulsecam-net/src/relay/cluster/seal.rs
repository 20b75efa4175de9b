//! Seals the datagrams between relays with the cluster's key, and opens only fresh ones.
//!
//! Each relay seals with a key of its own, made of the cluster's key and a random salt, and counts its datagrams:
//! no nonce is ever used twice. A datagram also names the salt of its receiver. So whatever was recorded before the
//! receiver started, or was meant for another relay, is worthless; and what was recorded since is recognised by its
//! count. A relay that does not know the receiver's salt yet gets a greeting in place of an answer, and uses it
//! the next time. A greeting is never larger than what caused it, so that nobody can make relays flood others.
//!
//! What was not sealed with the cluster's key gets no answer at all.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    net::SocketAddr,
};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use super::{
    Error,
    datagram::{HEAD, Head, Kind, MAX_MESSAGE, NoHead, SALT, Salt},
    key::ClusterKey,
    link_plan::MAX_RELAYS,
    replay_window::ReplayWindow,
};
use crate::auth;

/// The most senders whose counts are remembered: four times the largest cluster. Each restart of a relay is a new
/// sender. Beyond this, all are forgotten at once, and what they have sent so far becomes worthless ([`Seal::renew`]).
const MAX_SENDERS: usize = 4 * MAX_RELAYS;

/// The most addresses whose salts are remembered. Beyond this, the one that was learnt first is greeted again.
const MAX_PEERS: usize = 256;

/// The salt of a receiver that is not known.
const UNKNOWN: Salt = [0; SALT];

/// The sealing and opening of one relay's datagrams.
pub struct Seal {
    cluster: ClusterKey,
    salt: Salt,
    key: LessSafeKey,
    sent: u64,
    /// Who receives at an address.
    peers: BTreeMap<SocketAddr, Salt>,
    /// These addresses, in the order in which they were learnt.
    learnt: VecDeque<SocketAddr>,
    senders: BTreeMap<Salt, Sender>,
    refused: Refused,
}

struct Sender {
    key: LessSafeKey,
    window: ReplayWindow,
}

/// What came of a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It carried this message.
    Message(Vec<u8>),
    /// Its sender has the cluster's key, but does not know to whom it speaks: this has to be sent to it.
    Greet(Vec<u8>),
    /// It told its sender's salt.
    Greeted,
    /// It is worth nothing.
    Refused(Refusal),
}

/// Why a datagram is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No datagram of relays.
    Malformed,
    /// Of another version of pulsecam.
    Version(u8),
    /// Not sealed with this cluster's key.
    Unsealed,
    /// It came before, or so late that this cannot be told.
    Repeated,
    /// This relay's own.
    Own,
}

/// The numbers of datagrams that were worth nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// No datagrams of relays.
    pub malformed: u64,
    /// Of another version of pulsecam.
    pub version: u64,
    /// Not sealed with this cluster's key.
    pub unsealed: u64,
    /// Repetitions.
    pub repeated: u64,
}

/// The error for a message that fits no datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of {0} bytes fits no datagram: the limit is {MAX_MESSAGE}")]
pub struct TooLarge(pub usize);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").field("refused", &self.refused).finish_non_exhaustive()
    }
}

impl Seal {
    /// Creates the seal of a relay that starts.
    ///
    /// # Errors
    /// If the system provides no random numbers.
    pub fn new(cluster: ClusterKey) -> Result<Self, Error> {
        let salt = auth::random()?;
        Ok(Self::with_salt(cluster, salt))
    }

    fn with_salt(cluster: ClusterKey, salt: Salt) -> Self {
        let key = key_of(&cluster, &salt);
        Self {
            cluster,
            salt,
            key,
            sent: 0,
            peers: BTreeMap::new(),
            learnt: VecDeque::new(),
            senders: BTreeMap::new(),
            refused: Refused::default(),
        }
    }

    /// Seals a message for the relay at this address.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub fn seal(&mut self, to: SocketAddr, message: &[u8]) -> Result<Vec<u8>, TooLarge> {
        if message.len() > MAX_MESSAGE {
            return Err(TooLarge(message.len()));
        }
        let to = self.peers.get(&canonical(to)).copied().unwrap_or(UNKNOWN);
        self.sealed(Kind::Message, to, message).ok_or(TooLarge(message.len()))
    }

    fn sealed(&mut self, kind: Kind, to: Salt, message: &[u8]) -> Option<Vec<u8>> {
        self.sent += 1;
        let head = Head { kind, from: self.salt, to, count: self.sent }.to_bytes();
        let mut datagram = Vec::with_capacity(HEAD + message.len() + CHACHA20_POLY1305.tag_len());
        datagram.extend_from_slice(&head);
        datagram.extend_from_slice(message);
        let tag =
            self.key.seal_in_place_separate_tag(nonce(self.sent), Aad::from(head), datagram.get_mut(HEAD..)?);
        datagram.extend_from_slice(tag.ok()?.as_ref());
        Some(datagram)
    }

    /// Opens a datagram from this address.
    pub fn open(&mut self, from: SocketAddr, datagram: &[u8]) -> Opened {
        self.open_fresh(canonical(from), datagram).unwrap_or_else(|refusal| {
            match refusal {
                Refusal::Malformed => self.refused.malformed += 1,
                Refusal::Version(_) => self.refused.version += 1,
                Refusal::Unsealed => self.refused.unsealed += 1,
                Refusal::Repeated => self.refused.repeated += 1,
                Refusal::Own => {}
            }
            Opened::Refused(refusal)
        })
    }

    fn open_fresh(&mut self, from: SocketAddr, datagram: &[u8]) -> Result<Opened, Refusal> {
        let (head, sealed) = Head::parse(datagram)?;
        if head.from == self.salt {
            return Err(Refusal::Own);
        }
        let known = self.senders.get(&head.from);
        // Before anything is kept or answered: only who has the cluster's key gets that far.
        let stranger = known.is_none().then(|| key_of(&self.cluster, &head.from));
        let key = stranger.as_ref().or(known.map(|known| &known.key)).ok_or(Refusal::Unsealed)?;
        let mut message = sealed.to_vec();
        let opened = key.open_in_place(nonce(head.count), Aad::from(head.to_bytes()), &mut message);
        let length = opened.map_err(|_| Refusal::Unsealed)?.len();
        message.truncate(length);
        if head.to != self.salt {
            return match head.kind {
                // It may be one that was recorded long ago. That is no reason to believe anything in it.
                Kind::Message => {
                    self.sealed(Kind::Greeting, head.from, &[]).map(Opened::Greet).ok_or(Refusal::Unsealed)
                }
                Kind::Greeting => Err(Refusal::Repeated),
            };
        }
        if let Some(key) = stranger {
            if self.senders.len() >= MAX_SENDERS {
                self.renew();
                // What it sent was for the salt before.
                return Err(Refusal::Repeated);
            }
            self.senders.insert(head.from, Sender { key, window: ReplayWindow::default() });
        }
        let sender = self.senders.get_mut(&head.from).ok_or(Refusal::Unsealed)?;
        if !sender.window.accepts(head.count) {
            return Err(Refusal::Repeated);
        }
        self.learn(from, head.from);
        Ok(match head.kind {
            Kind::Greeting => Opened::Greeted,
            Kind::Message => Opened::Message(message),
        })
    }

    /// Remembers who receives at an address.
    fn learn(&mut self, address: SocketAddr, salt: Salt) {
        if self.peers.insert(address, salt).is_none() {
            self.learnt.push_back(address);
            if self.learnt.len() > MAX_PEERS
                && let Some(first) = self.learnt.pop_front()
            {
                self.peers.remove(&first);
            }
        }
    }

    /// Starts over with another salt, so that the counts of all senders can be forgotten: nothing that was sent to
    /// the old salt is accepted any more. Others notice by a greeting.
    fn renew(&mut self) {
        // Without random numbers, the old salt and its senders stay, and new ones are refused.
        let Ok(salt) = auth::random() else { return };
        let cluster = self.cluster.clone();
        let before = std::mem::replace(self, Self::with_salt(cluster, salt));
        (self.peers, self.learnt, self.refused) = (before.peers, before.learnt, before.refused);
    }

    /// The numbers of datagrams that were worth nothing.
    #[must_use]
    pub const fn refused(&self) -> Refused {
        self.refused
    }
}

impl From<NoHead> for Refusal {
    fn from(why: NoHead) -> Self {
        match why {
            NoHead::Malformed => Self::Malformed,
            NoHead::Version(version) => Self::Version(version),
        }
    }
}

/// The key of the sender with this salt.
fn key_of(cluster: &ClusterKey, salt: &Salt) -> LessSafeKey {
    #[expect(clippy::unwrap_used, reason = "an HMAC-SHA256 has the length of the cipher's key")]
    let key = UnboundKey::new(&CHACHA20_POLY1305, &cluster.gossip_key(salt)).unwrap();
    LessSafeKey::new(key)
}

fn nonce(count: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&count.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

/// A dual-stack socket reports 192.0.2.1 as ::ffff:192.0.2.1.
fn canonical(mut address: SocketAddr) -> SocketAddr {
    address.set_ip(address.ip().to_canonical());
    address
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;

//! The relays of a cluster, as one of them knows them.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use tokio::sync::watch;

use super::{
    Error,
    about::{About, Unusable},
    key::{NotAnId, id_bits},
};
use crate::auth;

/// A relay's name for the others: random, and another one each time that it starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayId(u64);

impl RelayId {
    /// Chooses one.
    ///
    /// # Errors
    /// If the system provides no random numbers.
    pub fn random() -> Result<Self, Error> {
        let bytes = auth::random()?;
        Ok(Self(u64::from_be_bytes(bytes)))
    }

    /// Creates one for tests and simulations, which choose their own.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Its bits.
    pub(super) const fn to_bits(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RelayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for RelayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelayId({self})")
    }
}

impl FromStr for RelayId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        id_bits(text).map(Self)
    }
}

/// Another relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Whether it is heard from. One that is not stays known for a while, since it may be back.
    pub alive: bool,
    /// What it says about itself, or why that is of no use. Such a relay is shown, and not linked.
    pub about: Result<About, Unusable>,
}

/// All other relays that are known. Each says about itself what it wants; nobody says anything about others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster(BTreeMap<RelayId, Relay>);

impl Roster {
    /// A relay.
    #[must_use]
    pub fn relay(&self, id: RelayId) -> Option<&Relay> {
        self.0.get(&id)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (RelayId, &Relay)> {
        self.0.iter().map(|(id, relay)| (*id, relay))
    }

    /// Those of which enough is known to link them, alive or not.
    pub fn known(&self) -> impl Iterator<Item = (RelayId, &About)> {
        self.iter().filter_map(|(id, relay)| Some((id, relay.about.as_ref().ok()?)))
    }

    /// Those of them that are alive.
    pub fn living(&self) -> impl Iterator<Item = (RelayId, &About)> {
        self.known().filter(|(id, _)| self.is_alive(*id))
    }

    /// Whether a relay is heard from.
    #[must_use]
    pub fn is_alive(&self, id: RelayId) -> bool {
        self.relay(id).is_some_and(|relay| relay.alive)
    }
}

impl FromIterator<(RelayId, Relay)> for Roster {
    fn from_iter<I: IntoIterator<Item = (RelayId, Relay)>>(relays: I) -> Self {
        Self(relays.into_iter().collect())
    }
}

/// Who is in the cluster: gossip, or a simulation.
pub trait Members: Send + Sync {
    /// This relay's own name.
    fn id(&self) -> RelayId;

    /// The others, and each change.
    fn roster(&self) -> watch::Receiver<Arc<Roster>>;

    /// Tells the others about this relay.
    fn tell(&self, about: About);
}

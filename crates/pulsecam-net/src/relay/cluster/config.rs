//! How a relay takes part in a cluster.

use std::{collections::BTreeMap, fmt, net::SocketAddr, sync::Arc, time::Duration};

use super::{
    Error,
    about::{About, Epoch, Load},
    carrier::{Carrier, Door},
    claim::Claim,
    claimant::Patience,
    gossip::{Gossip, INTERVAL},
    gossip_config::GossipConfig,
    key::ClusterKey,
    members::Members,
};
use crate::{address::Address, auth, clock::Timestamp, tls::Fingerprint, wire::Token};

/// How often a free port is tried, if it is free for TCP but not for UDP.
const PORT_TRIES: usize = 16;

/// How long a relay that joins others waits until it has heard of one of them: five rounds of the gossip, and as much for
/// looking up a name.
const MEETING: Duration = Duration::from_secs(2);

/// How long one that joins nobody waits: others may look for it.
const ALONE: Duration = Duration::from_secs(1);

/// How long a relay must have heard of no further one: three rounds of the gossip, in which those that run speak to it.
const STEADY: Duration = INTERVAL.saturating_mul(3);

/// How a relay takes part in a cluster.
#[derive(Clone)]
pub struct Config {
    pub(super) members: Arc<dyn Members>,
    pub(super) key: ClusterKey,
    pub(super) about: About,
    pub(super) carrier: Arc<dyn Carrier>,
    /// How long it waits for the others when it starts.
    pub(super) patience: Patience,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("about", &self.about).finish_non_exhaustive()
    }
}

impl About {
    /// What a relay says that starts now: relays reach it at `link`.
    ///
    /// # Errors
    /// If the system provides no random numbers.
    pub fn starting(link: SocketAddr, certificate: Fingerprint) -> Result<Self, Error> {
        let started = Timestamp::now();
        let number = u64::from_be_bytes(auth::random()?);
        Ok(Self {
            started,
            link,
            certificate,
            public: None,
            claim: Claim::default(),
            has_slot: false,
            agreed: BTreeMap::new(),
            epoch: Epoch { began: started, number },
            load: Load::default(),
            rooms: [].into(),
        })
    }
}

impl Config {
    /// A relay with these members, whose links are carried by `carrier`: usually a [`Door`].
    #[must_use]
    pub fn new(
        members: Arc<dyn Members>,
        key: ClusterKey,
        about: About,
        carrier: impl Carrier + 'static,
    ) -> Self {
        Self { members, key, about, carrier: Arc::new(carrier), patience: Patience::default() }
    }

    /// Where other relays reach this one.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.about.link
    }

    /// The number of a client that can be recognised, at all relays.
    pub(in crate::relay) fn number_of(&self, token: Token) -> u64 {
        self.key.number_of(token)
    }

    /// A relay that finds others by gossip. It listens for links at the gossip's address and port, by TCP. Clients reach
    /// it at `public`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn gossiping(gossip: GossipConfig, public: Option<Address>) -> Result<Self, Error> {
        let key = ClusterKey::required_at(gossip.listen.ip(), gossip.key.clone())?;
        let alone = if gossip.join.is_empty() { ALONE } else { MEETING };
        let patience = Patience { alone, steady: STEADY };
        let mut tries = if gossip.listen.port() == 0 { PORT_TRIES } else { 1 };
        loop {
            let door = Door::open(gossip.listen).await?;
            let mut gossip = gossip.clone();
            gossip.listen.set_port(door.address()?.port());
            let mut about = About::starting(gossip.reached_at(), door.certificate())?;
            about.public.clone_from(&public);
            tries -= 1;
            match Gossip::start(gossip, about.clone()).await {
                Ok(members) => {
                    return Ok(Self { patience, ..Self::new(Arc::new(members), key, about, door) });
                }
                Err(Error::Socket(_)) if tries > 0 => {}
                Err(error) => return Err(error),
            }
        }
    }
}

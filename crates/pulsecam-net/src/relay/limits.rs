//! What strangers may do.

use std::{
    num::{NonZeroU32, NonZeroU64, NonZeroUsize},
    time::Duration,
};

/// What each client may do, and each address, and those who are not let in yet. `None` is no limit.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Clients from one address at one time: a household, an office behind one address, never the whole relay.
    pub clients_per_address: Option<NonZeroUsize>,
    /// Connections a second from one address: more than any network that comes back after an outage.
    pub joins_per_s: Option<NonZeroU32>,
    /// Connections that have not finished TLS or not shown a key yet; one address may have a quarter of them. Enough for everybody who
    /// comes back after an outage, as none needs more than a few round trips. Without keys and TLS nobody has anything to show.
    pub unauthenticated: Option<NonZeroUsize>,
    /// Messages a second from one client: a hundred streams' worth.
    pub messages_per_s: Option<NonZeroU32>,
    /// Messages a second that those of one client become for all others: each costs what it costs to pass on, however small it is.
    /// Past it, the client is read no faster. The default is three streams of sixty frames a second for a thousand viewers; so many
    /// tiny texts take a tenth of a processor.
    pub deliveries_per_s: Option<NonZeroU32>,
    /// Bytes a second from one client: twice what a gigabit link carries.
    pub bytes_per_s: Option<NonZeroU64>,
    /// Time to finish a message that was begun: the largest one at a megabit a second takes two minutes.
    pub message_time: Duration,
    /// Time to say anything at all: an old Qt client says its first heartbeat after three seconds.
    pub hello_time: Duration,
    /// Bytes of a text: more than anybody types, and a window can still lay it out.
    pub text: u32,
}

impl Default for Limits {
    fn default() -> Self {
        const {
            Self {
                clients_per_address: NonZeroUsize::new(256),
                joins_per_s: NonZeroU32::new(200),
                unauthenticated: NonZeroUsize::new(256),
                messages_per_s: NonZeroU32::new(10_000),
                deliveries_per_s: NonZeroU32::new(200_000),
                bytes_per_s: NonZeroU64::new(250_000_000),
                message_time: Duration::from_secs(120),
                hello_time: Duration::from_secs(10),
                text: 64 << 10,
            }
        }
    }
}

//! Limits on what clients may do.

use std::{
    num::{NonZeroU32, NonZeroU64, NonZeroUsize},
    time::Duration,
};

/// The limits of each client, each address, and unauthenticated connections. `None` means no limit.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Concurrent clients from one address. Enough for a household or an office behind one address, never the
    /// whole relay.
    pub clients_per_address: Option<NonZeroUsize>,
    /// Connections a second from one address: more than a network needs that reconnects after an outage.
    pub joins_per_s: Option<NonZeroU32>,
    /// Connections that have not finished TLS or not shown a key yet. One address may have a quarter of them.
    /// Enough when all clients reconnect after an outage, because each needs only a few round trips. Without
    /// keys and TLS this does not apply.
    pub unauthenticated: Option<NonZeroUsize>,
    /// Messages a second from one client: enough for a hundred streams.
    pub messages_per_s: Option<NonZeroU32>,
    /// Messages a second that the relay forwards to others for one client. Each has its cost, however small
    /// it is. The client is not read any faster than this allows. The default is enough for three streams of
    /// 60 frames a second to 1000 viewers; that many tiny texts take a tenth of a core.
    pub deliveries_per_s: Option<NonZeroU32>,
    /// Bytes a second from one client: twice the rate of a gigabit link.
    pub bytes_per_s: Option<NonZeroU64>,
    /// Time to finish a started message: the largest one at 1 Mbit/s takes two minutes.
    pub message_time: Duration,
    /// Time to send the first message: an old Qt client sends its first heartbeat after 3 s.
    pub hello_time: Duration,
    /// Bytes of a text: more than anyone types, and a window can still lay it out.
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

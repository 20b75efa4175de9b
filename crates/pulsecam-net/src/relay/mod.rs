//! The relay: forwards every message to all clients but its sender, byte for byte.
//!
//! Each client has a reader and a mailbox ([`crate::queue`]) with a writer. The reader puts a message's
//! reference-counted bytes into every other mailbox, which never blocks, so that a stalled viewer costs a
//! bounded amount of memory and delays nobody. Framing state belongs to one connection.

mod admission;
mod arrival;
mod backlog;
mod client;
mod client_reader;
#[cfg(feature = "cluster")]
pub mod cluster;
mod config;
mod cut_through;
mod delivery_delay;
mod departures;
mod event;
mod frame_ages;
mod handshake;
mod heartbeats;
mod hooks;
mod kept_out;
mod keyring;
mod listen;
mod listeners;
mod mailbox;
mod members;
mod membership;
mod memory;
mod numbering;
mod passing;
mod peer_numbers;
mod picture_size;
mod presence;
mod rate_limit;
mod read_turn;
mod reason;
mod room;
mod server;
mod shared;
mod stall_detector;
mod stats;
mod tally;
mod wanted_stream;
#[cfg(feature = "web")]
pub mod web;

use std::{io, sync::Arc, time::Duration};

use tokio::{
    task::{self, JoinSet},
    time::{self, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

pub use self::{
    config::{Config, EventHandler, Limits, StatsHandler, WatchdogTick},
    event::{Event, Summary},
    keyring::{Keyring, RoomKey},
    listen::listen,
    listeners::{AdminListener, Listeners},
    picture_size::PictureSize,
    reason::{LeaveReason, RejectReason, Setting},
    stats::{ClientStats, RelayStats, Traffic},
};
use self::{server::Server, shared::Shared};
use crate::{clock, transport::Listen};

pub use crate::address::DEFAULT_PORT;

/// The interval at which slow viewers are looked for. A shorter one would tell a log nothing new.
const SURVEY_INTERVAL: Duration = Duration::from_secs(1);

/// The pause after a failed accept: without file descriptors, an immediate retry would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The time that clients get at the end to take what waits for them.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// Serves clients until `shutdown` completes, then gives them up to a second to take what waits.
///
/// # Errors
/// If the listener's own address is unknown; failing clients are events, not errors.
pub async fn run(
    mut listener: impl Listen,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> io::Result<Summary> {
    let (pulse, watcher) = (config.pulse.clone(), config.watcher.clone());
    let stop = CancellationToken::new();
    let server = Arc::new(Server::new(config, stop.clone()));
    // The tasks of the rooms and of the memory limit end with this function, also if it is dropped.
    let _stops = stop.clone().drop_guard();
    let shared = Arc::clone(&server.shared);
    tokio::spawn({
        let (stop, server) = (stop.clone(), Arc::clone(&server));
        async move { stop.run_until_cancelled(server.enforce_memory_limit()).await }
    });
    #[cfg(feature = "cluster")]
    if let Some(cluster) = shared.config.cluster.clone() {
        let (stop, server, clients) = (stop.clone(), Arc::clone(&server), listener.local_addr()?);
        let ended = stop.clone();
        let part = cluster::run(cluster, server, clients, stop);
        tokio::spawn(async move { ended.run_until_cancelled(part).await });
    }
    shared.emit_guarded(&Event::Listening { addr: listener.local_addr()? });
    server.listens(listener.http_addr()?);
    #[cfg(feature = "web")]
    shared.note_page(listener.local_addr()?, listener.http_addr()?);
    let mut clients = JoinSet::new();
    let mut survey = time::interval(SURVEY_INTERVAL);
    survey.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shutdown = std::pin::pin!(shutdown);
    let mut admits = false;
    loop {
        tokio::select! {
            // Rare events first. Not in random order, because simulations must be reproducible.
            biased;
            () = &mut shutdown => break,
            _ = survey.tick() => {
                let now = clock::now();
                server.report_slow_clients(now);
                server.beat(now);
                if let Some(watcher) = &watcher {
                    watcher(server.stats(now));
                }
                if let Some(pulse) = &pulse {
                    pulse(now);
                }
            }
            Some(ended) = clients.join_next(), if !clients.is_empty() => {
                if let Err(error) = ended {
                    shared.emit_failure(error);
                }
            }
            () = ready(&shared), if !admits => admits = true,
            accepted = listener.accept(), if admits => match accepted {
                Ok((incoming, addr)) => {
                    clients.spawn(client::serve(incoming, addr, Arc::clone(&server), stop.child_token()));
                    // One at a time: frames that arrived meanwhile go before the next of many new
                    // connections.
                    task::yield_now().await;
                }
                Err(error) => {
                    shared.accept_failed(&error);
                    time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    stop.cancel();
    // A client that does not take its last bytes in time is dropped with the set.
    let _ = time::timeout(DRAIN_LIMIT, async { while clients.join_next().await.is_some() {} }).await;
    drop(clients);
    let summary = server.summary();
    shared.emit_guarded(&Event::Summary(summary));
    Ok(summary)
}

/// Waits until clients can be admitted. They wait to be accepted meanwhile.
async fn ready(shared: &Shared) {
    #[cfg(feature = "cluster")]
    if shared.config.cluster.is_some() {
        shared.cluster.ready().await;
    }
    #[cfg(not(feature = "cluster"))]
    let _ = shared;
}

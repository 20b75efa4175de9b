//! Connects, serves the connection to its end, waits, and connects again.

use std::sync::{Arc, PoisonError};

use tokio::time;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{
    Hub, State,
    backoff::Backoff,
    dial::Dialer,
    entry::enter,
    session::{Outbox, Sent, serve},
};
use crate::clock::now;

/// Keeps the link up until `stop`.
pub(super) async fn keep_up(hub: Arc<Hub>, mut dialer: Dialer, mut outbox: Outbox, stop: CancellationToken) {
    let mut backoff = Backoff::new(hub.config.max_backoff);
    let mut ledger = Sent::default();
    // A reason is logged once, not every few seconds for a night.
    let mut told = None;
    let work = async {
        loop {
            hub.state.send_replace(State::Connecting);
            let entering = async {
                let (connection, peer) = dialer.connect(&hub).await?;
                let entered = enter(connection, peer, &hub, dialer.patience()).await?;
                dialer.entered(peer, &hub);
                Ok((entered, peer))
            };
            let why = match entering.await {
                Ok((entered, peer)) => {
                    told = None;
                    serve(entered, peer, &hub, &mut outbox, &mut ledger, &mut backoff).await
                }
                Err(why) => why,
            };
            hub.viewers.send_replace(None);
            hub.reports.send_replace(None);
            hub.lend(None);
            let pause = backoff.next(fastrand::f64());
            let (host, seconds) = (&hub.config.host, pause.as_secs_f64());
            if told.as_ref() == Some(&why) {
                debug!("link to {host} is still down: {why}; next try in {seconds:.2} s");
            } else {
                warn!("link to {host} is down: {why}; trying again until it is up");
            }
            told = Some(why.clone());
            *hub.last_down.lock().unwrap_or_else(PoisonError::into_inner) = told.clone();
            hub.state.send_replace(State::Down { why, retry_at: now() + pause });
            time::sleep(pause).await;
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => debug!("link to {} is closed", hub.config.host),
        () = work => {}
    }
}

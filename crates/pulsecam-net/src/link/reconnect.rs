//! Connects, serves the connection until it ends, waits, and reconnects.

use std::sync::Arc;

use tokio::time;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{
    State,
    backoff::Backoff,
    dial::Dialer,
    handshake::perform,
    hub::Hub,
    outages::Outages,
    session::{Ended, Outbox, Retained, serve},
};
use crate::{clock::now, sync::lock};

/// Keeps the link up until `stop`.
pub(super) async fn keep_connected(
    hub: Arc<Hub>,
    mut dialer: Dialer,
    mut outbox: Outbox,
    stop: CancellationToken,
) {
    let mut kept = Retained {
        backoff: Backoff::new(hub.config.max_backoff),
        // The link counts as stable after the silence limit, because a dead relay is noticed by then.
        outages: Outages::new(hub.config.timeout),
        unacked: Default::default(),
        retrying: 0,
    };
    let work = async {
        loop {
            hub.state.send_replace(State::Connecting);
            let entering = async {
                let (connection, peer) = dialer.connect(&hub).await?;
                let entered = perform(connection, peer, &hub, dialer.patience()).await?;
                dialer.entered(peer, &hub);
                Ok((entered, peer))
            };
            let Ended { why, up_for } = match entering.await {
                Ok((entered, peer)) => serve(entered, peer, &hub, &mut outbox, &mut kept).await,
                Err(why) => Ended { why, up_for: None },
            };
            hub.viewers.send_replace(None);
            hub.reports.send_replace(None);
            hub.set_writer(None);
            let (lasting, random) = (why.is_permanent(), fastrand::f64());
            let pause = if lasting { kept.backoff.slow(random) } else { kept.backoff.next(random) };
            let (host, seconds) = (&hub.config.host, pause.as_secs_f64());
            if !kept.outages.went_down(&why, up_for) {
                debug!("link to {host} is still down: {why}; next try in {seconds:.2} s");
            } else if lasting {
                warn!("link to {host} is down: {why}; retries alone do not help: next try in {seconds:.0} s");
            } else {
                warn!("link to {host} is down: {why}; retrying until it is up");
            }
            *lock(&hub.last_down) = Some(why.clone());
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

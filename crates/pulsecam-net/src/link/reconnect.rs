//! Connects, serves the connection until it ends, waits, and reconnects, to the same relay or another.

use std::{sync::Arc, time::Duration};

use tokio::time;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{
    State,
    dialers::Dialers,
    handshake::perform,
    hosts::{Ending, Hosts, Next},
    hub::Hub,
    moves::{Moves, Outage},
    outages::Outages,
    session::{Ended, Outbox, Retained, serve},
};
use crate::{clock::now, sync::lock};

/// Keeps the link up until `stop`.
pub(super) async fn keep_connected(
    hub: Arc<Hub>,
    hosts: Hosts,
    mut dialers: Dialers,
    mut outbox: Outbox,
    stop: CancellationToken,
) {
    let mut kept = Retained {
        hosts,
        // The link counts as stable after the silence limit, because a dead relay is noticed by then.
        outages: Outages::new(hub.config.timeout),
        moves: Moves::default(),
        unacked: Default::default(),
        retrying: 0,
    };
    let work = async {
        let mut next = kept.hosts.next(0.0, now());
        while let Some(Next { host, .. }) = next {
            hub.relay.send_replace(host.address.to_string().into());
            hub.state.send_replace(State::Connecting);
            let (dialer, are_several) = (dialers.to(&host, &hub.config), kept.hosts.are_several());
            let entering = async {
                let (connection, peer) = dialer.connect(&hub, are_several).await?;
                let entered = perform(connection, peer, &hub, dialer.patience()).await?;
                dialer.entered(peer, &hub);
                Ok((entered, peer))
            };
            let Ended { why, up_for } = match entering.await {
                Ok((entered, peer)) => serve(entered, (&host, peer), &hub, &mut outbox, &mut kept).await,
                Err(why) => Ended { why, up_for: None },
            };
            hub.viewers.send_replace(None);
            hub.reports.send_replace(None);
            hub.set_writer(None);
            let random = fastrand::f64();
            kept.hosts.ended(&host.address, Ending::of(&why, up_for.is_some()), random, now());
            dialers.keep(&kept.hosts);
            next = kept.hosts.next(random, now());
            let Some(at) = next.as_ref().map(|next| next.at) else { return }; // impossible: the user named one
            let pause = at.saturating_duration_since(now());
            let is_news = kept.outages.went_down(&why, up_for);
            let outage = Outage { host: host.address, why: why.clone() };
            match kept.moves.went_down(outage, is_news, kept.hosts.is_any_untried()) {
                Some(outage) => report(&hub, &outage, pause),
                None => {
                    let (relay, seconds) = (hub.relay.borrow().clone(), pause.as_secs_f64());
                    debug!("link to {relay} is still down: {why}; next try in {seconds:.2} s");
                }
            }
            *lock(&hub.last_down) = Some(why.clone());
            if !why.is_permanent() || !kept.hosts.may_succeed() {
                hub.state.send_replace(State::Down { why, retry_at: at });
            } else {
                // A program that gives up then must not yet.
                hub.state.send_replace(State::Connecting);
            }
            time::sleep_until(at.into()).await;
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => debug!("link to {} is closed", hub.config.host),
        () = work => {}
    }
}

/// Tells the user that the link is down, and what happens next.
fn report(hub: &Hub, Outage { host, why }: &Outage, pause: Duration) {
    let all = &hub.config.host;
    if *all != host.to_string() {
        warn!("link to {host} is down: {why}; trying {all} until one is up");
    } else if why.is_permanent() {
        let seconds = pause.as_secs_f64();
        warn!("link to {host} is down: {why}; retries alone do not help: next try in {seconds:.0} s");
    } else {
        warn!("link to {host} is down: {why}; retrying until it is up");
    }
}

//! A link between two relays, for one room and in one direction.
//!
//! The pushing end ([`Push`]) dials, enters with the link's key, and writes what its own clients send: texts and images
//! through a ledger, of frames the newest of each sender, paced by receipts, and none while the other end has no
//! viewers. The receiving end ([`serve`]) gives them to its own clients, each from a guest, and to nobody else.

mod entry;
mod guests;
mod mark;
mod note;
mod outlet;
mod push;
mod room_links;
mod take;

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{sync::mpsc, time};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

pub(super) use self::push::Push;
pub(in crate::relay) use self::{guests::LinkClock, room_links::RoomLinks};
use super::{ClusterKey, LinkKey, Opening, RoomTag, entering::Place};
use crate::{
    clock,
    relay::{room::Room, server::Server},
    sync::lock,
};

/// How long a relay's connection has to be down until its streams end here: its next one comes within half a second,
/// unless the relay is gone or cannot be reached.
const AWAY: Duration = Duration::from_secs(2);

/// The relay to which others come.
pub(super) struct Host {
    pub(super) server: Arc<Server>,
    pub(super) key: ClusterKey,
    /// The rooms that others may enter.
    pub(super) rooms: Arc<BTreeMap<RoomTag, String>>,
    /// Told who came and which room it entered.
    pub(super) invite: mpsc::Sender<LinkKey>,
    pub(super) stop: CancellationToken,
    /// The place of a connection that has not entered yet.
    pub(super) place: Place,
}

/// Serves a connection from another relay until it ends.
pub(super) async fn serve(opening: Opening, peer: SocketAddr, host: Host) {
    let Host { server, key, rooms, invite, stop, place } = host;
    let connection = match time::timeout(push::CONNECT, opening).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(why)) => return debug!("{peer} is no relay: {why}"),
        Err(_) => return debug!("{peer} is no relay: it is silent"),
    };
    let entered = match entry::admit(connection, peer, &server, &key, &rooms).await {
        Ok(entered) => entered,
        Err(why) => return info!("{peer} was refused as a relay: {why}"),
    };
    let (relay, room) = (entered.relay, server.room(&entered.room));
    drop(place);
    let _ = invite.send(LinkKey { relay, room: entered.tag }).await; // without a receiver, the relay stops
    let taken = take::take(entered, peer, Arc::clone(&room), &stop).await;
    debug!("the link from relay {relay} is down: {}", taken.why);
    let is_back = async {
        time::sleep(AWAY).await;
        room.links.is_taking_from(relay)
    };
    if stop.run_until_cancelled(is_back).await == Some(false) {
        depart(&room, &taken.streams);
    }
}

/// Lets streams end that came from a relay which is gone: its clients are at other relays by now, under new numbers.
fn depart(room: &Room, streams: &[u64]) {
    let now = clock::now();
    let mut departures = lock(&room.departures);
    streams.iter().for_each(|number| departures.add(*number, now));
    drop(departures);
    room.departed.notify_one();
}

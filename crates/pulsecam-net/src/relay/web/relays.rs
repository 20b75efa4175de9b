//! The relays of a cluster and the links between them, for operators and for those who know a room's key.

use std::time::Duration;

use serde_json::{Value, json};

use crate::relay::{
    cluster::{LinkStatus, Load, RelayStatus},
    room::Room,
    server::Server,
};

/// What this relay knows of its cluster; `null` if it is in none. With a room, only that room's links, and only the
/// addresses for clients.
pub(super) fn of(server: &Server, room: Option<&Room>) -> Value {
    let Some(status) = server.cluster_status(room) else { return Value::Null };
    let is_operator = room.is_none();
    let rooms = server.rooms();
    json!({
        "relay": status.id.to_string(),
        "addr": is_operator.then_some(status.addr),
        "public": status.public.as_ref().map(ToString::to_string),
        "clients": rooms.iter().map(|room| room.count()).sum::<usize>(),
        "max_clients": server.shared.config.max_clients,
        "bytes_out": server.summary().bytes_out,
        "relays": status.relays.iter().map(|relay| other(relay, is_operator)).collect::<Vec<_>>(),
    })
}

fn other(relay: &RelayStatus, is_operator: bool) -> Value {
    let Load { clients, bytes_per_s, max_clients } = relay.load;
    json!({
        "relay": relay.id.to_string(),
        "alive": relay.alive,
        "unusable": relay.unusable,
        "addr": relay.addr.filter(|_| is_operator),
        "public": relay.public.as_ref().map(ToString::to_string),
        "clients": clients,
        "max_clients": max_clients,
        "bytes_per_s": bytes_per_s,
        "links": relay.links.iter().map(link).collect::<Vec<_>>(),
    })
}

fn link(link: &LinkStatus) -> Value {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    json!({
        "room": link.room,
        "up": link.up,
        "viewers": link.viewers,
        "frames_out": link.sent.frames,
        "others_out": link.sent.others,
        "bytes_out": link.sent.bytes,
        "frames_in": link.received.frames,
        "others_in": link.received.others,
        "bytes_in": link.received.bytes,
        "frames_lost": link.lost,
        "waiting": link.waiting.0,
        "waiting_bytes": link.waiting.1,
        "dropped": link.dropped,
        "late_us": link.late.map(micros),
        "round_trip_us": link.round_trip.map(micros),
    })
}

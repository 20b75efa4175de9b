//! Counters of the relay for Prometheus. Labels are bounded: rooms are keys, all other values are ours.

use std::collections::BTreeMap;

use super::{
    exposition::{Exposition, Kind, Metric},
    process,
    state::State,
};
#[cfg(feature = "cluster")]
use crate::relay::cluster::{LinkStatus, RelayStatus, Status};
use crate::relay::{
    room::Room,
    server::Server,
    tally::{Amount, BOUNDS_MS, DropReason, Histogram, TYPES},
};

/// All metrics as text.
pub(super) fn text(server: &Server, state: &State) -> String {
    let mut text = Exposition::default();
    let rooms: Vec<_> = server.rooms().iter().map(|room| RoomFacts::of(room)).collect();
    let shared = &server.shared;
    text.metric("pulsecam_build_info", Kind::Gauge, "The version of the relay.")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    put_clients(&mut text, &rooms);

    let mut joins = text.metric("pulsecam_joins_total", Kind::Counter, "Clients that joined.");
    put_counts(&mut joins, "kind", &shared.joins.counts());
    let mut leaves =
        text.metric("pulsecam_leaves_total", Kind::Counter, "Clients that left or were disconnected.");
    put_counts(&mut leaves, "reason", &shared.leaves.counts());
    let mut refused = text.metric("pulsecam_refused_total", Kind::Counter, "Connections that were refused.");
    put_counts(&mut refused, "reason", &shared.refusals.counts());
    text.metric(
        "pulsecam_accept_errors_total",
        Kind::Counter,
        "Connections that the system could not accept.",
    )
    .sample(&[], shared.accept_errors());
    put_traffic(&mut text, &rooms);
    text.metric("pulsecam_heartbeats_total", Kind::Counter, "Heartbeats received.")
        .sample(&[], shared.heartbeats());
    let help = "Frames that were not sent to a viewer.";
    let mut dropped = text.metric("pulsecam_frames_dropped_total", Kind::Counter, help);
    for room in &rooms {
        for (reason, frames) in room.dropped {
            dropped.sample(&[("room", &room.name), ("reason", reason)], frames);
        }
    }
    put_ages(&mut text, &rooms);

    let help = "Bytes of messages that wait for clients.";
    let mut waiting = text.metric("pulsecam_mailbox_bytes", Kind::Gauge, help);
    for room in &rooms {
        waiting.sample(&[("room", &room.name)], room.waiting);
    }
    let help = "Bytes of messages that wait for the client for which most wait.";
    let mut most = text.metric("pulsecam_mailbox_bytes_max", Kind::Gauge, help);
    for room in &rooms {
        most.sample(&[("room", &room.name)], room.most_waiting);
    }
    let mut requests = text.metric("pulsecam_http_requests_total", Kind::Counter, "Answered HTTP requests.");
    for ((endpoint, code), count) in state.requests() {
        requests.sample(&[("endpoint", endpoint), ("code", &code.to_string())], count);
    }
    #[cfg(feature = "cluster")]
    if let Some(cluster) = server.cluster_status(None) {
        put_cluster(&mut text, &cluster);
    }
    process::put(&mut text);
    text.finish()
}

/// The figures of a room.
struct RoomFacts {
    name: String,
    kinds: BTreeMap<&'static str, u64>,
    viewers: u64,
    streams: u64,
    dropped: [(&'static str, u64); 4],
    waiting: usize,
    most_waiting: usize,
    received: Amount,
    sent: Amount,
    /// At the relay, and at viewers.
    ages: [(&'static str, Ages); 2],
}

/// The cumulated buckets of a histogram, and its sum in seconds.
type Ages = ([u64; BOUNDS_MS.len() + 1], f64);

impl RoomFacts {
    fn of(room: &Room) -> Self {
        let members = room.members();
        let mut kinds: BTreeMap<_, _> = ["native", "web", "stream"].map(|kind| (kind, 0)).into();
        for member in members.iter() {
            *kinds.entry(member.kind.label()).or_default() += 1;
        }
        let waiting: Vec<_> = members.iter().map(|member| member.mailbox.waiting_bytes()).collect();
        let (received, sent) = room.traffic.amounts();
        let ages = |histogram: &Histogram| {
            let (buckets, sum) = histogram.read();
            (buckets, sum.as_secs_f64())
        };
        let [credit, gone, rate] =
            [DropReason::Credit, DropReason::Gone, DropReason::Rate].map(|reason| room.traffic.drops(reason));
        // Read after the others, which are a part of it.
        let replaced = room.traffic.replaced_by_gone()
            + members.iter().map(|member| member.mailbox.replaced()).sum::<u64>();
        let replaced = replaced.saturating_sub(credit).saturating_sub(rate);
        Self {
            name: room.name().to_owned(),
            kinds,
            viewers: members.iter().filter(|member| member.presence.views()).count() as u64,
            streams: members.iter().filter(|member| member.is_sending()).count() as u64,
            dropped: [("replaced", replaced), ("credit", credit), ("gone", gone), ("rate", rate)],
            waiting: waiting.iter().sum(),
            most_waiting: waiting.iter().copied().max().unwrap_or(0),
            received,
            sent,
            ages: [("relay", ages(&room.traffic.ages)), ("viewer", ages(&room.traffic.ages_at_viewers))],
        }
    }
}

/// Relays are labelled by their addresses: their names change each time that they start.
#[cfg(feature = "cluster")]
fn put_cluster(text: &mut Exposition, cluster: &Status) {
    type Value = fn(&LinkStatus) -> Option<f64>;
    let addr = |relay: &RelayStatus| relay.addr.map_or_else(|| relay.id.to_string(), |addr| addr.to_string());
    let help = "The other relays of the cluster: heard from, or gone and not forgotten yet.";
    let mut relays = text.metric("pulsecam_relays", Kind::Gauge, help);
    let alive = cluster.relays.iter().filter(|relay| relay.alive).count();
    relays.sample(&[("state", "alive")], alive);
    relays.sample(&[("state", "gone")], cluster.relays.len() - alive);
    let metrics: [(&str, Kind, &str, Value); 12] = [
        ("pulsecam_link_up", Kind::Gauge, "Whether the link to another relay is up.", |link| {
            Some(f64::from(u8::from(link.up)))
        }),
        ("pulsecam_link_viewers", Kind::Gauge, "The viewers at another relay.", |link| {
            Some(link.viewers.into())
        }),
        ("pulsecam_link_frames_sent_total", Kind::Counter, "Frames sent to another relay.", |link| {
            Some(link.sent.frames as f64)
        }),
        (
            "pulsecam_link_sent_bytes_total",
            Kind::Counter,
            "Bytes of messages sent to another relay.",
            |link| Some(link.sent.bytes as f64),
        ),
        (
            "pulsecam_link_frames_received_total",
            Kind::Counter,
            "Frames received from another relay.",
            |link| Some(link.received.frames as f64),
        ),
        (
            "pulsecam_link_received_bytes_total",
            Kind::Counter,
            "Bytes of messages received from another relay.",
            |link| Some(link.received.bytes as f64),
        ),
        (
            "pulsecam_link_frames_dropped_total",
            Kind::Counter,
            "Frames for another relay that newer ones replaced.",
            |link| Some(link.lost as f64),
        ),
        ("pulsecam_link_waiting", Kind::Gauge, "Texts and images that wait for another relay.", |link| {
            Some(link.waiting.0 as f64)
        }),
        ("pulsecam_link_waiting_bytes", Kind::Gauge, "Their bytes.", |link| Some(link.waiting.1 as f64)),
        (
            "pulsecam_link_dropped_total",
            Kind::Counter,
            "Texts and images for another relay that were dropped, because too many waited.",
            |link| Some(link.dropped as f64),
        ),
        (
            "pulsecam_link_late_seconds",
            Kind::Gauge,
            "How late another relay had the newest frame that it reported, including the way back.",
            |link| link.late.map(|late| late.as_secs_f64()),
        ),
        (
            "pulsecam_link_round_trip_seconds",
            Kind::Gauge,
            "The shortest of the last round trips to another relay.",
            |link| link.round_trip.map(|time| time.as_secs_f64()),
        ),
    ];
    for (name, kind, help, value) in metrics {
        let mut metric = text.metric(name, kind, help);
        for relay in &cluster.relays {
            let addr = addr(relay);
            let values = relay.links.iter().filter_map(|link| Some((link, value(link)?)));
            for (link, value) in values {
                metric.sample(&[("relay", &addr), ("room", &link.room)], value);
            }
        }
    }
}

fn put_clients(text: &mut Exposition, rooms: &[RoomFacts]) {
    let mut clients = text.metric("pulsecam_clients", Kind::Gauge, "Connected clients.");
    for room in rooms {
        for (kind, count) in &room.kinds {
            clients.sample(&[("room", &room.name), ("kind", kind)], count);
        }
    }
    let mut viewers = text.metric("pulsecam_viewers", Kind::Gauge, "Clients that may show video.");
    for room in rooms {
        viewers.sample(&[("room", &room.name)], room.viewers);
    }
    let help = "Clients that have sent video in the last seconds.";
    let mut streams = text.metric("pulsecam_streams", Kind::Gauge, help);
    for room in rooms {
        streams.sample(&[("room", &room.name)], room.streams);
    }
}

fn put_counts(metric: &mut Metric<'_>, label: &str, counts: &BTreeMap<&'static str, u64>) {
    for (value, count) in counts {
        metric.sample(&[(label, value)], count);
    }
}

fn put_traffic(text: &mut Exposition, rooms: &[RoomFacts]) {
    type Direction = fn(&RoomFacts) -> &Amount;
    let directions: [(&str, &str, &str, Direction); 2] = [
        (
            "pulsecam_messages_received_total",
            "pulsecam_received_bytes_total",
            "received to be forwarded",
            |room| &room.received,
        ),
        ("pulsecam_messages_sent_total", "pulsecam_sent_bytes_total", "sent, once per receiver", |room| {
            &room.sent
        }),
    ];
    for (messages, bytes, what, amount) in directions {
        let mut metric = text.metric(messages, Kind::Counter, &format!("Messages {what}."));
        for room in rooms {
            for (kind, count) in TYPES.iter().zip(amount(room).messages) {
                metric.sample(&[("room", &room.name), ("type", kind)], count);
            }
        }
        let mut metric = text.metric(bytes, Kind::Counter, &format!("Bytes of messages {what}."));
        for room in rooms {
            metric.sample(&[("room", &room.name)], amount(room).bytes);
        }
    }
}

fn put_ages(text: &mut Exposition, rooms: &[RoomFacts]) {
    let help = "The age of frames when they came to the relay, and to viewers by their reports.";
    let mut ages = text.metric("pulsecam_frame_age_seconds", Kind::Histogram, help);
    let places = rooms.iter().flat_map(|room| room.ages.iter().map(|ages| (&*room.name, ages)));
    for (room, (at, (buckets, sum))) in places {
        let labels = [("room", room), ("at", *at)];
        let bounds = BOUNDS_MS.iter().map(|bound| (*bound as f64 / 1000.0).to_string());
        for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(buckets) {
            ages.suffixed("_bucket", &[labels[0], labels[1], ("le", &bound)], count);
        }
        ages.suffixed("_sum", &labels, sum);
        ages.suffixed("_count", &labels, buckets[BOUNDS_MS.len()]);
    }
}

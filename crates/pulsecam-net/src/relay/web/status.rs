//! The state of one room as ustreamer reports its own, with all streams beside it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    clock,
    relay::{members::ClientKind, room::Room, stats::ClientStats},
};

/// The state of a room. Programs that know ustreamer read the first stream and the clients of `/stream`.
pub(super) fn of(room: &Room) -> Value {
    let now = clock::now();
    let mut stats = room.client_stats(now);
    stats.extend(room.guest_stats(now));
    let members = room.members();
    let takes: Vec<_> = members.iter().filter(|member| member.kind == ClientKind::Pictures).collect();
    let clients: serde_json::Map<_, _> = takes
        .iter()
        .map(|member| {
            let fps = rate(member.got.amount().frames, clock::now().saturating_duration_since(member.came));
            let facts = json!({
                "fps": fps, "extra_headers": false, "advance_headers": false, "dual_final_frames": false,
                "zero_data": false, "key": "0",
            });
            (format!("{:016x}", member.id), facts)
        })
        .collect();
    let streams: Vec<_> = stats.iter().filter(|client| client.stream.is_some()).map(stream).collect();
    let first = stats.iter().find(|client| client.stream.is_some());
    let fps = first.map_or(0, |client| rate(client.sent.frames, client.since));
    let size = first.and_then(|client| client.size);
    let (width, height) = size.map_or((0, 0), |size| (size.width, size.height));
    json!({
        "ok": true,
        "result": {
            "instance_id": "",
            "encoder": {"type": "CPU", "quality": 0},
            "source": {
                "resolution": {"width": width, "height": height},
                "online": first.is_some(),
                "desired_fps": fps,
                "captured_fps": fps,
            },
            "stream": {"queued_fps": fps, "clients": takes.len(), "clients_stat": clients},
            "streams": streams,
        },
    })
}

/// A stream, under the names of the other interfaces.
pub(super) fn stream(client: &ClientStats) -> Value {
    let micros =
        |time: Option<Duration>| time.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    let info = client.stream.as_ref();
    json!({
        // Of one at another relay, this relay knows no number.
        "client": Some(client.client).filter(|_| !client.is_guest()),
        "room": client.room,
        "stream": info.and_then(|info| info.stream.clone()),
        "width": client.size.map(|size| size.width),
        "height": client.size.map(|size| size.height),
        "seq": info.and_then(|info| info.seq),
        "age_us": micros(client.age),
        "late_us": micros(client.late),
        "frames": client.sent.frames,
        "bytes": client.sent.bytes,
    })
}

/// Frames a second since a client came.
fn rate(frames: u64, since: Duration) -> u64 {
    (frames as f64 / since.as_secs_f64().max(1.0)).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_per_second() {
        assert_eq!(rate(60, Duration::from_secs(2)), 30);
        assert_eq!(rate(5, Duration::from_millis(1)), 5, "not thousands in the first moment");
    }
}

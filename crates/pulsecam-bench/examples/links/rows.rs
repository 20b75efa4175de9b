//! What is measured: links that people have, and what they have to carry.

use std::time::Duration;

use pulsecam_bench::cable::Shape;
use serde::Serialize;

/// Which hops are cables; the others are loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Hop {
    /// From the sender to the relay.
    Up,
    /// From the relay to the viewer.
    Down,
    /// Each a cable of its own.
    Both,
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) hop: Hop,
    pub(crate) congestion: &'static str,
    #[serde(skip)]
    pub(crate) shape: Shape,
    pub(crate) streams: usize,
    pub(crate) bytes: usize,
    pub(crate) fps: f64,
    /// Beside a download over the same cable.
    pub(crate) bulk: bool,
}

/// A home's upload, near: a bottleneck and nothing else.
const NEAR: Shape = Shape::new(Some(1.5e6), Duration::ZERO, 64 << 10);

/// The same behind 40 ms of round trip.
const FAR: Shape = Shape::new(Some(1.5e6), Duration::from_millis(20), 128 << 10);

/// 100 Mb/s, where a frame's transfer is still most of its latency.
const FAST: Shape = Shape::new(Some(12.5e6), Duration::ZERO, 256 << 10);

/// Linux's default in most distributions, and that of large senders.
const CONGESTION: [&str; 2] = ["cubic", "bbr"];

/// All rows.
pub(crate) fn all() -> Vec<Row> {
    let mut rows = Vec::new();
    let row = |name: String, hop, congestion, shape| Row {
        name,
        hop,
        congestion,
        shape,
        streams: 1,
        bytes: 100_000,
        fps: 60.0,
        bulk: false,
    };
    for congestion in CONGESTION {
        for (place, shape) in [("near", NEAR), ("far", FAR)] {
            for hop in [Hop::Up, Hop::Down] {
                rows.push(row(format!("{place} {} {congestion}", hop.word()), hop, congestion, shape));
            }
        }
    }
    for congestion in CONGESTION {
        let name = format!("20 streams down {congestion}");
        rows.push(Row { streams: 20, fps: 30.0, ..row(name, Hop::Down, congestion, NEAR) });
    }
    for congestion in CONGESTION {
        for (place, shape) in [("near", NEAR), ("far", FAR)] {
            for hop in [Hop::Up, Hop::Down] {
                let name = format!("{place} {} {congestion} beside bulk", hop.word());
                rows.push(Row { bulk: true, ..row(name, hop, congestion, shape) });
            }
        }
    }
    for congestion in CONGESTION {
        for hop in [Hop::Up, Hop::Both] {
            let name = format!("fast {} {congestion}", hop.word());
            rows.push(Row { bytes: 184_000, fps: 30.0, ..row(name, hop, congestion, FAST) });
        }
    }
    rows
}

impl Hop {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Both => "both",
        }
    }
}

impl Row {
    /// The time in which the cable carries one frame alone, without the delay, in milliseconds.
    pub(crate) fn frame_ms(&self) -> f64 {
        self.shape.bytes_per_s.map_or(0.0, |rate| self.bytes as f64 / rate * 1e3)
    }

    /// The delay of all cables on the way, in milliseconds.
    pub(crate) fn one_way_ms(&self) -> f64 {
        let cables = if self.hop == Hop::Both { 2.0 } else { 1.0 };
        self.shape.one_way.as_secs_f64() * 1e3 * cables
    }
}

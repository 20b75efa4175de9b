//! What a child process does: one JSON object on its command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use pulsecam_bench::{Percentiles, cable::Shape};
use serde::{Deserialize, Serialize};

/// The job of a child process. Each ends with its standard input, so that nothing outlives a killed parent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Makes namespaces and cables, carries packets, and removes the namespaces at the end.
    Network(NetworkJob),
    /// Runs a relay.
    Relay { namespace: String, listen: SocketAddr, pacing: bool },
    /// Gives frames to links.
    Send(SendJob),
    /// Receives frames for a while and prints a [`Seen`].
    View(ViewJob),
    /// Writes to a TCP connection as fast as it takes.
    BulkSend { namespace: String, to: SocketAddr },
    /// Accepts TCP connections, and logs how much came when.
    BulkSink { namespace: String, listen: SocketAddr, log: PathBuf },
    /// Runs a program in a namespace.
    Hold { namespace: String, command: Vec<String> },
}

/// Namespaces and the cables between them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NetworkJob {
    pub(crate) namespaces: Vec<String>,
    pub(crate) cables: Vec<CableJob>,
    /// Where samples of the cables go: [`super::trace`].
    pub(crate) trace: PathBuf,
    /// A folder to remove at the end, also if the parent was killed.
    pub(crate) scratch: Option<PathBuf>,
}

/// A cable between two namespaces. Its ends are the devices `c0`, `c1` …, by its position.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CableJob {
    pub(crate) ends: [String; 2],
    pub(crate) addresses: [std::net::Ipv4Addr; 2],
    pub(crate) shape: Shape,
    /// TCP's congestion control for both directions, as `ip route … congctl` takes it.
    pub(crate) congestion: String,
}

/// Frames of one size, from as many links as streams.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SendJob {
    pub(crate) namespace: String,
    pub(crate) relay: SocketAddr,
    pub(crate) streams: usize,
    pub(crate) bytes: usize,
    pub(crate) fps: f64,
    pub(crate) pacing: bool,
}

/// A viewer that measures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ViewJob {
    pub(crate) namespace: String,
    pub(crate) relay: SocketAddr,
    /// From the first frame on; not measured.
    pub(crate) warm_up: Duration,
    pub(crate) time: Duration,
    pub(crate) pacing: bool,
    pub(crate) pieces: bool,
    /// Where each frame goes, as a line of CSV.
    pub(crate) trace: PathBuf,
}

/// What a viewer saw.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// The measured time by the wall clock, in microseconds since 1970.
    pub(crate) from_us: u64,
    pub(crate) to_us: u64,
    pub(crate) frames: u64,
    /// Bytes of messages.
    pub(crate) bytes: u64,
    /// From when the link got a frame until its last byte was read.
    pub(crate) age_ms: Percentiles,
    /// Between two frames of a stream.
    pub(crate) gap_ms: Percentiles,
    /// Frames of the stream that got least, and of the one that got most.
    pub(crate) fewest: u64,
    pub(crate) most: u64,
    /// Streams of which at least one frame came.
    pub(crate) streams: u64,
}

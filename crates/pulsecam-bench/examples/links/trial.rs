//! One measurement: a network of its own, a relay, a viewer, senders, and what came of it.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use serde::Serialize;

use crate::{
    Failure,
    child::Running,
    job::{CableJob, Job, NetworkJob, Seen, SendJob, ViewJob},
    rows::{Hop, Row},
    trace::{self, LaneUse},
};

/// Not measured: windows grow, and what adapts settles.
const WARM_UP: Duration = Duration::from_secs(3);

/// The relay's port in its namespace.
const PORT: u16 = 6868;

/// The sink's port.
const BULK_PORT: u16 = 9;

/// Of the cables: above everything that they serve, since a late packet is an error of the measurement.
const CABLE_PRIORITY: u8 = 20;

/// Of the measured programs, if they are to have the machine to themselves.
const PROGRAM_PRIORITY: u8 = 10;

/// How all rows are measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// The measured time of a trial.
    pub(crate) time: Duration,
    /// Other programs on the machine have to wait for the measured ones.
    pub(crate) real_time: bool,
}

/// The programs that are compared.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    /// Whether all programs of this build pace frames.
    pub(crate) pacing: bool,
    /// Whether viewers take frames in pieces.
    pub(crate) pieces: bool,
    /// A program that runs as the relay in place of this build's.
    pub(crate) relay: Option<PathBuf>,
}

/// What one trial found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) seen: Seen,
    /// The direction in which frames travel, of each cable.
    pub(crate) lanes: Vec<LaneUse>,
    pub(crate) bulk_bytes_per_s: Option<f64>,
}

/// Measures one row once. Traces go into `folder`.
pub(crate) fn run(
    row: &Row,
    variant: &Variant,
    settings: Settings,
    folder: &Path,
) -> Result<Outcome, Failure> {
    fs::create_dir_all(folder)?;
    let priority = settings.real_time.then_some(PROGRAM_PRIORITY);
    let prefix = format!("pcl{}", process::id());
    let namespace = |letter: &str| format!("{prefix}{letter}");
    let cable = |index: u8, ends: [&str; 2]| CableJob {
        ends: ends.map(namespace),
        addresses: [address(index, 1), address(index, 2)],
        shape: row.shape,
        congestion: row.congestion.into(),
    };
    let (letters, cables) = match row.hop {
        Hop::Up | Hop::Down => (vec!["a", "b"], vec![cable(0, ["a", "b"])]),
        Hop::Both => (vec!["a", "b", "c"], vec![cable(0, ["a", "b"]), cable(1, ["b", "c"])]),
    };
    // Where the relay and the viewer are, and the relay's address for sender and viewer.
    let here = Ipv4Addr::LOCALHOST;
    let (relay_in, viewer_in, for_sender, for_viewer) = match row.hop {
        Hop::Up => ("b", "b", address(0, 2), here),
        Hop::Down => ("a", "b", here, address(0, 1)),
        Hop::Both => ("b", "c", address(0, 2), address(1, 1)),
    };
    let cable_trace = folder.join("cables.csv");
    let namespaces = letters.iter().map(|letter| namespace(letter)).collect();
    let count = cables.len();
    // Dropped last: it removes the namespaces.
    let network = Running::start(
        "the network",
        &Job::Network(NetworkJob { namespaces, cables, trace: cable_trace.clone() }),
        Some(CABLE_PRIORITY),
    )?;
    let relay = Running::start("the relay", &relay_job(namespace(relay_in), variant), priority)?;
    let bulk_log = folder.join("bulk.csv");
    let bulk = if row.bulk {
        let to = SocketAddr::from((address(0, 2), BULK_PORT));
        let job = Job::BulkSink { namespace: namespace("b"), listen: to, log: bulk_log.clone() };
        let sink = Running::start("the sink", &job, priority)?;
        let sender =
            Running::start("the bulk sender", &Job::BulkSend { namespace: namespace("a"), to }, priority)?;
        Some((sender, sink))
    } else {
        None
    };
    let relay_at = |address: Ipv4Addr| SocketAddr::from((address, PORT));
    let mut viewer = Running::start(
        "the viewer",
        &Job::View(ViewJob {
            namespace: namespace(viewer_in),
            relay: relay_at(for_viewer),
            warm_up: WARM_UP,
            time: settings.time,
            pacing: variant.pacing,
            pieces: variant.pieces,
            trace: folder.join("frames.csv"),
        }),
        priority,
    )?;
    let sender = Running::start(
        "the sender",
        &Job::Send(SendJob {
            namespace: namespace("a"),
            relay: relay_at(for_sender),
            streams: row.streams,
            bytes: row.bytes,
            fps: row.fps,
            pacing: variant.pacing,
        }),
        priority,
    )?;
    let seen: Seen = serde_json::from_str(&viewer.line()?)?;
    drop((sender, viewer, bulk, relay));
    drop(network);
    let lanes =
        (0..count).map(|cable| trace::lane_use(&cable_trace, 2 * cable + 1, seen.from_us, seen.to_us));
    let bulk_bytes_per_s =
        row.bulk.then(|| trace::throughput(&bulk_log, seen.from_us, seen.to_us)).transpose()?;
    Ok(Outcome { lanes: lanes.collect::<Result<_, _>>()?, bulk_bytes_per_s, seen })
}

fn relay_job(namespace: String, variant: &Variant) -> Job {
    let listen = SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT));
    match &variant.relay {
        None => Job::Relay { namespace, listen, pacing: variant.pacing },
        Some(program) => {
            let command = [&program.display().to_string(), "relay", "--json", "--quiet", "--listen"];
            let command = command.into_iter().map(str::to_owned).chain([listen.to_string()]).collect();
            Job::Hold { namespace, command }
        }
    }
}

/// An end of a cable. From the block for benchmarks (RFC 2544), which no real network uses.
const fn address(cable: u8, end: u8) -> Ipv4Addr {
    Ipv4Addr::new(198, 18, cable, end)
}

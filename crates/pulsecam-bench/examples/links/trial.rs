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

/// Not measured: windows grow, pacing learns for 4 s, and what adapts settles.
const WARM_UP: Duration = Duration::from_secs(6);

/// The relay's port in its namespace.
const PORT: u16 = 6868;

/// The sink's port.
const BULK_PORT: u16 = 9;

/// Of the cables: above everything that they serve, since a late packet is an error of the measurement.
const CABLE_PRIORITY: u8 = 20;

/// Of the measured programs, if they are to have the machine to themselves.
const PROGRAM_PRIORITY: u8 = 10;

/// How all rows are measured.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The measured time of a trial.
    pub(crate) time: Duration,
    /// Other programs on the machine have to wait for the measured ones.
    pub(crate) real_time: bool,
    /// The folder of all traces, if they are not kept.
    pub(crate) scratch: Option<PathBuf>,
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

/// Where everything is, and the addresses by which it is reached.
struct Places {
    /// The prefix of all namespaces: the sender is in `a`.
    prefix: String,
    letters: &'static [&'static str],
    cables: Vec<CableJob>,
    relay_in: &'static str,
    viewer_in: &'static str,
    /// The relay as the sender and the viewer see it.
    for_sender: Ipv4Addr,
    for_viewer: Ipv4Addr,
}

impl Places {
    fn of(row: &Row) -> Self {
        let prefix = format!("pcl{}", process::id());
        let cable = |index: u8, ends: [&str; 2]| CableJob {
            ends: ends.map(|letter| format!("{prefix}{letter}")),
            addresses: [address(index, 1), address(index, 2)],
            shape: row.shape,
            congestion: row.congestion.into(),
        };
        let first = cable(0, ["a", "b"]);
        let second = cable(1, ["b", "c"]);
        let here = Ipv4Addr::LOCALHOST;
        let (letters, cables, relay_in, viewer_in, for_sender, for_viewer): (&[_], _, _, _, _, _) =
            match row.hop {
                Hop::Up => (&["a", "b"], vec![first], "b", "b", address(0, 2), here),
                Hop::Down => (&["a", "b"], vec![first], "a", "b", here, address(0, 1)),
                Hop::Both => (&["a", "b", "c"], vec![first, second], "b", "c", address(0, 2), address(1, 1)),
            };
        Self { prefix, letters, cables, relay_in, viewer_in, for_sender, for_viewer }
    }

    fn namespace(&self, letter: &str) -> String {
        format!("{}{letter}", self.prefix)
    }
}

/// Measures one row once. Traces go into `folder`.
pub(crate) fn run(
    row: &Row,
    variant: &Variant,
    settings: &Settings,
    folder: &Path,
) -> Result<Outcome, Failure> {
    fs::create_dir_all(folder)?;
    let priority = settings.real_time.then_some(PROGRAM_PRIORITY);
    let (places, trace, bulk_log) = (Places::of(row), folder.join("cables.csv"), folder.join("bulk.csv"));
    let relay_at = |address: Ipv4Addr| SocketAddr::from((address, PORT));
    let network = Job::Network(NetworkJob {
        namespaces: places.letters.iter().map(|letter| places.namespace(letter)).collect(),
        cables: places.cables.clone(),
        trace: trace.clone(),
        scratch: settings.scratch.clone(),
    });
    // Dropped last: it removes the namespaces.
    let network = Running::start("the network", &network, Some(CABLE_PRIORITY))?;
    let relay =
        Running::start("the relay", &relay_job(places.namespace(places.relay_in), variant), priority)?;
    let bulk = row.bulk.then(|| bulk(&places, &bulk_log, priority)).transpose()?;
    let view = Job::View(ViewJob {
        namespace: places.namespace(places.viewer_in),
        relay: relay_at(places.for_viewer),
        warm_up: WARM_UP,
        time: settings.time,
        pacing: variant.pacing,
        pieces: variant.pieces,
        trace: folder.join("frames.csv"),
    });
    let mut viewer = Running::start("the viewer", &view, priority)?;
    let send = Job::Send(SendJob {
        namespace: places.namespace("a"),
        relay: relay_at(places.for_sender),
        streams: row.streams,
        bytes: row.bytes,
        fps: row.fps,
        pacing: variant.pacing,
    });
    let sender = Running::start("the sender", &send, priority)?;
    let seen: Seen = serde_json::from_str(&viewer.line()?)?;
    let towards_viewer = |cable| trace::lane_use(&trace, 2 * cable + 1, seen.from_us, seen.to_us);
    let lanes = (0..places.cables.len()).map(towards_viewer).collect::<Result<_, _>>()?;
    let bulk_bytes_per_s =
        row.bulk.then(|| trace::throughput(&bulk_log, seen.from_us, seen.to_us)).transpose()?;
    drop((sender, viewer, bulk, relay));
    drop(network);
    Ok(Outcome { lanes, bulk_bytes_per_s, seen })
}

/// A TCP connection over the first cable, in the direction of the frames.
fn bulk(places: &Places, log: &Path, priority: Option<u8>) -> Result<[Running; 2], Failure> {
    let to = SocketAddr::from((address(0, 2), BULK_PORT));
    let sink = Job::BulkSink { namespace: places.namespace("b"), listen: to, log: log.to_owned() };
    let sink = Running::start("the sink", &sink, priority)?;
    let send = Job::BulkSend { namespace: places.namespace("a"), to };
    Ok([Running::start("the bulk sender", &send, priority)?, sink])
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

//! The record of one run, by the simulation's clock.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use pulsecam_net::{link::LinkCounters, relay::Summary};

/// One run of a client's program: the host, and how often it was started before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    pub host: usize,
    pub life: u32,
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}.{}", self.host, self.life)
    }
}

impl Process {
    /// Parses what [`fmt::Display`] writes.
    pub fn parse(name: &str) -> Self {
        let (host, life) = name.strip_prefix('c').and_then(|name| name.split_once('.')).unwrap();
        Self { host: host.parse().unwrap(), life: life.parse().unwrap() }
    }
}

/// A received text or frame.
#[derive(Clone, Copy, Debug)]
pub struct Got {
    pub at: Duration,
    /// The receiver's session in which it arrived, from 1.
    pub session: u64,
    pub from: Process,
    pub number: u64,
    /// The number of the sender's connection, as the receiver knows it.
    pub peer: Option<u64>,
}

/// The record of one relay.
#[derive(Clone, Debug, Default)]
pub struct AtRelay {
    /// How often it was started before.
    pub life: Option<u64>,
    /// The clients there.
    pub present: BTreeMap<u64, SocketAddr>,
    /// The number of clients that joined this process of the relay.
    pub joined: u64,
    pub summary: Option<Summary>,
}

/// A change of which relays there are, and which of them can reach each other, perhaps over a third one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ways {
    pub since: Duration,
    /// Those that run.
    pub running: BTreeSet<usize>,
    /// Pairs that are apart, the smaller number first.
    pub apart: BTreeSet<(usize, usize)>,
}

/// The record of one process.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The time when each text was given to the link.
    pub sent: Vec<Duration>,
    /// The number of texts confirmed by a flush.
    pub confirmed: usize,
    /// Whether a text was given up because too many connections ended with it.
    pub given_up: bool,
    /// The time when each session came up.
    pub sessions: Vec<Duration>,
    pub is_up: bool,
    pub texts: Vec<Got>,
    pub frames: Vec<Got>,
    pub frames_given: u64,
    /// Frames that newer ones replaced in the inbox.
    pub replaced: u64,
    pub counters: LinkCounters,
    pub viewers: Option<u32>,
}

/// The run so far, and the instructions for its hosts.
#[derive(Debug, Default)]
pub struct Journal {
    pub trace: Vec<String>,
    pub broken: Vec<String>,
    pub lives: BTreeMap<Process, Record>,
    pub relays: BTreeMap<usize, AtRelay>,
    /// All changes, in order; empty if there is one relay.
    pub ways: Vec<Ways>,
    /// Whether clients send texts and frames.
    pub talking: bool,
    /// Whether the relay has to stop as on a signal.
    pub stopping: bool,
    /// The time while no host runs.
    pub clock: Duration,
}

impl Journal {
    pub fn now(&self) -> Duration {
        turmoil::sim_elapsed().unwrap_or(self.clock)
    }

    pub fn note(&mut self, what: impl fmt::Display) {
        let now = self.now();
        self.trace.push(format!("{:>9.6} {what}", now.as_secs_f64()));
    }

    /// Records a broken promise.
    pub fn broken(&mut self, what: impl fmt::Display) {
        self.note(format_args!("BROKEN {what}"));
        self.broken.push(what.to_string());
    }

    pub fn of(&mut self, process: Process) -> &mut Record {
        self.lives.entry(process).or_default()
    }

    pub fn at(&mut self, relay: usize) -> &mut AtRelay {
        self.relays.entry(relay).or_default()
    }

    /// The latest process on a host.
    pub fn newest(&self, host: usize) -> Option<Process> {
        self.lives.keys().filter(|process| process.host == host).max().copied()
    }
}

/// The journal shared by all hosts of a run, which run on one thread.
#[derive(Clone, Debug, Default)]
pub struct Book(Arc<Mutex<Journal>>);

impl Book {
    pub fn with<T>(&self, how: impl FnOnce(&mut Journal) -> T) -> T {
        how(&mut self.0.lock().unwrap())
    }

    pub fn note(&self, what: impl fmt::Display) {
        self.with(|journal| journal.note(what));
    }
}

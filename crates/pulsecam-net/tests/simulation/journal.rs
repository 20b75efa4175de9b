//! All that happened in one run, by the simulation's clock.

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use pulsecam_net::{link::Counters, relay::Summary};

/// One life of a client's program: the host and how often it was started before.
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
    /// From what [`fmt::Display`] writes.
    pub fn parse(name: &str) -> Self {
        let (host, life) = name.strip_prefix('c').and_then(|name| name.split_once('.')).unwrap();
        Self { host: host.parse().unwrap(), life: life.parse().unwrap() }
    }
}

/// A text or a frame that came in.
#[derive(Clone, Copy, Debug)]
pub struct Got {
    pub at: Duration,
    /// Which of the receiver's sessions it came in, from 1.
    pub session: u64,
    pub from: Process,
    pub number: u64,
}

/// What is known of one process.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// When each text was given to the link.
    pub sent: Vec<Duration>,
    /// Texts that a flush says have arrived.
    pub confirmed: usize,
    /// A text was given up: too many connections ended with it.
    pub given_up: bool,
    /// When each session came up.
    pub sessions: Vec<Duration>,
    pub is_up: bool,
    pub texts: Vec<Got>,
    pub frames: Vec<Got>,
    pub frames_given: u64,
    /// Frames that newer ones replaced in the inbox.
    pub replaced: u64,
    pub counters: Counters,
    pub viewers: Option<u32>,
}

/// The run so far, and what its hosts are told to do.
#[derive(Debug, Default)]
pub struct Journal {
    pub trace: Vec<String>,
    pub broken: Vec<String>,
    pub lives: BTreeMap<Process, Record>,
    /// Who is at the relay.
    pub present: BTreeMap<u64, SocketAddr>,
    /// Clients that joined this relay's process.
    pub joined: u64,
    pub summary: Option<Summary>,
    /// Clients send texts and frames.
    pub talking: bool,
    /// The relay is to stop as a person stops it.
    pub stopping: bool,
    /// Where no host runs, the time.
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

    /// A promise that did not hold.
    pub fn broken(&mut self, what: impl fmt::Display) {
        self.note(format_args!("BROKEN {what}"));
        self.broken.push(what.to_string());
    }

    pub fn of(&mut self, process: Process) -> &mut Record {
        self.lives.entry(process).or_default()
    }

    /// The newest life on a host.
    pub fn newest(&self, host: usize) -> Option<Process> {
        self.lives.keys().filter(|process| process.host == host).max().copied()
    }
}

/// The journal, for all hosts of a run. They share a thread.
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

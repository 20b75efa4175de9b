//! What healthy viewers notice of others: one that stops reading, and hundreds that come and go.
//!
//! Four viewers of a stream, undisturbed and disturbed in turn, several rounds of each; the relay runs as a process of its own.

use std::{
    collections::VecDeque,
    io::{self, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    Percentiles, Step,
    fanout::{Error, failed, relay},
    load::{self, Load, Pace, WARM_UP, bytes_of},
    process::resident,
    steps::median,
};
use crate::{
    socket::make_room_for_connections,
    wire::{Heartbeat, Side},
};

/// Rounds of all cases in turn; the median of their ratios counts.
const ROUNDS: usize = 5;

/// Viewers that are well.
const HEALTHY: usize = 4;

/// Connections that are open at one time while clients come and go.
pub const PRESENT: usize = 1000;

/// Clients that come, and clients that go, a second.
const CHURN: u32 = 1000;

/// What to measure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Bytes of a frame.
    pub bytes: usize,
    /// Frames a second.
    pub rate: f64,
    /// How long, in all.
    pub time: Duration,
    /// This program, whose relay is started.
    pub program: PathBuf,
}

/// What the healthy viewers saw.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// What went on beside them.
    pub beside: Beside,
    /// Written by the sender to read whole by a viewer.
    pub age_ms: Percentiles,
    /// The 95th percentile over that of the undisturbed round before, the median of the rounds.
    pub p95_ratio: f64,
    /// The 99th percentile over that of the undisturbed round before, the median of the rounds.
    pub p99_ratio: f64,
    /// Frames that a healthy viewer did not get, as a share.
    pub replaced: f64,
    /// The relay's resident memory at the end, in bytes.
    pub memory: u64,
    /// Clients that came and went a second.
    pub churn_per_s: f64,
}

/// What goes on beside the healthy viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Beside {
    /// Nothing.
    Nothing,
    /// A viewer that never reads.
    Stalled,
    /// A thousand clients, of which a thousand a second leave and are followed by others.
    ComeAndGo,
}

/// Measures; blocks. `progress` is told how far it is, from 0 to 1.
///
/// # Errors
/// See [`Error`].
pub fn run(plan: &Plan, progress: impl Fn(f64)) -> Result<Vec<Figures>, Error> {
    make_room_for_connections();
    let cases = [Beside::Nothing, Beside::Stalled, Beside::ComeAndGo];
    let time = plan.time / (ROUNDS * cases.len()) as u32;
    let (_subject, target) = relay(&plan.program)?;
    let io = |source| failed(&target.name, source);
    let load = Load::connect(target.into, target.out_of, HEALTHY, plan.bytes).map_err(io)?;
    let mut rounds: [Vec<Round>; 3] = Default::default();
    let mut memory = [0; 3];
    for round in 0..ROUNDS {
        for (index, beside) in cases.into_iter().enumerate() {
            progress((round * cases.len() + index) as f64 / (ROUNDS * cases.len()) as f64);
            let others = Others::begin(beside, target.into).map_err(io)?;
            let changes = || Ok(others.changes.load(Relaxed));
            let round = load.round(Pace::Rate(plan.rate), time.max(WARM_UP), changes)?;
            rounds[index].push(round.ok_or_else(|| Error::Nothing(target.name.clone(), HEALTHY))?);
            memory[index] = resident(target.pid).map_err(io)?;
            drop(others);
            thread::sleep(WARM_UP); // until they have left
        }
    }
    progress(1.0);
    let churn = |round: &Round| (round.marks[1] - round.marks[0]) as f64 / round.time.as_secs_f64();
    let over = |own: &[Round], of: &dyn Fn(Percentiles) -> f64| {
        let of = |round: &Round| of(round.ages.percentiles());
        median(own.iter().zip(&rounds[0]).map(|(own, quiet)| of(own) / of(quiet)))
    };
    let figures = cases.into_iter().zip(&rounds).zip(memory).map(|((beside, own), memory)| Figures {
        beside,
        age_ms: Step::sum(own.iter().map(|round| &round.ages)).percentiles(),
        p95_ratio: over(own, &|ages| ages.p95),
        p99_ratio: over(own, &|ages| ages.p99),
        replaced: median(own.iter().map(|round| round.replaced)),
        memory,
        churn_per_s: median(own.iter().map(churn)),
    });
    Ok(figures.collect())
}

type Round = load::Round<u64>;

/// Whoever else is connected; gone when dropped.
struct Others {
    stop: Arc<AtomicBool>,
    changes: Arc<AtomicU64>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Others {
    fn begin(beside: Beside, relay: SocketAddr) -> io::Result<Self> {
        let (stop, changes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let thread = match beside {
            Beside::Nothing => None,
            Beside::Stalled => {
                let (stop, stream) = (Arc::clone(&stop), TcpStream::connect(relay)?);
                Some(thread::spawn(move || {
                    while !stop.load(Relaxed) {
                        thread::park_timeout(WARM_UP);
                    }
                    drop(stream);
                }))
            }
            Beside::ComeAndGo => {
                let (stop, changes) = (Arc::clone(&stop), Arc::clone(&changes));
                let (tell, all_here) = mpsc::channel();
                let thread = thread::spawn(move || come_and_go(relay, &stop, &changes, &tell));
                // An error means that the thread is gone: then nothing changes, which the figures show.
                let _ = all_here.recv();
                Some(thread)
            }
        };
        Ok(Self { stop, changes, thread })
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join(); // it only waited
        }
    }
}

/// Clients that view nothing, so that the stream does not go to them: looked at is what coming and going costs. The first thousand come
/// at the same pace as those that replace them; `all_here` is told when they have.
fn come_and_go(relay: SocketAddr, stop: &AtomicBool, changes: &AtomicU64, all_here: &mpsc::Sender<()>) {
    let views = Heartbeat { views: Some(false), ..Heartbeat::default() }.to_message(Side::Client);
    let hello = bytes_of(&views);
    let mut present = VecDeque::new();
    let mut due = Instant::now();
    while !stop.load(Relaxed) {
        // Turned away where those of the last round have not all left yet.
        if let Ok(mut stream) = TcpStream::connect(relay)
            && stream.write_all(&hello).is_ok()
        {
            present.push_back(stream);
        }
        if present.len() > PRESENT {
            present.pop_front();
            changes.fetch_add(1, Relaxed);
            let _ = all_here.send(()); // heard once
        }
        due += Duration::from_secs(1) / CHURN;
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

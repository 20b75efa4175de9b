//! Effect on healthy viewers of one that stops reading, and of a thousand clients that come and go.
//!
//! Four viewers of a stream, undisturbed and disturbed in turn, in several rounds; the relay runs as a
//! separate process.

use std::{
    collections::VecDeque,
    io::{self, Write},
    net::{SocketAddr, TcpStream},
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
    Percentiles, StepTimes,
    fanout::{Error, OURS, failed, start},
    load::{self, Load, SendRate, WARM_UP, bytes_of},
    process::{Launch, resident},
    steps::median,
};
use pulsecam_net::transport::raise_file_limit;
use pulsecam_wire::{Heartbeat, Side};

/// Rounds, in which all cases are measured in turn; the median of their ratios counts.
const ROUNDS: usize = 5;

/// Number of healthy viewers.
const HEALTHY: usize = 4;

/// Number of connections that are open while clients come and go.
pub const PRESENT: usize = 1000;

/// Clients that connect, and clients that disconnect, per second.
const CHURN: u32 = 1000;

/// Parameters of the measurement.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Size of a frame in bytes.
    pub bytes: usize,
    /// Frames per second.
    pub rate: f64,
    /// Total duration.
    pub time: Duration,
    /// Starts our own relay without limits, as in [`fanout::Plan`](crate::fanout::Plan).
    pub relay: Launch,
}

impl Plan {
    /// A plan for this relay.
    #[must_use]
    pub const fn new(relay: Launch, bytes: usize, rate: f64, time: Duration) -> Self {
        Self { bytes, rate, time, relay }
    }
}

/// What the healthy viewers saw.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// The disturbance.
    pub beside: Disturbance,
    /// From the sender's write until a viewer has read the whole frame.
    pub age_ms: Percentiles,
    /// 95th percentile over that of the preceding undisturbed round, the median of the rounds.
    pub p95_ratio: f64,
    /// 99th percentile over that of the preceding undisturbed round, the median of the rounds.
    pub p99_ratio: f64,
    /// Share of the frames that a healthy viewer did not get.
    pub replaced: f64,
    /// Resident memory of the relay at the end, in bytes.
    pub memory: u64,
    /// Clients that disconnected and were replaced, per second.
    pub churn_per_s: f64,
}

/// What happens beside the healthy viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disturbance {
    /// Nothing.
    Nothing,
    /// A viewer that never reads.
    Stalled,
    /// A thousand clients, of which a thousand per second disconnect and are replaced.
    ComeAndGo,
}

/// Measures; blocks. `progress` is called with the share that is done, from 0 to 1.
///
/// # Errors
/// See [`Error`].
pub fn run(plan: &Plan, progress: impl Fn(f64)) -> Result<Vec<Figures>, Error> {
    raise_file_limit();
    let cases = [Disturbance::Nothing, Disturbance::Stalled, Disturbance::ComeAndGo];
    let time = plan.time / (ROUNDS * cases.len()) as u32;
    let (_subject, target) = start(&plan.relay, OURS)?;
    let io = |source| failed(&target.name, source);
    let load = Load::connect(target.into, target.out_of, HEALTHY, plan.bytes).map_err(io)?;
    let mut rounds: [Vec<Round>; 3] = Default::default();
    let mut memory = [0; 3];
    for round in 0..ROUNDS {
        for (index, beside) in cases.into_iter().enumerate() {
            progress((round * cases.len() + index) as f64 / (ROUNDS * cases.len()) as f64);
            let others = Others::begin(beside, target.into).map_err(io)?;
            let changes = || Ok(others.changes.load(Relaxed));
            let round = load.round(SendRate::Rate(plan.rate), time.max(WARM_UP), changes)?;
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
        age_ms: StepTimes::sum(own.iter().map(|round| &round.ages)).percentiles(),
        p95_ratio: over(own, &|ages| ages.p95),
        p99_ratio: over(own, &|ages| ages.p99),
        replaced: median(own.iter().map(|round| round.replaced)),
        memory,
        churn_per_s: median(own.iter().map(churn)),
    });
    Ok(figures.collect())
}

type Round = load::Round<u64>;

/// The other connected clients; they disconnect when this is dropped.
struct Others {
    stop: Arc<AtomicBool>,
    changes: Arc<AtomicU64>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Others {
    fn begin(beside: Disturbance, relay: SocketAddr) -> io::Result<Self> {
        let (stop, changes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let thread = match beside {
            Disturbance::Nothing => None,
            Disturbance::Stalled => {
                let (stop, stream) = (Arc::clone(&stop), TcpStream::connect(relay)?);
                Some(thread::spawn(move || {
                    while !stop.load(Relaxed) {
                        thread::park_timeout(WARM_UP);
                    }
                    drop(stream);
                }))
            }
            Disturbance::ComeAndGo => {
                let (stop, changes) = (Arc::clone(&stop), Arc::clone(&changes));
                let (tell, all_here) = mpsc::channel();
                let thread = thread::spawn(move || come_and_go(relay, &stop, &changes, &tell));
                // An error means that the thread has ended: then nothing changes, which the figures show.
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

/// Connects and disconnects clients that view nothing: only the cost of coming and going is measured.
///
/// The first thousand connect at the same rate as those that replace them; `all_here` is notified when they
/// have.
fn come_and_go(relay: SocketAddr, stop: &AtomicBool, changes: &AtomicU64, all_here: &mpsc::Sender<()>) {
    let views = Heartbeat::default().with(|beat| beat.views = Some(false)).to_message(Side::Client);
    let hello = bytes_of(&views);
    let mut present = VecDeque::new();
    let mut due = Instant::now();
    while !stop.load(Relaxed) {
        // Rejected while clients of the last round have not all left yet.
        if let Ok(mut stream) = TcpStream::connect(relay)
            && stream.write_all(&hello).is_ok()
        {
            present.push_back(stream);
        }
        if present.len() > PRESENT {
            present.pop_front();
            changes.fetch_add(1, Relaxed);
            let _ = all_here.send(()); // only the first is received
        }
        due += Duration::from_secs(1) / CHURN;
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

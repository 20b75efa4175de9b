//! Cost of relaying a stream to many viewers, against a floor: a bare epoll loop that moves the same bytes.
//!
//! Relay and floor run as separate processes, to measure their processor time alone; the load runs in this
//! one. For each number of viewers, both are measured in turn, in several rounds, at full speed and at a
//! camera's rate.

mod floor;

use std::{io, net::SocketAddr, time::Duration};

use serde::Serialize;

pub use self::floor::serve as serve_floor;
use super::{
    Percentiles, StepTimes,
    load::{self, Load, SendRate, WARM_UP},
    process::{Launch, Subject, cpu_time, resident},
    steps::median,
};
use pulsecam_net::transport::raise_file_limit;

/// Rounds, in which all relays are measured in turn; their median counts.
const ROUNDS: usize = 5;

/// Frames per second of the second pace.
const CAMERA_RATE: f64 = 30.0;

/// Parameters of the measurement.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Numbers of viewers.
    pub viewers: Vec<usize>,
    /// Size of a frame in bytes.
    pub bytes: usize,
    /// Total duration.
    pub time: Duration,
    /// Starts our own relay without limits: the load sends no heartbeats, comes from one address, and is as fast as it can be. It
    /// prints its address in quotes.
    pub relay: Launch,
    /// Starts [`serve_floor`], which prints its address in quotes too.
    pub floor: Launch,
    /// Other running relays to measure.
    pub against: Vec<Target>,
}

impl Plan {
    /// A plan for our own relay and the floor.
    #[must_use]
    pub const fn new(
        relay: Launch,
        floor: Launch,
        viewers: Vec<usize>,
        bytes: usize,
        time: Duration,
    ) -> Self {
        Self { viewers, bytes, time, relay, floor, against: Vec::new() }
    }

    /// Sets [`Plan::against`].
    #[must_use]
    pub fn with_against(self, against: Vec<Target>) -> Self {
        Self { against, ..self }
    }
}

/// A relay to measure.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target {
    /// Name in the results.
    pub name: String,
    /// Address that takes messages.
    pub into: SocketAddr,
    /// Address that delivers them.
    pub out_of: SocketAddr,
    /// Process id.
    pub pid: u32,
}

impl Target {
    /// A relay that takes messages at `into`, and delivers them at `out_of`.
    #[must_use]
    pub fn new(name: impl Into<String>, into: SocketAddr, out_of: SocketAddr, pid: u32) -> Self {
        Self { name: name.into(), into, out_of, pid }
    }
}

/// Result of one relay at one number of viewers and one pace.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// Name of the relay.
    pub relay: String,
    /// Number of viewers.
    pub viewers: usize,
    /// Frames per second that the sender sent; `None` at full speed.
    pub rate: Option<f64>,
    /// Messages per second to all viewers together.
    pub messages_per_s: f64,
    /// Gigabytes (10^9 bytes) per second to all viewers together.
    pub gb_per_s: f64,
    /// Processor seconds of the relay per gigabyte that reached a viewer.
    pub cpu_s_per_gb: f64,
    /// `cpu_s_per_gb` over the floor's in the same round, the median of the rounds.
    pub ratio: Option<f64>,
    /// Resident memory at the end, in bytes.
    pub memory: u64,
    /// From the sender's write until a viewer has read the whole message, of all rounds.
    pub age_ms: Percentiles,
    /// Share of the messages that some viewer did not get because a newer one replaced them.
    pub replaced: f64,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A process, a thread or a socket failed.
    #[error("{what}: {source}")]
    Io {
        /// Name of the relay.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// A relay delivered nothing.
    #[error("{0} delivered nothing to {1} viewers: is it running, and does it take our messages?")]
    Nothing(String, usize),
}

/// Name of our own relay in the results.
pub const OURS: &str = "pulsecam";

/// Name of the floor in the results.
pub const FLOOR: &str = "floor";

/// One round of one relay, with its processor time at the start and at the end.
type Round = load::Round<Duration>;

/// Measures; blocks. `progress` is called with the share that is done, from 0 to 1.
///
/// # Errors
/// See [`Error`].
pub fn run(plan: &Plan, progress: impl Fn(f64)) -> Result<Vec<Figures>, Error> {
    raise_file_limit();
    let (_relay, relay) = start(&plan.relay, OURS)?;
    let (_floor, floor) = start(&plan.floor, FLOOR)?;
    let targets: Vec<_> = [relay, floor].into_iter().chain(plan.against.iter().cloned()).collect();
    let paces = [SendRate::Full, SendRate::Rate(CAMERA_RATE)];
    let steps = plan.viewers.len() * paces.len() * ROUNDS * targets.len();
    let time = (plan.time / steps.max(1) as u32).saturating_sub(WARM_UP).max(WARM_UP);
    let (mut done, mut all) = (0, Vec::new());
    for &viewers in &plan.viewers {
        let loads = targets
            .iter()
            .map(|target| connect(target, viewers, plan.bytes))
            .collect::<Result<Vec<_>, _>>()?;
        for pace in paces {
            let mut rounds: Vec<Vec<Round>> = targets.iter().map(|_| Vec::new()).collect();
            for _ in 0..ROUNDS {
                for ((target, load), rounds) in targets.iter().zip(&loads).zip(&mut rounds) {
                    progress(f64::from(done) / steps as f64);
                    rounds.push(measure(target, load, viewers, pace, time)?);
                    done += 1;
                }
            }
            for (target, own) in targets.iter().zip(&rounds) {
                let memory = resident(target.pid).map_err(|source| failed(&target.name, source))?;
                let wire_len = loads[0].wire_len();
                all.push(summarize(target, (viewers, pace), wire_len, own, &rounds[1], memory));
            }
        }
    }
    progress(1.0);
    Ok(all)
}

pub(crate) fn failed(what: &str, source: io::Error) -> Error {
    Error::Io { what: what.to_owned(), source }
}

/// Starts a relay as a separate process.
pub(crate) fn start(launch: &Launch, name: &str) -> Result<(Subject, Target), Error> {
    // Both the relay's event and the floor's line contain the address in quotes.
    let address = |line: &str| line.split('"').find_map(|part| part.parse().ok());
    let (subject, address) = Subject::start(launch, address).map_err(|source| failed(name, source))?;
    let target = Target { name: name.into(), into: address, out_of: address, pid: subject.pid() };
    Ok((subject, target))
}

fn connect(target: &Target, viewers: usize, bytes: usize) -> Result<Load, Error> {
    Load::connect(target.into, target.out_of, viewers, bytes).map_err(|source| match source.kind() {
        io::ErrorKind::TimedOut => Error::Nothing(target.name.clone(), viewers),
        _ => failed(&target.name, source),
    })
}

fn measure(
    target: &Target,
    load: &Load,
    viewers: usize,
    pace: SendRate,
    time: Duration,
) -> Result<Round, Error> {
    let cpu = || cpu_time(target.pid).map_err(|source| failed(&target.name, source));
    load.round(pace, time, cpu)?.ok_or_else(|| Error::Nothing(target.name.clone(), viewers))
}

fn summarize(
    target: &Target,
    (viewers, pace): (usize, SendRate),
    wire_len: usize,
    own: &[Round],
    floor: &[Round],
    memory: u64,
) -> Figures {
    let gigabytes = |round: &Round| round.messages as f64 * wire_len as f64 / 1e9;
    let cost = |round: &Round| (round.marks[1] - round.marks[0]).as_secs_f64() / gigabytes(round);
    let of = |figure: &dyn Fn(&Round) -> f64| median(own.iter().map(figure));
    let ages = StepTimes::sum(own.iter().map(|round| &round.ages));
    Figures {
        relay: target.name.clone(),
        viewers,
        rate: match pace {
            SendRate::Full => None,
            SendRate::Rate(rate) => Some(rate),
        },
        messages_per_s: of(&|round| round.messages as f64 / round.time.as_secs_f64()),
        gb_per_s: of(&|round| gigabytes(round) / round.time.as_secs_f64()),
        cpu_s_per_gb: of(&cost),
        ratio: (target.name != FLOOR)
            .then(|| median(own.iter().zip(floor).map(|(own, floor)| cost(own) / cost(floor)))),
        memory,
        age_ms: ages.percentiles(),
        replaced: of(&|round| round.replaced),
    }
}

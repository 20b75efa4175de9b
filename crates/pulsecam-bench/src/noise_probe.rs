//! How busy the system is. Outside Linux, most of this is unknown and no noise is reported.

use std::{
    collections::HashMap,
    fs,
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use super::noise::{LoadSample, Noise, Warning};

/// Number of spins before a measurement, and again after it.
const SPINS: u32 = 20;

/// Target duration of a spin: long against the clock's resolution, short against a time slice.
const SPIN: Duration = Duration::from_millis(2);

/// Watches the machine from its creation until it is asked.
#[derive(Clone, Debug)]
pub struct NoiseProbe {
    before: LoadSample,
    rounds: u64,
}

impl NoiseProbe {
    /// Starts watching; takes a twentieth of a second.
    #[must_use]
    pub fn begin() -> Self {
        let before = Self::again();
        let load = numbers("/proc/loadavg").and_then(|text| text.split_whitespace().next()?.parse().ok());
        Self { before: LoadSample { load, ..before.before }, ..before }
    }

    /// As [`NoiseProbe::begin`], but after one of our own measurements: ignores how busy the minute before was.
    #[must_use]
    pub fn again() -> Self {
        let rounds = calibrated();
        let spins = spins(rounds);
        Self { before: LoadSample { spins, ..counted() }, rounds }
    }

    /// What disturbed the measurement since the start.
    #[must_use]
    pub fn noise(&self) -> Noise {
        let after = counted();
        let after = LoadSample { spins: spins(self.rounds), ..after };
        let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Noise::between(&self.before, &after, processors)
    }

    /// The warnings; only on Linux, since elsewhere some of the reasons are unknown.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        if cfg!(target_os = "linux") { self.noise().warnings() } else { Vec::new() }
    }
}

fn numbers(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn counted() -> LoadSample {
    let stat = numbers("/proc/stat").unwrap_or_default();
    let own = own_ticks(std::process::id(), &processes());
    LoadSample { own, ..parse_stat(&stat) }
}

/// Processor time of this program so far, of all threads; zero if the system does not tell.
pub fn own_cpu_time() -> Duration {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
    }
    #[cfg(not(unix))]
    Duration::ZERO
}

/// Parses the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; guests are in
/// the first two.
fn parse_stat(stat: &str) -> LoadSample {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu ")).unwrap_or_default();
    let ticks: Vec<u64> = line.split_whitespace().map_while(|field| field.parse().ok()).take(8).collect();
    let at = |index: usize| ticks.get(index).copied().unwrap_or_default();
    let idle = (3..7).map(at).sum();
    LoadSample { total: ticks.iter().sum(), idle, steal: at(7), ..LoadSample::default() }
}

/// A process: its parent, and the ticks of itself and of its ended children.
type Process = (u32, u64);

fn processes() -> HashMap<u32, Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter_map(|id| Some((id, parse_process(&numbers(&format!("/proc/{id}/stat"))?)?))).collect()
}

/// Parses /proc/ID/stat, from behind the name, which may contain anything.
fn parse_process(stat: &str) -> Option<Process> {
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let parent = fields.get(1)?.parse().ok()?;
    let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Some((parent, ticks))
}

/// Ticks of a process and all its descendants.
fn own_ticks(id: u32, processes: &HashMap<u32, Process>) -> u64 {
    let is_ours = |mut at: u32| {
        // Bounded: processes come and go while they are read, and a cycle would never end.
        for _ in 0..processes.len() {
            if at == id {
                return true;
            }
            match processes.get(&at) {
                Some((parent, _)) => at = *parent,
                None => return false,
            }
        }
        false
    };
    processes.iter().filter(|(at, _)| is_ours(**at)).map(|(_, (_, ticks))| ticks).sum()
}

/// Number of rounds of work that take about as long as [`SPIN`].
fn calibrated() -> u64 {
    let mut rounds = 1024;
    while rounds < u64::MAX / 2 {
        let time = spin(rounds);
        if time >= SPIN {
            break;
        }
        rounds *= 2;
    }
    rounds
}

fn spins(rounds: u64) -> Vec<Duration> {
    (0..SPINS).map(|_| spin(rounds)).collect()
}

fn spin(rounds: u64) -> Duration {
    let begin = Instant::now();
    let mut state = 1u64;
    for round in 0..rounds {
        state = black_box(state.rotate_left(5) ^ round);
    }
    begin.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_counts_are_read() {
        let stat = "cpu  100 5 50 800 20 3 2 20 7 0\ncpu0 1 2 3\nintr 5\n";
        let sample = parse_stat(stat);
        assert_eq!((sample.total, sample.idle, sample.steal), (1000, 825, 20));
        for nothing in ["", "cpu", "cpu \n", "cpu x y\n"] {
            assert_eq!(parse_stat(nothing), LoadSample::default(), "{nothing:?}");
        }
    }

    #[test]
    fn a_program_and_what_it_started_are_its_own() {
        let stat = "42 (odd) name) S 7 42 7 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0 99 1 2";
        assert_eq!(parse_process(stat), Some((7, 100)));
        assert_eq!(parse_process("42 (short) S 7"), None);
        let processes = [
            (1, (0, 1000)),
            (7, (1, 1)),
            (8, (7, 2)),
            (9, (8, 4)),
            (10, (1, 500)),
            (20, (21, 9)),
            (21, (20, 9)),
        ];
        assert_eq!(own_ticks(7, &processes.into()), 7);
        assert_eq!(own_ticks(99, &processes.into()), 0);
    }

    #[test]
    fn this_machine_can_be_watched() {
        let watch = NoiseProbe::begin();
        let noise = watch.noise();
        assert!((0.0..=1.0).contains(&noise.others) && (0.0..=1.0).contains(&noise.steal), "{noise:?}");
        assert!(noise.spread >= 0.0 && watch.before.spins.len() == SPINS as usize);
    }
}

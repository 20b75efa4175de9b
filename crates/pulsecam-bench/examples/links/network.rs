//! Network namespaces, and cables between them over TUN devices.
//!
//! For kernels without netem. One thread carries the packets of all cables: it reads what a namespace sends,
//! asks the [`Lane`] when it arrives, and writes it into the other namespace then.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufWriter, Write},
    net::Ipv4Addr,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use pulsecam_bench::cable::Lane;
use pulsecam_net::clock::Timestamp;
use rustix::{
    event::{PollFd, PollFlags, poll},
    thread::{LinkNameSpaceType, move_into_link_name_space, set_current_timer_slack},
    time::Timespec,
};
use tappers::{Interface, linux::Tun};

use crate::{
    Failure,
    job::{CableJob, NetworkJob},
    trace,
};

/// The largest packet.
const MTU: usize = 1500;

/// Packets that a TUN device holds for the cable: more than any queue here, so that only the lane drops.
const DEVICE_QUEUE: &str = "4000";

/// How often the lanes are sampled.
const SAMPLE: Duration = Duration::from_millis(5);

/// Packets read from one device before others have their turn.
const READ_AT_ONCE: usize = 64;

/// Wakes up to 1 µs late instead of Linux's usual 50.
const TIMER_SLACK_NS: u64 = 1000;

/// Moves this thread, and what it starts from now on, into a namespace.
pub(crate) fn enter(namespace: &str) -> io::Result<()> {
    let file = File::open(format!("/run/netns/{namespace}"))?;
    Ok(move_into_link_name_space(std::os::fd::AsFd::as_fd(&file), Some(LinkNameSpaceType::Network))?)
}

/// Makes everything, says `up`, and carries packets until standard input ends.
pub(crate) fn run(job: &NetworkJob) -> Result<(), Failure> {
    let namespaces = Namespaces::new(&job.namespaces)?;
    let mut cables = Vec::new();
    for (index, cable) in job.cables.iter().enumerate() {
        cables.push(Cable::new(index, cable)?);
    }
    let trace = BufWriter::new(File::create(&job.trace)?);
    set_current_timer_slack(std::num::NonZeroU64::new(TIMER_SLACK_NS))?;
    let scratch = job.scratch.clone();
    thread::spawn(move || {
        crate::child::wait_for_parent();
        drop(namespaces);
        if let Some(folder) = scratch {
            let _ = std::fs::remove_dir_all(folder); // nothing else can be done about it
        }
        std::process::exit(0);
    });
    println!("up");
    carry(&mut cables, trace)
}

/// Namespaces that exist until this is dropped.
struct Namespaces(Vec<String>);

impl Namespaces {
    fn new(names: &[String]) -> Result<Self, Failure> {
        let mut made = Self(Vec::new());
        for name in names {
            ip(&["netns", "add", name])?;
            made.0.push(name.clone());
            ip(&["-n", name, "link", "set", "lo", "up"])?;
        }
        Ok(made)
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in &self.0 {
            // Programs that still run in it keep it alive until they end.
            let _ = ip(&["netns", "del", name]);
        }
    }
}

struct Cable {
    ends: [End; 2],
}

/// One end of a cable, and the direction towards it.
struct End {
    tun: Tun,
    lane: Lane,
    travelling: VecDeque<(Instant, Vec<u8>)>,
    /// The latest delivery since the last sample.
    latest: Duration,
}

impl Cable {
    fn new(index: usize, job: &CableJob) -> Result<Self, Failure> {
        let device = format!("c{index}");
        let [a, b] = job.addresses;
        let [first, second] = &job.ends;
        let end =
            |namespace: &str, mine: Ipv4Addr, other: Ipv4Addr| End::new(namespace, &device, mine, other, job);
        Ok(Self { ends: [end(first, a, b)?, end(second, b, a)?] })
    }
}

impl End {
    fn new(
        namespace: &str,
        device: &str,
        mine: Ipv4Addr,
        other: Ipv4Addr,
        job: &CableJob,
    ) -> Result<Self, Failure> {
        enter(namespace)?;
        let tun = Tun::create_named(Interface::new(device)?)?;
        tun.set_nonblocking(true)?;
        let (mine, other) = (mine.to_string(), other.to_string());
        ip(&["address", "add", &mine, "peer", &other, "dev", device])?;
        ip(&["link", "set", device, "mtu", &MTU.to_string(), "txqueuelen", DEVICE_QUEUE, "up"])?;
        let congestion = &job.congestion;
        ip(&["route", "replace", &other, "dev", device, "src", &mine, "congctl", congestion])?;
        let lane = Lane::new(job.shape, Instant::now());
        Ok(Self { tun, lane, travelling: VecDeque::new(), latest: Duration::ZERO })
    }

    /// Writes the packets that have arrived.
    fn deliver(&mut self, pool: &mut Vec<Vec<u8>>) {
        while let Some((at, _)) = self.travelling.front() {
            let now = Instant::now();
            if *at > now {
                return;
            }
            self.latest = self.latest.max(now - *at);
            if let Some((_, packet)) = self.travelling.pop_front() {
                let _ = self.tun.send(&packet); // a device that is down loses packets, as any does
                pool.push(packet);
            }
        }
    }
}

fn carry(cables: &mut [Cable], mut trace: impl Write) -> Result<(), Failure> {
    let mut pool = Vec::<Vec<u8>>::new();
    let mut sample_at = Instant::now();
    loop {
        for end in cables.iter_mut().flat_map(|cable| &mut cable.ends) {
            end.deliver(&mut pool);
        }
        let now = Instant::now();
        if now >= sample_at {
            sample(cables, now, &mut trace)?;
            trace.flush()?;
            sample_at = now + SAMPLE;
        }
        let ends = || cables.iter().flat_map(|cable| &cable.ends);
        let due = ends().filter_map(|end| Some(end.travelling.front()?.0)).min();
        let wait = due.unwrap_or(sample_at).min(sample_at).saturating_duration_since(Instant::now());
        let mut waiting: Vec<_> = ends().map(|end| PollFd::new(&end.tun, PollFlags::IN)).collect();
        match poll(&mut waiting, Some(&Timespec { tv_sec: 0, tv_nsec: wait.as_nanos() as _ })) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<_> = waiting.iter().map(|one| !one.revents().is_empty()).collect();
        drop(waiting);
        for (cable, ready) in cables.iter_mut().zip(ready.chunks_exact(2)) {
            let [a, b] = &mut cable.ends;
            if ready[0] {
                take(&a.tun, &mut b.lane, &mut b.travelling, &mut pool)?;
            }
            if ready[1] {
                take(&b.tun, &mut a.lane, &mut a.travelling, &mut pool)?;
            }
        }
    }
}

/// Reads what a namespace sends.
fn take(
    from: &Tun,
    lane: &mut Lane,
    travelling: &mut VecDeque<(Instant, Vec<u8>)>,
    pool: &mut Vec<Vec<u8>>,
) -> Result<(), Failure> {
    for _ in 0..READ_AT_ONCE {
        let mut packet = pool.pop().unwrap_or_default();
        packet.resize(MTU, 0);
        let length = match from.recv(&mut packet) {
            Ok(length) => length,
            Err(error) => {
                pool.push(packet);
                return if error.kind() == io::ErrorKind::WouldBlock { Ok(()) } else { Err(error.into()) };
            }
        };
        packet.truncate(length);
        match lane.offer(Instant::now(), length) {
            Some(at) => travelling.push_back((at, packet)),
            None => pool.push(packet),
        }
    }
    Ok(())
}

fn sample(cables: &mut [Cable], now: Instant, trace: &mut impl Write) -> io::Result<()> {
    let lanes = cables.iter_mut().flat_map(|cable| &mut cable.ends).map(|end| trace::LaneSample {
        queued: end.lane.queued(now) as u64,
        counts: end.lane.counts(),
        late_us: std::mem::take(&mut end.latest).as_micros() as u64,
    });
    trace::write(trace, Timestamp::now().as_micros(), lanes)
}

/// Runs `ip`, in the namespace of this thread.
fn ip(arguments: &[&str]) -> Result<(), Failure> {
    let output = Command::new("ip").args(arguments).output()?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(Failure::Other(format!("ip {}: {}", arguments.join(" "), reason.trim())))
}

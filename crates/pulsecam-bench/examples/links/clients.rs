//! A relay, and a sender and a viewer that measure, over the program's own links.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufWriter, Write},
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use pulsecam_bench::StepTimes;
use pulsecam_net::{
    clock::Timestamp,
    link::{self, Link, Role, State},
    relay,
};
use pulsecam_wire::FrameInfo;
use tokio::{net::TcpListener, runtime};

use crate::{
    Failure,
    job::{Seen, SendJob, ViewJob},
    network,
};

/// The longest that a viewer waits for the first frame.
const PATIENCE: Duration = Duration::from_secs(15);

/// Runs links as the program does, in a namespace.
fn runtime(namespace: &str) -> Result<runtime::Runtime, Failure> {
    network::enter(namespace)?; // before there are other threads
    Ok(runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?)
}

fn config(relay: SocketAddr, pacing: bool) -> link::Config {
    link::Config::new(relay.to_string()).with(|config| config.pacing = pacing)
}

/// Runs a relay until standard input ends.
pub(crate) fn relay(namespace: &str, listen: SocketAddr, pacing: bool) -> Result<(), Failure> {
    let runtime = runtime(namespace)?;
    crate::child::end_with_parent();
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        println!("up");
        let mut config = relay::Config::default();
        config.pacing = pacing;
        relay::run(listener, config, std::future::pending()).await?;
        Ok(())
    })
}

async fn up(config: link::Config) -> Result<(Link, link::Inbox), Failure> {
    let (link, inbox) = link::connect(config).await?;
    let _ = link.state().wait_for(|state| matches!(state, State::Up { .. })).await;
    Ok((link, inbox))
}

/// Gives frames to links until standard input ends.
pub(crate) fn send(job: &SendJob) -> Result<(), Failure> {
    let runtime = runtime(&job.namespace)?;
    crate::child::end_with_parent();
    let mut links = Vec::new();
    for _ in 0..job.streams {
        let config = config(job.relay, job.pacing).with(|config| config.role = Role::Sender);
        links.push(runtime.block_on(up(config))?);
    }
    println!("up");
    let payload = Bytes::from(vec![0x5a; job.bytes]);
    let period = Duration::from_secs_f64(1.0 / job.fps);
    let begin = Instant::now();
    // Streams take turns within a period.
    let first = |stream: usize| begin + period.mul_f64(stream as f64 / job.streams as f64);
    let mut next: Vec<_> = (0..job.streams).map(|stream| (first(stream), 0)).collect();
    loop {
        let Some(stream) = (0..next.len()).min_by_key(|&stream| next[stream].0) else { return Ok(()) };
        let (due, seq) = &mut next[stream];
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let info = FrameInfo::default()
            .with_stream(stream.to_string())
            .with_seq(*seq)
            .with_captured(Timestamp::now());
        links[stream].0.send_frame(info, payload.clone());
        // A camera does not catch up on missed pictures.
        while *due <= Instant::now() {
            *due += period;
            *seq += 1;
        }
    }
}

/// Measures what comes, and prints it.
pub(crate) fn view(job: &ViewJob) -> Result<(), Failure> {
    let runtime = runtime(&job.namespace)?;
    crate::child::end_with_parent();
    let seen = runtime.block_on(watch(job))?;
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}

async fn watch(job: &ViewJob) -> Result<Seen, Failure> {
    let mut trace = BufWriter::new(File::create(&job.trace)?);
    writeln!(trace, "received_us,captured_us,stream,seq,bytes")?;
    let config = config(job.relay, job.pacing).with(|config| config.pieces = job.pieces);
    let (_link, mut inbox) = up(config).await?;
    println!("up");
    let (mut ages, mut gaps) = (StepTimes::default(), StepTimes::default());
    // Frames of each stream, and when the last one came.
    let mut streams = BTreeMap::<String, (u64, Timestamp)>::new();
    let (mut frames, mut bytes) = (0, 0);
    let mut begin = None::<Timestamp>;
    let micros = |time: Duration| time.as_micros() as i64;
    loop {
        let next = tokio::time::timeout(PATIENCE, inbox.recv()).await;
        let Ok(Some(taken)) = next else { return Err(Failure::Other("no frame came".into())) };
        let received = taken.item;
        let (Some(info), size) = (received.info, received.message.wire_len()) else { continue };
        let (Some(captured), Some(seq), Some(stream)) = (info.captured, info.seq, info.stream) else {
            continue;
        };
        let now = received.received;
        writeln!(trace, "{},{},{stream},{seq},{size}", now.as_micros(), captured.as_micros())?;
        let from = begin.get_or_insert(now).offset(micros(job.warm_up));
        let to = from.offset(micros(job.time));
        if now >= to {
            let counts = || streams.values().map(|stream| stream.0);
            return Ok(Seen {
                from_us: from.as_micros(),
                to_us: to.as_micros(),
                frames,
                bytes,
                age_ms: ages.percentiles(),
                gap_ms: gaps.percentiles(),
                fewest: counts().min().unwrap_or_default(),
                most: counts().max().unwrap_or_default(),
                streams: streams.len() as u64,
            });
        }
        if now >= from {
            frames += 1;
            bytes += size as u64;
            ages.record(now.since(captured));
            let (count, last) = streams.entry(stream).or_insert((0, from));
            gaps.record(now.since(*last));
            (*count, *last) = (*count + 1, now);
        }
    }
}

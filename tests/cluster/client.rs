//! Clients over the program's own link, on a host of the [`Lan`](crate::lan::Lan).

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use bytes::Bytes;
use pulsecam_bench::{Percentiles, StepTimes};
use pulsecam_net::{
    clock::Timestamp,
    link::{self, Inbox, Link, Received, Role, State},
    wire::{FrameInfo, Message, MessageKind, Origin},
};
use tokio::{runtime::Handle, task, time::timeout};

use crate::{common::program::PATIENCE, lan::Machine};

/// A client on a host.
pub struct Client {
    pub link: Link,
    pub inbox: Inbox,
    handle: Handle,
}

impl Client {
    /// A client of the relay on its own host.
    pub fn new(on: &Machine, role: Role) -> Self {
        Self::at(on, &on.address(), role)
    }

    /// A client of the relay with this address.
    pub fn at(on: &Machine, relay: &str, role: Role) -> Self {
        let handle = on.runtime.handle().clone();
        let config = link::Config::new(relay.to_owned()).with(|config| {
            config.role = role;
            config.interval = Duration::from_millis(500);
            config.timeout = Duration::from_secs(2);
            config.max_backoff = Duration::from_millis(500);
            // It stays where a test has put it.
            config.others = false;
        });
        // In a task: what it starts has to be on that host.
        let connecting = handle.spawn(async move {
            let (link, inbox) = link::connect(config).await.unwrap();
            let up = |state: &State| matches!(state, State::Up { rtt: Some(_), .. });
            let _ = timeout(PATIENCE, link.state().wait_for(up)).await.expect("it comes up");
            (link, inbox)
        });
        let (link, inbox) = handle.block_on(connecting).unwrap();
        Self { link, inbox, handle }
    }

    /// Waits until the number of viewers is this.
    pub fn viewers(&self, wanted: u32) {
        let mut viewers = self.link.viewers();
        // The timer needs the runtime when it is made.
        let waiting =
            async { timeout(PATIENCE, viewers.wait_for(|viewers| *viewers == Some(wanted))).await.is_ok() };
        let came = self.handle.block_on(waiting);
        assert!(came, "{:?} viewers instead of {wanted}", *self.link.viewers().borrow());
    }

    /// Sends a text. Without an id, a client shows each copy that arrives.
    pub fn say(&self, words: &str) {
        self.link.send(Message::text(words, &Origin::default()).unwrap()).unwrap();
    }

    /// The next message.
    pub fn receive(&mut self) -> Received {
        self.handle.block_on(next(&mut self.inbox))
    }

    /// Whether this text comes within a time, whatever else does.
    pub fn hears(&mut self, words: &str, within: Duration) -> bool {
        let hearing =
            async { while text_of(&next(&mut self.inbox).await).is_none_or(|text| text != words) {} };
        // The timer needs the runtime when it is made.
        self.handle.block_on(async { timeout(within, hearing).await.is_ok() })
    }

    /// The next message of this kind.
    pub fn next_of(&mut self, kind: MessageKind) -> Received {
        loop {
            let received = self.receive();
            if received.message.kind() == kind {
                return received;
            }
        }
    }

    /// The next texts, up to and with this one.
    pub fn texts_until(&mut self, last: &str) -> Vec<String> {
        let mut heard: Vec<String> = Vec::new();
        while heard.last().is_none_or(|text| text != last) {
            heard.extend(text_of(&self.receive()));
        }
        heard
    }

    /// Measures frames for a while, after some time to settle.
    pub fn measure(self, settle: Duration, time: Duration, newest: &Arc<AtomicU64>) -> Measuring {
        let Self { link, mut inbox, handle } = self;
        let newest = Arc::clone(newest);
        let task = handle.spawn(async move {
            let seen = watch(&mut inbox, settle, time, &newest).await;
            drop(link); // until now, it stays connected
            seen
        });
        Measuring { task, handle }
    }
}

/// The words of a text; `None` if it is something else.
pub fn text_of(received: &Received) -> Option<String> {
    received.message.text_content().map(|text| text.to_text_lossy())
}

async fn next(inbox: &mut Inbox) -> Received {
    timeout(PATIENCE, inbox.recv()).await.expect("something comes").expect("the link lasts").item
}

/// A measurement that runs.
pub struct Measuring {
    task: task::JoinHandle<Seen>,
    handle: Handle,
}

impl Measuring {
    /// Waits for its end.
    pub fn end(self) -> Seen {
        self.handle.block_on(self.task).unwrap()
    }
}

/// What a viewer saw.
#[derive(Debug)]
pub struct Seen {
    pub per_s: f64,
    pub age_ms: Percentiles,
    /// Frames that were newer when one was shown.
    pub lag: Percentiles,
    /// Frames of each stream.
    pub streams: BTreeMap<Option<u64>, u64>,
}

async fn watch(inbox: &mut Inbox, settle: Duration, time: Duration, newest: &AtomicU64) -> Seen {
    let (mut ages, mut lags) = (StepTimes::default(), StepTimes::default());
    let mut streams = BTreeMap::new();
    let begin = Instant::now() + settle;
    while begin.elapsed() < time {
        let received = next(inbox).await;
        let Some(info) = received.info.filter(|_| Instant::now() >= begin) else { continue };
        let (Some(captured), Some(seq)) = (info.captured, info.seq) else { continue };
        ages.record(received.received.since(captured));
        // As milliseconds, for the same percentiles.
        lags.record(Duration::from_millis(newest.load(Relaxed).saturating_sub(seq)));
        *streams.entry(info.peer).or_default() += 1;
    }
    let frames: u64 = streams.values().sum();
    let per_s = frames as f64 / time.as_secs_f64();
    Seen { per_s, age_ms: ages.percentiles(), lag: lags.percentiles(), streams }
}

/// Frames of one size, until this is dropped.
pub struct Film {
    /// The number of the newest frame.
    pub newest: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Film {
    /// A film of meaningless frames of this size.
    pub fn start(link: &Link, bytes: usize, per_s: f64) -> Self {
        Self::of(link, vec![0x5a; bytes].into(), per_s)
    }

    /// A film of which each frame is this picture.
    pub fn of(link: &Link, payload: Bytes, per_s: f64) -> Self {
        let (newest, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (link, count, stopped) = (link.clone(), Arc::clone(&newest), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            let period = Duration::from_secs_f64(1.0 / per_s);
            let begin = Instant::now();
            for seq in 0.. {
                // A camera does not catch up on missed pictures.
                let due = begin + period.mul_f64(seq as f64);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                if stopped.load(Relaxed) {
                    return;
                }
                count.store(seq, Relaxed);
                let info = FrameInfo::default().with_seq(seq).with_captured(Timestamp::now());
                link.send_frame(info, payload.clone());
            }
        });
        Self { newest, stop, thread: Some(thread) }
    }
}

impl Drop for Film {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

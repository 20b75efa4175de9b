//! A client's host: a link that sends numbered texts and frames, and records what it receives.

use std::time::Duration;

use bytes::Bytes;
use pulsecam_net::{
    clock::Timestamp,
    link::{self, Config, Dial, Inbox, Link, Role, State},
    wire::{FrameInfo, Message, MessageKind, Origin},
};
use tokio::time::{sleep, timeout};
use turmoil::net::TcpStream;

use crate::{
    journal::{Book, Got, Process},
    relay,
    uplink::{PER_TICK, connection},
    world::TICK,
};

pub const PORT: u16 = 6868;
pub const TIMEOUT: Duration = Duration::from_secs(1);
pub const MAX_BACKOFF: Duration = Duration::from_secs(1);
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(400);
const INTERVAL: Duration = Duration::from_millis(300);
const FRAME_EVERY: Duration = Duration::from_millis(40);

/// The behaviour of a client.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Its relay.
    pub relay: usize,
    pub role: Role,
    /// The time that it needs for each frame, if it is slow.
    pub dawdles: Option<Duration>,
    /// Whether its frames are so large that they take a while to arrive.
    pub is_large: bool,
    pub seed: u64,
}

impl Part {
    pub fn shows(&self) -> bool {
        self.role != Role::Sender
    }

    pub fn films(&self) -> bool {
        self.role != Role::Viewer
    }
}

/// The offset of a client's wall clock from that of the first relay, in microseconds.
pub fn skew(client: usize) -> i64 {
    [4_000_123, -2_500_321, 17, -90_000_000, 1_000_007][client]
}

/// One run of a client's program.
pub async fn live(book: Book, host: usize, part: Part) -> turmoil::Result {
    // A host's clock stands still until its first tick.
    sleep(TICK).await;
    let life = book.with(|journal| journal.newest(host).map_or(0, |process| process.life + 1));
    let me = Process { host, life };
    book.with(|journal| _ = journal.of(me));
    let dial = move |_: &str| async move {
        let stream = TcpStream::connect((relay::name(part.relay), PORT)).await?;
        let peer = stream.peer_addr()?;
        Ok((connection(stream), peer))
    };
    let mut config = Config::new("relay");
    config.interval = INTERVAL;
    config.timeout = TIMEOUT;
    config.connect_timeout = CONNECT_TIMEOUT;
    config.max_backoff = MAX_BACKOFF;
    config.role = part.role;
    config.report = part.films().then_some(Duration::from_millis(100));
    config.dial = Some(Dial::new(dial));
    let (link, inbox) = link::connect(config).await?;
    tokio::spawn(watch(book.clone(), me, link.clone()));
    tokio::spawn(flush(book.clone(), me, link.clone()));
    tokio::spawn(take(book.clone(), me, link.clone(), inbox, part));
    let random = fastrand::Rng::with_seed(part.seed ^ (u64::from(life) << 32));
    if part.films() {
        tokio::spawn(film(book.clone(), me, link.clone(), part, random.clone()));
    }
    talk(book, me, link, random).await
}

/// Records each change of the link.
async fn watch(book: Book, me: Process, link: Link) {
    let mut state = link.state();
    let mut told = String::new();
    loop {
        let now = state.borrow_and_update().clone();
        let (words, is_up) = match &now {
            State::Up { .. } => ("is up".into(), true),
            State::Down { why, .. } => (format!("is down: {why}"), false),
            State::Connecting => ("connects".into(), false),
        };
        book.with(|journal| {
            journal.of(me).is_up = is_up;
            if words != told {
                journal.note(format_args!("{me} {words}"));
            }
            let (now, record) = (journal.now(), journal.of(me));
            if link.counters().sessions > record.sessions.len() as u64 {
                record.sessions.push(now);
            }
        });
        told = words;
        if state.changed().await.is_err() {
            return;
        }
    }
}

/// Records which texts have arrived, and the link's counters.
async fn flush(book: Book, me: Process, link: Link) {
    let viewers = link.viewers();
    loop {
        let upto = book.with(|journal| {
            let record = journal.of(me);
            (record.counters, record.viewers) = (link.counters(), *viewers.borrow());
            record.given_up = record.counters.undeliverable > 0;
            (record.sent.len() > record.confirmed).then_some(record.sent.len())
        });
        let Some(upto) = upto else {
            sleep(4 * TICK).await;
            continue;
        };
        // Only for a short time, so that the counters are recorded in between.
        let Ok(result) = timeout(4 * TICK, link.flushed()).await else { continue };
        book.with(|journal| {
            journal.note(format_args!("{me} has {upto} texts confirmed: {result:?}"));
            journal.of(me).confirmed = upto;
        });
    }
}

/// Records received messages.
async fn take(book: Book, me: Process, link: Link, mut inbox: Inbox, part: Part) {
    while let Some(taken) = inbox.recv().await {
        let (received, session) = (taken.item, link.counters().sessions);
        let message = &received.message;
        let is_slow = part.dawdles.is_some() && message.kind() == MessageKind::Video;
        let in_hand = is_slow.then(|| link.handling().take_up(true));
        if message.kind() == MessageKind::Heartbeat {
            continue; // a stream has ended
        }
        let is_video = message.kind() == MessageKind::Video;
        let (from, number) = match &received.info {
            Some(info) => (info.stream.clone().unwrap(), info.seq.unwrap()),
            None => {
                let id = message.origin().id.unwrap();
                let (from, number) = id.split_once('/').unwrap();
                (from.to_owned(), number.parse().unwrap())
            }
        };
        let from = Process::parse(&from);
        let peer = received.sender.as_ref().and_then(|sender| sender.peer);
        book.with(|journal| {
            journal
                .note(format_args!("{me} gets {:?} {number} of {from} in session {session}", message.kind()));
            let got = Got { at: journal.now(), session, from, number, peer };
            journal.of(me).replaced = inbox.replaced();
            if is_video {
                journal.of(me).frames.push(got);
            } else {
                journal.of(me).texts.push(got);
            }
            if let Some(info) = &received.info {
                check(journal, &part, me, from, info);
            }
        });
        if let Some(time) = part.dawdles.filter(|_| is_video) {
            sleep(time).await;
        }
        drop(in_hand);
    }
}

/// Checks the attributes of a frame.
fn check(journal: &mut crate::journal::Journal, part: &Part, me: Process, from: Process, info: &FrameInfo) {
    let (captured, sent) = (info.captured.unwrap(), info.sent.unwrap());
    // It was the newest when it was sent if the next one was due later, or there is none.
    let is_last = info.seq.unwrap() + 1 == journal.of(from).frames_given;
    if !is_last && sent.since(captured) > FRAME_EVERY + TICK {
        journal.broken(format_args!("{me} got a frame of {from} that left {:?} old", sent.since(captured)));
    }
    // What a relay writes before it has read that a client is one of ours is as it came, without a number, and with
    // offsets to the clock of the sender's relay.
    if let (Some(offset), Some(within), Some(_)) = (info.offset, info.within, info.peer) {
        let truth = relay::skew(part.relay) - skew(from.host);
        if (offset - truth).unsigned_abs() > within {
            journal.broken(format_args!("{from}'s clock is {truth} µs off, not {offset} ± {within}"));
        }
    }
}

async fn talk(book: Book, me: Process, link: Link, mut random: fastrand::Rng) -> turmoil::Result {
    loop {
        sleep(Duration::from_millis(random.u64(20..250))).await;
        for _ in 0..random.u32(1..4) {
            if !book.with(|journal| journal.talking) {
                break;
            }
            let number = book.with(|journal| {
                let now = journal.now();
                journal.of(me).sent.push(now);
                journal.of(me).sent.len() - 1
            });
            book.note(format_args!("{me} sends text {number}"));
            let origin = Origin::named(me.to_string()).with_id(format!("{me}/{number}"));
            link.send(Message::text(&"word ".repeat(random.usize(1..40)), &origin).unwrap()).unwrap();
        }
    }
}

async fn film(book: Book, me: Process, link: Link, part: Part, mut random: fastrand::Rng) {
    let mut seq = 0;
    loop {
        sleep(FRAME_EVERY).await;
        if book.with(|journal| journal.talking) {
            let sizes = if part.is_large { 2 * PER_TICK..4 * PER_TICK } else { 200..6000 };
            let jpeg = Bytes::from(vec![7; random.usize(sizes)]);
            book.with(|journal| journal.of(me).frames_given += 1);
            let stream = Some(me.to_string());
            let captured = Some(Timestamp::now());
            link.send_frame(
                FrameInfo::default().with_seq(seq).with_captured(captured).with(|info| info.stream = stream),
                jpeg,
            );
            seq += 1;
        }
    }
}

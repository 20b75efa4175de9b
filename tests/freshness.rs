//! Tests of freshness: on a slow link frames stay fresh, texts overtake them, and the sender reduces them.
//!
//! The slow link is a proxy of real sockets with a token bucket. The first tests give it tokens for each
//! frame sent, so that they count frames and not seconds. Needs: the built program. Alone: `make test-relay`.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use common::{
    program::{RelayProgram, Running, viewer},
    wire_bytes,
};
use pulsecam::{
    bench::throttle::{Bucket, Slow, proxy},
    tls::Certificate,
    wire::{FrameInfo, Message, MessageKind, Origin, QString},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, pem::PemObject},
};
use tempfile::TempDir;

/// The longest wait in any test.
const PATIENCE: Duration = Duration::from_secs(20);

/// The size of a frame in bytes.
const FRAME: usize = 100_000;

/// The most bytes of a TLS handshake, let through before the first frame.
const HANDSHAKE: usize = 8 << 10;

/// The slow link carries one frame in the time in which this many are sent.
const SLOWNESS: u64 = 4;

/// The sum of the proxy's receive window and the kernel's unsent bytes.
const LINK_HOLDS: usize = 128 << 10;

/// The number of frames after which a sender has adapted to the link.
const SETTLING: usize = 40;

/// How far behind the newest a frame may be when it arrives over the slow link. Its own transfer takes 4
/// frames, the bytes in link and kernel before it as much again, and it has waited for one. A kernel's
/// default buffers hold 25 and more.
const MAX_BEHIND: u64 = 10;

fn slow(relay: &str, bucket: &Bucket) -> SocketAddr {
    proxy(relay.parse().unwrap(), Slow::FromRelay, bucket).unwrap()
}

fn frame(seq: u64) -> Vec<u8> {
    let info = FrameInfo::default().with_seq(seq);
    wire_bytes(&Message::video(Bytes::from(vec![1; FRAME]), &info).unwrap())
}

/// A received message: the number of a frame, or a text.
#[derive(Debug, PartialEq, Eq)]
enum Got {
    Frame(u64),
    Text,
}

/// Reads a message; returns it with its size in bytes.
fn read(stream: &mut impl Read) -> Option<(Got, usize)> {
    let mut head = [0; 12];
    stream.read_exact(&mut head).ok()?;
    let [size, kind, length] =
        [0, 4, 8].map(|at| u32::from_be_bytes(head[at..at + 4].try_into().unwrap()) as usize);
    let mut rest = vec![0; size - 8];
    stream.read_exact(&mut rest).ok()?;
    if MessageKind::from(kind as i32) == MessageKind::Text {
        return Some((Got::Text, size + 4));
    }
    let units = rest[..length].chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
    let description = QString::from(String::from_utf16(&units.collect::<Vec<_>>()).unwrap().as_str());
    Some((Got::Frame(FrameInfo::parse(&description).seq.unwrap()), size + 4))
}

/// A connection, plain or under TLS.
trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

/// How clients connect.
#[derive(Clone)]
enum Over {
    Tcp,
    Tls(Arc<ClientConfig>),
}

impl Over {
    /// Connects, and counts the bytes that the socket gives.
    fn connect(&self, address: &str, read: &Arc<AtomicUsize>) -> Box<dyn Stream> {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let stream = Counted(stream, Arc::clone(read));
        match self {
            Self::Tcp => Box::new(stream),
            Self::Tls(config) => {
                let name = "localhost".try_into().unwrap();
                let tls = ClientConnection::new(Arc::clone(config), name).unwrap();
                let mut stream = StreamOwned::new(tls, stream);
                stream.flush().unwrap(); // starts the handshake, for which the slow link has its first tokens
                Box::new(stream)
            }
        }
    }
}

/// Starts a relay with TLS; returns how its clients connect.
fn secure_relay() -> (RelayProgram, Over, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let made = Certificate::for_relay(vec!["localhost".into()]).unwrap();
    let [certificate, key] =
        ["cert.pem", "key.pem"].map(|name| folder.path().join(name).display().to_string());
    std::fs::write(&certificate, &made.certificate).unwrap();
    std::fs::write(&key, made.key).unwrap();
    let relay = RelayProgram::start(&["--tls-cert", &certificate, "--tls-key", &key]);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(made.certificate.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    (relay, Over::Tls(Arc::new(config)), folder)
}

/// Counts the bytes read, so that others can wait for them.
struct Counted(TcpStream, Arc<AtomicUsize>);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Read for Counted {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(bytes).inspect(|count| _ = self.1.fetch_add(*count, SeqCst))
    }
}

/// A message that arrived over the slow link.
struct Arrival {
    got: Got,
    /// Bytes that arrived before it.
    offset: usize,
    /// The newest frame that was sent by then.
    newest: u64,
}

/// A sender, a nearby viewer, and a viewer behind a slow link.
struct Scene {
    relay: RelayProgram,
    over: Over,
    sender: Box<dyn Stream>,
    beside: Box<dyn Stream>,
    slow: mpsc::Receiver<Arrival>,
    bucket: Bucket,
    /// Bytes that the slow viewer has read.
    read: Arc<AtomicUsize>,
    sent: Arc<AtomicU64>,
}

impl Scene {
    fn new() -> Self {
        Self::at(RelayProgram::start(&[]), Over::Tcp)
    }

    fn at(relay: RelayProgram, over: Over) -> Self {
        let (bucket, sent) = (Bucket::default(), Arc::new(AtomicU64::new(0)));
        let count = Arc::new(AtomicUsize::new(0));
        let address = slow(&relay.addr, &bucket).to_string();
        let (connect, read_bytes) = (over.clone(), Arc::clone(&count));
        let (give, slow) = mpsc::channel();
        let newest = Arc::clone(&sent);
        thread::spawn(move || {
            let mut stream = connect.connect(&address, &read_bytes);
            let mut offset = 0;
            while let Some((got, bytes)) = read(&mut stream) {
                if give.send(Arrival { got, offset, newest: newest.load(SeqCst) }).is_err() {
                    return;
                }
                offset += bytes;
            }
        });
        let uncounted = Arc::default();
        let [sender, beside] = [(); 2].map(|()| over.connect(&relay.addr, &uncounted));
        let mut scene = Self { relay, over, sender, beside, slow, bucket, read: count, sent };
        scene.bucket.add(HANDSHAKE);
        // All have joined.
        scene.relay.running.event("joined", |event| event["clients"] == 3);
        scene
    }

    /// Sends a frame, waits for it at the nearby viewer, and lets part of one through the slow link. That
    /// link always has more to carry than it may.
    fn step(&mut self) {
        let seq = self.sent.load(SeqCst) + 1;
        self.sender.write_all(&frame(seq)).unwrap();
        self.sent.store(seq, SeqCst);
        let beside = read(&mut self.beside).map(|(got, _)| got);
        assert_eq!(beside, Some(Got::Frame(seq)), "the nearby viewer gets every frame");
        self.bucket.add(FRAME / SLOWNESS as usize);
        let deadline = Instant::now() + PATIENCE;
        while self.bucket.left() > 0 || self.read.load(SeqCst) < self.bucket.passed() {
            assert!(Instant::now() < deadline, "the slow link does not carry what it may");
            thread::sleep(Duration::from_micros(200));
        }
    }
}

#[test]
fn what_comes_over_a_slow_link_is_never_far_behind_the_newest() {
    stays_fresh(Scene::new());
}

/// A TLS session has its own buffers, which must not become a queue.
#[test]
fn nor_is_it_under_tls() {
    let (relay, over, _files) = secure_relay();
    stays_fresh(Scene::at(relay, over));
}

fn stays_fresh(mut scene: Scene) {
    const FRAMES: u64 = 300;
    for _ in 0..FRAMES {
        scene.step();
    }
    let mut behind = Vec::new();
    let mut last = 0;
    while let Ok(Arrival { got, newest, .. }) = scene.slow.try_recv() {
        let Got::Frame(seq) = got else { panic!("{got:?}") };
        assert!(seq > last, "{seq} after {last}");
        last = seq;
        behind.push(newest - seq);
    }
    println!("{} of {FRAMES} frames arrived, behind the newest by {behind:?}", behind.len());
    let possible = FRAMES / SLOWNESS;
    assert!(behind.len() as u64 >= possible / 2, "the link was not used: {} of {possible}", behind.len());
    assert!(behind.iter().all(|&behind| behind <= MAX_BEHIND), "{behind:?}");
}

#[test]
fn a_text_waits_for_no_more_than_the_frame_in_flight() {
    let mut scene = Scene::new();
    let mut writer = scene.over.connect(&scene.relay.addr, &Arc::default());
    scene.relay.running.event("joined", |event| event["clients"] == 4);
    for round in 0..5 {
        for _ in 0..20 {
            scene.step();
        }
        let text = Message::text("now", &Origin::default()).unwrap();
        writer.write_all(&wire_bytes(&text)).unwrap();
        // The nearby viewer has it, so the relay has it.
        assert_eq!(read(&mut scene.beside).map(|(got, _)| got), Some(Got::Text));
        let (passed, newest) = (scene.bucket.passed(), scene.sent.load(SeqCst));
        let offset = loop {
            scene.step();
            match scene.slow.try_recv() {
                Ok(Arrival { got: Got::Text, offset, .. }) => break offset,
                Ok(Arrival { got: Got::Frame(seq), .. }) => {
                    assert!(seq <= newest, "frame {seq} was sent after the text and arrived first");
                }
                Err(_) => {}
            }
        };
        // The rest of the frame that is being written, behind the end of one that is in the buffers of link
        // and kernel.
        let before = offset.saturating_sub(passed);
        println!("{before} bytes arrived before the text");
        assert!(before <= FRAME + LINK_HOLDS, "round {round}: {before} bytes arrived before the text");
    }
}

#[test]
fn the_sender_makes_less_of_frames_on_a_slow_link_and_more_of_them_when_it_is_well() {
    let relay = RelayProgram::start(&[]);
    let bucket = Bucket::default();
    let _slow = bucket.rate(500_000);
    let mut viewer = viewer(&slow(&relay.addr, &bucket).to_string(), &[]);
    let photo = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/raccoon_1024x768.jpg");
    let _sender = Running::start(&[
        "send",
        &relay.addr,
        "--source",
        photo,
        "--size",
        "1024x768",
        "--fps",
        "30",
        "--quality",
        "90",
        "--quiet",
    ]);
    let bytes = |frame: &serde_json::Value| frame["bytes"].as_u64().unwrap();
    let first = bytes(&viewer.event("frame", |_| true));
    viewer.event("frame", |frame| bytes(frame) < first * 2 / 3);
    // It may still decrease a little.
    let less = (0..SETTLING).map(|_| bytes(&viewer.event("frame", |_| true))).last().unwrap();
    assert!(less < first * 2 / 3, "{less} bytes, and {first} at first");
    // From here on the link is fast.
    let _fast = bucket.rate(100_000_000);
    let deadline = Instant::now() + PATIENCE;
    let more = viewer.event("frame", |frame| bytes(frame) > less * 5 / 4 || Instant::now() > deadline);
    assert!(bytes(&more) > less * 5 / 4, "it stayed at {less} bytes");
}

//! Frames stay fresh on a slow link, texts pass them, and the sender makes less of them.
//!
//! The slow link is a proxy of real sockets with a token bucket. The first tests give it tokens for each frame that is sent, so that
//! they count frames and not seconds. Needs: the built program. Alone: `make test-relay`.

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
    wire::{FrameInfo, Kind, Message, Origin, QString},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, pem::PemObject},
};
use tempfile::TempDir;

/// No test waits longer than this for anything: past it, it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes of a frame.
const FRAME: usize = 100_000;

/// Bytes that a handshake of TLS takes at the most, let through before the first frame.
const HANDSHAKE: usize = 8 << 10;

/// The slow link carries one frame in the time of so many.
const SLOWNESS: u64 = 4;

/// Bytes that the proxy's receive window and the kernel's unsent bytes come to.
const LINK_HOLDS: usize = 128 << 10;

/// Frames after which a sender has found what the link carries.
const SETTLING: usize = 40;

/// How far behind the newest a frame may be when it comes over the slow link. Its own way takes 4 frames, what the link and the
/// kernel hold before it as much again, and it has waited for one. A kernel's default buffers hold 25 and more.
const MAX_BEHIND: u64 = 10;

fn slow(relay: &str, bucket: &Bucket) -> SocketAddr {
    proxy(relay.parse().unwrap(), Slow::FromRelay, bucket).unwrap()
}

fn frame(seq: u64) -> Vec<u8> {
    let info = FrameInfo { seq: Some(seq), ..FrameInfo::default() };
    wire_bytes(&Message::video(Bytes::from(vec![1; FRAME]), &info).unwrap())
}

/// What a viewer gets: the number of a frame, or a text.
#[derive(Debug, PartialEq, Eq)]
enum Got {
    Frame(u64),
    Text,
}

/// What came, and its bytes.
fn read(stream: &mut impl Read) -> Option<(Got, usize)> {
    let mut head = [0; 12];
    stream.read_exact(&mut head).ok()?;
    let [size, kind, length] =
        [0, 4, 8].map(|at| u32::from_be_bytes(head[at..at + 4].try_into().unwrap()) as usize);
    let mut rest = vec![0; size - 8];
    stream.read_exact(&mut rest).ok()?;
    if Kind::from(kind as i32) == Kind::Text {
        return Some((Got::Text, size + 4));
    }
    let units = rest[..length].chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
    let description = QString::from(String::from_utf16(&units.collect::<Vec<_>>()).unwrap().as_str());
    Some((Got::Frame(FrameInfo::parse(&description).seq.unwrap()), size + 4))
}

/// Both directions, plain or under TLS.
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
                stream.flush().unwrap(); // begins the handshake, which the slow link lets through with its first tokens
                Box::new(stream)
            }
        }
    }
}

/// A relay that speaks TLS, and how its clients connect.
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

/// Counts what is read, for whoever waits until all of it is.
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

/// What came over the slow link.
struct Arrival {
    got: Got,
    /// Bytes that came before it.
    offset: usize,
    /// The newest frame that was sent by then.
    newest: u64,
}

/// A sender, a viewer beside it, and a viewer behind a slow link.
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

    /// Sends a frame, sees it arrive beside, and lets a part of one through the slow link, all the way: there is always more to come
    /// than may.
    fn step(&mut self) {
        let seq = self.sent.load(SeqCst) + 1;
        self.sender.write_all(&frame(seq)).unwrap();
        self.sent.store(seq, SeqCst);
        let beside = read(&mut self.beside).map(|(got, _)| got);
        assert_eq!(beside, Some(Got::Frame(seq)), "who is not slow gets every frame");
        self.bucket.add(FRAME / SLOWNESS as usize);
        let deadline = Instant::now() + PATIENCE;
        while self.bucket.left() > 0 || self.read.load(SeqCst) < self.bucket.passed() {
            assert!(Instant::now() < deadline, "the slow link does not take what it may");
            thread::sleep(Duration::from_micros(200));
        }
    }
}

#[test]
fn what_comes_over_a_slow_link_is_never_far_behind_the_newest() {
    stays_fresh(Scene::new());
}

/// A TLS session has buffers of its own, and must not become a queue.
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
    println!("{} of {FRAMES} frames came, behind the newest by {behind:?}", behind.len());
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
        // Beside, it is there: the relay has it.
        assert_eq!(read(&mut scene.beside).map(|(got, _)| got), Some(Got::Text));
        let (passed, newest) = (scene.bucket.passed(), scene.sent.load(SeqCst));
        let offset = loop {
            scene.step();
            match scene.slow.try_recv() {
                Ok(Arrival { got: Got::Text, offset, .. }) => break offset,
                Ok(Arrival { got: Got::Frame(seq), .. }) => {
                    assert!(seq <= newest, "frame {seq} was sent after the text and came first");
                }
                Err(_) => {}
            }
        };
        // The rest of the one that is being written, behind the end of one that is in the buffers of link and kernel.
        let before = offset.saturating_sub(passed);
        println!("{before} bytes came before the text");
        assert!(before <= FRAME + LINK_HOLDS, "round {round}: {before} bytes came before the text");
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
    // It may go on a little further down.
    let less = (0..SETTLING).map(|_| bytes(&viewer.event("frame", |_| true))).last().unwrap();
    assert!(less < first * 2 / 3, "{less} bytes, and {first} at first");
    // From here on the link is a fast one.
    let _fast = bucket.rate(100_000_000);
    let deadline = Instant::now() + PATIENCE;
    let more = viewer.event("frame", |frame| bytes(frame) > less * 5 / 4 || Instant::now() > deadline);
    assert!(bytes(&more) > less * 5 / 4, "it stayed at {less} bytes");
}

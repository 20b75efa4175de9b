//! Processor time and age of frames over HTTP, beside ustreamer: the same simulated camera, one program after the other.
//!
//! A measurement, not a test: `make bench-ustreamer`. It prints a line of the table for each case.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use pulsecam::{
    jpeg::{Decoder, Scale},
    picture::Canvas,
};

use super::{
    PATIENCE,
    frames::{number_of, shown_number},
    model::{Format, Model, Size},
    program::{cpu_of, pulsecam},
    uvc::Uvc,
};

/// How long each case is measured, and how often both programs take turns; `CAMERA_SECONDS` sets the first.
const SECONDS: u64 = 20;
const ROUNDS: usize = 3;

/// Time for clients to connect and caches to fill.
const WARM_UP: Duration = Duration::from_secs(3);

/// The quality of both encoders, ustreamer's default.
const QUALITY: &str = "80";

/// Of raw frames, one of this number is decoded to read its number: that costs more than anything else here.
const DECODED: u64 = 5;

/// The longest head of a part that is read.
const LONGEST_LINE: u64 = 1024;

/// What sends a camera's frames over HTTP; ended when dropped.
struct Server {
    programs: Vec<Child>,
    addr: SocketAddr,
    target: &'static str,
}

impl Server {
    fn ustreamer(program: &str, camera: &Uvc, size: &Size) -> Self {
        let addr = free();
        // The one that takes JPEGs from the camera as they are is called HW.
        let (format, encoder) = match size.format {
            Format::Mjpeg => ("MJPEG", "HW"),
            Format::Yuyv => ("YUYV", "CPU"),
        };
        let resolution = format!("{}x{}", size.width, size.height);
        let mut command = Command::new(program);
        command.args(["--device", &camera.path(), "--format", format, "--encoder", encoder]);
        command.args(["--resolution", &resolution, "--desired-fps", &rate(size), "--quality", QUALITY]);
        command.args(["--host", "127.0.0.1", "--port", &addr.port().to_string(), "--log-level", "0"]);
        Self { programs: vec![spawn(command)], addr, target: "/stream" }
    }

    fn ours(camera: &Uvc, size: &Size) -> Self {
        let addr = free();
        let format = if size.format == Format::Mjpeg { "mjpeg" } else { "yuyv" };
        let resolution = format!("{}x{}", size.width, size.height);
        let mut relay = pulsecam();
        relay.args(["relay", "--listen", &addr.to_string(), "--quiet"]);
        let mut send = pulsecam();
        send.args(["send", &addr.to_string(), "--name", "lab", "--adapt", "off", "--quiet"]);
        send.args(["--source", &camera.by_path(), "--size", &resolution, "--fps", &rate(size)]);
        send.args(["--pixel-format", format]);
        if size.format == Format::Yuyv {
            send.args(["--quality", QUALITY]); // JPEG would be encoded anew with it
        }
        Self { programs: vec![spawn(relay), spawn(send)], addr, target: "/stream/lab" }
    }

    fn cpu(&self) -> Duration {
        self.programs.iter().map(cpu_of).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for program in &mut self.programs {
            let _ = program.kill(); // it may have ended
            let _ = program.wait();
        }
    }
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn spawn(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn rate(size: &Size) -> String {
    (10_000_000 / size.intervals[0]).to_string()
}

/// Reads a stream; calls back with each picture, until that says no.
fn read(addr: SocketAddr, target: &str, mut picture: impl FnMut(Vec<u8>) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = loop {
        match TcpStream::connect(addr) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        thread::sleep(Duration::from_millis(50));
    };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {addr}\r\n\r\n").unwrap();
    let mut reader = BufReader::new(stream);
    let (mut length, mut line) = (0, Vec::new());
    loop {
        line.clear();
        if (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line).unwrap() == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&line).trim().to_ascii_lowercase();
        if let Some(given) = text.strip_prefix("content-length:") {
            length = given.trim().parse().unwrap();
        } else if text.is_empty() && length > 0 {
            let mut jpeg = vec![0; length];
            reader.read_exact(&mut jpeg).unwrap();
            length = 0;
            if !picture(jpeg) {
                return;
            }
        }
    }
}

/// The number of the camera's frame that a picture shows; `None` if that is too much work for this one.
fn number(jpeg: &[u8], size: &Size, count: u64) -> Option<u64> {
    if size.format == Format::Mjpeg {
        return number_of(jpeg);
    }
    let decoded = count
        .is_multiple_of(DECODED)
        .then(|| Decoder::new().unwrap().decode(jpeg, Scale::Full, Canvas::default()));
    Some(shown_number(&decoded?.ok()?.canvas))
}

/// The figures of one case: frames a second, processor time a frame, and ages at the client, in ms.
#[derive(Clone, Copy, Debug)]
struct Figures {
    rate: f64,
    cpu: f64,
    p50: f64,
    p95: f64,
}

fn measure(server: &Server, camera: &Uvc, size: &Size, clients: usize) -> Figures {
    let time = env::var("CAMERA_SECONDS").ok().and_then(|given| given.parse().ok()).unwrap_or(SECONDS);
    let over = Arc::<AtomicBool>::default();
    let (addr, target) = (server.addr, server.target);
    let others: Vec<_> = (1..clients)
        .map(|_| {
            let over = Arc::clone(&over);
            thread::spawn(move || read(addr, target, |_| !over.load(Relaxed)))
        })
        .collect();
    let (mut ages, mut count, mut begun) = (Vec::new(), 0, None);
    let mut first = None;
    let mut used = Duration::ZERO;
    let mut took = Duration::ZERO;
    read(addr, target, |jpeg| {
        let now = Instant::now();
        let start = *first.get_or_insert(now);
        if now < start + WARM_UP {
            return true;
        }
        let (began, before) = *begun.get_or_insert_with(|| (now, server.cpu()));
        if now >= began + Duration::from_secs(time) {
            (used, took) = (server.cpu() - before, now - began);
            return false;
        }
        count += 1;
        let sent = number(&jpeg, size, count).and_then(|number| camera.sent_at(number));
        ages.extend(sent.map(|sent| now.saturating_duration_since(sent).as_secs_f64() * 1000.0));
        true
    });
    over.store(true, Relaxed);
    others.into_iter().for_each(|other| other.join().unwrap());
    ages.sort_by(f64::total_cmp);
    let at = |share: f64| ages.get((ages.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    Figures {
        rate: count as f64 / took.as_secs_f64(),
        cpu: used.as_secs_f64() * 1000.0 / count as f64,
        p50: at(0.5),
        p95: at(0.95),
    }
}

/// The median of a figure over all rounds.
fn median(rounds: &[Figures], of: impl Fn(&Figures) -> f64) -> f64 {
    let mut all: Vec<f64> = rounds.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

#[test]
#[ignore = "a measurement: make bench-ustreamer"]
fn beside_ustreamer() {
    let Ok(ustreamer) = env::var("CAMERA_PROGRAM") else {
        return println!("not measured: make bench-ustreamer");
    };
    let sizes = [
        Size { format: Format::Mjpeg, width: 640, height: 480, intervals: vec![333_333] },
        Size { format: Format::Yuyv, width: 320, height: 240, intervals: vec![666_666] },
    ];
    let camera = Uvc::plug(0, Model { sizes: sizes.to_vec(), ..Model::default() });
    for size in &sizes {
        for clients in [1, 4] {
            let (mut theirs, mut ours) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let server = Server::ustreamer(&ustreamer, &camera, size);
                theirs.push(measure(&server, &camera, size, clients));
                drop(server);
                let server = Server::ours(&camera, size);
                ours.push(measure(&server, &camera, size, clients));
            }
            let case = format!("{:?} {}x{}, {clients}", size.format, size.width, size.height);
            for (name, rounds) in [("ustreamer", &theirs), ("pulsecam", &ours)] {
                let of = |figure: fn(&Figures) -> f64| median(rounds, figure);
                let ratio = |figure: fn(&Figures) -> f64| of(figure) / median(&theirs, figure);
                println!(
                    "##ROW | {case} | {name} | {:.1} | {:.2} | {:.2} | {:.1} | {:.1} | {:.2} |",
                    of(|one| one.rate),
                    of(|one| one.cpu),
                    ratio(|one| one.cpu),
                    of(|one| one.p50),
                    of(|one| one.p95),
                    ratio(|one| one.p50),
                );
            }
        }
    }
}

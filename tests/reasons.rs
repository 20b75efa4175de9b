//! Tests of reported reasons. The last line is the reason, from the relay, from TLS, or about anything else
//! that is there. A failure that no retry heals is reported at once, and a recurring one only once.
//!
//! The built program with real relays, and with other servers. Alone: `make test-reasons`.

#![allow(missing_docs, reason = "tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use common::{
    program::{PATIENCE, RelayProgram, Running, pulsecam, run, text_of},
    wire_bytes,
};
use pulsecam::wire::{CloseReason, Heartbeat, Side};

const RED: &str = "the-key-to-the-red-room";
const BLUE: &str = "the-key-to-the-blue-room";

const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/astronaut_512x512.jpg");

/// Hours, so that anything reported earlier did not wait for it.
const LATER: [&str; 2] = ["--deadline", "9h"];

fn write(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Makes a self-signed certificate for 127.0.0.1; returns its file, its key's, and its fingerprint.
fn certificate(folder: &Path) -> [String; 3] {
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.join(name).display().to_string());
    let made = run(&["cert", "127.0.0.1", "--cert", &cert, "--key", &key]);
    [cert, key, text_of(&made.stdout).trim().to_owned()]
}

/// Runs a command that fails; returns the last line of its log.
fn last_line(arguments: &[&str]) -> String {
    let output = run(arguments);
    let told = text_of(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
    let last = told.lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("pulsecam: "), "{told}");
    assert!(!last.contains("--deadline") && !last.contains("--max-message"), "this would not help: {last}");
    last
}

/// A server that is not a relay: handles each connection with a function, and counts them.
struct Stranger {
    addr: String,
    came: Arc<AtomicUsize>,
}

impl Stranger {
    fn new(act: impl Fn(&mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        let came = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&came);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                act(&mut stream);
                count.fetch_add(1, Relaxed);
            }
        });
        Self { addr, came }
    }

    fn wait_for(&self, connections: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.came.load(Relaxed) < connections {
            assert!(Instant::now() < deadline, "only {} connected", self.came.load(Relaxed));
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Reads a request before it answers, like a server.
fn answers(what: &'static [u8]) -> impl Fn(&mut TcpStream) + Send {
    move |stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(what); // the peer may be gone
    }
}

/// A running command whose log is collected.
struct Logged {
    running: Running,
    log: Arc<Mutex<String>>,
}

impl Logged {
    fn start(arguments: &[&str]) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        let running = Running::spawn_logging(pulsecam().args(arguments), writer.into());
        let log = Arc::new(Mutex::new(String::new()));
        let gathered = Arc::clone(&log);
        thread::spawn(move || {
            let mut reader = reader;
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                gathered.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { running, log }
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    fn count(&self, words: &str) -> usize {
        self.log().lines().filter(|line| line.contains(words)).count()
    }

    fn wait_for(&self, words: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.count(words) == 0 {
            assert!(Instant::now() < deadline, "no {words:?} in {}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn what_no_retry_heals_ends_a_delivery_at_once_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (red, blue) = (write(folder.path(), "red", RED), write(folder.path(), "blue", BLUE));
    let [cert, key, pin] = certificate(folder.path());
    let zeros = "0".repeat(64);
    let open = RelayProgram::start(&[]);
    let locked = RelayProgram::start(&["--key-file", &red]);
    let tls = RelayProgram::start(&["--tls-cert", &cert, "--tls-key", &key]);
    let web = Stranger::new(answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let ssh = Stranger::new(|stream| stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n").unwrap());
    let mail = Stranger::new(|stream| stream.write_all(b"220 mail.example ESMTP\r\n").unwrap());
    let cases: &[(&str, &[&str], &[&str])] = &[
        (&locked.addr, &["--key-file", &blue], &["does not know this key", "--key-file"]),
        (&locked.addr, &[], &["asks for a key", "--key-file"]),
        (&open.addr, &["--key-file", &red], &["does not ask for a key", "--key-file"]),
        (&tls.addr, &["--key-file", &red], &["speaks TLS only", "--tls"]),
        (&tls.addr, &[], &["speaks TLS only", "--tls"]),
        (&tls.addr, &["--tls-pin", &zeros], &[&pin]),
        (&tls.addr, &["--tls"], &["certificate", "--tls-pin", "--tls-ca"]),
        (&open.addr, &["--tls-pin", &zeros], &["it does not speak TLS"]),
        (&locked.addr, &["--tls-pin", &zeros], &["it does not speak TLS"]),
        (&web.addr, &[], &["not a pulsecam relay", "web server"]),
        (&web.addr, &["--key-file", &red], &["not a pulsecam relay", "web server"]),
        (&web.addr, &["--tls-pin", &zeros], &["it does not speak TLS"]),
        (&ssh.addr, &[], &["not a pulsecam relay", "SSH server"]),
        (&mail.addr, &[], &["not a pulsecam relay", "\"220 \""]),
    ];
    for (addr, trust, words) in cases {
        for command in [vec!["text", addr, "hello"], vec!["image", addr, PICTURE]] {
            let last = last_line(&[&command, &LATER[..], trust].concat());
            for word in *words {
                assert!(last.contains(word), "{addr} {trust:?} should say {word:?}: {last}");
            }
        }
    }
}

#[test]
fn a_message_over_a_limit_is_refused_with_the_relays_reason() {
    let relay = RelayProgram::start(&["--max-text", "1k", "--max-message", "2k"]);
    let (long, longer) = ("long ".repeat(150), "long ".repeat(500));
    let last = last_line(&[&["text", &relay.addr, &long][..], &LATER].concat());
    assert!(last.contains("at most 1024 are allowed"), "{last}");
    assert!(last.len() < 300, "not all of the text: {last}");
    let last = last_line(&[&["text", &relay.addr, &longer][..], &LATER].concat());
    assert!(last.contains("at most 2048 is allowed"), "{last}");
    let last = last_line(&[&["image", &relay.addr, PICTURE][..], &LATER].concat());
    assert!(last.contains("at most 2048 is allowed"), "{last}");
}

#[test]
fn what_may_pass_is_waited_for_and_its_reason_is_the_last_word() {
    let full = RelayProgram::start(&["--max-clients", "1"]);
    let _here = common::program::viewer(&full.addr, &[]);
    let soon = ["--deadline", "1s", "hello"];
    let last = last_line(&[&["text", &full.addr][..], &soon].concat());
    assert!(
        last.contains("within 1s: the relay closed the connection: the relay is full: 1 connected"),
        "{last}"
    );
    let closes = Stranger::new(|_| {});
    let last = last_line(&[&["text", &closes.addr][..], &soon].concat());
    assert!(last.contains("closes them at once"), "{last}");
    // A silent relay might only have needed more time.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let output = run(&[&["text", &mute.local_addr().unwrap().to_string()][..], &soon].concat());
    let told = text_of(&output.stderr);
    assert!(told.contains("no answer yet (is it a pulsecam relay?) (allow more time"), "{told}");
}

/// Commands that wait for ever keep trying, because the relay may be restarted with the right key.
#[test]
fn what_no_retry_heals_is_said_once_with_what_to_do_and_tried_again_seldom() {
    let folder = tempfile::tempdir().unwrap();
    let (red, blue) = (write(folder.path(), "red", RED), write(folder.path(), "blue", BLUE));
    let out = folder.path().join("out.mkv").display().to_string();
    let mut relay = RelayProgram::start(&["--key-file", &blue]);
    let quick = ["--max-backoff", "50ms", "--key-file", &red, "--json"];
    let addr = relay.addr.clone();
    let commands = [
        vec!["view", &addr, "--no-window"],
        vec!["send", &addr, "--source", "pattern", "--size", "64x48"],
        vec!["record", &addr, "--out", &out],
    ];
    let mut all: Vec<_> =
        commands.iter().map(|command| Logged::start(&[&command[..], &quick].concat())).collect();
    for command in &mut all {
        for _ in 0..4 {
            let down = command.running.event("link", |event| event["state"] == "down");
            assert_eq!(
                (&down["why"], &down["lasting"]),
                (&"the relay does not know this key".into(), &true.into())
            );
        }
        command.wait_for("until Ctrl-C");
        for words in ["is down: the relay does not know this key", "until Ctrl-C"] {
            assert_eq!(command.count(words), 1, "{}", command.log());
        }
        assert_eq!(command.count("is --key-file, or the variable PULSECAM_KEY, the key"), 1);
    }
    relay.running.signal("TERM");
    relay.running.exit_code();
    let mut relay = Running::start(&["relay", "--listen", &addr, "--json", "--quiet", "--key-file", &red]);
    relay.event("listening", |_| true);
    for command in &mut all {
        command.running.event("link", |event| event["state"] == "up");
        command.wait_for("is up (");
        command.running.signal("INT");
        command.running.exit_code();
    }
}

/// Its challenge is not an answer to a client without a key.
#[test]
fn a_relay_that_asks_for_a_key_is_never_called_up_by_who_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let red = write(folder.path(), "red", RED);
    let locked = RelayProgram::start(&["--key-file", &red]);
    let mut view = Logged::start(&["view", &locked.addr, "--no-window", "--json", "--max-backoff", "50ms"]);
    for _ in 0..6 {
        let link = view.running.event("link", |_| true);
        assert_ne!(link["state"], "up", "{link}");
    }
    assert_eq!(view.count("is up ("), 0, "{}", view.log());
    view.running.signal("INT");
    view.running.exit_code();
}

/// A port forward to nowhere, or the published port of a container without a relay.
#[test]
fn something_that_accepts_and_closes_is_said_once_and_never_called_up() {
    let closes = Stranger::new(|_| {});
    let mut view = Logged::start(&["view", &closes.addr, "--no-window", "--json", "--max-backoff", "50ms"]);
    closes.wait_for(20);
    view.running.signal("INT");
    let events = view.running.rest();
    assert!(events.iter().any(|event| event.contains("closes them at once")), "{events:#?}");
    assert!(!events.iter().any(|event| event.contains(r#""state":"up""#)), "{events:#?}");
    assert_eq!(view.count("closes them at once"), 1, "{}", view.log());
    assert_eq!(view.count("is up ("), 0, "{}", view.log());
}

/// Each time for the same reason, for example one of its limits.
#[test]
fn a_relay_that_sends_a_client_away_over_and_over_is_said_once() {
    let answer = wire_bytes(&Heartbeat::default().to_message(Side::Relay));
    let bye = CloseReason::new("sent more than 9 messages a second");
    let bye = wire_bytes(&bye.to_message());
    let relay = Stranger::new(move |stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(&answer).and_then(|()| stream.write_all(&bye)); // the peer may be gone
    });
    let mut view = Logged::start(&["view", &relay.addr, "--no-window", "--json", "--max-backoff", "50ms"]);
    relay.wait_for(20);
    view.running.signal("INT");
    let events = view.running.rest();
    assert!(events.iter().any(|event| event.contains("sent more than 9 messages")), "{events:#?}");
    assert_eq!(view.count("sent more than 9 messages a second"), 1, "{}", view.log());
    assert_eq!(view.count("is up ("), 1, "{}", view.log());
}

/// As `pulsecam relay --client-timeout 2s`, with clients that send a heartbeat every 3 s.
#[test]
fn a_relay_that_is_less_patient_than_heartbeats_are_frequent_keeps_its_clients() {
    let relay = RelayProgram::start(&["--client-timeout", "600ms"]);
    let mut view = Logged::start(&["view", &relay.addr, "--no-window", "--json", "--for", "2s"]);
    view.running.exit_code();
    let events = view.running.rest();
    assert!(!events.iter().any(|event| event.contains(r#""state":"down""#)), "{events:#?}");
}

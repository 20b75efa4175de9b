//! Tests of reaching a relay: distant ones, and addresses as people write them. Alone: `make test-reach`.
//! Names, which need a separate network, are in `tests/net`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    net::{Ipv6Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use common::{
    delay,
    links::up,
    program::{Running, fails, pulsecam, run, text_of},
    server::Server,
};
use pulsecam::{
    auth::Key,
    link::{self, Dial, connect},
    relay::{self, Keyring, RoomKey},
    tls::{self, Certificate, Connector, Trust},
    transport::Connection,
};
use tokio::net::TcpStream;

const KEY: &str = "the key to a far room";

/// Much less than a distant relay needs.
const SHORT: Duration = Duration::from_millis(100);

/// The delay in each direction.
const FAR: Duration = Duration::from_millis(250);

#[tokio::test]
async fn a_relay_that_is_far_away_is_reached_by_itself() {
    let server = Server::start(relay::Config::default()).await;
    // Like a network on which connecting takes longer than the limit of one attempt.
    let dial = |host: &str| {
        let host = host.to_owned();
        async move {
            tokio::time::sleep(2 * FAR).await;
            let stream = TcpStream::connect(host).await?;
            let peer = stream.peer_addr()?;
            Ok((Connection::tcp(stream)?, peer))
        }
    };
    let mut config = far(server.addr);
    config.connect_timeout = SHORT;
    config.dial = Some(Dial::new(dial));
    let (link, _inbox) = connect(config).await.unwrap();
    up(&link).await;
    server.stop().await;
}

fn far(addr: SocketAddr) -> link::Config {
    link::Config::new(addr.to_string()).with(|config| config.connect_timeout = SHORT)
}

#[tokio::test]
async fn the_handshakes_of_a_far_relay_get_the_time_that_they_need() {
    let folder = tempfile::tempdir().unwrap();
    let made = Certificate::for_relay(vec!["localhost".into()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.certificate).unwrap();
    std::fs::write(&key, made.key).unwrap();
    let server = tls::Acceptor::load(&certificate, &key).unwrap();
    let room = RoomKey::new("", Key::new(KEY).unwrap());
    let relay = relay::Config::default().with(|config| {
        config.tls = Some(Arc::new(server));
        config.keys = Some(Arc::new(Keyring::new(vec![room])));
    });
    let server = Server::start(relay).await;
    let mut config = far(delay::proxy(server.addr, FAR));
    config.tls = Some(Connector::new(&Trust::Pinned(made.fingerprint)).unwrap());
    config.key = Some(Key::new(KEY).unwrap());
    let (link, _inbox) = connect(config).await.unwrap();
    up(&link).await;
    server.stop().await;
}

#[test]
fn a_text_over_a_long_way_is_not_given_up_while_connecting_gets_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let made = Certificate::for_relay(vec!["localhost".into()]).unwrap();
    for (name, text) in [("cert.pem", made.certificate), ("key.pem", made.key), ("room.key", KEY.into())] {
        std::fs::write(file(name), text).unwrap();
    }
    let (cert, key, room, pin) =
        (file("cert.pem"), file("key.pem"), file("room.key"), made.fingerprint.to_string());
    let locked = ["--tls-cert", &cert, "--tls-key", &key, "--key-file", &room];
    let (_relay, addr) = listening("127.0.0.1:0", &locked);
    let far = delay::proxy(addr, FAR).to_string();
    // TLS, the key and the answer take two, four and two one-way delays.
    let deadline = humantime::format_duration(6 * FAR).to_string();
    let trust = ["--tls-pin", &pin, "--key-file", &room, "--connect-timeout", "5s", "--deadline", &deadline];
    let output = run(&[&["text", &far, "hello", "--quiet"][..], &trust].concat());
    assert!(output.status.success(), "{}", text_of(&output.stderr));
}

/// Whether this machine has IPv6.
fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// Starts a relay at this address; returns the address that it bound.
fn listening(listen: &str, more: &[&str]) -> (Running, SocketAddr) {
    let mut relay = Running::start(&[&["relay", "--listen", listen, "--json", "--quiet"], more].concat());
    let addr = relay.event("listening", |_| true)["addr"].as_str().unwrap().parse().unwrap();
    (relay, addr)
}

#[test]
fn all_addresses_are_those_of_both_families_and_each_is_shown_as_what_it_is() {
    for all in [":0", "*:0", "0"] {
        let (mut relay, addr) = listening(all, &[]);
        assert!(addr.ip().is_unspecified(), "{addr}");
        let hosts: &[&str] = if has_ipv6() { &["127.0.0.1", "[::1]"] } else { &["127.0.0.1"] };
        for host in hosts {
            let _here = std::net::TcpStream::connect(format!("{host}:{}", addr.port())).unwrap();
            let joined = relay.event("joined", |_| true)["addr"].as_str().unwrap().to_owned();
            assert!(joined.starts_with(&format!("{host}:")), "{joined}");
        }
    }
}

#[test]
fn what_a_relay_says_of_its_addresses_is_true() {
    let said = |listen: &str| {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut command = pulsecam();
        command.args(["relay", "--listen", listen, "--json"]);
        let mut relay = Running::spawn_logging(&mut command, log.reopen().unwrap().into());
        relay.event("listening", |_| true);
        relay.signal("TERM");
        assert_eq!(relay.exit_code(), 0);
        std::fs::read_to_string(log.path()).unwrap()
    };
    if has_ipv6() {
        assert!(said(":0").contains("open on all addresses of this machine,"), "{}", said(":0"));
    }
    let ipv4 = said("0.0.0.0:0");
    assert!(ipv4.contains("open on all addresses of this machine (IPv4 only)"), "{ipv4}");
    assert!(!said("127.0.0.1:0").contains("open on"), "{}", said("127.0.0.1:0"));
}

#[test]
fn a_relay_listens_on_what_people_write() {
    let mut forms = vec!["127.0.0.1:0", "localhost:0", "tcp://127.0.0.1:0/", " 127.0.0.1:0 "];
    if has_ipv6() {
        forms.push("[::1]:0");
    }
    for form in forms {
        let (_relay, addr) = listening(form, &[]);
        assert!(addr.ip().is_loopback() && addr.port() > 0, "{form}: {addr}");
    }
    // The default port may be in use by another test: an attempt is enough.
    for form in ["127.0.0.1", "::1", "[::1]", "localhost", "*"] {
        let output = pulsecam()
            .args(["relay", "--listen", form, "--exit-with-input", "--quiet"])
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let complaint = text_of(&output.stderr);
        assert!(output.status.success() || complaint.contains(":6868: "), "{form}: {complaint}");
    }
    for (wrong, right) in
        [("127.0.0.1:70000", "127.0.0.1:6868"), ("70000", "*:6868"), (":", "*:6868"), ("", "HOST:PORT")]
    {
        fails(&["relay", "--listen", wrong], 2, &["--listen", right]);
    }
    fails(&["relay", "--listen", "::1:6868"], 2, &["[::1]:6868"]);
    fails(&["relay", "--listen", "no such host"], 2, &["cannot listen on no such host"]);
}

#[test]
fn clients_with_several_relays_move_on_when_one_dies() {
    let ((first, a), (_second, b)) = (listening("127.0.0.1:0", &[]), listening("127.0.0.1:0", &[]));
    let (both, log) = (format!("{a},{b}"), tempfile::NamedTempFile::new().unwrap());
    let mut command = pulsecam();
    command.args(["view", &both, "--no-window", "--json"]);
    let mut viewer = Running::spawn_logging(&mut command, log.reopen().unwrap().into());
    let is_up = |at: SocketAddr| {
        move |event: &serde_json::Value| event["state"] == "up" && event["host"] == at.to_string()
    };
    viewer.event("link", is_up(a));
    let send =
        ["send", &both, "--source", "pattern", "--size", "64x48", "--name", "ann", "--json", "--quiet"];
    let mut sender = Running::start(&send);
    assert_eq!(viewer.event("frame", |_| true)["stream"], "ann");
    drop(first);
    viewer.event("link", is_up(b));
    sender.event("link", is_up(b));
    viewer.forget();
    assert_eq!(viewer.event("frame", |_| true)["stream"], "ann");
    let output = run(&["text", &both, "hello", "--quiet"]);
    assert!(output.status.success(), "{}", text_of(&output.stderr));
    viewer.event("text", |event| event["text"] == "hello");
    viewer.signal("TERM");
    assert_eq!(viewer.exit_code(), 0);
    let said = std::fs::read_to_string(log.path()).unwrap();
    assert!(said.contains(&format!("moved to {b}: {a} does not answer")), "{said}");
    fails(&["view", "desk1.local,desk2.local:70000"], 2, &["desk2.local:6868"]);
    fails(&["view", "desk1.local,"], 2, &["HOST:PORT"]);
}

#[test]
fn every_client_understands_addresses_or_shows_the_right_form() {
    let (relay, addr) = listening("127.0.0.1:0", &[]);
    let port = addr.port();
    let understood = [
        format!("127.0.0.1:{port}"),
        format!(" 127.0.0.1:{port}\n"),
        format!("http://127.0.0.1:{port}/"),
        format!("tcp://localhost:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
    ];
    for host in &understood {
        let output = run(&["text", host, "hello", "--quiet"]);
        assert!(output.status.success(), "{host:?}: {}", text_of(&output.stderr));
    }
    drop(relay);
    let commands: [(&str, &[&str]); 6] = [
        ("send", &["--source", "pattern"]),
        ("view", &["--no-window"]),
        ("call", &["--no-window"]),
        ("record", &["--out", "/nowhere/talk.mkv"]),
        ("text", &["hello"]),
        ("image", &["/no/such.jpg"]),
    ];
    for (command, more) in commands {
        for (host, right) in [
            ("desk.local:70000", "desk.local:6868"),
            ("desk.local:", "desk.local:6868"),
            (":6868", "localhost:6868"),
            ("::1:6868", "[::1]:6868"),
            ("ann@desk.local", "write desk.local"),
            ("https://desk.local", "write desk.local"),
            ("fe80::2", "fe80::2%eth0"),
            ("", "HOST:PORT"),
        ] {
            fails(&[&[command, host], more].concat(), 2, &[right]);
            fails(&[&[command, "--host", host], more].concat(), 2, &[right]);
        }
    }
    fails(&["play", "/no/such.mkv", "desk.local:70000"], 2, &["desk.local:6868"]);
}

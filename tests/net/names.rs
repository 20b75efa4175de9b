//! Names and link-local addresses, in a network with its own nameserver. It is slow, silent, or not running
//! yet.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, UdpSocket},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use super::{PORT, is};
use crate::{
    common::program::Running,
    hosts::{Cable, Host},
};

/// The nameserver's address, in the client's network.
const NAMESERVER: &str = "127.0.0.53";

/// Receives queries and never answers.
const SILENT: &str = "127.0.0.99";

/// What the nameserver process prints when it can be asked.
const READY: &str = "can be asked";

/// The variable that configures the nameserver process.
const TABLE: &str = "DNS_TABLE";

/// The resolver configuration of a host, until this is dropped.
struct Resolving {
    folder: String,
}

impl Resolving {
    fn by(host: &Host, nameservers: &[&str]) -> Self {
        let folder = format!("/etc/netns/{}", host.name());
        fs::create_dir_all(&folder).unwrap();
        let lines: String = nameservers.iter().map(|server| format!("nameserver {server}\n")).collect();
        fs::write(format!("{folder}/resolv.conf"), lines).unwrap();
        fs::write(format!("{folder}/nsswitch.conf"), "hosts: files dns\n").unwrap();
        Self { folder }
    }
}

impl Drop for Resolving {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A nameserver in a host's network: this program run again, with the test below.
struct Nameserver(Child);

impl Nameserver {
    /// Answers `desk.example` with these addresses after `delay` milliseconds; other names do not exist. Returns when
    /// it can be asked: before that, the kernel refuses questions at once.
    fn start(host: &Host, addresses: &str, delay: u64) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new("ip")
            .args(["netns", "exec", host.name()])
            .arg(program)
            .args(["--ignored", "--exact", "names::a_nameserver_for_the_others", "--nocapture"])
            .env(TABLE, format!("{delay} {addresses}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.ends_with(READY)), "the nameserver has ended");
        Self(child)
    }
}

impl Drop for Nameserver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Not a test: [`Nameserver`] runs it. Does nothing without a table.
#[test]
#[ignore = "a part of the others"]
fn a_nameserver_for_the_others() {
    let Ok(table) = std::env::var(TABLE) else { return };
    let (delay, addresses) = table.split_once(' ').unwrap();
    let delay = Duration::from_millis(delay.parse().unwrap());
    let addresses: Vec<Ipv4Addr> = addresses.split(',').map(|text| text.parse().unwrap()).collect();
    let _silent = UdpSocket::bind((SILENT, 53)).unwrap();
    let socket = UdpSocket::bind((NAMESERVER, 53)).unwrap();
    println!("{READY}");
    let mut buffer = [0; 512];
    loop {
        let (length, client) = socket.recv_from(&mut buffer).unwrap();
        let reply = answer(&buffer[..length], &addresses);
        let socket = socket.try_clone().unwrap();
        thread::spawn(move || {
            thread::sleep(delay);
            socket.send_to(&reply, client).unwrap();
        });
    }
}

/// The reply to a question (RFC 1035).
fn answer(question: &[u8], addresses: &[Ipv4Addr]) -> Vec<u8> {
    let name_end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 1;
    let is_ours = question[12..name_end] == *b"\x04desk\x07example\0";
    let is_ipv4 = question[name_end..name_end + 2] == [0, 1];
    let addresses = if is_ours && is_ipv4 { addresses } else { &[] };
    let flags: u16 = if is_ours { 0x8180 } else { 0x8183 };
    let mut reply = question[..2].to_vec();
    for field in [flags, 1, addresses.len() as u16, 0, 0] {
        reply.extend(field.to_be_bytes());
    }
    reply.extend(&question[12..name_end + 4]);
    for address in addresses {
        // A pointer to the name, A, IN, 60 s, 4 bytes.
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        reply.extend(address.octets());
    }
    reply
}

fn start_relay(host: &Host) -> Running {
    let mut relay = host.start(&["relay", "--listen", "*:6868", "--json", "--quiet"]);
    relay.event("listening", |_| true);
    relay
}

fn view(cable: &Cable, host: &str, more: &[&str]) -> Running {
    let host = format!("{host}:{PORT}");
    cable.client.start(&[&["view", &host, "--no-window", "--json", "--max-backoff", "500ms"], more].concat())
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn a_name_that_takes_longer_than_a_connection_may_is_found() {
    let cable = Cable::new();
    let _resolving = Resolving::by(&cable.client, &[NAMESERVER]);
    let _relay = start_relay(&cable.relay);
    let _names = Nameserver::start(&cable.client, &cable.relay.address.to_string(), 2000);
    let mut text = cable.client.start(&["text", "desk.example", "hello", "--connect-timeout", "500ms"]);
    assert_eq!(text.exit_code(), 0);
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn a_first_nameserver_that_is_silent_is_waited_out_and_told_as_what_it_is() {
    let cable = Cable::new();
    let _resolving = Resolving::by(&cable.client, &[SILENT, NAMESERVER]);
    let _relay = start_relay(&cable.relay);
    let _names = Nameserver::start(&cable.client, &cable.relay.address.to_string(), 0);
    let mut view = view(&cable, "desk.example", &["--resolve-timeout", "1s"]);
    let why = view.event("link", is("down"))["why"].as_str().unwrap().to_owned();
    assert_eq!(why, "looking up desk.example takes longer than 1s");
    view.event("link", is("up"));
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn what_was_found_is_used_when_the_nameserver_is_gone() {
    let cable = Cable::new();
    let _resolving = Resolving::by(&cable.client, &[NAMESERVER]);
    let relay = start_relay(&cable.relay);
    let names = Nameserver::start(&cable.client, &cable.relay.address.to_string(), 0);
    let mut view = view(&cable, "desk.example", &[]);
    view.event("link", is("up"));
    drop((names, relay));
    view.event("link", is("down"));
    let _relay = start_relay(&cable.relay);
    view.event("link", is("up"));
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn a_network_that_is_not_there_yet_is_waited_for_and_a_name_that_does_not_exist_is_not() {
    let cable = Cable::new();
    let _resolving = Resolving::by(&cable.client, &[NAMESERVER]);
    let _relay = start_relay(&cable.relay);
    let mut view = view(&cable, "desk.example", &[]);
    let why = view.event("link", is("down"))["why"].as_str().unwrap().to_owned();
    assert!(why.starts_with("cannot look up desk.example: "), "{why}");
    let _names = Nameserver::start(&cable.client, &cable.relay.address.to_string(), 0);
    view.event("link", is("up"));
    for command in [&["view", "nobody.example", "--no-window"][..], &["text", "nobody.example", "hello"]] {
        assert_eq!(cable.client.start(command).exit_code(), 1, "{command:?}");
    }
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn a_signal_and_a_deadline_end_a_program_that_waits_for_a_nameserver() {
    let cable = Cable::new();
    let _resolving = Resolving::by(&cable.client, &[SILENT, SILENT, SILENT]);
    let _names = Nameserver::start(&cable.client, &cable.relay.address.to_string(), 0);
    // The system gives up after half a minute.
    let mut send = cable.client.start(&["send", "desk.example", "--source", "pattern"]);
    let mut relay = cable.client.start(&["relay", "--listen", "desk.example"]);
    let mut text = cable.client.start(&["text", "desk.example", "hello", "--deadline", "500ms"]);
    thread::sleep(Duration::from_secs(1));
    for program in [&mut send, &mut relay] {
        program.signal("TERM");
        assert_eq!(program.exit_code(), 0);
    }
    assert_eq!(text.exit_code(), 1);
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn dead_addresses_of_a_name_are_in_nobodys_way() {
    let cable = Cable::new();
    let _resolving = Resolving::by(&cable.client, &[NAMESERVER]);
    let _relay = start_relay(&cable.relay);
    let addresses = format!("198.18.0.98,198.18.0.99,{}", cable.relay.address);
    let _names = Nameserver::start(&cable.client, &addresses, 0);
    let mut view = view(&cable, "desk.example", &["--connect-timeout", "300ms"]);
    let state = view.event("link", |event| event["state"] != "connecting");
    assert_eq!(state["state"], "up", "at the first attempt: {state}");
}

#[test]
#[ignore = "needs root and network namespaces: make test-net"]
fn a_link_local_address_with_its_interface_is_a_relays_address() {
    let cable = Cable::new();
    let mut relay = start_relay(&cable.relay);
    let address = cable.relay.link_local();
    let device = cable.client.device();
    for host in [format!("[{address}%{device}]:{PORT}"), format!("{address}%{device}")] {
        let mut text = cable.client.start(&["text", &host, "hello"]);
        assert_eq!(text.exit_code(), 0, "{host}");
        let joined = relay.event("joined", |_| true)["addr"].as_str().unwrap().to_owned();
        assert!(joined.starts_with("[fe80::"), "{joined}");
    }
    let host = format!("{address}%nowhere0");
    let mut text = cable.client.start(&["text", &host, "hello", "--deadline", "500ms"]);
    assert_eq!(text.exit_code(), 1);
    // An IPv4 address is reported as one.
    let host = cable.relay.address.to_string();
    assert_eq!(cable.client.start(&["text", &host, "hello"]).exit_code(), 0);
    let joined = relay.event("joined", |_| true)["addr"].as_str().unwrap().to_owned();
    assert!(joined.starts_with(&cable.client.address.to_string()), "{joined}");
}

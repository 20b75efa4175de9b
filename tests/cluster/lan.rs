//! Three hosts at one switch, and programs and links on them.

use std::{fs, net::SocketAddr, path::PathBuf, thread};

use tempfile::TempDir;
use tokio::runtime::{self, Runtime};

use crate::{
    common::{
        program::{Running, text_of},
        qt,
    },
    hosts::{self, Host},
    network,
};

/// The port for clients, and that for relays.
pub const PORT: u16 = 6868;
pub const LINK_PORT: u16 = 6869;

/// The key of the cluster in all tests.
const KEY: &str = "the key of a cluster in a test";

/// Three hosts at a switch, until this is dropped.
pub struct Lan {
    pub a: Machine,
    pub b: Machine,
    pub c: Machine,
    switch: Host,
    folder: TempDir,
}

/// A host of the [`Lan`], and the tasks of links on it.
pub struct Machine {
    pub host: Host,
    pub runtime: Runtime,
    /// Its port at the switch.
    port: String,
}

impl Lan {
    /// Needs root: panics without it instead of passing.
    pub fn new() -> Self {
        let name = hosts::network_name();
        let switch = Host::new(&name, "s", 254);
        switch.ip(&["link", "add", "br0", "type", "bridge"]);
        switch.ip(&["link", "set", "br0", "up"]);
        let machine = |which: &str, last| {
            let (host, port) = (Host::new(&name, which, last), format!("p{which}"));
            switch.wire(&port, &host);
            switch.ip(&["link", "set", &port, "master", "br0", "up"]);
            host.configure();
            let runtime = runtime_in(host.name());
            Machine { host, runtime, port }
        };
        let (a, b, c) = (machine("a", 1), machine("b", 2), machine("c", 3));
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cluster.key"), KEY).unwrap();
        Self { a, b, c, switch, folder }
    }

    /// Pulls a host's cable out of the switch, or plugs it in. The others are not told.
    pub fn plug(&self, machine: &Machine, is_in: bool) {
        self.switch.ip(&["link", "set", &machine.port, if is_in { "up" } else { "down" }]);
    }

    /// A file in a folder of this test.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a relay of the cluster, which knows all three hosts.
    pub fn relay(&self, machine: &Machine) -> Running {
        self.relay_with(machine, &[])
    }

    /// The same with more options.
    pub fn relay_with(&self, machine: &Machine, more: &[&str]) -> Running {
        listening(&machine.host, &self.relay_arguments(machine, more))
    }

    /// The command line of a relay.
    pub fn relay_arguments(&self, machine: &Machine, more: &[&str]) -> Vec<String> {
        let join = [&self.a, &self.b, &self.c].map(|other| other.host.address.to_string()).join(",");
        let (own, key) = (machine.host.address.to_string(), self.file("cluster.key"));
        let arguments = ["relay", "--listen", "0.0.0.0:6868", "--json", "--quiet", "--client-timeout", "3s"];
        let cluster = ["--cluster", &own, "--join", &join, "--cluster-key-file", key.to_str().unwrap()];
        [&arguments[..], &cluster, more].concat().into_iter().map(str::to_owned).collect()
    }

    /// Relays on all three hosts.
    pub fn relays(&self) -> [Running; 3] {
        [&self.a, &self.b, &self.c].map(|machine| self.relay(machine))
    }
}

impl Machine {
    /// Where clients reach the relay on this host.
    pub fn address(&self) -> String {
        format!("{}:{PORT}", self.host.address)
    }

    /// Where other relays reach it.
    pub fn link_address(&self) -> SocketAddr {
        (self.host.address, LINK_PORT).into()
    }

    /// Starts a client's program, at the relay of this host, or another one.
    pub fn start_at(&self, relay: &Self, what: &[&str], more: &[&str]) -> Running {
        let address = relay.address();
        let (command, options) = what.split_at(1);
        self.host.start(&[command, &[&address], options, more].concat())
    }

    /// A viewer's program at the relay of this host.
    pub fn viewer(&self) -> Running {
        let mut viewer = self.start_at(self, &["view"], &["--no-window", "--json", "--quiet"]);
        viewer.event("link", |event| event["state"] == "up" && event["rtt_ms"].is_number());
        viewer
    }

    /// A Qt program at the relay of this host.
    pub fn qt(&self) -> Running {
        let (host, port) = (self.host.address.to_string(), PORT.to_string());
        let mut client = Running::spawn(self.host.run_here(qt::peer()).args(["client", &host, &port]));
        client.line("connected", |line| line == "connected");
        // One with an answered heartbeat has joined.
        client.say("heartbeat");
        client.event("heartbeat", |_| true);
        client
    }

    /// The bytes that this host has received from the switch, and sent to it.
    pub fn traffic(&self) -> [u64; 2] {
        ["rx_bytes", "tx_bytes"].map(|counter| {
            let file = format!("/sys/class/net/{}/statistics/{counter}", self.host.device());
            let output = self.host.run_here("cat").arg(file).output().unwrap();
            text_of(&output.stdout).trim().parse().unwrap()
        })
    }
}

/// Starts a relay, and waits until it listens.
pub fn listening(host: &Host, arguments: &[impl AsRef<str>]) -> Running {
    let words: Vec<_> = arguments.iter().map(AsRef::as_ref).collect();
    let mut relay = host.start(&words);
    relay.event("listening", |_| true);
    relay
}

/// The processor time of a program, in seconds.
pub fn processor_time(running: &Running) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", running.child.id())).unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = [fields[11], fields[12]].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    ticks as f64 / 100.0
}

/// Tasks whose sockets are in a namespace. Its threads inherit that of the one that starts them.
fn runtime_in(namespace: &str) -> Runtime {
    let name = namespace.to_owned();
    let start = move || {
        network::enter(&name).unwrap();
        runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    };
    thread::spawn(start).join().unwrap()
}

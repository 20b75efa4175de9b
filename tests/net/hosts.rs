//! Hosts joined by cables: network namespaces with pairs of virtual Ethernet devices.

use std::{
    ffi::OsStr,
    net::Ipv4Addr,
    os::fd::AsFd,
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use crate::common::program::{Running, pulsecam};

/// Distinguishes the hosts of tests that run at the same time.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A network that exists until this is dropped.
pub struct Cable {
    pub relay: Host,
    pub client: Host,
}

/// One end of the cable.
pub struct Host {
    namespace: String,
    device: String,
    pub address: Ipv4Addr,
}

impl Cable {
    /// Needs root: panics without it instead of passing.
    pub fn new() -> Self {
        let name = network_name();
        let cable = Self { relay: Host::new(&name, "r", 1), client: Host::new(&name, "c", 2) };
        let (relay, client) = (&cable.relay, &cable.client);
        relay.wire(&relay.device, client);
        relay.configure();
        client.configure();
        cable
    }
}

/// A name that no other network of the tests has.
pub fn network_name() -> String {
    format!("pc{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed))
}

/// The names of all namespaces of this system, as `ip` lists them.
pub fn all() -> String {
    String::from_utf8(Command::new("ip").args(["netns", "list"]).output().unwrap().stdout).unwrap()
}

impl Drop for Host {
    fn drop(&mut self) {
        // Programs that still run in it keep it alive until they exit.
        let _ = Command::new("ip").args(["netns", "del", &self.namespace]).status();
    }
}

impl Host {
    /// Makes a host without any connection.
    pub fn new(network: &str, which: &str, last: u8) -> Self {
        let host = Self {
            namespace: format!("{network}{which}"),
            device: format!("{which}0"),
            // From the block for benchmarks (RFC 2544), which no real network uses.
            address: Ipv4Addr::new(198, 18, 0, last),
        };
        ip(&["netns", "add", &host.namespace]);
        host
    }

    /// Connects a device of this host with that of another one.
    pub fn wire(&self, device: &str, other: &Self) {
        let peer = ["peer", "name", &other.device, "netns", &other.namespace];
        self.ip(&[&["link", "add", device, "type", "veth"][..], &peer].concat());
    }

    /// Gives the device its address, and turns it on.
    pub fn configure(&self) {
        self.ip(&["link", "set", "lo", "up"]);
        self.ip(&["address", "add", &format!("{}/24", self.address), "dev", &self.device]);
        self.plug(true);
        // Look up local addresses second, so that a rule can precede them.
        self.ip(&["rule", "add", "priority", "10", "lookup", "local"]);
        self.ip(&["rule", "del", "priority", "0"]);
    }

    /// The namespace's name.
    pub fn name(&self) -> &str {
        &self.namespace
    }

    /// The interface at this end of the cable.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// The automatic link-local address, once duplicate address detection is done.
    pub fn link_local(&self) -> String {
        for _ in 0..100 {
            let output = Command::new("ip")
                .args(["-n", &self.namespace, "-6", "-o", "address", "show", "dev", &self.device])
                .output()
                .unwrap();
            let lines = String::from_utf8(output.stdout).unwrap();
            let ready = lines.lines().find(|line| line.contains("fe80::") && !line.contains("tentative"));
            if let Some(line) = ready {
                let address = line.split_whitespace().find(|word| word.starts_with("fe80::")).unwrap();
                return address.split('/').next().unwrap().to_owned();
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("{} has no link-local address", self.namespace);
    }

    /// Runs the built program in this namespace.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::spawn(&mut self.command(arguments))
    }

    /// The same, to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// The built program in this namespace.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let program = pulsecam();
        let mut command = self.run_here(program.get_program());
        command.args(arguments);
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Another program in this namespace.
    pub fn run_here(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace]).arg(program);
        command
    }

    /// Runs this in the namespace: sockets and threads that it makes belong to it.
    pub fn inside<T: Send>(&self, make: impl FnOnce() -> T + Send) -> T {
        let namespace = std::fs::File::open(format!("/run/netns/{}", self.namespace)).unwrap();
        let run = || {
            let network = Some(rustix::thread::LinkNameSpaceType::Network);
            rustix::thread::move_into_link_name_space(namespace.as_fd(), network).unwrap();
            make()
        };
        // Only this thread, which ends, moves.
        std::thread::scope(|scope| scope.spawn(run).join().unwrap())
    }

    /// Runs `ip` in this namespace.
    pub fn ip(&self, arguments: &[&str]) {
        ip(&[&["-n", &self.namespace], arguments].concat());
    }

    /// Plugs the cable in or pulls it: the device is up or down at this end, the other end has no carrier.
    pub fn plug(&self, is_in: bool) {
        self.ip(&["link", "set", &self.device, if is_in { "up" } else { "down" }]);
    }

    /// Drops incoming packets or stops doing so: a firewall that passes the other direction.
    pub fn deaf(&self, is_deaf: bool) {
        let what = if is_deaf { "add" } else { "del" };
        self.ip(&["rule", what, "iif", &self.device, "priority", "1", "blackhole"]);
    }

    /// Replaces the address.
    pub fn moves_to(&mut self, last: u8) {
        let [a, b, c, _] = self.address.octets();
        self.ip(&["address", "del", &format!("{}/24", self.address), "dev", &self.device]);
        self.address = Ipv4Addr::new(a, b, c, last);
        self.ip(&["address", "add", &format!("{}/24", self.address), "dev", &self.device]);
    }

    /// Number of established TCP connections with this port at either end.
    pub fn established(&self, port: u16) -> usize {
        let table = Command::new("ip")
            .args(["netns", "exec", &self.namespace, "cat", "/proc/net/tcp"])
            .output()
            .unwrap();
        let port = format!(":{port:04X}");
        let table = String::from_utf8(table.stdout).unwrap();
        let is = |line: &&str| {
            let fields: Vec<_> = line.split_whitespace().collect();
            // Local address, remote address, state; 01 means established.
            fields.len() > 3
                && fields[3] == "01"
                && (fields[1].ends_with(&port) || fields[2].ends_with(&port))
        };
        table.lines().filter(is).count()
    }
}

fn ip(arguments: &[&str]) {
    let output = Command::new("ip").args(arguments).output().unwrap_or_else(|error| {
        panic!("ip (package iproute2) cannot be run: {error}");
    });
    assert!(
        output.status.success(),
        "ip {} failed, are you root? {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
}

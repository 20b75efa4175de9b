//! The relay as a systemd service: the built program with a passed socket, and the units in docs/deploy.
//!
//! Needs Debian's `systemd` (nothing is booted), and root for the test without a network.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    ffi::OsStr,
    fs,
    io::Read,
    net::{SocketAddr, TcpListener, TcpStream},
    os::{fd::OwnedFd, unix::net::UnixDatagram},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use common::program::{Running, pulsecam, text_of, viewer};
use pulsecam::relay::{self, Config};
use tempfile::TempDir;

/// Time limit for anything that a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

const UNITS: [&str; 2] = ["pulsecam-relay.service", "pulsecam-relay.socket"];

/// Maximum exposure that `systemd-analyze security` may find, in tenths. It finds 0.5.
const EXPOSURE: &str = "--threshold=7";

/// The parts of systemd that a service sees: the passed socket, and the socket for notifications.
struct Systemd {
    _folder: TempDir,
    told_at: PathBuf,
    ear: UnixDatagram,
    addr: SocketAddr,
    listener: OwnedFd,
}

impl Systemd {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let told_at = folder.path().join("notify");
        let ear = UnixDatagram::bind(&told_at).unwrap();
        ear.set_read_timeout(Some(PATIENCE)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        Self { _folder: folder, told_at, ear, addr, listener: listener.into() }
    }

    /// Starts the relay with the socket as its third descriptor. `before` is a command that runs the program.
    fn start(&self, before: &[&str]) -> Running {
        Running::spawn_with(&mut self.command(before, &[]), self.passed())
    }

    fn passed(&self) -> Stdio {
        self.listener.try_clone().unwrap().into()
    }

    /// A process does not know its pid before it starts: a shell sets it, and replaces itself with the
    /// program.
    fn command(&self, before: &[&str], more: &[&str]) -> Command {
        let program = pulsecam();
        let mut command = Command::new("sh");
        command
            .args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3<&0 </dev/null", "sh"])
            .args(before)
            .arg(program.get_program())
            // This address shows that it is not used: it cannot be bound.
            .args(["relay", "--json", "--listen", "192.0.2.1:1"])
            .args(more)
            .env("NOTIFY_SOCKET", &self.told_at)
            .env("WATCHDOG_USEC", "2000000")
            .env_remove("WATCHDOG_PID");
        command
    }

    /// Returns the next notification.
    fn next(&self) -> String {
        let mut message = [0; 1000];
        let length = self.ear.recv(&mut message).expect("the relay sends a notification");
        String::from_utf8(message[..length].to_vec()).unwrap()
    }

    /// Returns the next notification that is not a watchdog ping.
    fn news(&self) -> String {
        std::iter::repeat_with(|| self.next()).find(|message| message != "WATCHDOG=1").unwrap()
    }

    fn sign_of_life(&self) {
        assert_eq!(self.next(), "WATCHDOG=1");
    }
}

#[test]
fn it_serves_the_passed_socket_and_notifies_systemd() {
    let systemd = Systemd::new();
    let mut relay = systemd.start(&[]);
    assert_eq!(systemd.next(), "READY=1");
    let listening = relay.event("listening", |_| true);
    assert_eq!(listening["addr"], systemd.addr.to_string());
    let mut viewer = viewer(&systemd.addr.to_string(), &[]);
    for _ in 0..3 {
        systemd.sign_of_life();
    }
    relay.signal("TERM");
    assert_eq!(systemd.news(), "STOPPING=1");
    assert_eq!(relay.event("summary", |_| true)["joined"], 1);
    assert_eq!(relay.exit_code(), 0);
    viewer.event("link", |event| event["state"] == "down");
    // systemd still holds the socket: a client that connects now waits for the next relay instead of being
    // refused.
    let mut early = TcpStream::connect(systemd.addr).unwrap();
    let mut next = systemd.start(&[]);
    assert_eq!(systemd.news(), "READY=1");
    viewer.event("link", |event| event["state"] == "up");
    next.event("joined", |event| event["addr"] == early.local_addr().unwrap().to_string());
    next.signal("TERM");
    early.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(early.read_to_end(&mut Vec::new()).is_ok(), "the connection is closed cleanly");
    assert_eq!(next.exit_code(), 0);
}

#[test]
fn a_reload_is_notified_and_disconnects_nobody() {
    let systemd = Systemd::new();
    let mut relay = systemd.start(&[]);
    assert_eq!(systemd.next(), "READY=1");
    let addr = systemd.addr.to_string();
    let mut viewer = viewer(&addr, &[]);
    for _ in 0..2 {
        relay.signal("HUP");
        let reloading = systemd.news();
        let micros = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        assert!(micros.parse::<u64>().is_ok(), "{reloading}");
        assert_eq!(systemd.news(), "READY=1");
    }
    let mut text = Running::start(&["text", &addr, "still here", "--quiet"]);
    assert_eq!(viewer.event("text", |_| true)["text"], "still here");
    assert_eq!(text.exit_code(), 0);
    relay.signal("TERM");
    assert_eq!(relay.event("summary", |_| true)["joined"], 2, "nobody had to reconnect");
    assert_eq!(relay.exit_code(), 0);
}

#[test]
fn a_stopped_relay_sends_no_watchdog_ping() {
    let systemd = Systemd::new();
    let relay = systemd.start(&[]);
    assert_eq!(systemd.next(), "READY=1");
    systemd.sign_of_life();
    relay.signal("STOP");
    let stat = format!("/proc/{}/stat", relay.child.id());
    while !fs::read_to_string(&stat).unwrap().contains(") T ") {
        std::thread::yield_now();
    }
    // Drains what it sent before it was stopped.
    systemd.ear.set_nonblocking(true).unwrap();
    while systemd.ear.recv(&mut [0; 100]).is_ok() {}
    systemd.ear.set_nonblocking(false).unwrap();
    systemd.ear.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    assert!(systemd.ear.recv(&mut [0; 100]).is_err(), "no ping within systemd's watchdog time");
    relay.signal("CONT");
    systemd.ear.set_read_timeout(Some(PATIENCE)).unwrap();
    systemd.sign_of_life();
}

/// The pings come from the thread of the relay's loop, not from one that would go on if the loop hangs.
#[test]
fn the_loop_itself_sends_the_watchdog_pings() {
    let (give, given) = mpsc::channel();
    let enough = Arc::new(tokio::sync::Notify::new());
    let config = Config::default().with(|config| {
        config.pulse = Some(Arc::new({
            let enough = Arc::clone(&enough);
            move |_| {
                give.send(thread::current().id()).unwrap();
                enough.notify_one();
            }
        }));
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let run = async {
        let listener = relay::listen("127.0.0.1:0").await?;
        let stop = async {
            enough.notified().await;
            enough.notified().await;
        };
        relay::run(listener, config, stop).await
    };
    runtime.block_on(run).unwrap();
    let signs: Vec<_> = given.try_iter().collect();
    assert!(signs.len() >= 2);
    assert!(signs.iter().all(|sign| *sign == thread::current().id()));
}

#[test]
fn a_manager_that_does_not_read_blocks_nothing() {
    let systemd = Systemd::new();
    let mut relay = systemd.start(&[]);
    // Nobody reads its notifications, and the queue holds only a few.
    let addr = systemd.addr.to_string();
    let queue: usize =
        fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen").unwrap().trim().parse().unwrap();
    let filler = UnixDatagram::unbound().unwrap();
    filler.set_nonblocking(true).unwrap();
    for _ in 0..=queue {
        let _ = filler.send_to(b"full", &systemd.told_at);
    }
    // It is running: before that, the signal would end it.
    let mut viewer = viewer(&addr, &[]);
    relay.signal("HUP");
    assert_eq!(Running::start(&["text", &addr, "on it goes", "--quiet"]).exit_code(), 0);
    assert_eq!(viewer.event("text", |_| true)["text"], "on it goes");
    relay.signal("TERM");
    assert_eq!(relay.exit_code(), 0);
}

#[test]
fn anything_but_a_listening_socket_is_rejected_with_advice() {
    let systemd = Systemd::new();
    let connection = TcpStream::connect(systemd.addr).unwrap();
    for (passed, complaint) in [
        (Stdio::from(OwnedFd::from(connection)), "Accept=no"),
        (Stdio::from(OwnedFd::from(UnixDatagram::unbound().unwrap())), "not a valid tcp socket"),
        (Stdio::null(), "not a socket"),
    ] {
        let output = systemd.command(&[], &[]).stdin(passed).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = text_of(&output.stderr);
        assert!(said.contains(complaint) && said.contains("ListenStream="), "{said}");
    }
}

#[test]
fn the_journal_gets_priorities_and_nothing_that_it_knows_itself() {
    let folder = tempfile::tempdir().unwrap();
    let lines = |stream: &dyn Fn(&Path) -> String, name: &str| {
        let path = folder.path().join(name);
        let log = fs::File::create(&path).unwrap();
        let mut command = pulsecam();
        command.args(["relay", "--listen", "0.0.0.0:0", "--json"]).env("JOURNAL_STREAM", stream(&path));
        let mut relay = Running::spawn_logging(&mut command, log.into());
        relay.event("listening", |_| true);
        relay.signal("TERM");
        assert_eq!(relay.exit_code(), 0);
        fs::read_to_string(path).unwrap()
    };
    let identity = |path: &Path| {
        use std::os::unix::fs::MetadataExt;
        let about = fs::metadata(path).unwrap();
        format!("{}:{}", about.dev(), about.ino())
    };
    let log = lines(&identity, "journal");
    assert!(log.lines().any(|line| line.starts_with("<4>open on all addresses")), "{log}");
    assert!(log.lines().any(|line| line.starts_with("<6>")), "{log}");
    assert!(log.lines().all(|line| line.starts_with('<')) && !log.contains("WARN"), "{log}");
    // A child of a service has the variable too, but another standard error.
    let log = lines(&|_| "1:1".to_owned(), "file");
    assert!(log.contains(" WARN ") && !log.contains("<4>"), "{log}");
}

/// The unit gives the service no network except that socket.
#[test]
#[ignore = "needs root; `make test-deploy`"]
fn it_serves_strangers_without_a_network_of_its_own() {
    let systemd = Systemd::new();
    let mut relay = systemd.start(&["unshare", "--net"]);
    assert_eq!(systemd.next(), "READY=1");
    let addr = systemd.addr.to_string();
    let mut viewer = viewer(&addr, &[]);
    assert_eq!(Running::start(&["text", &addr, "from outside", "--quiet"]).exit_code(), 0);
    assert_eq!(viewer.event("text", |_| true)["text"], "from outside");
    relay.signal("TERM");
    assert_eq!(relay.exit_code(), 0);
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let folder = units(&[]);
    let paths = UNITS.map(|unit| folder.path().join(unit));
    sound(&analyze(
        [OsStr::new("verify"), OsStr::new("--man=no")].into_iter().chain(paths.iter().map(AsRef::as_ref)),
    ));
    // The check can fail.
    fs::write(&paths[0], fs::read_to_string(&paths[0]).unwrap().replace("WatchdogSec", "WatchDogSec"))
        .unwrap();
    let output = analyze([OsStr::new("verify"), OsStr::new("--man=no"), paths[0].as_ref()]);
    assert!(text_of(&output.stderr).contains("WatchDogSec"));
}

#[test]
fn the_responders_announce_what_a_relay_does() {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy");
    let read = |name: &str| fs::read_to_string(from.join(name)).unwrap();
    let (avahi, resolved, socket) =
        (read("pulsecam-avahi.service"), read("pulsecam.dnssd"), read("pulsecam-relay.socket"));
    assert!(socket.contains("ListenStream=6868"), "{socket}");
    for wanted in ["<type>_pulsecam._tcp</type>", "<port>6868</port>", "<txt-record>web=6868</txt-record>"] {
        assert!(avahi.contains(wanted), "{wanted}");
    }
    for wanted in ["Type=_pulsecam._tcp", "Port=6868", "TxtText=web=6868"] {
        assert!(resolved.lines().any(|line| line == wanted), "{wanted}");
    }
}

#[test]
fn systemd_rates_the_service_as_safe_with_each_drop_in() {
    for addition in [&[][..], &["tls-and-key.conf"], &["reload.conf"]] {
        let folder = units(addition);
        let paths = UNITS.map(|unit| folder.path().join(unit));
        sound(&analyze(["verify".as_ref(), "--man=no".as_ref(), paths[0].as_os_str(), paths[1].as_os_str()]));
        let judge =
            [OsStr::new("security"), OsStr::new("--offline=yes"), OsStr::new(EXPOSURE), paths[0].as_ref()];
        let output = analyze(judge);
        let said = text_of(&output.stdout);
        let found: String = said.lines().filter(|line| !line.starts_with('✓')).collect::<Vec<_>>().join("\n");
        assert!(output.status.success(), "{addition:?}: {found}");
    }
}

#[test]
fn systemd_takes_the_drop_in_of_a_cluster_and_still_rates_the_service_as_safe() {
    let folder = units(&["tls-and-key.conf", "cluster.conf"]);
    let unit = folder.path().join(UNITS[0]);
    sound(&analyze(["verify".as_ref(), "--man=no".as_ref(), unit.as_os_str()]));
    // It reaches other machines: 1.2 of 10.
    let judge = ["security", "--offline=yes", "--threshold=15"].map(OsStr::new);
    let output = analyze(judge.into_iter().chain([unit.as_os_str()]));
    assert!(output.status.success(), "{}", text_of(&output.stdout));
}

#[test]
fn what_the_files_set_are_settings_of_the_relay() {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy");
    let help = pulsecam().args(["relay", "--help"]).output().unwrap();
    let help = text_of(&help.stdout);
    for file in ["cluster.conf", "cluster-compose.yaml", "cluster-kubernetes.yaml", "compose.yaml"] {
        let text = fs::read_to_string(from.join(file)).unwrap();
        let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
        let names = text.match_indices("PULSECAM_").map(|(at, _)| {
            let rest = &text[at..];
            &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())]
        });
        // The user of a container is none of its settings.
        let names: Vec<_> = names.filter(|name| *name != "PULSECAM_UID").collect();
        assert!(names.len() >= 3, "{file}: {names:?}");
        for name in names {
            let is_named =
                ["[env: {}=]", "The variable {} can"].map(|form| help.contains(&form.replace("{}", name)));
            assert!(is_named.contains(&true), "{file}: {name} in {help}");
        }
    }
}

#[test]
fn systemd_takes_the_camera_with_and_without_its_drop_in_and_rates_it_as_safe() {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy");
    let read = |name: &str| fs::read_to_string(from.join(name)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("pulsecam-camera.service");
    let plain = read("pulsecam-camera.service").replace("/usr/bin/pulsecam", env!("CARGO_BIN_EXE_pulsecam"));
    for text in [format!("{plain}\n{}", read("csi-camera.conf")), plain] {
        fs::write(&unit, text).unwrap();
        sound(&analyze(["verify".as_ref(), "--man=no".as_ref(), unit.as_os_str()]));
    }
    // It has a network and devices, which the relay has not.
    let judge = ["security", "--offline=yes", "--threshold=30"].map(OsStr::new);
    let output = analyze(judge.into_iter().chain([unit.as_os_str()]));
    assert!(output.status.success(), "{}", text_of(&output.stdout));
}

/// The units as installed, with these drop-ins, for the program under test.
fn units(additions: &[&str]) -> TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy");
    let folder = tempfile::tempdir().unwrap();
    let added = additions.iter().map(|name| fs::read_to_string(from.join(name)).unwrap());
    for unit in UNITS {
        let text = fs::read_to_string(from.join(unit)).unwrap();
        let text = text.replace("/usr/bin/pulsecam", env!("CARGO_BIN_EXE_pulsecam"));
        fs::write(folder.path().join(unit), text).unwrap();
    }
    // In one file: the security check does not read drop-in folders.
    let service = folder.path().join(UNITS[0]);
    let whole = [fs::read_to_string(&service).unwrap()].into_iter().chain(added).collect::<Vec<_>>();
    fs::write(service, whole.join("\n")).unwrap();
    folder
}

fn analyze<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Output {
    let output = Command::new("systemd-analyze").args(arguments).env("SYSTEMD_COLORS", "0").output();
    output.expect("systemd-analyze is installed (Debian: systemd; `make deps`)")
}

/// Asserts that it succeeds without complaints.
fn sound(output: &Output) {
    let said = text_of(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

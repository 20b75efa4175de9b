//! Desktop notifications of the window, on a real session bus with a small notification service (`server.py`).
//!
//! Needs Xvfb, xdotool, ImageMagick's import, dbus-daemon, notify-send, and Debian's Python with its bindings of D-Bus
//! and GLib (`make deps`), and fails without them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

#[path = "../common/mod.rs"]
mod common;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use common::{
    clip::{self, RED},
    display::{Display, light, wait},
    program::{RelayProgram, Running, run},
};

/// A session bus; killed when dropped.
struct Bus(Child, String);

impl Bus {
    fn start() -> Self {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon runs (make deps)");
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self(daemon, address.trim().to_owned())
    }

    /// The notification service on it, with a JSON line for each notification.
    fn service(&self) -> Running {
        let mut command = Command::new("/usr/bin/python3");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/notifications/server.py"));
        let mut service = Running::spawn(command.env("DBUS_SESSION_BUS_ADDRESS", &self.1));
        service.line("the service", |line| line.contains("ready"));
        service
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn who_comes_or_writes_is_announced_only_while_the_window_has_no_focus() {
    let folder = tempfile::tempdir().unwrap();
    let (bus, display, relay) = (Bus::start(), Display::of((1_000, 700)), RelayProgram::start(&[]));
    let mut service = bus.service();
    let on_bus = [("DBUS_SESSION_BUS_ADDRESS", bus.1.as_str())];
    let mut window = display.open_with(&["view", &relay.addr, "--notify", "on"], folder.path(), &on_bus);
    display.shows("the waiting message", |shot| light(shot, 0..800, 200..400) > 150);
    let id = display.window("pulsecam");
    let other = display.open(&["demo", "--source", "pattern"], folder.path());
    let pattern = display.window("pulsecam demo");
    let say = |text: &str| assert!(run(&["text", &relay.addr, "--name", "Ann", text]).status.success());

    // While the user looks, nothing is announced.
    display.xdotool(&["windowfocus", "--sync", &id]);
    say("seen");
    window.event("text", |event| event["text"] == "seen");
    let is_urgent = || display.read_xprop(&["-id", &id, "WM_HINTS"]).contains("urgency");
    display.xdotool(&["windowfocus", "--sync", &pattern]);
    // Until the window knows that it has lost the focus.
    wait("the urgency hint", || {
        say("hello");
        is_urgent()
    });
    let first = service.line("a notification", |line| line.contains("title"));
    assert_eq!(first, r#"{"app": "pulsecam", "title": "Ann", "text": "hello"}"#);
    say(r"<b>&\n");
    service.line("what was written, as it was written", |line| {
        line == r#"{"app": "pulsecam", "title": "Ann", "text": "&lt;b&gt;&amp;\\n"}"#
    });
    let _sender = clip::sender(&relay.addr, folder.path(), "Bob", &clip::plain(640, 480, RED));
    service.line("who joined", |line| line == r#"{"app": "pulsecam", "title": "Bob", "text": "is here"}"#);
    drop(other);
    display.xdotool(&["windowfocus", "--sync", &id, "key", "q"]);
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn nothing_is_announced_where_there_is_no_desktop_and_nothing_is_missed_without_a_service() {
    let folder = tempfile::tempdir().unwrap();
    let (bus, display, relay) = (Bus::start(), Display::start(), RelayProgram::start(&[]));
    // By default on a server, and without a service.
    for (notify, serves) in [("auto", true), ("on", false)] {
        let mut service = serves.then(|| bus.service());
        let arguments = ["view", &relay.addr, "--notify", notify];
        let on_bus = [("DBUS_SESSION_BUS_ADDRESS", bus.1.as_str())];
        let mut window = display.open_with(&arguments, folder.path(), &on_bus);
        display.shows("the waiting message", |shot| light(shot, 0..800, 200..400) > 150);
        let id = display.window("pulsecam");
        wait("the urgency hint", || {
            assert!(run(&["text", &relay.addr, "--name", "Ann", "hello"]).status.success());
            display.read_xprop(&["-id", &id, "WM_HINTS"]).contains("urgency")
        });
        display.key("q");
        assert_eq!(window.exit_code(), 0);
        if let Some(service) = &mut service {
            service.signal("TERM");
            assert!(service.rest().is_empty(), "a notification");
        }
    }
}

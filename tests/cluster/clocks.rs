//! Hosts whose clocks differ.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use pulsecam_net::link::Role;

use crate::{
    client::{Client, Film},
    common::program::Running,
    lan::Lan,
};

/// The clock of one host is ahead by this.
const AHEAD: i64 = 5;

/// Builds a library that shifts the wall clock of the program that loads it: a namespace has no clock of its own.
fn shifting() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/shift.c");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shift.so");
    let own = library.with_extension(std::process::id().to_string());
    let status =
        Command::new("gcc").args(["-O1", "-shared", "-fPIC"]).arg(source).arg("-o").arg(&own).status();
    assert!(status.expect("gcc runs (make deps)").success(), "the library does not build");
    std::fs::rename(own, &library).unwrap();
    library
}

fn shifted(command: &mut Command, library: &Path) -> Running {
    command.env("LD_PRELOAD", library).env("SHIFT_SECONDS", AHEAD.to_string());
    Running::spawn(command)
}

/// Test 12.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn ages_are_right_if_the_clocks_of_relays_differ() {
    let lan = Lan::new();
    let library = shifting();
    let _a = lan.relay(&lan.a);
    let arguments = lan.relay_arguments(&lan.c, &[]);
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut c = shifted(&mut lan.c.host.command(&words), &library);
    c.event("listening", |_| true);
    let sender = Client::new(&lan.a, Role::Sender);
    let address = lan.c.address();
    let words = ["view", &address, "--no-window", "--json", "--quiet"];
    // One with the clock of its relay, and one with that of the sender.
    let viewers = [shifted(&mut lan.c.host.command(&words), &library), lan.b.host.start(&words)];
    sender.viewers(2);
    let photo = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/coffee_600x400.jpg")).unwrap();
    let film = Film::of(&sender.link, photo.into(), 30.0);
    for mut viewer in viewers {
        let mut frame = viewer.event("frame", |frame| frame["age_within_ms"].is_number());
        for _ in 0..100 {
            frame = viewer.event("frame", |_| true);
        }
        let [age, within] = ["age_ms", "age_within_ms"].map(|field| frame[field].as_f64().unwrap());
        println!("age {age:.1} ms ± {within:.1} ms, with clocks {AHEAD} s apart");
        // In truth it is a few milliseconds old, or as many as a busy machine takes.
        assert!(age - within < 1000.0 && age + within >= 0.0 && within < 1000.0, "{frame}");
    }
    drop(film);
}

//! `PULSECAM_HOST`, empty variables and switches: what each command does with and without them. Alone: `make
//! test-cli`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::process::{Output, Stdio};

use common::{
    clip,
    program::{RelayProgram, Running, pulsecam, text_of, viewer},
};

const PHOTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/coffee_600x400.jpg");

/// Runs to the end with these variables; standard input is empty.
fn run(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    pulsecam().args(arguments).envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap()
}

fn succeeds(variables: &[(&str, &str)], arguments: &[&str]) {
    let output = run(variables, arguments);
    assert!(output.status.success(), "{variables:?} {arguments:?}: {}", text_of(&output.stderr));
}

/// Wrong usage, with these words in the message.
fn asks_back(variables: &[(&str, &str)], arguments: &[&str], words: &[&str]) {
    let output = run(variables, arguments);
    let complaint = text_of(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{variables:?} {arguments:?}: {complaint}");
    for word in words {
        assert!(complaint.contains(word), "{arguments:?} should say {word:?}: {complaint}");
    }
}

#[test]
fn a_text_is_a_text_with_the_variable_and_without() {
    let relay = RelayProgram::start(&[]);
    let addr = relay.addr.as_str();
    let mut viewer = viewer(addr, &[]);
    let mut arrives = |variables: &[(&str, &str)], arguments: &[&str], text: &str| {
        succeeds(variables, &[&["text", "--quiet"], arguments].concat());
        assert_eq!(viewer.event("text", |_| true)["text"], text, "{variables:?} {arguments:?}");
    };
    let variable = [("PULSECAM_HOST", addr)];
    let elsewhere = [("PULSECAM_HOST", "nowhere.invalid")];
    arrives(&[], &[addr, "coffee", "is", "ready"], "coffee is ready");
    arrives(&[("PULSECAM_HOST", "")], &[addr, "coffee"], "coffee");
    arrives(&variable, &["coffee", "is", "ready"], "coffee is ready");
    arrives(&variable, &["10:30", "meeting"], "10:30 meeting");
    arrives(&variable, &["--", "desk.local", "is", "down"], "desk.local is down");
    arrives(&elsewhere, &["--host", addr, "desk.local", "is", "down"], "desk.local is down");
    arrives(&[], &[addr, "--", "-5", "degrees"], "-5 degrees");
    // Lines of standard input, if there is no text on the command line.
    let mut lines = Running::spawn(pulsecam().args(["text", "--quiet"]).envs(variable));
    lines.say("from a pipe");
    lines.stdin = None;
    assert_eq!(lines.exit_code(), 0);
    assert_eq!(viewer.event("text", |_| true)["text"], "from a pipe");

    asks_back(
        &variable,
        &["text", "desk.local", "hi"],
        &["PULSECAM_HOST", "--host desk.local", "put -- before it"],
    );
    asks_back(&[], &["text"], &["no relay is named", "PULSECAM_HOST"]);
    asks_back(&[("PULSECAM_HOST", ":")], &["text", "hi"], &["PULSECAM_HOST is \":\""]);
}

#[test]
fn a_picture_is_a_picture_with_the_variable_and_without() {
    let relay = RelayProgram::start(&[]);
    let addr = relay.addr.as_str();
    let mut viewer = viewer(addr, &[]);
    let variable = [("PULSECAM_HOST", addr)];
    let mut arrives = |variables: &[(&str, &str)], arguments: &[&str]| {
        succeeds(variables, &[&["image", "--quiet"], arguments].concat());
        assert_eq!(viewer.event("image", |_| true)["width"], 600, "{arguments:?}");
    };
    arrives(&[], &[addr, PHOTO]);
    arrives(&variable, &[PHOTO]);
    arrives(&[], &["--host", addr, PHOTO]);
    asks_back(&[], &["image", PHOTO], &["is a file, and no relay is named"]);
    asks_back(&variable, &["image", addr, PHOTO], &["--host"]);
    asks_back(&variable, &["image"], &["no picture is named"]);
    asks_back(&[], &["image", addr], &["no picture is named"]);
}

#[test]
fn the_variable_stands_for_a_relay_that_is_not_named() {
    let relay = RelayProgram::start(&[]);
    let addr = relay.addr.as_str();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("talk.mkv");
    let out = out.to_str().unwrap();
    let commands: [&[&str]; 4] = [
        &["send", "--source", "pattern", "--size", "160x120"],
        &["view", "--no-window"],
        &["call", "--source", "pattern", "--size", "160x120", "--no-window"],
        &["record", "--out", out],
    ];
    for command in commands {
        let all = |more: &[&str]| [command, more, &["--json", "--quiet"]].concat().join("\n");
        let comes_up = |variables: &[(&str, &str)], more: &[&str]| {
            let all = all(more);
            let mut running = Running::spawn(pulsecam().args(all.lines()).envs(variables.iter().copied()));
            running.event("link", |event| event["state"] == "up");
        };
        comes_up(&[("PULSECAM_HOST", addr)], &[]);
        comes_up(&[("PULSECAM_HOST", "nowhere.invalid")], &[addr]);
        comes_up(&[("PULSECAM_HOST", "nowhere.invalid")], &["--host", addr]);
        asks_back(&[], command, &["no relay is named"]);
        asks_back(&[("PULSECAM_HOST", "")], command, &["no relay is named"]);
        asks_back(&[], &[command, &[addr, "--host", addr]].concat(), &["named twice"]);
    }
}

#[test]
fn a_film_is_shown_here_unless_a_relay_is_named() {
    let mut relay = RelayProgram::start(&[]);
    let addr = relay.addr.clone();
    let folder = tempfile::tempdir().unwrap();
    let film = clip::write(folder.path(), "film", &clip::plain(160, 120, clip::RED));
    let variable = [("PULSECAM_HOST", addr.as_str())];
    let here = run(&variable, &["play", &film, "--fps", "5", "--no-window", "--json", "--quiet"]);
    assert!(here.status.success(), "{}", text_of(&here.stderr));
    assert!(text_of(&here.stdout).contains(r#""event":"frame""#), "shown here");
    for there in [&["play", &film, &addr][..], &["play", &film, "--host", &addr]] {
        succeeds(&[("PULSECAM_HOST", "nowhere.invalid")], &[there, &["--quiet"]].concat());
    }
    relay.running.signal("TERM");
    assert_eq!(relay.running.event("summary", |_| true)["joined"], 2, "not the first one");
    asks_back(&[], &["play", &film, &addr, "--host", &addr], &["--host"]);
}

/// All variables named in the help of this command.
fn variables(command: &[&str]) -> Vec<String> {
    let help = text_of(&run(&[], &[command, &["--help"]].concat()).stdout);
    let after = help.split("[env:").skip(1);
    let is_part = |char: char| char.is_ascii_uppercase() || char == '_';
    after.map(|rest| rest.trim_start().split(|char| !is_part(char)).next().unwrap().to_owned()).collect()
}

#[test]
fn empty_variables_count_as_not_set() {
    let relay = RelayProgram::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("talk.mkv");
    let commands: [&[&str]; 6] = [
        &["relay", "--listen", "127.0.0.1:0", "--exit-with-input"],
        &["send", &relay.addr, "--source", "pattern", "--frames", "1"],
        &["view", &relay.addr, "--no-window", "--for", "100ms"],
        &["record", &relay.addr, "--out", out.to_str().unwrap(), "--for", "100ms"],
        &["text", &relay.addr, "hello"],
        &["image", &relay.addr, PHOTO],
    ];
    for command in commands {
        let mut names = variables(&command[..1]);
        assert!(names.len() > 5, "{command:?}: {names:?}");
        names.extend(["PULSECAM_KEY".into(), "RUST_LOG".into()]);
        let empty: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
        let output = run(&empty, command);
        let complaint = text_of(&output.stderr);
        assert!(!matches!(output.status.code(), Some(2)), "{command:?}: {complaint}");
        let nothing_came = ["record", "view"].contains(&command[0]);
        assert!(output.status.success() || nothing_came, "{command:?}: {complaint}");
        // The help still names them.
        let still = text_of(&run(&empty, &[command[0], "--help"]).stdout);
        let still = still.split_whitespace().collect::<Vec<_>>().join(" ");
        for name in names.iter().filter(|name| name.starts_with("PULSECAM_") && *name != "PULSECAM_KEY") {
            assert!(still.contains(&format!("[env: {name}")), "{command:?} {name}");
        }
    }
}

#[test]
fn switches_take_what_people_write() {
    let relay = RelayProgram::start(&[]);
    let view = ["view", relay.addr.as_str(), "--no-window", "--for", "200ms"];
    let is_json = |value: &str| {
        let output = run(&[("PULSECAM_JSON", value), ("PULSECAM_QUIET", "yes")], &view);
        assert_eq!(output.status.code(), Some(1), "{value}: nobody streams: {}", text_of(&output.stderr));
        text_of(&output.stdout).starts_with('{')
    };
    for on in ["true", "1", "yes", "on", "TRUE"] {
        assert!(is_json(on), "{on}");
    }
    for off in ["false", "0", "no", "off", ""] {
        assert!(!is_json(off), "{off}");
    }
    asks_back(&[("PULSECAM_JSON", "perhaps")], &view, &["--json", "true or false"]);
    // If nobody listens, each further attempt is logged only with more verbosity.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let tries = ["view", &nobody, "--no-window", "--for", "600ms", "--max-backoff", "100ms"];
    let is_verbose = |value: &str| {
        let output = run(&[("PULSECAM_VERBOSE", value)], &tries);
        let log = text_of(&output.stderr);
        assert!(log.contains("is down"), "{value}: {log}");
        log.contains("is still down")
    };
    assert!(is_verbose("true") && is_verbose("1") && is_verbose("2"));
    assert!(!is_verbose("false") && !is_verbose("0") && !is_verbose(""));
    asks_back(&[("PULSECAM_VERBOSE", "much")], &view, &["--verbose"]);
    // A switch that is off excludes nothing.
    asks_back(&[("PULSECAM_JSON", "true")], &["relay", "--dashboard"], &["cannot be used with"]);
    asks_back(&[("PULSECAM_JSON", "false")], &["relay", "--dashboard"], &["needs a terminal"]);
}

//! What the built program says to who uses it: errors in one line, help, options from the environment.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{fs, process::Stdio};

use common::program::{RelayProgram, fails, pulsecam, run, text_of, viewer};

#[test]
fn what_cannot_be_is_told_in_one_line_with_what_to_do() {
    let relay = RelayProgram::start(&[]);
    let addr = relay.addr.as_str();
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    fs::write(folder.path().join("notes.txt"), "no picture").unwrap();
    let notes = format!("{empty}/notes.txt");

    fails(&["view", "no such host", "--no-window"], 1, &["cannot find the host", "no such host"]);
    fails(&["relay", "--listen", addr], 1, &["cannot listen on", addr, "--listen"]);
    fails(&["relay", "--listen", "nonsense"], 1, &["cannot listen on nonsense"]);
    fails(&["send", addr, "--source", "/no/such/file"], 1, &["/no/such/file", "--source takes"]);
    fails(&["send", addr, "--source", empty], 1, &["has no pictures", empty]);
    fails(&["send", addr, "--source", &notes], 1, &["notes.txt is no picture"]);
    fails(&["send", addr, "--source", &format!("mjpeg:{notes}")], 1, &["is no MJPEG stream", "ffmpeg"]);
    fails(&["send", addr, "--source", &format!("{empty}/%03d.jpg")], 1, &["no file matches"]);
    fails(&["send", addr, "--source", "camera:no-such-camera"], 1, &["camera"]);
    fails(&["image", addr, "/no/such.jpg"], 1, &["/no/such.jpg"]);
    fails(&["image", addr, &notes], 1, &["notes.txt", "no picture"]);
    fails(&["text", addr], 2, &["nothing to send"]);

    fails(&[], 2, &["Usage"]);
    fails(&["send"], 2, &["HOST"]);
    fails(&["send", addr, "--size", "big"], 2, &["1280x720"]);
    fails(&["send", addr, "--quality", "0"], 2, &["1..=100"]);
    fails(&["send", addr, "--strips", "1"], 2, &["auto, off, or a number from 2 to 8"]);
    fails(&["send", addr, "--fps", "0"], 2, &["0.01"]);
    fails(&["relay", "--max-clients", "0"], 2, &["--max-clients"]);
    fails(&["view", addr, "--wrong"], 2, &["--wrong"]);
}

#[test]
fn a_text_that_nobody_takes_is_a_failure_with_the_reason() {
    let addr = {
        let relay = RelayProgram::start(&[]);
        relay.addr.clone()
    };
    let arguments = ["text", &addr, "hello", "--deadline", "700ms", "--max-backoff", "100ms"];
    fails(&arguments, 1, &["did not reach the relay", &addr, "connection refused", "--deadline"]);
}

#[test]
fn without_a_camera_the_list_says_what_to_do() {
    if std::path::Path::new("/dev/video0").exists() {
        assert!(run(&["cameras", "--json"]).status.success());
    } else {
        fails(&["cameras"], 1, &["no camera was found", "--source pattern"]);
    }
}

#[test]
fn options_come_from_the_command_line_then_the_environment_then_the_defaults() {
    let relay = RelayProgram::start(&[]);
    let mut viewer = viewer(&relay.addr, &[]);
    let mut send = |options: &[&str], environment: &[(&str, &str)]| {
        let mut command = pulsecam();
        command.args(["send", &relay.addr, "--source", "pattern", "--frames", "1", "--quiet"]);
        let status = command.args(options).envs(environment.iter().copied()).status().unwrap();
        assert!(status.success());
        viewer.event("frame", |_| true)["width"].as_u64()
    };
    let environment = [("PULSECAM_SIZE", "320x240")];
    assert_eq!(send(&["--size", "160x120"], &environment), Some(160));
    assert_eq!(send(&[], &environment), Some(320));
    assert_eq!(send(&[], &[]), Some(1280));
}

#[test]
fn help_has_examples_and_completions_are_scripts() {
    for command in
        ["demo", "relay", "send", "view", "call", "text", "image", "cameras", "bench", "completions"]
    {
        let help = text_of(&run(&[command, "--help"]).stdout);
        assert!(
            help.contains("Examples:") && help.contains(&format!("pulsecam {command}")),
            "{command}: {help}"
        );
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = text_of(&run(&["completions", shell]).stdout);
        assert!(script.contains("max-message") && script.contains("pulsecam"), "{shell}");
    }
    assert!(text_of(&run(&["--version"]).stdout).starts_with("pulsecam "));
}

#[test]
fn switches_can_be_set_by_the_environment() {
    let relay = RelayProgram::start(&[]);
    for (value, json) in [("1", true), ("yes", true), ("0", false), ("", false)] {
        let output = pulsecam()
            .args(["view", &relay.addr, "--for", "300ms", "--quiet"])
            .envs([("PULSECAM_JSON", value), ("PULSECAM_NO_WINDOW", "1")])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{value:?}: {output:?}");
        let line = text_of(&output.stdout).lines().last().unwrap().to_owned();
        assert_eq!(line.starts_with('{'), json, "{value:?}: {line}");
    }
    fails(&["view", &relay.addr, "--timeout", "1s"], 2, &["--timeout has to be longer than --heartbeat"]);
}

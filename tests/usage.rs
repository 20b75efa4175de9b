//! What the built program tells its users: errors in one line, help, options from the environment.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Stdio,
};

use common::program::{RelayProgram, Running, fails, pulsecam, run, text_of, viewer};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

#[test]
fn errors_are_one_line_with_a_hint() {
    let relay = RelayProgram::start(&[]);
    let addr = relay.addr.as_str();
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    fs::write(folder.path().join("notes.txt"), "no picture").unwrap();
    let notes = format!("{empty}/notes.txt");

    fails(&["view", "no such host", "--no-window"], 1, &["cannot find the host", "no such host"]);
    fails(&["relay", "--listen", addr], 1, &["cannot listen on", addr, "--listen"]);
    fails(&["relay", "--listen", "nonsense"], 2, &["cannot listen on nonsense", "ADDR:PORT"]);
    fails(&["relay", "--listen", "localhost:abc"], 2, &["\"abc\" is not a port", "localhost:6868"]);
    let unwritable = ["view", addr, "--no-window", "--for", "20s", "--save"];
    fails(&[&unwritable[..], &["/proc/xx"]].concat(), 1, &["cannot save into /proc/xx"]);
    fails(&[&unwritable[..], &[&notes]].concat(), 1, &["cannot save into", "notes.txt"]);
    fails(&["send", addr, "--source", "/no/such/file"], 1, &["/no/such/file", "--source takes"]);
    fails(&["send", addr, "--source", empty], 1, &["has no pictures", empty]);
    fails(&["send", addr, "--source", &notes], 1, &["notes.txt is not a picture"]);
    fails(&["send", addr, "--source", &format!("mjpeg:{notes}")], 1, &["is not an MJPEG stream", "ffmpeg"]);
    fails(&["send", addr, "--source", &format!("{empty}/%03d.jpg")], 1, &["no file matches"]);
    fails(&["send", addr, "--source", "camera:no-such-camera"], 1, &["camera"]);
    fails(&["image", addr, "/no/such.jpg"], 1, &["/no/such.jpg"]);
    fails(&["image", addr, &notes], 1, &["notes.txt", "not a picture"]);
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
fn a_text_that_does_not_arrive_is_a_failure_with_the_reason() {
    let addr = {
        let relay = RelayProgram::start(&[]);
        relay.addr.clone()
    };
    let arguments = ["text", &addr, "hello", "--deadline", "700ms", "--max-backoff", "100ms"];
    fails(&arguments, 1, &["did not reach the relay", &addr, "connection refused", "--deadline"]);
}

#[test]
fn lines_from_windows_are_read_or_rejected_with_a_hint() {
    let relay = RelayProgram::start(&[]);
    let mut viewer = viewer(&relay.addr, &[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines.txt");
    let text = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let lines = fs::File::open(&file).unwrap();
        pulsecam().args(["text", &relay.addr, "--quiet"]).stdin(lines).output().unwrap()
    };
    assert!(text("\u{feff}one\r\ntwo\r\n".as_bytes()).status.success());
    assert_eq!(viewer.event("text", |_| true)["text"], "one");
    assert_eq!(viewer.event("text", |_| true)["text"], "two");
    let utf16: Vec<u8> = "\u{feff}one\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let refused = text(&utf16);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text_of(&refused.stderr).contains("iconv -f UTF-16"), "{refused:?}");
}

#[test]
fn a_command_that_did_nothing_in_its_time_fails_with_the_reason() {
    let nobody = {
        let relay = RelayProgram::start(&[]);
        relay.addr.clone()
    };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a.mkv");
    let film = folder.path().join("film.mjpeg");
    fs::write(&film, fs::read(format!("{DATA}/coffee_600x400.jpg")).unwrap().repeat(4)).unwrap();
    let (out, film) = (out.to_str().unwrap(), film.to_str().unwrap());
    let record = |addr: &str, more: &[&str]| {
        let all = ["record", addr, "--out", out, "--for", "700ms", "--quiet"];
        [&all[..], more].concat().iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()
    };
    let fails_with = |arguments: &[String], words: &[&str]| {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        fails(&arguments, 1, words);
    };
    let never = ["never reached", &nobody, "connection refused"];
    fails_with(&record(&nobody, &[]), &["nothing was recorded", never[0], never[1], never[2]]);
    let view = ["view", &nobody, "--no-window", "--for", "500ms", "--quiet"];
    fails(&view, 1, &["nothing arrived", never[0], never[1], never[2]]);
    fails(
        &["play", film, &nobody, "--for", "500ms", "--quiet"],
        1,
        &["nothing was sent", never[0], never[2]],
    );

    // The relay is there, but nobody else.
    let relay = RelayProgram::start(&[]);
    fails_with(&record(&relay.addr, &[]), &["nothing was recorded", "nobody streamed"]);
    fails(&["view", &relay.addr, "--no-window", "--for", "500ms", "--quiet"], 1, &["nobody streamed"]);
    let silent = ["send", &relay.addr, "--source", "-", "--quiet"];
    fails(&silent, 1, &["nothing was sent", "standard input ended before the first picture: 0 bytes"]);
    // Another stream than the requested one is there.
    let send = ["send", &relay.addr, "--source", "pattern", "--size", "160x120", "--name", "厨房", "--quiet"];
    let _sending = Running::start(&send);
    let mut watching = viewer(&relay.addr, &[]);
    watching.event("frame", |_| true);
    fails_with(&record(&relay.addr, &["--stream", "desk"]), &["no stream \"desk\"", "厨房"]);
    assert!(!std::path::Path::new(out).exists());
    // A recording that a user ends is just as empty.
    let mut recording =
        Running::start(&["record", &relay.addr, "--out", out, "--stream", "desk", "--json", "--quiet"]);
    recording.event("link", |event| event["state"] == "up");
    recording.signal("INT");
    assert_eq!(recording.exit_code(), 1);
    // A text is enough.
    let text = ["text", &relay.addr, "hello", "--quiet"];
    let quiet = RelayProgram::start(&[]);
    let mut reading =
        Running::start(&["view", &quiet.addr, "--no-window", "--json", "--for", "3s", "--quiet"]);
    reading.event("link", |event| event["state"] == "up");
    assert!(run(&[&text[..1], &[quiet.addr.as_str()], &text[2..]].concat()).status.success());
    reading.event("text", |_| true);
    assert_eq!(reading.exit_code(), 0);
}

#[test]
fn a_sender_without_viewers_succeeds_and_says_so() {
    let relay = RelayProgram::start(&[]);
    let send = ["send", &relay.addr, "--source", "pattern", "--frames", "3", "--fps", "20", "--quiet"];
    let output = run(&send);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(text_of(&output.stdout).trim(), "sent 0 of 3 frames (3 unseen because nobody viewed)");
}

#[test]
fn zero_is_no_limit_on_strangers() {
    let relay = RelayProgram::start(&["--max-text", "0", "--message-time", "0", "--hello-time", "0"]);
    let mut viewer = viewer(&relay.addr, &[]);
    let long = "x".repeat(60_000);
    assert!(run(&["text", &relay.addr, &long, "--quiet"]).status.success());
    assert_eq!(viewer.event("text", |_| true)["text"].as_str().map(str::len), Some(long.len()));
    let none = ["--max-per-address", "--max-joins", "--max-messages", "--max-rate"];
    let none: Vec<_> = none.iter().flat_map(|option| [*option, "0"]).collect();
    RelayProgram::start(&none);
    let help = text_of(&run(&["relay", "--help"]).stdout);
    assert!(help.contains("Limits on strangers (0: no limit)"), "{help}");
}

#[test]
fn without_a_camera_the_list_gives_a_hint() {
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
        ["demo", "relay", "send", "view", "call", "text", "image", "cameras", "share", "bench", "completions"]
    {
        let help = text_of(&run(&[command, "--help"]).stdout);
        assert!(
            help.contains("Examples:") && help.contains(&format!("pulsecam {command}")),
            "{command}: {help}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(run(&["man", folder.path().to_str().unwrap()]).status.success());
    for (page, has_examples) in
        [("pulsecam", true), ("pulsecam-relay", true), ("pulsecam-bench-latency", false)]
    {
        let page = std::fs::read_to_string(folder.path().join(page).with_extension("1")).unwrap();
        assert!(page.contains(".SH SYNOPSIS") && page.contains("Examples:") == has_examples, "{page}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = text_of(&run(&["completions", shell]).stdout);
        assert!(script.contains("max-message") && script.contains("pulsecam"), "{shell}");
        // Values, not names of files.
        let suggests = |option: &str, values: &str| {
            let offers = |line: &str| line.contains(values) && !line.contains("_files");
            script
                .lines()
                .zip(script.lines().skip(1))
                .any(|(line, next)| line.contains(option) && (offers(line) || offers(next)))
        };
        assert!(suggests("lang", if shell == "fish" { "zh" } else { "en zh" }), "{shell}");
        assert!(suggests("terminal", if shell == "fish" { "sixel" } else { "kitty sixel" }), "{shell}");
    }
    assert!(text_of(&run(&["--version"]).stdout).starts_with("pulsecam "));
}

#[test]
fn switches_can_be_set_by_the_environment() {
    let relay = RelayProgram::start(&[]);
    let _sending =
        Running::start(&["send", &relay.addr, "--source", "pattern", "--size", "160x120", "--quiet"]);
    viewer(&relay.addr, &[]).event("frame", |_| true);
    for (value, json) in [("1", true), ("yes", true), ("0", false), ("", false)] {
        let output = pulsecam()
            .args(["view", &relay.addr, "--for", "1s", "--quiet"])
            .envs([("PULSECAM_JSON", value), ("PULSECAM_NO_WINDOW", "1")])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{value:?}: {output:?}");
        let line = text_of(&output.stdout).lines().last().unwrap().to_owned();
        assert_eq!(line.starts_with('{'), json, "{value:?}: {line}");
    }
    fails(&["view", &relay.addr, "--timeout", "1s"], 2, &["--timeout must be longer than --heartbeat"]);
}

/// The texts of a Fluent file by their keys; indented lines continue a text.
fn fluent_texts(language: &str) -> BTreeMap<String, String> {
    let file = format!("{}/src/i18n/{language}.ftl", env!("CARGO_MANIFEST_DIR"));
    let mut texts: Vec<(String, String)> = Vec::new();
    for line in fs::read_to_string(file).unwrap().lines().filter(|line| !line.starts_with('#')) {
        match (line.split_once(" ="), line.starts_with(' '), texts.last_mut()) {
            (Some((key, text)), false, _) => texts.push((key.to_owned(), text.trim_start().to_owned())),
            (_, true, Some((_, text))) => *text = format!("{text}\n{}", line.trim()).trim().to_owned(),
            _ => {}
        }
    }
    texts.into_iter().collect()
}

/// Lower-case words between two quotation marks.
fn quoted_words(source: &str) -> BTreeSet<String> {
    let parts: Vec<&str> = source.split(['\'', '"']).collect();
    let inner = parts.iter().skip(1).take(parts.len().saturating_sub(2));
    let word = |part: &&&str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    };
    inner.filter(word).map(|&part| part.to_owned()).collect()
}

#[test]
fn the_page_has_the_texts_of_the_fluent_files() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/pulsecam-net/src/relay/web/page");
    let files = fs::read_dir(page).unwrap().map(|entry| entry.unwrap().path());
    let sources = files.filter(|file| file.extension().is_some_and(|end| end == "js" || end == "html"));
    let named: BTreeSet<String> =
        sources.flat_map(|file| quoted_words(&fs::read_to_string(file).unwrap())).collect();
    for language in ["en", "zh"] {
        let mut expected = fluent_texts(language);
        expected.retain(|key, _| named.contains(key));
        let file = fs::read_to_string(format!("{page}/texts.{language}.json")).unwrap();
        let found: BTreeMap<String, String> = serde_json::from_str(&file).unwrap();
        assert!(found.len() > 50, "{found:?}");
        assert_eq!(found, expected, "texts.{language}.json is outdated: run node tests/web/texts.js");
    }
}

//! Tests of certificates and keys with the built program, as a user has them. Alone: `make test-trust`.

#![allow(missing_docs, reason = "tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
};

use common::program::{RelayProgram, Running, fails, pulsecam, run, text_of};

/// The number of attempts at something that has to work in the end.
const PATIENCE: usize = 20;

const RED: &str = "the-key-to-the-red-room";
const BLUE: &str = "the-key-to-the-blue-room";

fn write(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

fn viewer(addr: &str, more: &[&str]) -> Running {
    let mut viewer = Running::start(&[&["view", addr, "--no-window", "--json", "--quiet"], more].concat());
    viewer.event("link", |event| event["state"] == "up" && event["rtt_ms"].is_number());
    viewer
}

#[test]
fn a_certificate_is_made_once_and_its_key_is_for_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let [cert, key] = ["c.pem", "k.pem"].map(|name| folder.path().join(name).display().to_string());
    let make = ["cert", "desk.local", "192.0.2.7", "--cert", &cert, "--key", &key];
    let made = run(&make);
    assert!(made.status.success(), "{}", text_of(&made.stderr));
    assert_eq!(text_of(&made.stdout).trim().len(), 95, "a fingerprint");
    fails(&make, 1, &["k.pem", "already exists", "--force"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(run(&[&make[..], &["--force"]].concat()).status.success());
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    fails(&["relay", "--tls-cert", &cert], 2, &["--tls-key"]);
    fails(&["relay", "--tls-cert", &key, "--tls-key", &key], 1, &["not a PEM file with a certificate"]);
    fails(&["view", "localhost", "--no-window", "--tls-pin", "AB:CD"], 2, &["fingerprint"]);
    fails(
        &["cert", "no name", "--cert", &cert, "--key", &key, "--force"],
        1,
        &["\"no name\" is neither a host name"],
    );
}

#[test]
fn keys_open_rooms_and_are_seen_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let red = write(folder.path(), "red.key", &format!("{RED}\n"));
    let blue = write(folder.path(), "blue.key", BLUE);
    let (log, relay_log) = (folder.path().join("log"), folder.path().join("relay-log"));
    let mut relay = pulsecam();
    relay.args(["relay", "--listen", "127.0.0.1:0", "--json", "-vv", "--key-file"]);
    relay.arg(format!("red={red}")).arg("--key-file").arg(format!("blue={blue}"));
    let mut relay =
        common::program::Running::spawn_logging(&mut relay, File::create(&relay_log).unwrap().into());
    let addr = relay.event("listening", |_| true)["addr"].as_str().unwrap().to_owned();
    let mut red_viewer = viewer(&addr, &["--key-file", &red]);
    let mut blue_viewer = viewer(&addr, &["--key-file", &blue]);
    // In the environment, and with all log lines.
    let mut say = pulsecam();
    say.args(["text", &addr, "-vv", "to the blue room"]).env("PULSECAM_KEY", BLUE);
    let mut say = Running::spawn_logging(&mut say, File::create(&log).unwrap().into());
    assert_eq!(blue_viewer.event("text", |_| true)["text"], "to the blue room");
    assert_eq!(say.exit_code(), 0);
    let say = ["text", &addr, "--quiet", "--key-file", &red, "to the red room"];
    assert!(run(&say).status.success());
    assert_eq!(red_viewer.event("text", |_| true)["text"], "to the red room", "nothing arrives before it");
    relay.event("joined", |event| event["room"] == "red");

    fails(&["text", &addr, "--quiet", "--deadline", "1s", "let me in"], 1, &["--key-file"]);
    let wrong = write(folder.path(), "wrong.key", "a key to something else");
    let said = ["text", &addr, "--quiet", "--deadline", "1s", "--key-file", &wrong, "let me in"];
    fails(&said, 1, &["does not know this key"]);
    relay.event("refused", |_| true);
    for viewer in [&mut red_viewer, &mut blue_viewer] {
        let line = fs::read_to_string(format!("/proc/{}/cmdline", viewer.child.id())).unwrap();
        assert!(!line.contains(RED) && !line.contains(BLUE), "{line}");
        viewer.signal("INT");
        assert!(!viewer.rest().join("\n").contains("let me in"));
    }
    relay.signal("TERM");
    let told =
        relay.rest().join("\n") + &fs::read_to_string(log).unwrap() + &fs::read_to_string(relay_log).unwrap();
    assert!(told.contains("joined room \"red\""), "the log was read");
    assert!(!told.contains(RED) && !told.contains(BLUE));
}

#[test]
#[cfg(unix)]
fn a_key_that_is_too_short_names_the_command_that_makes_one_also_when_it_is_reloaded() {
    let folder = tempfile::tempdir().unwrap();
    let room = write(folder.path(), "room.key", RED);
    // The log goes to standard output, where lines are waited for.
    let mut relay = Command::new("sh");
    relay.args(["-c", "exec \"$0\" \"$@\" 2>&1"]).arg(pulsecam().get_program());
    relay.args(["relay", "--listen", "127.0.0.1:0", "--json", "--key-file", &room]);
    let mut relay = Running::spawn(&mut relay);
    relay.event("listening", |_| true);
    write(folder.path(), "room.key", "short");
    relay.signal("HUP");
    let warning = relay.line("warning", |line| line.contains("were not reloaded"));
    assert!(warning.contains("this one has 5: `pulsecam key` creates a good one"), "{warning}");
    fails(&["relay", "--key-file", &room], 1, &["`pulsecam key` creates a good one"]);
}

#[test]
fn a_comma_in_a_key_files_name_is_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("a,b");
    fs::create_dir(&odd).unwrap();
    let odd = odd.join("k").to_str().unwrap().to_owned();
    let room = folder.path().join("room.key").to_str().unwrap().to_owned();
    fs::write(&odd, "sixteen letters one").unwrap();
    fs::write(&room, "sixteen letters two").unwrap();
    // On the command line one file per option; in the variable separated by commas or lines.
    let lines = format!("a={odd}\nb={room}\n");
    let commas = format!("a={room},b={}", odd.replace("a,b/k", "room.key"));
    for (arguments, variable) in [(&["--key-file", odd.as_str()][..], ""), (&[], lines.as_str())] {
        let mut relay = pulsecam();
        relay.args(["relay", "--listen", "127.0.0.1:0", "--json", "--quiet"]).args(arguments);
        let mut relay = Running::spawn(relay.env("PULSECAM_KEY_FILE", variable));
        let addr = relay.event("listening", |_| true)["addr"].as_str().unwrap().to_owned();
        viewer(&addr, &["--key-file", &odd]);
    }
    let mut relay = pulsecam();
    relay.args(["relay", "--listen", "127.0.0.1:0"]).env("PULSECAM_KEY_FILE", commas).stdin(Stdio::null());
    let told = text_of(&relay.output().unwrap().stderr);
    assert!(told.contains("the rooms \"a\" and \"b\" have the same key"), "two of them: {told}");
}

#[test]
fn a_key_that_is_none_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let short = write(folder.path(), "short.key", "secret");
    fails(&["relay", "--key-file", &short], 1, &["16 characters", "this one has 6", "pulsecam key"]);
    fails(&["view", "localhost", "--no-window", "--key-file", "/no/such/file"], 1, &["/no/such/file"]);
    let (one, same) = (write(folder.path(), "one.key", RED), write(folder.path(), "same.key", RED));
    let rooms = [format!("a={one}"), format!("b={same}")];
    fails(&["relay", "--key-file", &rooms[0], "--key-file", &rooms[1]], 2, &["the same key"]);
    let key = run(&["key"]);
    assert_eq!(text_of(&key.stdout).trim().len(), 64);
}

/// Up to a request that shows the link to a relay with that key.
#[test]
fn a_link_for_viewing_opens_the_relay_and_holds_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let room = write(folder.path(), "room.key", RED);
    let relay = RelayProgram::start(&["--key-file", &room]);
    let shared = run(&["share", &relay.addr, "--key-file", &room]);
    let link = text_of(&shared.stdout).trim().to_owned();
    let target = link.strip_prefix(&format!("http://{}", relay.addr)).unwrap();
    assert!(target.starts_with("/?token=") && !link.contains(RED), "{link}");
    let token = target.rsplit('=').next().unwrap();
    for (query, status) in [(format!("?token={token}"), "200"), ("?token=abc".into(), "401")] {
        let mut stream = std::net::TcpStream::connect(&relay.addr).unwrap();
        let lines = format!("Host: {}\r\nConnection: close\r\n\r\n", relay.addr);
        write!(stream, "GET /state{query} HTTP/1.1\r\n{lines}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{query}: {answer}");
    }
    let one = run(&["share", "desk.local", "--stream", "门", "--tls", "--key-file", &room]);
    let expected = format!("https://desk.local:6868/view/%E9%97%A8?token={token}");
    assert_eq!(text_of(&one.stdout).trim(), expected);
    fails(&["share", "desk.local"], 2, &["--key-file", "PULSECAM_KEY"]);
    fails(&["share", "--key-file", &room], 2, &["no relay is named"]);
}

#[test]
fn a_pair_that_cannot_be_replaced_whole_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (key, nowhere) = (path("key.pem"), path("gone/cert.pem"));
    assert!(run(&["cert", "--cert", &path("cert.pem"), "--key", &key]).status.success());
    let before = std::fs::read(&key).unwrap();
    fails(&["cert", "--cert", &nowhere, "--key", &key, "--force"], 1, &["gone/cert.pem"]);
    assert_eq!(std::fs::read(&key).unwrap(), before);
    assert!(run(&["cert", "--cert", &path("cert.pem"), "--key", &key, "--force"]).status.success());
    assert_ne!(std::fs::read(&key).unwrap(), before);
    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["cert.pem", "key.pem"], "no other files");
}

/// Certificate and key together, up to a received picture.
#[test]
fn a_picture_comes_through_tls_into_a_room() {
    let folder = tempfile::tempdir().unwrap();
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name).display().to_string());
    let made = run(&["cert", "127.0.0.1", "--cert", &cert, "--key", &key]);
    let pin = text_of(&made.stdout).trim().to_owned();
    let room = write(folder.path(), "room.key", &text_of(&run(&["key"]).stdout));
    let relay = RelayProgram::start(&["--tls-cert", &cert, "--tls-key", &key, "--key-file", &room]);
    let mut viewer = viewer(&relay.addr, &["--tls-pin", &pin, "--key-file", &room]);
    let _sender = Running::spawn(
        pulsecam()
            .args([
                "send",
                &relay.addr,
                "--source",
                "pattern",
                "--size",
                "320x240",
                "--quiet",
                "--tls-ca",
                &cert,
            ])
            .env("PULSECAM_KEY_FILE", &room)
            .stdin(Stdio::null()),
    );
    for _ in 0..5 {
        let frame = viewer.event("frame", |_| true);
        assert_eq!((frame["width"].as_u64(), frame["height"].as_u64()), (Some(320), Some(240)));
    }
}

#[test]
#[cfg(unix)]
fn a_signal_has_certificate_and_keys_read_again_and_drops_those_whose_key_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name).display().to_string());
    let make = || {
        let made = run(&["cert", "127.0.0.1", "--cert", &cert, "--key", &key, "--force"]);
        text_of(&made.stdout).trim().to_owned()
    };
    let [room, lasting] = [("room.key", RED), ("lasting.key", "the-key-that-is-never-changed")]
        .map(|(name, text)| write(folder.path(), name, text));
    let before = make();
    // One room with two keys.
    let mut relay = RelayProgram::start(&[
        "--tls-cert",
        &cert,
        "--tls-key",
        &key,
        "--key-file",
        &room,
        "--key-file",
        &lasting,
    ]);
    let mut stays = viewer(&relay.addr, &["--tls-pin", &before, "--key-file", &lasting]);
    let mut goes = viewer(&relay.addr, &["--tls-pin", &before, "--key-file", &room]);
    let after = make();
    let old = write(folder.path(), "old.key", RED);
    write(folder.path(), "room.key", BLUE);
    relay.running.signal("HUP");
    let gone = goes.event("link", |event| event["state"] == "down");
    assert!(gone["why"].as_str().unwrap().contains("is no longer valid"), "{gone}");
    relay.running.event("left", |event| event["reason"].as_str().unwrap().contains("is no longer valid"));
    // A client with the old ones is refused once the signal was handled.
    let say = |pin: &str, key: &str| {
        let text =
            ["text", &relay.addr, "--quiet", "--deadline", "1s", "--tls-pin", pin, "--key-file", key, "new"];
        run(&text).status.code()
    };
    assert!((0..PATIENCE).any(|_| say(&after, &room) == Some(0)), "the new ones are never accepted");
    assert_eq!(stays.event("text", |_| true)["text"], "new");
    assert_eq!([say(&before, &room), say(&after, &old)], [Some(1), Some(1)]);
    // Unreadable files change nothing.
    fs::write(&cert, "no certificate").unwrap();
    relay.running.signal("HUP");
    assert_eq!(say(&after, &room), Some(0));
    stays.event("text", |_| true);
    stays.signal("INT");
    assert!(!stays.rest().join("\n").contains("\"state\":\"down\""), "a client with a valid key was dropped");
}

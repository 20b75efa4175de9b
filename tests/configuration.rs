//! Configuration files: the order of command line, environment, file and default; errors; profiles; `config`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use common::program::{RelayProgram, Running, pulsecam, text_of};
use serde_json::Value;

/// A folder for configuration files.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new(file: &str) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(home.folder.path().join("pulsecam")).unwrap();
        fs::write(home.file(), file).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.path("pulsecam/config.toml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = pulsecam();
        command.env("XDG_CONFIG_HOME", self.folder.path()).env("HOME", self.folder.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The settings that `config` prints for these arguments.
    fn settings(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Vec<Value> {
        let mut command = self.command(&["config", "--json"]);
        let output = command.args(arguments).envs(variables.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{}", text_of(&output.stderr));
        text_of(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The value of one of them, and its source.
    fn setting(&self, key: &str, arguments: &[&str], variables: &[(&str, &str)]) -> (String, String) {
        let settings = self.settings(arguments, variables);
        let setting = settings.iter().find(|setting| setting["key"] == key).unwrap();
        let source = setting["source"].as_str().unwrap().to_owned();
        (setting["value"][0].as_str().unwrap_or_default().to_owned(), source)
    }
}

fn is(value: &str, source: &str) -> (String, String) {
    (value.into(), source.into())
}

#[test]
fn each_source_overrides_the_next() {
    let home = Home::new("max-backoff = \"4s\"\n");
    let variable = [("PULSECAM_MAX_BACKOFF", "3s")];
    let value =
        |arguments: &[&str], variables: &[(&str, &str)]| home.setting("max-backoff", arguments, variables);
    assert_eq!(value(&["view", "desk", "--max-backoff=2s"], &variable), is("2s", "command-line"));
    assert_eq!(value(&["view", "desk"], &variable), is("3s", "variable"));
    assert_eq!(value(&["view", "desk"], &[]), is("4s", "file"));
    let none = Home::new("");
    assert_eq!(none.setting("max-backoff", &["view", "desk"], &[]), is("5s", "default"));
}

#[test]
fn a_profile_names_the_relay_and_its_key() {
    let home = Home::new("");
    fs::write(home.path("room.key"), "a key of sixteen letters or more\n").unwrap();
    let key = home.path("room.key");
    let relay = RelayProgram::start(&["--key-file", key.to_str().unwrap()]);
    let file =
        format!("name = \"Ann\"\n[host.desk]\naddress = \"{}\"\nkey-file = \"~/room.key\"\n", relay.addr);
    fs::write(home.file(), file).unwrap();
    let mut viewer = Running::spawn(&mut home.command(&["view", "desk", "--no-window", "--json", "--quiet"]));
    viewer.event("link", |event| event["state"] == "up");
    let output = home.run(&["text", "desk", "coffee"]);
    assert!(output.status.success(), "{}", text_of(&output.stderr));
    let text = viewer.event("text", |_| true);
    assert_eq!(text["text"], "coffee");
    // Without the profile, its key is not sent.
    let output = home.run(&["text", &relay.addr, "coffee", "--deadline", "5s"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text_of(&output.stderr).contains("key"), "{}", text_of(&output.stderr));
}

#[test]
fn a_mistake_in_a_file_is_wrong_usage_that_names_its_line() {
    let fails = |file: &str, arguments: &[&str], words: &[&str]| {
        let home = Home::new(file);
        let output = home.run(arguments);
        let said = text_of(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(home.file().to_str().unwrap()), "{said}");
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
    };
    fails("\n\nnmae = \"Ann\"\n", &["view", "desk"], &[":3: ", "did you mean \"name\"?"]);
    fails("[veiw]\nnumbers = true\n", &["cameras"], &[":1: ", "[view]"]);
    fails("fps = \"many\"\n", &["send", "desk"], &[":1: ", "--fps"]);
    fails("name = \n", &["text", "desk", "hi"], &[":1: "]);
    fails("fps = \"many\"\n", &["config", "send", "desk"], &[":1: ", "--fps"]);
    // Help is for those who made the mistake.
    assert!(Home::new("nmae = 1").run(&["view", "--help"]).status.success());
}

#[test]
fn a_relay_reads_its_own_file() {
    let home = Home::new("");
    fs::write(home.path("relay.toml"), "listen = \"127.0.0.1:0\"\njson = true\nmax-clients = 1\n").unwrap();
    let file = home.path("relay.toml");
    let mut relay =
        Running::spawn(&mut home.command(&["relay", "--quiet", "--config", file.to_str().unwrap()]));
    let listening = relay.event("listening", |_| true);
    let address = listening["addr"].as_str().unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let value = home.setting("max-clients", &["--config", file.to_str().unwrap(), "relay"], &[]);
    assert_eq!(value, is("1", "file"));
    let by_variable = [("PULSECAM_CONFIG", file.to_str().unwrap())];
    assert_eq!(home.setting("max-clients", &["relay"], &by_variable), is("1", "file"));
}

/// The lines of a table that `config` prints, without their sources.
fn table<'a>(printed: &'a str, name: &str) -> Vec<&'a str> {
    let lines = printed.lines().skip_while(|line| *line != format!("[{name}]")).skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    lines.map(|line| line.split("  #").next().unwrap().trim_end()).collect()
}

#[test]
fn what_is_set_can_be_read_and_copied() {
    let home = Home::new("name = \"小明 \\\"x\\\"\"\n[send]\nfps = 15\nset = [\"gain=1\"]\n");
    let output = home.run(&["config"]);
    let printed = text_of(&output.stdout);
    assert!(output.status.success(), "{}", text_of(&output.stderr));
    let path = home.file();
    assert!(printed.starts_with(&format!("# {}\n", path.display())), "{printed}");
    let name = "name = \"小明 \\\"x\\\"\"";
    assert_eq!(table(&printed, "send"), ["fps = 15", name, "set = [\"gain=1\"]"], "{printed}");
    assert_eq!(table(&printed, "view"), [name], "{printed}");
    assert!(printed.contains(&format!("# {}:3", path.display())), "{printed}");
    assert!(!printed.contains("[relay]") && !printed.contains("[bench"), "nothing is set there: {printed}");
    same_when_copied(&path, &home, &printed);
}

/// What is printed is a file with the same meaning.
fn same_when_copied(path: &Path, home: &Home, printed: &str) {
    let before = home.setting("set", &["send", "desk"], &[]);
    fs::write(path, printed).unwrap();
    assert_eq!(home.setting("set", &["send", "desk"], &[]), before);
    assert_eq!(home.setting("name", &["view", "desk"], &[]), is("小明 \"x\"", "file"));
}

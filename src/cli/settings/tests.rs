//! Tests of the order of settings, with the program's own arguments and files on disk.

use std::{collections::HashMap, fs, path::PathBuf};

use clap::CommandFactory;

use super::*;
use crate::cli::Cli;

/// A fingerprint.
const PIN: &str = "ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB";

/// A home with a configuration file, and an environment.
struct Home {
    folder: tempfile::TempDir,
    variables: HashMap<&'static str, OsString>,
}

impl Home {
    fn new(file: &str, variables: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let variables = variables.iter().map(|&(name, value)| (name, value.into()));
        let mut home = Self { variables: variables.collect(), folder };
        home.variables.insert("HOME", home.folder.path().into());
        fs::create_dir_all(home.file().parent().unwrap()).unwrap();
        fs::write(home.file(), file).unwrap();
        home
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join(".config/pulsecam/config.toml")
    }

    fn prepare(&self, arguments: &[&str]) -> Result<Prepared, clap::Error> {
        let arguments = [&["pulsecam"], arguments].concat().into_iter().map(OsString::from).collect();
        let variable = |name: &OsStr| self.variables.get(name.to_str().unwrap()).cloned();
        prepare(&Cli::command(), arguments, &variable)
    }

    /// What is inserted, in one line.
    fn inserts(&self, arguments: &[&str]) -> String {
        let all = self.prepare(arguments).unwrap().arguments;
        let all = all[1..].iter().map(|text| text.to_str().unwrap());
        let inserted: Vec<_> = all.filter(|text| !arguments.contains(text)).collect();
        inserted.join(" ")
    }

    fn fails(&self, arguments: &[&str]) -> String {
        let prepared = match self.prepare(arguments) {
            Ok(prepared) => prepared,
            Err(error) => return error.to_string(),
        };
        let error = Cli::command().try_get_matches_from_mut(&prepared.arguments).unwrap_err();
        prepared.explain(error).to_string()
    }
}

#[test]
fn the_command_line_and_the_environment_override_the_file() {
    let home = Home::new("name = \"Ann\"\nlang = \"zh\"\n", &[]);
    assert_eq!(home.inserts(&["view", "desk"]), "--name=Ann --lang=zh");
    assert_eq!(home.inserts(&["view", "--name", "Bob", "desk"]), "--lang=zh");
    let arguments = home.prepare(&["-v", "view", "--name=Bob", "desk"]).unwrap().arguments;
    assert_eq!(arguments, ["pulsecam", "-v", "view", "--lang=zh", "--name=Bob", "desk"]);
    let home =
        Home::new("name = \"Ann\"\nlang = \"zh\"\n", &[("PULSECAM_NAME", "Bob"), ("PULSECAM_LANG", "")]);
    assert_eq!(home.inserts(&["view", "desk"]), "--lang=zh", "an empty variable counts as unset");
}

#[test]
fn the_more_specific_table_overrides_the_others() {
    let file = "name = \"top\"\nlang = \"zh\"\nfps = 10\n[view]\nname = \"view\"\nnumbers = true\n[host.desk]\n\
                name = \"desk\"\naddress = \"desk.local\"\n";
    let home = Home::new(file, &[]);
    let alias = "--host-alias=desk=desk.local";
    assert_eq!(home.inserts(&["view", "desk"]), format!("{alias} --name=desk --numbers --lang=zh"));
    assert_eq!(home.inserts(&["view", "other"]), format!("{alias} --name=view --numbers --lang=zh"));
    assert_eq!(
        home.inserts(&["send", "other"]),
        format!("{alias} --name=top --fps=10"),
        "only its own options"
    );
    assert_eq!(home.inserts(&["bench", "latency"]), "", "a measurement has no preferences");
    assert!(!home.inserts(&["demo"]).contains("alias"));
}

#[test]
fn a_profile_is_found_however_the_relay_is_named() {
    let file = format!("[host.desk]\naddress = \"desk.local:7000\"\ntls-pin = \"{PIN}\"\n");
    let home = Home::new(&file, &[]);
    let alias = "--host-alias=desk=desk.local:7000";
    let with_pin = format!("{alias} --tls-pin={PIN}");
    assert_eq!(home.inserts(&["view", "desk"]), with_pin);
    assert_eq!(home.inserts(&["call", "--host", "desk"]), with_pin);
    assert_eq!(home.inserts(&["text", "desk", "hi"]), with_pin);
    assert_eq!(home.inserts(&["image", "desk", "a.png"]), with_pin);
    assert_eq!(home.inserts(&["play", "a.mkv", "desk"]), with_pin);
    assert_eq!(home.inserts(&["view", "desk.local"]), alias);
    assert_eq!(home.inserts(&["text", "hi", "desk"]), alias);
    let home = Home::new(&file, &[("PULSECAM_HOST", "desk")]);
    assert_eq!(home.inserts(&["text", "hi"]), with_pin);
    let home = Home::new(&format!("{file}default = true\n"), &[]);
    assert_eq!(home.inserts(&["view"]), format!("{alias} --host-default=desk --tls-pin={PIN}"));
    assert_eq!(home.inserts(&["text", "hi"]), format!("{alias} --host-default=desk --tls-pin={PIN}"));
    assert_eq!(home.inserts(&["view", "other"]), format!("{alias} --host-default=desk"));
    assert_eq!(home.inserts(&["play", "a.mkv"]), alias, "a film is played here unless a relay is named");
    let home = Home::new("host = \"there\"\n", &[]);
    assert_eq!(home.inserts(&["view"]), "--host-default=there");
    let prepared = home.prepare(&["view"]).unwrap();
    assert_eq!(prepared.origin("host").unwrap().line, 1);
}

#[test]
fn what_excludes_the_command_line_gives_way() {
    let home = Home::new("terminal = \"blocks\"\ntls-ca = \"ca.pem\"\n[view]\njson = false\n", &[]);
    assert_eq!(home.inserts(&["view", "desk"]), "--terminal=blocks --tls-ca=ca.pem");
    let pin = format!("--tls-pin={PIN}");
    assert_eq!(home.inserts(&["view", "--json", &pin, "desk"]), "");
    let home = Home::new("key-file = \"~/desk.key\"\n", &[]);
    let path = home.folder.path().join("desk.key");
    assert_eq!(home.inserts(&["view", "desk"]), format!("--key-file={}", path.display()));
    let home = Home::new("key-file = \"~/desk.key\"\n", &[("PULSECAM_KEY", "sixteen letters.")]);
    assert_eq!(home.inserts(&["view", "desk"]), "", "the key itself is in the environment");
}

#[test]
fn lists_switches_and_counts_are_arguments_too() {
    let home =
        Home::new("set = [\"gain=1\", \"focus=2\"]\nverbose = 2\nrepeat = true\nskip-still = false\n", &[]);
    assert_eq!(home.inserts(&["send", "desk"]), "--set=gain=1 --set=focus=2 --verbose --verbose --repeat");
    assert_eq!(home.inserts(&["send", "--set=gain=3", "-v", "desk"]), "--repeat");
}

#[test]
fn a_wrong_value_is_an_error_with_its_line() {
    let home = Home::new("\nfps = \"many\"\n", &[]);
    let file = home.file();
    let said = home.fails(&["send", "desk"]);
    assert!(said.contains(&format!("{}:2: ", file.display())) && said.contains("--fps"), "{said}");
    assert!(home.fails(&["send", "--fps=few", "desk"]).starts_with("error: invalid value 'few'"));
    let home = Home::new(&format!("tls-ca = \"a\"\ntls-pin = \"{PIN}\"\n"), &[]);
    assert!(home.fails(&["view", "desk"]).contains("config.toml:"), "{}", home.fails(&["view", "desk"]));
    let home = Home::new("nmae = \"Ann\"\n", &[]);
    let said = home.fails(&["view", "desk"]);
    assert!(said.contains("config.toml:1: unknown key \"nmae\": did you mean \"name\"?"), "{said}");
    assert!(home.fails(&["cameras"]).contains("nmae"), "in every command");
}

#[test]
fn a_relay_has_its_own_table_or_file() {
    let home = Home::new("tls = true\n[relay]\nmax-clients = 8\nkey-file = [\"a=b\", \"c\"]\n", &[]);
    assert_eq!(home.inserts(&["relay"]), "--max-clients=8 --key-file=a=b --key-file=c");
    let file = home.folder.path().join("relay.toml");
    fs::write(&file, "max-clients = 9\nweb = false\n").unwrap();
    let named = format!("--config={}", file.display());
    assert_eq!(
        home.inserts(&[&named, "relay"]),
        "--max-clients=9 --web=false",
        "only the file that is named"
    );
    assert_eq!(home.inserts(&["relay", &named]), "--max-clients=9 --web=false");
    let said = home.fails(&[&named, "view", "desk"]);
    assert!(said.contains("relay.toml:1: \"max-clients\" does not apply here"), "{said}");
    assert!(home.fails(&["--config=/nonexistent/x", "view", "desk"]).contains("no such file"));
}

#[test]
fn help_and_mistakes_are_left_to_the_parser() {
    let home = Home::new("nmae = \"Ann\"\n", &[]);
    assert_eq!(home.prepare(&["--help"]).unwrap().arguments, ["pulsecam", "--help"]);
    assert_eq!(home.prepare(&["view", "--help"]).unwrap().arguments, ["pulsecam", "view", "--help"]);
    assert_eq!(home.prepare(&["veiw"]).unwrap().arguments, ["pulsecam", "veiw"]);
}

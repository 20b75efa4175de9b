//! The built program, run as a user runs it.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// Time limit for anything that a test waits for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Returns the program that was built with the tests, or the one in `PULSECAM_BIN`.
pub fn pulsecam() -> Command {
    let built = env!("CARGO_BIN_EXE_pulsecam").into();
    let mut command = Command::new(std::env::var_os("PULSECAM_BIN").unwrap_or(built));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PULSECAM_")) {
        command.env_remove(name);
    }
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env("RUST_BACKTRACE", "0");
    // No configuration file of whoever runs the tests.
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// Runs the program to its end; standard input is empty.
pub fn run(arguments: &[&str]) -> Output {
    pulsecam().args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// A running program whose standard output is read line by line; killed when dropped.
pub struct Running {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
    seen: Vec<String>,
}

impl Running {
    pub fn start(arguments: &[&str]) -> Self {
        Self::spawn(pulsecam().args(arguments))
    }

    pub fn spawn(command: &mut Command) -> Self {
        Self::spawn_between(command, Stdio::piped(), Stdio::inherit())
    }

    /// Starts it with this standard input.
    pub fn spawn_with(command: &mut Command, stdin: Stdio) -> Self {
        Self::spawn_between(command, stdin, Stdio::inherit())
    }

    /// Starts it with this standard error.
    pub fn spawn_logging(command: &mut Command, stderr: Stdio) -> Self {
        Self::spawn_between(command, Stdio::piped(), stderr)
    }

    fn spawn_between(command: &mut Command, stdin: Stdio, stderr: Stdio) -> Self {
        let mut child = command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (give, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| give.send(line)));
        Self { stdin: child.stdin.take(), child, lines, seen: Vec::new() }
    }

    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").and_then(|()| stdin.flush()).unwrap();
    }

    /// Returns the next line for which `wanted` holds, however many lines come before it.
    pub fn line(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if wanted(&line) => return line,
                Ok(line) => self.seen.push(line),
                Err(_) => panic!("no {what}; seen: {:#?}", self.seen),
            }
        }
    }

    /// Returns the next event of this name for which `wanted` holds.
    pub fn event(&mut self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let parse = |line: &str| serde_json::from_str::<Value>(line).ok();
        let line = self.line(name, |line| parse(line).is_some_and(|e| e["event"] == name && wanted(&e)));
        parse(&line).unwrap()
    }

    /// Returns the next event of any of these names.
    pub fn any_event(&mut self, names: &[&str]) -> Value {
        let parse = |line: &str| serde_json::from_str::<Value>(line).ok();
        let is = |event: Value| names.iter().any(|name| event["event"] == *name);
        let line = self.line(&names.join(" or "), |line| parse(line).is_some_and(is));
        parse(&line).unwrap()
    }

    /// Drops all lines so far, so that the next one is new.
    pub fn forget(&mut self) {
        self.seen.clear();
        while self.lines.try_recv().is_ok() {}
    }

    /// Returns all lines to the end of the program.
    pub fn rest(&mut self) -> Vec<String> {
        self.stdin = None;
        let mut lines = std::mem::take(&mut self.seen);
        let deadline = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            lines.push(line);
        }
        lines
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits for the end; returns the exit code.
    pub fn exit_code(&mut self) -> i32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < deadline, "it does not end; seen: {:#?}", self.seen);
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A relay as a separate program, on a free port.
pub struct RelayProgram {
    pub running: Running,
    pub addr: String,
}

impl RelayProgram {
    pub fn start(arguments: &[&str]) -> Self {
        let mut all = vec!["relay", "--listen", "127.0.0.1:0", "--json", "--quiet"];
        all.extend(arguments);
        let mut running = Running::start(&all);
        let addr = running.event("listening", |_| true)["addr"].as_str().unwrap().to_owned();
        Self { running, addr }
    }
}

/// Decodes a program's output.
pub fn text_of(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Asserts that it fails with this exit code and with one line that contains all of these words.
pub fn fails(arguments: &[&str], code: i32, words: &[&str]) {
    let output = run(arguments);
    let complaint = text_of(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {complaint}");
    for word in words {
        assert!(complaint.contains(word), "{arguments:?} should say {word:?}: {complaint}");
    }
    assert!(!complaint.contains("panicked"), "{complaint}");
    if code == 1 {
        let lines: Vec<_> = complaint.lines().filter(|line| line.starts_with("pulsecam: ")).collect();
        assert_eq!(lines.len(), 1, "one line for a person: {complaint}");
    }
}

/// Starts a viewer without a window, and waits until it is up.
pub fn viewer(addr: &str, more: &[&str]) -> Running {
    let arguments = ["view", addr, "--no-window", "--json", "--quiet"];
    let mut viewer = Running::start(&[&arguments[..], more].concat());
    viewer.event("link", |event| event["state"] == "up" && event["rtt_ms"].is_number());
    viewer
}

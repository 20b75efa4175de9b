//! One program under test, and the resources it holds.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::common::program::pulsecam;

/// Time limit for the end of a program: longer than the longest pause and deadline here together.
const END: Duration = Duration::from_secs(70);

pub struct Process {
    pub name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    /// When a stopped program is resumed.
    pub resumes: Option<Instant>,
}

/// Resources that a program holds.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Resident memory in bytes.
    pub memory: u64,
    pub files: usize,
    pub threads: usize,
}

impl Process {
    /// Starts the program; calls `hear` with each of its events, on a separate thread.
    pub fn start(name: &str, arguments: &[&str], mut hear: impl FnMut(&Value) + Send + 'static) -> Self {
        let mut command: Command = pulsecam();
        command.args(arguments).args(["--json", "--quiet"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                hear(&serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}")));
            }
        });
        Self { name: name.into(), stdin: child.stdin.take(), child, resumes: None }
    }

    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").unwrap_or_else(|error| panic!("{} takes no more: {error}", self.name));
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    pub fn stop(&mut self, time: Duration) {
        self.signal("STOP");
        self.resumes = Some(Instant::now() + time);
    }

    pub fn resume(&mut self) {
        if self.resumes.take().is_some() {
            self.signal("CONT");
        }
    }

    /// The exit code if it has ended; -1 if a signal ended it.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().unwrap().map(|status| status.code().unwrap_or(-1))
    }

    /// Waits for the end; returns the exit code.
    pub fn end(&mut self) -> i32 {
        self.stdin = None;
        let deadline = Instant::now() + END;
        loop {
            if let Some(code) = self.ended() {
                return code;
            }
            assert!(Instant::now() < deadline, "{} does not end", self.name);
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn held(&self) -> Held {
        let folder = format!("/proc/{}", self.child.id());
        let status = fs::read_to_string(format!("{folder}/status")).unwrap();
        let number = |field: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        Held {
            memory: number("VmRSS:") * 1024,
            files: fs::read_dir(format!("{folder}/fd")).unwrap().count(),
            threads: number("Threads:") as usize,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

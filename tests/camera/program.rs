//! The built program as users run it; PULSECAM_BIN is its path.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{PATIENCE, viewer::Viewer};

/// Its path in the guest.
const IN_THE_GUEST: &str = "/bin/pulsecam";

/// Clock ticks per second, in which /proc counts processor time on Linux.
const TICKS: u64 = 100;

pub fn pulsecam() -> Command {
    let path = std::env::var("PULSECAM_BIN").unwrap_or_else(|_| IN_THE_GUEST.into());
    let mut command = Command::new(path);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PULSECAM_")) {
        command.env_remove(name);
    }
    command.env_remove("RUST_LOG").env("RUST_BACKTRACE", "0");
    command
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    pulsecam().args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// `pulsecam cameras --json`.
pub fn cameras() -> Vec<Value> {
    let output = run(&["cameras", "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Processor time used by a running program, user and system.
pub fn cpu_of(child: &Child) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    // The name may contain blanks and brackets; utime and stime are fields 14 and 15, two of which
    // precede the closing bracket.
    let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 1000 / TICKS)
}

/// The lines that the program has written to a stream.
#[derive(Default)]
struct Lines {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

impl Lines {
    fn read(stream: impl Read + Send + 'static) -> Arc<Self> {
        let lines = Arc::new(Self::default());
        let sink = Arc::clone(&lines);
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                sink.lock().push(line);
                sink.more.notify_all();
            }
        });
        lines
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a line for which `wanted` is true.
    fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.lock();
        loop {
            if let Some(line) = lines.iter().find(|line| wanted(line)) {
                return line.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let seen = lines.join("\n  ");
                drop(lines);
                panic!("no {what} in:\n  {seen}");
            }
            lines = self.more.wait_timeout(lines, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A running `pulsecam send`; killed when dropped.
pub struct Sending {
    child: Child,
    log: Arc<Lines>,
    out: Arc<Lines>,
}

impl Sending {
    /// Sends to a viewer's relay, with `--json` and these options.
    pub fn start(viewer: &Viewer, options: &[&str]) -> Self {
        let mut child = pulsecam()
            // On this emulated processor frames get late, and adapting would send less; these tests check
            // what the camera gave.
            .args(["send", viewer.address(), "--name", "lab", "--json", "--adapt", "off"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Lines::read(child.stderr.take().unwrap());
        let out = Lines::read(child.stdout.take().unwrap());
        Self { child, log, out }
    }

    /// Sends from this source.
    pub fn from(viewer: &Viewer, source: &str, options: &[&str]) -> Self {
        Self::start(viewer, &[&["--source", source], options].concat())
    }

    /// Waits until the log has a line with all of these words.
    pub fn logged(&self, words: &[&str]) -> String {
        self.log.wait(&format!("{words:?}"), |line| words.iter().all(|word| line.contains(word)))
    }

    /// Waits until the log has reported this number of incidents and returns. Fails if there are more.
    pub fn told(&self, incidents: usize, returns: usize) {
        let deadline = Instant::now() + PATIENCE;
        let told = || (self.warnings().len(), self.returns());
        while (told().0 < incidents || told().1 < returns) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(told(), (incidents, returns), "incidents and returns");
    }

    /// How many times the log has reported that the camera is back.
    pub fn returns(&self) -> usize {
        self.log.lock().iter().filter(|line| line.contains(" INFO ") && line.contains("is back")).count()
    }

    /// Warnings so far.
    pub fn warnings(&self) -> Vec<String> {
        self.log.lock().iter().filter(|line| line.contains(" WARN ")).cloned().collect()
    }

    /// Whether it is still running.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Ends it as Ctrl-C does, and returns its summary.
    pub fn finish(mut self) -> Value {
        assert!(self.is_running(), "it ended by itself");
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let line = self.out.wait("summary", |line| line.contains(r#""event":"summary""#));
        assert_eq!(self.exit_code(), 0);
        serde_json::from_str(&line).unwrap()
    }

    /// Waits for its end.
    pub fn exit_code(&mut self) -> i32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Processor time used, user and system.
    pub fn cpu(&self) -> Duration {
        cpu_of(&self.child)
    }

    /// Memory in use, in kB.
    pub fn memory(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Open files.
    pub fn files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap()
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            println!("what pulsecam said:\n  {}", self.log.lock().join("\n  "));
        }
    }
}

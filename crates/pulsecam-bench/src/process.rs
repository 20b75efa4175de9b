//! Cost of a process, from Linux's /proc, and child processes to measure.

use std::{
    ffi::OsString,
    fmt, fs,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A program to start and measure.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Launch {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl Launch {
    /// A program with its arguments.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, arguments: Vec<OsString>) -> Self {
        Self { program: program.into(), arguments }
    }
}

impl fmt::Display for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.program.display())?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", argument.display()))
    }
}

/// A measured child process; killed when dropped. Its standard input ends with this program, even if that is
/// killed, so that it can end by itself.
#[derive(Debug)]
pub(crate) struct Subject {
    child: Child,
}

impl Subject {
    /// Starts it and waits for the line on its standard output in which `address` finds its address.
    ///
    /// # Errors
    /// If it cannot be started, or ends without such a line.
    pub(crate) fn start(
        launch: &Launch,
        address: impl Fn(&str) -> Option<SocketAddr>,
    ) -> io::Result<(Self, SocketAddr)> {
        let mut command = Command::new(&launch.program);
        command.args(&launch.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let output = child.stdout.take();
        let subject = Self { child };
        let lines = output.map(|output| BufReader::new(output).lines());
        for line in lines.into_iter().flatten() {
            if let Some(address) = address(&line?) {
                return Ok((subject, address));
            }
        }
        Err(io::Error::other(format!("{launch} did not start to listen")))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

/// Processor time of all threads of a process so far, from the scheduler.
///
/// # Errors
/// If there is no such process, or the kernel keeps no such statistics.
pub(crate) fn cpu_time(pid: u32) -> io::Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let line = match fs::read_to_string(thread?.path().join("schedstat")) {
            Ok(line) => line,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue, // it has just ended
            Err(error) => return Err(error),
        };
        let first = line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
        nanoseconds += first.ok_or_else(|| io::Error::other("the kernel keeps no schedstat"))?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Resident memory of a process now, in bytes (`VmRSS`).
///
/// # Errors
/// If there is no such process.
pub(crate) fn resident(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(|| io::Error::other("no VmRSS"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_time_and_memory() {
        let pid = std::process::id();
        let before = cpu_time(pid).unwrap();
        let mut work = 0_u64;
        while cpu_time(pid).unwrap() == before {
            work = work.wrapping_mul(31).wrapping_add(1);
        }
        assert!(resident(pid).unwrap() > 100_000, "{work}");
        assert!(cpu_time(u32::MAX).is_err());
    }
}

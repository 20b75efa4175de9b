//! Child processes: this program with another job.

use std::{
    io::{self, BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
};

use crate::{Failure, job::Job, network};

/// A running job; ended when dropped.
pub(crate) struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    what: &'static str,
}

impl Running {
    /// Starts it, and waits for its first line: it is ready. With a real-time priority, nothing else on the
    /// machine delays it.
    pub(crate) fn start(what: &'static str, job: &Job, real_time: Option<u8>) -> Result<Self, Failure> {
        let this = std::env::current_exe()?;
        let mut command = match real_time {
            Some(priority) => {
                let mut command = Command::new("chrt");
                command.args(["--fifo", &priority.to_string()]).arg(this);
                command
            }
            None => Command::new(this),
        };
        command.arg("child").arg(serde_json::to_string(job)?);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // Not in the terminal's group: Ctrl-C ends the parent, and its end the children, in order.
        let mut child = command.process_group(0).spawn()?;
        let output = child.stdout.take().ok_or_else(|| Failure::Other("no output".into()))?;
        let mut running = Self { child, output: BufReader::new(output), what };
        running.line()?;
        Ok(running)
    }

    /// Its next line of output.
    pub(crate) fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(Failure::Other(format!("{} ended", self.what)));
        }
        Ok(line)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.stdin.take()); // it ends by itself, and cleans up
        let _ = self.child.wait();
    }
}

/// Waits until the parent has closed standard input, or was killed.
pub(crate) fn wait_for_parent() {
    let mut nothing = [0; 64];
    let mut input = io::stdin().lock();
    while matches!(input.read(&mut nothing), Ok(1..)) {}
}

/// Ends this process with its parent.
pub(crate) fn end_with_parent() {
    thread::spawn(|| {
        wait_for_parent();
        std::process::exit(0);
    });
}

/// Runs a program in a namespace; its output is this process's.
pub(crate) fn hold(namespace: &str, command: &[String]) -> Result<(), Failure> {
    network::enter(namespace)?;
    let (program, arguments) =
        command.split_first().ok_or_else(|| Failure::Other("no program to hold".into()))?;
    let mut child = Command::new(program).args(arguments).stdin(Stdio::null()).spawn()?;
    wait_for_parent();
    let _ = child.kill(); // it may have ended
    child.wait()?;
    Ok(())
}

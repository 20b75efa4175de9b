//! Other programs that keep cores busy during a measurement.

use std::{
    io,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Child processes, each of which keeps a core busy until this is dropped. Their standard input ends with
/// this program, even if that is killed, so that they can end by themselves.
#[derive(Debug)]
pub struct BusyCores {
    children: Vec<Child>,
}

impl BusyCores {
    /// Starts `program` `count` times; it is to keep a core busy until its standard input ends.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(program: &Path, arguments: &[&str], count: usize) -> io::Result<Self> {
        let mut busy = Self { children: Vec::with_capacity(count) };
        for _ in 0..count {
            let mut command = Command::new(program);
            command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null());
            busy.children.push(command.spawn()?);
        }
        Ok(busy)
    }
}

impl Drop for BusyCores {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill(); // it may have ended
            let _ = child.wait();
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn processes_run_as_long_as_they_are_held() {
        let busy = BusyCores::start(Path::new("cat"), &["-"], 2).unwrap();
        let ids: Vec<_> = busy.children.iter().map(Child::id).collect();
        let runs = |id: &u32| Path::new(&format!("/proc/{id}")).exists();
        assert!(ids.len() == 2 && ids.iter().all(runs));
        drop(busy);
        assert!(!ids.iter().any(runs));
        assert!(BusyCores::start(Path::new("no such program"), &[], 1).is_err());
    }
}

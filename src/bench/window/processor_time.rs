//! Processor time of threads, as the kernel's scheduler keeps it.

use std::{fs, io, time::Duration};

/// Processor time so far of all threads of a process.
pub(super) fn of_process(process: u32) -> io::Result<Duration> {
    let mut all = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread that ends meanwhile is left out.
        if let Ok(line) = fs::read_to_string(thread?.path().join("schedstat")) {
            all += schedstat(&line)?;
        }
    }
    Ok(all)
}

/// Processor time so far of this process's threads with one of these names.
pub(super) fn of_threads(names: &[&str]) -> io::Result<Duration> {
    let mut all = Duration::ZERO;
    for thread in fs::read_dir("/proc/self/task")? {
        let path = thread?.path();
        let comm = fs::read_to_string(path.join("comm")).unwrap_or_default();
        if names.contains(&comm.trim()) {
            all += schedstat(&fs::read_to_string(path.join("schedstat")).unwrap_or_default())?;
        }
    }
    Ok(all)
}

/// That of the main thread.
pub(super) fn of_main_thread() -> io::Result<Duration> {
    let id = std::process::id();
    schedstat(&fs::read_to_string(format!("/proc/self/task/{id}/schedstat"))?)
}

fn schedstat(line: &str) -> io::Result<Duration> {
    let first = line.split_whitespace().next().and_then(|number| number.parse().ok());
    first.map(Duration::from_nanos).ok_or_else(|| io::Error::other("the kernel keeps no schedstat"))
}

//! Facts about this process, under the names that Prometheus's own libraries use.

use super::exposition::{Exposition, Kind};

/// Facts about this process; what the system does not tell is left out.
#[derive(Debug, Default)]
struct Facts {
    cpu_seconds: Option<f64>,
    resident_bytes: Option<u64>,
    open_fds: Option<u64>,
    max_fds: Option<u64>,
    start_time: Option<f64>,
}

/// Adds them.
pub(super) fn put(text: &mut Exposition) {
    let facts = facts();
    if let Some(value) = facts.cpu_seconds {
        let help = "Total user and system CPU time spent in seconds.";
        text.metric("process_cpu_seconds_total", Kind::Counter, help).sample(&[], value);
    }
    if let Some(value) = facts.resident_bytes {
        let help = "Resident memory size in bytes.";
        text.metric("process_resident_memory_bytes", Kind::Gauge, help).sample(&[], value);
    }
    if let Some(value) = facts.open_fds {
        text.metric("process_open_fds", Kind::Gauge, "Number of open file descriptors.").sample(&[], value);
    }
    if let Some(value) = facts.max_fds {
        let help = "Maximum number of open file descriptors.";
        text.metric("process_max_fds", Kind::Gauge, help).sample(&[], value);
    }
    if let Some(value) = facts.start_time {
        let help = "Start time of the process since unix epoch in seconds.";
        text.metric("process_start_time_seconds", Kind::Gauge, help).sample(&[], value);
    }
}

#[cfg(target_os = "linux")]
fn facts() -> Facts {
    use std::fs;

    use rustix::{
        param::{clock_ticks_per_second, page_size},
        process::{Resource, getrlimit},
    };

    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the program's name, which may contain anything. The first field there is the third of all.
    let fields: Vec<u64> = stat.rsplit_once(')').map_or_else(Vec::new, |(_, rest)| {
        rest.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect()
    });
    let field = |number: usize| fields.get(number - 3).copied();
    let ticks = clock_ticks_per_second().max(1) as f64;
    let booted = fs::read_to_string("/proc/stat").ok().and_then(|stat| {
        stat.lines()
            .find_map(|line| line.strip_prefix("btime "))
            .and_then(|time| time.trim().parse::<f64>().ok())
    });
    Facts {
        cpu_seconds: field(14).zip(field(15)).map(|(user, system)| (user + system) as f64 / ticks),
        resident_bytes: field(24).map(|pages| pages * page_size() as u64),
        open_fds: fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as u64),
        max_fds: getrlimit(Resource::Nofile).current,
        start_time: booted.zip(field(22)).map(|(booted, since)| booted + since as f64 / ticks),
    }
}

#[cfg(not(target_os = "linux"))]
fn facts() -> Facts {
    Facts::default()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_files_and_began_in_the_past() {
        let facts = facts();
        assert!(facts.resident_bytes.unwrap() > 1 << 20);
        assert!(facts.open_fds.unwrap() > 2 && facts.max_fds.unwrap() > facts.open_fds.unwrap());
        assert!(facts.cpu_seconds.unwrap() >= 0.0);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        let start = facts.start_time.unwrap();
        assert!(start < now + 2.0 && start > now - 86_400.0, "{start} {now}");
    }
}

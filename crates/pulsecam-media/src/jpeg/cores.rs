//! The processor cores that this process may use, and pinning threads to them.

use std::thread;

/// A core, by the numbers of its processors. There are several if it has hardware threads, which together do
/// little more work than one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Core {
    processors: Vec<usize>,
}

impl Core {
    /// A core that the system does not tell apart from others.
    pub(super) const fn unknown() -> Self {
        Self { processors: Vec::new() }
    }

    /// Whether the calling thread runs on this core now.
    pub(super) fn is_here(&self) -> bool {
        system::current().is_some_and(|processor| self.processors.contains(&processor))
    }

    /// Pins the calling thread to this core. If the system refuses, the thread stays unpinned.
    pub(super) fn keep(&self) {
        system::pin(&self.processors);
    }
}

/// The usable cores, at most as many as the system grants in processor time. They have no numbers if the
/// system does not tell them apart.
pub(super) fn cores() -> Vec<Core> {
    let count = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut cores = system::cores();
    if cores.is_empty() {
        cores = vec![Core::unknown(); count];
    }
    cores.truncate(count);
    cores
}

/// Parses a list of processors as Linux writes it (`0,4` or `0-1`); empty if it is invalid.
#[cfg_attr(not(any(test, target_os = "linux")), expect(dead_code, reason = "only Linux writes such lists"))]
fn processors(list: &str) -> Vec<usize> {
    /// More than any machine has: a range of billions must not be walked.
    const MOST: usize = 4096;
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse().ok()?, last.parse::<usize>().ok()?);
        (last < MOST).then_some(first..=last)
    };
    list.trim().split(',').filter_map(range).flatten().collect()
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;

    use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

    use super::{Core, processors};

    pub(super) fn current() -> Option<usize> {
        Some(sched_getcpu())
    }

    pub(super) fn pin(processors: &[usize]) {
        let mut set = CpuSet::new();
        for &processor in processors {
            set.set(processor);
        }
        let _ = sched_setaffinity(None, &set); // an unpinned thread is only slower
    }

    pub(super) fn cores() -> Vec<Core> {
        let Ok(allowed) = sched_getaffinity(None) else { return Vec::new() };
        let mut cores: Vec<Core> = Vec::new();
        for processor in (0..CpuSet::MAX_CPU).filter(|&processor| allowed.is_set(processor)) {
            if cores.iter().any(|core| core.processors.contains(&processor)) {
                continue;
            }
            let file = format!("/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list");
            let mut siblings = fs::read_to_string(file).map(|list| processors(&list)).unwrap_or_default();
            siblings.retain(|&sibling| sibling < CpuSet::MAX_CPU && allowed.is_set(sibling));
            if !siblings.contains(&processor) {
                siblings = vec![processor];
            }
            cores.push(Core { processors: siblings });
        }
        cores
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::Core;

    pub(super) fn current() -> Option<usize> {
        None
    }

    pub(super) fn pin(_: &[usize]) {}

    pub(super) fn cores() -> Vec<Core> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_processors_are_read_and_nonsense_is_none() {
        for (list, wanted) in [
            ("0\n", vec![0]),
            ("0,4\n", vec![0, 4]),
            ("2-3", vec![2, 3]),
            ("0-1,8-9", vec![0, 1, 8, 9]),
            ("", vec![]),
            ("x-y", vec![]),
            ("0-99999999999", vec![]),
        ] {
            assert_eq!(processors(list), wanted, "{list:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_is_kept_on_a_core_is_there() {
        let all = cores();
        assert!(!all.is_empty());
        for core in all {
            thread::spawn(move || {
                core.keep();
                assert!(core.is_here());
            })
            .join()
            .unwrap();
        }
    }
}

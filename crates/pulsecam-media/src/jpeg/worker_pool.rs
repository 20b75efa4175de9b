//! Permanent threads that work on the strips of one picture, each on its own core.
//!
//! They are pinned, because a woken thread starts on its waker's core and waits there for it: threads that
//! were not pinned gained next to nothing.

use std::sync::OnceLock;

use rayon_core::{ThreadPool, ThreadPoolBuilder};

use super::cores::{Core, cores};

/// Cores that work on one picture at most. With more, strips get small and their seams many, and a camera's
/// picture must not keep a whole server busy.
const MOST_CORES: usize = 4;

/// The threads of this process, shared by all encoders and decoders.
pub(super) struct WorkerPool {
    hands: Vec<Worker>,
}

/// One thread.
struct Worker {
    core: Core,
    /// A pool with one thread. Threads of a shared pool would steal each other's work, and it would run on
    /// the caller's core.
    pool: ThreadPool,
}

impl WorkerPool {
    /// The threads of this process, started when the first picture needs them. None on a machine with one
    /// core.
    pub(super) fn global() -> &'static Self {
        static CREW: OnceLock<WorkerPool> = OnceLock::new();
        CREW.get_or_init(|| {
            let mut cores = cores();
            cores.truncate(MOST_CORES);
            // The caller takes part: on the only core, there is no other thread to help.
            let hands = if cores.len() > 1 { cores } else { Vec::new() };
            Self { hands: hands.into_iter().filter_map(Worker::new).collect() }
        })
    }

    /// How many threads can work at once, including the caller.
    pub(super) fn size(&self) -> usize {
        self.hands.len().max(1)
    }

    /// Does `work` on each of `jobs`, on several cores at once, and returns when all of it is done.
    pub(super) fn share<J: Send>(&self, jobs: &mut [J], work: &(impl Fn(&mut J) + Sync)) {
        // Work given to a thread on the caller's core would wait for the caller.
        let mut hands = self.hands.iter().filter(|hand| !hand.core.is_here()).collect::<Vec<_>>();
        hands.truncate(self.size() - 1);
        let each = jobs.len().div_ceil(hands.len() + 1).max(1);
        spread(&hands, each, jobs, work);
    }
}

/// Hands out jobs, and does the first ones on the calling thread.
fn spread<J: Send>(hands: &[&Worker], each: usize, jobs: &mut [J], work: &(impl Fn(&mut J) + Sync)) {
    match hands.split_first() {
        Some((hand, others)) if jobs.len() > each => {
            let (own, given) = jobs.split_at_mut(jobs.len() - each);
            hand.pool.in_place_scope(|scope| {
                scope.spawn(|_| given.iter_mut().for_each(work));
                spread(others, each, own, work);
            });
        }
        _ => jobs.iter_mut().for_each(work),
    }
}

impl Worker {
    fn new(core: Core) -> Option<Self> {
        let kept = core.clone();
        let pool = ThreadPoolBuilder::new()
            .num_threads(1)
            .thread_name(|_| "strip".into())
            .start_handler(move |_| kept.keep())
            .build()
            .ok()?;
        Some(Self { core, pool })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Mutex, thread};

    use super::*;

    #[test]
    fn every_job_is_done_once_however_many_there_are() {
        let pool = WorkerPool::global();
        for count in 0..20 {
            let mut jobs: Vec<usize> = (0..count).collect();
            pool.share(&mut jobs, &|job| *job += 100);
            assert_eq!(jobs, (100..100 + count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn two_jobs_are_on_two_threads_where_there_are_two_cores() {
        let pool = WorkerPool::global();
        let seen = Mutex::new(HashSet::new());
        pool.share(&mut [0, 0], &|_| _ = seen.lock().unwrap().insert(thread::current().id()));
        assert_eq!(seen.into_inner().unwrap().len(), pool.size().min(2));
    }
}

//! Threads that are kept to work at the strips of one picture, each on a core of its own.
//!
//! Pinned, because a woken thread starts on its waker's core and waits there for it: threads that were not gained next to
//! nothing.

use std::sync::OnceLock;

use rayon_core::{ThreadPool, ThreadPoolBuilder};

use super::cores::{Core, cores};

/// Cores that work at one picture at the most: strips get small and their seams many, and a camera's picture shall not
/// keep a whole server busy.
const MOST_CORES: usize = 4;

/// The threads: those of the process, shared by all that encode and decode.
pub(super) struct Crew {
    hands: Vec<Hand>,
}

/// One thread.
struct Hand {
    core: Core,
    /// One of its own: threads of one pool would take each other's work, and it would be done where the caller runs.
    pool: ThreadPool,
}

impl Crew {
    /// The threads of this process, made when the first picture needs them; none where there is one core.
    pub(super) fn of_the_process() -> &'static Self {
        static CREW: OnceLock<Crew> = OnceLock::new();
        CREW.get_or_init(|| {
            let mut cores = cores();
            cores.truncate(MOST_CORES);
            // Who calls takes part: alone on the only core, there is nobody to help.
            let hands = if cores.len() > 1 { cores } else { Vec::new() };
            Self { hands: hands.into_iter().filter_map(Hand::new).collect() }
        })
    }

    /// How many can work at once, the caller included.
    pub(super) fn size(&self) -> usize {
        self.hands.len().max(1)
    }

    /// Does `work` on each of `jobs`, on several cores at once, and comes back when all of it is done.
    pub(super) fn share<J: Send>(&self, jobs: &mut [J], work: &(impl Fn(&mut J) + Sync)) {
        // What a hand gets on the core of the caller waits for the caller.
        let mut hands = self.hands.iter().filter(|hand| !hand.core.is_here()).collect::<Vec<_>>();
        hands.truncate(self.size() - 1);
        let each = jobs.len().div_ceil(hands.len() + 1).max(1);
        spread(&hands, each, jobs, work);
    }
}

/// The first jobs are the caller's own; the others are handed out before it begins.
fn spread<J: Send>(hands: &[&Hand], each: usize, jobs: &mut [J], work: &(impl Fn(&mut J) + Sync)) {
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

impl Hand {
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
        let crew = Crew::of_the_process();
        for count in 0..20 {
            let mut jobs: Vec<usize> = (0..count).collect();
            crew.share(&mut jobs, &|job| *job += 100);
            assert_eq!(jobs, (100..100 + count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn two_jobs_are_on_two_threads_where_there_are_two_cores() {
        let crew = Crew::of_the_process();
        let seen = Mutex::new(HashSet::new());
        crew.share(&mut [0, 0], &|_| _ = seen.lock().unwrap().insert(thread::current().id()));
        assert_eq!(seen.into_inner().unwrap().len(), crew.size().min(2));
    }
}

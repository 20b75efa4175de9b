//! Permanent threads that help with the strips of one picture, each on its own core.
//!
//! They are pinned, because a woken thread starts on its waker's core and waits there for it: threads that
//! were not pinned gained next to nothing. If another program keeps a worker's core busy, the worker comes
//! late or is held up. So nothing is assigned to it, and its work can be left behind: the worst case is the
//! time of one thread.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Release},
        },
        mpsc,
    },
    thread,
    time::Duration,
};

use super::{
    cores::{Core, cores},
    helper_pace::HelperPace,
    job_queue::{Job, JobQueue, OwnWork},
};

/// Cores that work on one picture at most. With more, strips get small and their seams many, and a camera's
/// picture must not keep a whole server busy.
const MOST_CORES: usize = 4;

/// Work for a worker's thread.
type Task = Box<dyn FnOnce() + Send>;

/// The threads of this process, shared by all encoders and decoders.
pub(super) struct WorkerPool {
    workers: Vec<Worker>,
}

/// One thread.
struct Worker {
    core: Core,
    tasks: mpsc::Sender<Task>,
    /// Whether it was called and has not returned: it would come late to another caller, or, if another
    /// program has its core, to the same one.
    is_called: Arc<AtomicBool>,
}

/// Jobs that were shared.
pub(super) struct Shared<J> {
    /// The jobs that are done, by index; `None` for each that was left behind.
    pub(super) jobs: Vec<Option<J>>,
    /// The estimated time on the caller's thread alone; `None` if it did no job.
    pub(super) alone: Option<Duration>,
    /// Those that were left behind, if any were.
    pub(super) late: Late<J>,
}

/// The jobs of a picture that helpers may still have.
pub(super) struct Late<J> {
    queue: Arc<JobQueue<J>>,
    own: OwnWork,
}

impl<J: Job> Late<J> {
    /// Whether the helpers have finished. How long they took is known then.
    pub(super) fn is_back(&self) -> bool {
        self.queue.is_finished()
    }

    /// Records how long the helpers took.
    pub(super) fn note(&self, pace: &mut HelperPace) {
        if let (Some(helper), Some(own)) = (self.queue.helpers_mean(), self.own.mean()) {
            pace.note(helper, own);
        }
    }
}

impl WorkerPool {
    /// The threads of this process, started when the first picture needs them. None on a machine with one
    /// core.
    pub(super) fn global() -> &'static Self {
        static POOL: OnceLock<WorkerPool> = OnceLock::new();
        POOL.get_or_init(|| {
            let mut cores = cores();
            cores.truncate(MOST_CORES);
            // The caller takes part: on the only core, there is no other thread to help.
            let cores = if cores.len() > 1 { cores } else { Vec::new() };
            Self { workers: cores.into_iter().filter_map(Worker::start).collect() }
        })
    }

    /// How many threads can work at once, including the caller.
    pub(super) fn size(&self) -> usize {
        self.workers.len().max(1)
    }

    /// Makes a job of about equal size from each item and does them, on several cores if they are free. The
    /// last is made first: helpers begin with it while the others are made. `pace` tells how long to wait for them.
    ///
    /// # Errors
    /// The first error of `make`.
    pub(super) fn share<T, J: Job, E>(
        &self,
        items: &[T],
        pace: HelperPace,
        mut make: impl FnMut(&T) -> Result<J, E>,
    ) -> Result<Shared<J>, E> {
        let queue = Arc::new(JobQueue::new());
        let last = items.len().saturating_sub(1);
        for (index, item) in items.iter().enumerate().rev() {
            queue.push(index, make(item)?);
            if index == last {
                self.call(&queue, last);
            }
        }
        let own = queue.work();
        queue.wait(own.patience(pace));
        let (jobs, alone) = (queue.take_done(items.len()), own.alone(items.len()));
        Ok(Shared { jobs, alone, late: Late { queue, own } })
    }

    /// Calls up to `most` free workers. One on the caller's core would wait for the caller.
    fn call<J: Job>(&self, queue: &Arc<JobQueue<J>>, most: usize) {
        let elsewhere = self.workers.iter().filter(|worker| !worker.core.is_here());
        let most = most.min(self.size() - 1);
        elsewhere.filter(|worker| worker.call(queue)).take(most).for_each(|_| ());
    }
}

impl Worker {
    fn start(core: Core) -> Option<Self> {
        let (tasks, work) = mpsc::channel::<Task>();
        let home = core.clone();
        let run = move || {
            home.keep();
            work.into_iter().for_each(|task| task());
        };
        thread::Builder::new().name("strip".into()).spawn(run).ok()?;
        Some(Self { core, tasks, is_called: Arc::default() })
    }

    /// Calls the worker to help with a queue; false if it has not returned from the last one.
    fn call<J: Job>(&self, queue: &Arc<JobQueue<J>>) -> bool {
        if self.is_called.swap(true, Acquire) {
            return false;
        }
        let (queue, is_called) = (Arc::clone(queue), Arc::clone(&self.is_called));
        let task = move || {
            queue.help();
            drop(queue);
            is_called.store(false, Release);
        };
        self.tasks.send(Box::new(task)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        convert::Infallible,
        sync::{Barrier, Mutex, PoisonError},
        thread::ThreadId,
    };

    use super::*;

    /// A job that meets the others, and notes on which thread it was.
    #[derive(Clone)]
    struct Meeting {
        all_there: Arc<Barrier>,
        threads: Arc<Mutex<HashSet<ThreadId>>>,
    }

    impl Job for Meeting {
        fn run(&mut self) {
            self.all_there.wait();
            let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
            threads.insert(thread::current().id());
        }
    }

    /// A job that ends when it is told to.
    struct Held(mpsc::Receiver<()>);

    impl Job for Held {
        fn run(&mut self) {
            let _ = self.0.recv(); // ends with the test
        }
    }

    struct Plus100(usize);

    impl Job for Plus100 {
        fn run(&mut self) {
            self.0 += 100;
        }
    }

    fn pool() -> WorkerPool {
        WorkerPool { workers: (0..2).filter_map(|_| Worker::start(Core::unknown())).collect() }
    }

    #[test]
    fn jobs_are_in_their_places_or_left_behind() {
        let pool = pool();
        for count in 0..20 {
            let make = |&index: &usize| Ok::<_, Infallible>(Plus100(index));
            let items: Vec<_> = (0..count).collect();
            let Ok(Shared { jobs, alone, .. }) = pool.share(&items, HelperPace::default(), make);
            assert_eq!(jobs.len(), count);
            assert!(
                jobs.into_iter().enumerate().all(|(index, job)| job.is_none_or(|job| job.0 == index + 100))
            );
            assert!(count > 0 || alone.is_none());
        }
    }

    #[test]
    fn two_jobs_are_on_two_threads_at_once() {
        let meeting = Meeting { all_there: Arc::new(Barrier::new(2)), threads: Arc::default() };
        let make = |&(): &()| Ok::<_, Infallible>(meeting.clone());
        let Ok(Shared { jobs, .. }) = pool().share(&[(), ()], HelperPace::default(), make);
        let own = meeting.threads.lock().unwrap().contains(&thread::current().id());
        assert!(own && jobs[0].is_some(), "the other met this one");
    }

    #[test]
    fn a_job_that_cannot_be_made_is_an_error_and_does_no_harm() {
        let pool = pool();
        let make = |&index: &usize| if index == 1 { Err("no memory") } else { Ok(Plus100(index)) };
        let shared = pool.share(&[0, 1, 2], HelperPace::default(), make);
        assert!(shared.is_err_and(|error| error == "no memory"));
    }

    #[test]
    fn a_worker_that_is_held_up_is_not_called_again_until_it_returns() {
        let worker = Worker::start(Core::unknown()).unwrap();
        let (end, ending) = mpsc::channel();
        let queue = Arc::new(JobQueue::new());
        queue.push(0, Held(ending));
        let none = Arc::new(JobQueue::<Plus100>::new());
        assert!(worker.call(&queue));
        assert!(!worker.call(&none));
        drop(end);
        while !worker.call(&none) {
            thread::yield_now();
        }
    }
}

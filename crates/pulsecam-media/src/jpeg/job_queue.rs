//! The jobs of one picture: those that nobody has begun, and those that are done.

use std::{
    collections::VecDeque,
    hint::spin_loop,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicU64, AtomicUsize,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::{Duration, Instant},
};

use super::helper_pace::HelperPace;

/// A piece of work that owns all it needs, so that the caller need not wait for a helper that is held up.
pub(super) trait Job: Send + 'static {
    /// Does the work.
    fn run(&mut self);
}

/// Jobs that the caller takes from the front and helpers from the back.
pub(super) struct JobQueue<J> {
    begin: Instant,
    jobs: Mutex<Jobs<J>>,
    /// Jobs that helpers have begun and not finished.
    held: AtomicUsize,
    /// When a helper last began a job, in nanoseconds since the beginning.
    last_begun: AtomicU64,
    /// The number of jobs that helpers have done, and the nanoseconds that these took.
    helped: AtomicUsize,
    helped_for: AtomicU64,
}

struct Jobs<J> {
    waiting: VecDeque<(usize, J)>,
    done: Vec<Option<J>>,
}

/// The caller's share of the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OwnWork {
    jobs: u32,
    time: Duration,
    longest: Duration,
}

impl<J: Job> JobQueue<J> {
    pub(super) fn new() -> Self {
        Self {
            begin: Instant::now(),
            jobs: Mutex::new(Jobs { waiting: VecDeque::new(), done: Vec::new() }),
            held: AtomicUsize::new(0),
            last_begun: AtomicU64::new(0),
            helped: AtomicUsize::new(0),
            helped_for: AtomicU64::new(0),
        }
    }

    /// Adds a job before the others.
    pub(super) fn push(&self, index: usize, job: J) {
        self.jobs().waiting.push_front((index, job));
    }

    /// Does jobs until none is left; on a helper's thread.
    pub(super) fn help(&self) {
        loop {
            let mut jobs = self.jobs();
            let Some((index, mut job)) = jobs.waiting.pop_back() else { break };
            self.held.fetch_add(1, Relaxed);
            drop(jobs);
            let nanos = || u64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
            let begun = nanos();
            self.last_begun.store(begun, Relaxed);
            job.run();
            self.helped_for.fetch_add(nanos().saturating_sub(begun), Relaxed);
            self.helped.fetch_add(1, Relaxed);
            self.jobs().keep(index, job);
            self.held.fetch_sub(1, Release);
        }
    }

    /// Does jobs until none is left; on the caller's thread.
    pub(super) fn work(&self) -> OwnWork {
        let mut own = OwnWork::default();
        let mut begin = Instant::now();
        loop {
            let Some((index, mut job)) = self.jobs().waiting.pop_front() else { return own };
            job.run();
            self.jobs().keep(index, job);
            let end = Instant::now();
            own = own.and(end - begin);
            begin = end;
        }
    }

    /// Waits for the helpers, but not for those that take longer than `patience` for a job: another program
    /// has their core. Never sleeps, as another program could take this core too.
    pub(super) fn wait(&self, patience: Duration) {
        while self.held.load(Acquire) > 0 {
            let last_begun = Duration::from_nanos(self.last_begun.load(Relaxed));
            if self.begin.elapsed() > last_begun.saturating_add(patience) {
                break;
            }
            spin_loop();
        }
    }

    /// Takes the jobs that are done, by index; `None` for each that a helper holds.
    pub(super) fn take_done(&self, count: usize) -> Vec<Option<J>> {
        let mut done = std::mem::take(&mut self.jobs().done);
        done.resize_with(count, || None);
        done
    }

    /// Whether no helper has a job any more.
    pub(super) fn is_finished(&self) -> bool {
        self.held.load(Acquire) == 0 && self.jobs().waiting.is_empty()
    }

    /// The mean time of the jobs that helpers have done, if there are any.
    pub(super) fn helpers_mean(&self) -> Option<Duration> {
        let jobs = self.helped.load(Relaxed) as u64;
        self.helped_for.load(Relaxed).checked_div(jobs).map(Duration::from_nanos)
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs<J>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> Jobs<J> {
    fn keep(&mut self, index: usize, job: J) {
        if self.done.len() <= index {
            self.done.resize_with(index + 1, || None);
        }
        if let Some(place) = self.done.get_mut(index) {
            *place = Some(job);
        }
    }
}

impl OwnWork {
    fn and(self, time: Duration) -> Self {
        Self { jobs: self.jobs + 1, time: self.time + time, longest: self.longest.max(time) }
    }

    /// How long a helper may take for a job. A caller that has done none cannot tell.
    pub(super) fn patience(self, pace: HelperPace) -> Duration {
        if self.jobs == 0 { Duration::MAX } else { pace.patience(self.longest) }
    }

    /// The mean time of a job, if there are any.
    pub(super) fn mean(self) -> Option<Duration> {
        self.time.checked_div(self.jobs)
    }

    /// The estimated time of `count` jobs on the caller's thread alone, if it has done any.
    pub(super) fn alone(self, count: usize) -> Option<Duration> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Some(self.mean()?.saturating_mul(count))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, mpsc},
        thread,
    };

    use super::*;

    /// A job that reports that it has begun, and ends when it is told to.
    struct Held {
        begun: mpsc::Sender<()>,
        end: Option<mpsc::Receiver<()>>,
    }

    impl Job for Held {
        fn run(&mut self) {
            let _ = self.begun.send(()); // a test may not listen
            if let Some(end) = self.end.take() {
                let _ = end.recv(); // ends with the test
            }
        }
    }

    impl Job for usize {
        fn run(&mut self) {
            *self += 100;
        }
    }

    #[test]
    fn each_job_is_done_once_and_keeps_its_place() {
        for count in 0..9 {
            let queue = Arc::new(JobQueue::new());
            (0..count).rev().for_each(|index| queue.push(index, index));
            let helper = thread::spawn({
                let queue = Arc::clone(&queue);
                move || queue.help()
            });
            let own = queue.work();
            helper.join().unwrap();
            assert!(own.jobs as usize <= count);
            assert_eq!(queue.take_done(count), (100..100 + count).map(Some).collect::<Vec<_>>());
        }
    }

    #[test]
    fn without_helpers_the_caller_does_all_and_knows_its_time() {
        let queue = JobQueue::new();
        (0..3).rev().for_each(|index| queue.push(index, index));
        let own = queue.work();
        queue.wait(own.patience(HelperPace::default()));
        assert_eq!(own.jobs, 3);
        assert!(queue.is_finished() && queue.helpers_mean().is_none());
        assert!(own.longest <= own.time);
        assert_eq!(queue.take_done(3), [Some(100), Some(101), Some(102)]);
    }

    #[test]
    fn a_helper_that_is_held_up_is_not_waited_for_and_its_job_is_missing() {
        let queue = Arc::new(JobQueue::new());
        let ((begun, has_begun), (end, ending)) = (mpsc::channel(), mpsc::channel());
        queue.push(1, Held { begun: begun.clone(), end: Some(ending) });
        let helper = thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.help()
        });
        has_begun.recv().unwrap();
        queue.push(0, Held { begun, end: None });
        let own = queue.work();
        queue.wait(own.patience(HelperPace::default()));
        let done = queue.take_done(2);
        assert!(done[0].is_some() && done[1].is_none());
        assert!(!queue.is_finished());
        drop(end);
        helper.join().unwrap();
        assert!(queue.is_finished() && queue.helpers_mean().is_some());
    }

    #[test]
    fn the_time_alone_is_that_of_as_many_jobs_of_mean_length() {
        let ms = Duration::from_millis;
        let own = OwnWork::default().and(ms(2)).and(ms(4));
        assert_eq!(own.alone(5), Some(ms(15)));
        assert_eq!((own.patience(HelperPace::default()), own.mean()), (ms(5), Some(ms(3))));
        assert_eq!(OwnWork::default().alone(5), None);
    }
}

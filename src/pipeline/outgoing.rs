//! Source → encoder → link.

use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed, mpsc},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{
    capture_loop::{CaptureLoop, SequenceNumbers},
    consumers::{EncoderSide, consumers},
    counters::{PipelineCounters, SourceCounts},
    job::Job,
};
use crate::{
    capture::{self, Frame, Source},
    jpeg, queue,
    wire::FrameInfo,
};

/// How long the encoder waits for a frame before it checks whether it should stop. Each check wakes a
/// processor.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// As [`CHECK_INTERVAL`], while the source is silent, so that a new viewer soon sees the card.
const CARD_CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// Why frames cannot be sent at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source cannot be opened.
    #[error(transparent)]
    Source(#[from] capture::Error),
    /// The encoder cannot be set up.
    #[error(transparent)]
    Jpeg(#[from] jpeg::Error),
    /// No thread can be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
    /// The source's thread ended without a result.
    #[error("the source ended before it was open")]
    Gone,
}

/// An open source with its encoder. Stops when dropped.
#[derive(Debug)]
pub struct Outgoing {
    counters: Arc<PipelineCounters>,
    begin: mpsc::Sender<()>,
    done: oneshot::Receiver<()>,
    description: String,
}

impl Outgoing {
    /// Calls `open` on a thread of its own and waits until the source is open.
    ///
    /// A source that is switched off at the start is opened later; one that was switched off is opened again.
    /// From [`Outgoing::begin`] on, each frame's JPEG is passed to `sink`.
    ///
    /// # Errors
    /// If the source cannot be opened.
    pub async fn open(
        job: &Job,
        mut open: impl FnMut() -> Result<Box<dyn Source>, capture::Error> + Send + 'static,
        sink: impl FnMut(FrameInfo, Bytes) + Send + 'static,
    ) -> Result<Self, Error> {
        let counters = Arc::new(PipelineCounters::default());
        let (frames, waiting) = queue::channel::<(), Frame>(0);
        let (opened, is_open) = oneshot::channel();
        let (begin, begun) = mpsc::channel();
        let (finished, done) = oneshot::channel();
        let (source_side, encoder_side) = consumers(job, Arc::clone(&counters), sink)?;
        thread::Builder::new().name("capture".into()).spawn({
            let (counters, job) = (Arc::clone(&counters), job.clone());
            move || {
                let source = match if job.is_off() { Ok(None) } else { open().map(Some) } {
                    Ok(source) => source,
                    Err(error) => {
                        let _ = opened.send(Err(error)); // the caller may be gone
                        return;
                    }
                };
                let description =
                    source.as_ref().map_or_else(|| "a camera that is off".into(), |source| source.describe());
                let _ = opened.send(Ok(description));
                if begun.recv().is_err() {
                    return; // dropped before it began
                }
                let (open, numbers) = (Box::new(open), SequenceNumbers::default());
                CaptureLoop { source, open, job, counters, frames, consumers: source_side, numbers }.run();
            }
        })?;
        let watched = Arc::clone(&counters);
        // A source that hangs in its driver does not notice the switch, but this thread does.
        let longest = if job.switch.is_some() { CARD_CHECK_INTERVAL } else { CHECK_INTERVAL };
        thread::Builder::new().name("encode".into()).spawn(move || {
            run(&encoder_side, waiting, &watched, longest);
            let _ = finished.send(()); // the receiver may be gone
        })?;
        let description = is_open.await.map_err(|_| Error::Gone)??;
        Ok(Self { counters, begin, done, description })
    }

    /// Starts taking frames; the job's time limit counts from here.
    pub fn begin(&self) {
        let _ = self.begin.send(()); // a source that is gone has ended
    }

    /// The source's description of itself.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> SourceCounts {
        self.counters.counts()
    }

    /// Why no frames come, if the source failed and none came since.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.counters.health().trouble()
    }

    /// Why nothing was sent: the source failed permanently, or gave nothing that could be sent.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let reasons = self.counters.reasons();
        if reasons.ended.is_some() {
            return reasons.ended.clone();
        }
        let SourceCounts { handed_on, unseen, .. } = self.counts();
        if handed_on + unseen > 0 {
            return None;
        }
        reasons.failed.clone().or_else(|| self.trouble())
    }

    /// Waits for the end of the material, of the number of frames, or of the time.
    pub async fn ended(&mut self) {
        if !self.done.is_terminated() {
            let _ = (&mut self.done).await; // a closed channel is an end too
        }
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.counters.stop.store(true, Relaxed);
    }
}

/// The encoder's thread: frames that have to be encoded, and cards while none come.
fn run<F: FnMut(FrameInfo, Bytes)>(
    consumers: &EncoderSide<F>,
    mut frames: queue::Receiver<(), Frame>,
    counters: &PipelineCounters,
    longest: Duration,
) {
    while !counters.stop.load(Relaxed) && !consumers.is_done() {
        let patience = counters.health().patience(Instant::now()).unwrap_or(CHECK_INTERVAL);
        match frames.recv_timeout(patience.clamp(CARD_CHECK_INTERVAL, longest)) {
            Ok(Some(taken)) => consumers.frame(taken.item),
            Ok(None) => consumers.check_silence(Instant::now()),
            Err(queue::Closed) => return,
        }
    }
    if consumers.is_done() {
        while let Ok(Some(_)) = frames.try_recv() {
            counters.surplus();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::pipeline::{SourceSelector, Switch};

    /// Gives one frame, and then nothing until it is released.
    struct Hanging {
        seq: u64,
        let_go: mpsc::Receiver<()>,
    }

    impl Source for Hanging {
        fn next_frame(&mut self) -> Result<Option<Frame>, capture::Error> {
            if self.seq > 0 {
                let _ = self.let_go.recv(); // a closed channel releases it too
            }
            self.seq += 1;
            let data = capture::FrameData::Jpeg(Bytes::from_static(b"jpeg"));
            Ok(Some(Frame::new(self.seq - 1, crate::clock::Timestamp::now(), data)))
        }

        fn describe(&self) -> String {
            "a camera that hangs".into()
        }
    }

    /// Gives a number of frames, one each millisecond: JPEG or pictures.
    struct Counted {
        given: u64,
        last: u64,
        as_pictures: bool,
    }

    impl Source for Counted {
        fn next_frame(&mut self) -> Result<Option<Frame>, capture::Error> {
            thread::sleep(Duration::from_millis(1));
            if self.given == self.last {
                return Ok(None);
            }
            self.given += 1;
            let data = if self.as_pictures {
                let pixels = crate::picture::Pixels::Rgb(vec![0; 64 * 48 * 3]);
                capture::FrameData::Picture(crate::picture::Picture { width: 64, height: 48, pixels }.into())
            } else {
                capture::FrameData::Jpeg(Bytes::from_static(b"jpeg"))
            };
            Ok(Some(Frame::new(self.given - 1, crate::clock::Timestamp::now(), data)))
        }

        fn describe(&self) -> String {
            "a number of frames".into()
        }
    }

    /// The counts of a source of 50 frames, at the end.
    async fn counted(job: Job, as_pictures: bool) -> SourceCounts {
        let open = move || Ok(Box::new(Counted { given: 0, last: 50, as_pictures }) as Box<dyn Source>);
        let mut outgoing = Outgoing::open(&job, open, |_, _| ()).await.unwrap();
        outgoing.begin();
        outgoing.ended().await;
        outgoing.counts()
    }

    #[tokio::test]
    async fn each_frame_is_counted_once_by_its_result() {
        let viewers = || Some(watch::Sender::new(Some(0)).subscribe());
        for as_pictures in [false, true] {
            for frames in [None, Some(7)] {
                let all = frames.unwrap_or(50);
                let seen = counted(Job { frames, ..Job::default() }, as_pictures).await;
                assert_eq!((seen.captured, seen.left), (seen.handed_on + seen.skipped, 0), "{seen:?}");
                assert!(seen.handed_on == all || frames.is_none(), "{seen:?}");
                let unseen = counted(Job { frames, viewers: viewers(), ..Job::default() }, as_pictures).await;
                assert_eq!((unseen.captured, unseen.unseen, unseen.left), (all, all, 0), "{unseen:?}");
                let still = Job { frames, skip_still: true, ..Job::default() };
                let still = counted(still, as_pictures).await;
                let settled = still.handed_on + still.skipped + still.still;
                assert_eq!((still.captured, still.left), (settled, 0), "{still:?}");
                assert!(still.still > 0, "{still:?}");
            }
        }
        // A JPEG that cannot be decoded to encode it at another quality.
        let failed = counted(Job { quality: Some(50), ..Job::default() }, false).await;
        assert_eq!((failed.captured, failed.failed + failed.skipped), (50, 50), "{failed:?}");
    }

    #[tokio::test]
    async fn another_source_continues_the_numbers_and_one_that_fails_changes_nothing() {
        let (give, sunk) = mpsc::channel();
        let selector = SourceSelector::default();
        let switch = Switch::new(true);
        let job = Job { selector: Some(selector.clone()), switch: Some(switch.clone()), ..Job::default() };
        let pattern = |width| {
            let settings = capture::Settings::default().with_size((width, 48)).with_fps(200.0);
            move || capture::Spec::Pattern.open(&settings)
        };
        let sink = move |info: FrameInfo, jpeg: Bytes| {
            let size = jpeg::header(&jpeg).ok().map(|header| header.width);
            _ = give.send((info, size));
        };
        let outgoing = Outgoing::open(&job, pattern(64), sink).await.unwrap();
        outgoing.begin();
        let mut last = None;
        let mut until = |width: usize| loop {
            let (FrameInfo { seq, card, .. }, size) = sunk.recv_timeout(Duration::from_secs(20)).unwrap();
            if card.is_some() {
                continue;
            }
            assert!(last.is_none_or(|last| seq > Some(last)), "{seq:?} after {last:?}");
            last = seq;
            if size == Some(width) {
                return;
            }
        };
        let (told, results) = mpsc::channel();
        let done = || {
            let told = told.clone();
            move |result: Result<Option<String>, capture::Error>| {
                _ = told.send(result.map_err(|error| error.to_string()));
            }
        };
        let result = || results.recv_timeout(Duration::from_secs(20)).unwrap();
        until(64);
        selector.select(pattern(96), done());
        assert!(result().unwrap().is_some());
        until(96);
        selector.select(|| Err(capture::Error::NoCamera), done());
        assert_eq!(result(), Err(capture::Error::NoCamera.to_string()));
        until(96);
        // One that is chosen while the switch is off is opened when it is turned on.
        switch.set(false);
        selector.select(pattern(128), done());
        assert_eq!(result(), Ok(None));
        switch.set(true);
        until(128);
    }

    #[tokio::test]
    async fn a_camera_that_hangs_can_be_switched_off() {
        let (hold, let_go) = mpsc::channel();
        let (give, sunk) = mpsc::channel();
        let switch = Switch::new(true);
        let job = Job { name: "ann".into(), switch: Some(switch.clone()), ..Job::default() };
        let mut let_go = Some(let_go);
        let open = move || {
            let source = Hanging { seq: 0, let_go: let_go.take().ok_or(capture::Error::NoCamera)? };
            Ok(Box::new(source) as Box<dyn Source>)
        };
        let sink = move |info: FrameInfo, _| _ = give.send(info);
        let outgoing = Outgoing::open(&job, open, sink).await.unwrap();
        outgoing.begin();
        let next = || sunk.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(next().seq, Some(0));
        switch.set(false);
        assert_eq!(next().card.as_deref(), Some(FrameInfo::CAMERA_OFF));
        // The next frame was taken while it was off.
        hold.send(()).unwrap();
        assert_eq!(next().card.as_deref(), Some(FrameInfo::CAMERA_OFF), "once a second");
    }
}

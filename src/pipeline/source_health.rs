//! Whether a source is alive, and the reason if it is not.

use std::time::{Duration, Instant};

use crate::capture::Signal;

/// Signs of life of a source.
#[derive(Debug, Default)]
pub(super) struct SourceHealth {
    signal: Option<Signal>,
    /// When the last frame came, or the source was opened.
    last: Option<Instant>,
    trouble: Option<String>,
    /// Whether it will certainly not come back within its patience.
    gone: bool,
    /// Its signal while it is switched off.
    off: Option<Signal>,
}

/// A source that gives nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Silence {
    pub(super) signal: Signal,
    /// The reason, if known.
    pub(super) trouble: Option<String>,
    /// Whether it was switched off.
    pub(super) off: bool,
}

impl SourceHealth {
    /// A source was opened; its patience starts now.
    pub(super) fn opened(&mut self, signal: Option<Signal>, now: Instant) {
        self.signal = signal;
        self.last = Some(now);
        self.off = None;
    }

    /// A frame came. If the source had failed, returns the time without a frame.
    pub(super) fn frame(&mut self, now: Instant) -> Option<Duration> {
        let last = self.last.replace(now);
        self.gone = false;
        self.trouble.take()?;
        Some(now.duration_since(last?))
    }

    /// The source failed; `gone`: it is away for a while. Returns true if it had not failed before.
    pub(super) fn failed(&mut self, trouble: String, gone: bool) -> bool {
        self.gone |= gone;
        self.trouble.replace(trouble).is_none()
    }

    /// It was switched off or on; returns whether that is new. `name` and `size` are used if the source gave
    /// none.
    pub(super) fn switched(
        &mut self,
        on: bool,
        name: &str,
        size: Option<(usize, usize)>,
        now: Instant,
    ) -> bool {
        let news = on == self.off.is_some();
        if news && on {
            (self.off, self.last) = (None, Some(now));
        } else if news {
            let size = self.signal.as_ref().and_then(|signal| signal.size).or(size);
            let signal = Signal::new(name, Duration::ZERO).with_size(size);
            (self.off, self.trouble, self.gone) = (Some(signal), None, false);
        }
        news
    }

    /// Why no frames come, if the source failed and none came since.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }

    /// Updates the source's signal.
    pub(super) fn set_signal(&mut self, signal: Option<Signal>) {
        self.signal = signal;
    }

    /// How long it may still be silent; zero if it has been too long, `None` if silence means nothing.
    pub(super) fn patience(&self, now: Instant) -> Option<Duration> {
        if self.off.is_some() {
            return Some(Duration::ZERO);
        }
        let patience = self.signal.as_ref()?.patience;
        Some(patience.saturating_sub(now.duration_since(self.last?)))
    }

    /// The silence to report to viewers, if any.
    pub(super) fn silence(&self, now: Instant) -> Option<Silence> {
        if let Some(signal) = &self.off {
            return Some(Silence { signal: signal.clone(), trouble: None, off: true });
        }
        let signal = self.signal.as_ref()?;
        let silent = now.duration_since(self.last?);
        (self.gone || silent >= signal.patience).then(|| Silence {
            signal: signal.clone(),
            trouble: self.trouble.clone(),
            off: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn signal() -> Signal {
        Signal::new("C920", 700 * MS)
    }

    #[test]
    fn silence_is_reported_once_it_lasts() {
        let start = Instant::now();
        let mut life = SourceHealth::default();
        assert_eq!(life.silence(start), None);
        life.opened(Some(signal()), start);
        assert_eq!(life.silence(start + 699 * MS), None);
        assert_eq!(life.patience(start + 600 * MS), Some(100 * MS));
        assert_eq!(life.patience(start + 900 * MS), Some(Duration::ZERO));
        assert_eq!(
            life.silence(start + 700 * MS),
            Some(Silence { signal: signal(), trouble: None, off: false })
        );
        assert_eq!(life.frame(start + 800 * MS), None, "a slow source has not failed");
        assert_eq!(life.silence(start + 900 * MS), None);
        assert!(life.failed("stumbled".into(), false));
        assert_eq!(life.silence(start + 900 * MS), None, "it may come back at once");
        assert!(!life.failed("unplugged".into(), true));
        assert!(life.silence(start + 900 * MS).is_some());
        assert!(!life.failed("still unplugged".into(), false));
        let silence = life.silence(start + 1500 * MS).unwrap();
        assert_eq!(silence.trouble.as_deref(), Some("still unplugged"));
        assert_eq!(life.frame(start + 2800 * MS), Some(2000 * MS));
        assert_eq!(life.silence(start + 2900 * MS), None);
    }

    #[test]
    fn a_switched_off_source_is_silent_at_once_until_it_is_on_again() {
        let start = Instant::now();
        let mut life = SourceHealth::default();
        life.opened(None, start);
        let ann = Signal::new("ann", Duration::ZERO).with_size((64, 48));
        assert!(!life.switched(true, "ann", None, start), "it is on already");
        assert!(life.switched(false, "ann", ann.size, start) && !life.switched(false, "ann", None, start));
        assert_eq!(life.patience(start), Some(Duration::ZERO));
        assert_eq!(life.silence(start), Some(Silence { signal: ann, trouble: None, off: true }));
        life.opened(Some(signal()), start + 100 * MS);
        assert_eq!(life.silence(start + 200 * MS), None);
        // A source that hangs in its driver meanwhile is not reopened.
        life.switched(false, "ann", None, start + 300 * MS);
        assert!(life.switched(true, "ann", None, start + 400 * MS));
        assert_eq!(life.silence(start + 500 * MS), None);
        assert!(life.silence(start + 1_200 * MS).is_some_and(|silence| !silence.off));
    }

    #[test]
    fn sources_without_a_signal_are_never_silent() {
        let start = Instant::now();
        let mut life = SourceHealth::default();
        life.opened(None, start);
        assert_eq!(life.silence(start + 3_600_000 * MS), None);
        assert_eq!(life.patience(start), None);
    }
}

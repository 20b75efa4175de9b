//! What video came from one client, and when it is to be told of it.

use std::time::{Duration, Instant};

/// The video of one client on this connection.
#[derive(Debug, Default)]
pub(super) struct Intake {
    got: u64,
    last: Option<Instant>,
    /// How often it wants to hear of it, at the most.
    wanted: Option<Duration>,
    told: Option<Instant>,
    told_got: u64,
}

/// What it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    /// Frames that came.
    pub(super) got: u64,
    /// When the last of them came.
    pub(super) last: Instant,
    /// Frames that came since it was last told.
    pub(super) new: u32,
}

impl Intake {
    /// It wants reports this often; true where it wanted none before.
    pub(super) fn wants(&mut self, interval: Duration) -> bool {
        self.wanted.replace(interval).is_none()
    }

    /// Whether it wants any.
    pub(super) const fn is_wanted(&self) -> bool {
        self.wanted.is_some()
    }

    /// A frame came; whether a report is due.
    pub(super) fn came(&mut self, now: Instant) -> bool {
        self.got += 1;
        self.last = Some(now);
        let Some(interval) = self.wanted else { return false };
        let due = self.told.is_none_or(|told| now.duration_since(told) >= interval);
        if due {
            self.told = Some(now);
        }
        due
    }

    /// What to tell now.
    pub(super) fn receipt(&mut self) -> Option<Receipt> {
        let new = u32::try_from(self.got - self.told_got).unwrap_or(u32::MAX);
        self.told_got = self.got;
        Some(Receipt { got: self.got, last: self.last?, new })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_due_as_often_as_they_are_wanted_while_frames_come() {
        let (start, ms) = (Instant::now(), Duration::from_millis(1));
        let mut intake = Intake::default();
        assert!(!intake.came(start));
        assert!(intake.wants(100 * ms) && !intake.wants(100 * ms));
        let due: Vec<_> = (1..=30).filter(|frame| intake.came(start + *frame * 10 * ms)).collect();
        assert_eq!(due, [1, 11, 21]);
        let receipt = intake.receipt().unwrap();
        assert_eq!((receipt.got, receipt.new, receipt.last), (31, 31, start + 300 * ms));
        assert_eq!(intake.receipt().unwrap().new, 0);
    }
}

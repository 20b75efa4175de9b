//! Repairs a source's frames if possible, drops damaged ones, counts and reports both.

use std::{
    fmt::Display,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tracing::{debug, warn};

use super::Losses;
use crate::jpeg::{
    Error, Flaw, Length, Repaired, Repairer,
    marker::{EndScanner, Scan},
};

/// How often the same kind of flaw is reported again.
const AGAIN: Duration = Duration::from_secs(60);

/// Repairs the frames of one source and counts losses.
pub(super) struct FrameRepair {
    /// The source's name, for reports.
    name: String,
    repairer: Repairer,
    losses: Losses,
    repairs: Turn,
    drops: Turn,
}

impl FrameRepair {
    /// A mender for the source of this name.
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            repairer: Repairer::default(),
            losses: Losses::default(),
            repairs: Turn::default(),
            drops: Turn::default(),
        }
    }

    /// Changes the name of the source in reports.
    pub(super) fn rename(&mut self, name: String) {
        self.name = name;
    }

    /// Damaged and repaired frames so far.
    pub(super) const fn losses(&self) -> Losses {
        self.losses
    }

    /// The picture at the start of `bytes`: a slice if it is intact, else a repaired copy. `None` if it is
    /// damaged, which is counted and reported.
    pub(super) fn frame(&mut self, bytes: &Bytes, length: Length) -> Option<Bytes> {
        match self.repairer.repair(bytes, length) {
            Ok(Repaired::Whole(length)) => Some(bytes.slice(..length)),
            repaired => self.counted(repaired, |_| None),
        }
    }

    /// The same for borrowed bytes: an intact picture is copied.
    pub(super) fn copied(&mut self, bytes: &[u8], length: Length) -> Option<Bytes> {
        let repaired = self.repairer.repair(bytes, length);
        self.counted(repaired, |length| bytes.get(..length).map(Bytes::copy_from_slice))
    }

    fn counted(
        &mut self,
        repaired: Result<Repaired, Error>,
        whole: impl FnOnce(usize) -> Option<Bytes>,
    ) -> Option<Bytes> {
        match repaired {
            Ok(Repaired::Whole(length)) => whole(length),
            Ok(Repaired::Mended { jpeg, flaw }) => {
                self.repaired(flaw);
                Some(jpeg)
            }
            Err(error) => {
                self.damaged(&error);
                None
            }
        }
    }

    /// Repairs a picture whose end is already known, without counting.
    pub(super) fn walked(
        &mut self,
        bytes: &[u8],
        scanner: &EndScanner,
        scan: Scan,
    ) -> Result<Repaired, Error> {
        self.repairer.walked(bytes, scanner, scan)
    }

    /// Counts a repaired picture; does nothing without a flaw.
    pub(super) fn repaired(&mut self, flaw: Option<Flaw>) {
        let Some(flaw) = flaw else { return };
        self.losses.repaired += 1;
        let (name, count) = (&self.name, self.losses.repaired);
        if self.repairs.comes(Instant::now()) {
            warn!("{name}: frames are repaired: {flaw} ({count} so far)");
        }
    }

    /// Counts a picture that is dropped.
    pub(super) fn damaged(&mut self, reason: &dyn Display) {
        self.losses.damaged += 1;
        let (name, count) = (&self.name, self.losses.damaged);
        if self.drops.comes(Instant::now()) {
            warn!("{name}: damaged frames are left out: {reason} ({count} so far)");
        } else {
            debug!("{name}: a damaged frame is left out: {reason}");
        }
    }
}

/// Whether a report is due: the first time, and then once per [`AGAIN`].
#[derive(Debug, Default)]
struct Turn(Option<Instant>);

impl Turn {
    fn comes(&mut self, now: Instant) -> bool {
        let comes = self.0.is_none_or(|last| now.saturating_duration_since(last) >= AGAIN);
        if comes {
            self.0 = Some(now);
        }
        comes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_reported_at_once_and_then_once_a_minute() {
        let (mut turn, start) = (Turn::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(
            [0, 1, 59, 60, 61, 119, 121].map(|second| turn.comes(at(second))),
            [true, false, false, true, false, false, true]
        );
    }

    #[test]
    fn what_is_repaired_and_what_is_left_out_is_counted() {
        let whole = Bytes::from(
            std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/coffee_600x400.jpg"))
                .unwrap(),
        );
        let mut repair = FrameRepair::new("test");
        let kept = repair.frame(&whole, Length::Unknown).unwrap();
        assert_eq!((kept.as_ptr(), kept.len()), (whole.as_ptr(), whole.len()), "no copy");
        let unended = whole.slice(..whole.len() - 2);
        assert_eq!(repair.frame(&unended, Length::Told).unwrap(), whole);
        assert_eq!(repair.copied(&unended, Length::Unknown).unwrap(), whole);
        assert_eq!(repair.frame(&whole.slice(..whole.len() / 2), Length::Told), None);
        assert_eq!(repair.losses(), Losses { damaged: 1, repaired: 2, ..Losses::default() });
    }
}

//! Seeking in a Matroska file: bisection over its clusters.
//!
//! The index is not read. Files that were cut off have none, and a wrong one would mislead; searching for a
//! cluster about twenty times costs a few milliseconds, takes no memory, and works the same with damage in
//! between.

use std::time::Duration;

use bytes::Bytes;

use super::{
    Matroska, Place,
    element::{ElementHeader, id, unsigned},
};
use crate::film::{Error, Input};

/// Nanoseconds of the first step back if there is no frame before the requested time.
const STEP_BACK: u64 = 1_000_000_000;

/// Elements of a cluster that are searched for its time.
const MAX_BEFORE_TIME: usize = 8;

/// A cluster.
#[derive(Clone, Copy, Debug)]
struct Found {
    at: u64,
    /// Its time in ticks.
    time: u64,
}

/// Whether a cluster begins here, rather than four bytes of a frame that look like one.
pub(super) fn is_cluster(bytes: &[u8]) -> bool {
    ElementHeader::parse(bytes)
        .filter(|head| head.id == id::CLUSTER)
        .and_then(|head| bytes.get(head.length..))
        .and_then(ElementHeader::parse)
        .is_some_and(|first| id::begins_cluster(first.id) && first.body.is_some())
}

impl Matroska {
    /// Moves to the last frame that is not after a time.
    pub(super) fn move_to(&mut self, to: Duration) -> Result<(), Error> {
        if !self.input.can_seek() {
            return Err(Error::NeedsFile);
        }
        let mut ticks = u64::try_from(to.as_nanos() / u128::from(self.scale)).unwrap_or(u64::MAX);
        let mut back = (STEP_BACK / self.scale).max(1);
        loop {
            let cluster = self.go_to_cluster(ticks)?;
            if let Some(last) = self.read_to(to)? {
                self.ready.push_front(last);
                return Ok(());
            }
            // That cluster may contain only sound before that time.
            match cluster {
                Some(time) if ticks > 0 => ticks = time.min(ticks).saturating_sub(back),
                _ => return Ok(()),
            }
            back = back.saturating_mul(2);
        }
    }

    /// Reads up to the last frame that is not after a time and returns it; the next one stays.
    fn read_to(&mut self, to: Duration) -> Result<Option<(Duration, Bytes)>, Error> {
        let mut last = None;
        while self.read()? {
            let Some(frame) = self.ready.pop_front() else { break };
            if frame.0 > to {
                self.ready.push_front(frame);
                break;
            }
            last = Some(frame);
        }
        Ok(last)
    }

    /// The time of the last frame.
    pub(super) fn last_time(&mut self) -> Result<Option<Duration>, Error> {
        if !self.input.can_seek() {
            return Ok(None);
        }
        let (position, place, ready) = (self.input.position(), self.place, std::mem::take(&mut self.ready));
        self.move_to(Duration::MAX)?;
        let last = self.ready.front().map(|(time, _)| *time);
        self.input.seek(position)?;
        (self.place, self.ready) = (place, ready);
        Ok(last)
    }

    /// Moves to the last cluster not after a time, and returns its time; or to the beginning.
    fn go_to_cluster(&mut self, ticks: u64) -> Result<Option<u64>, Error> {
        let (mut low, mut high) = (self.body, self.input.length()?.unwrap_or(0));
        let mut best = None;
        while ticks > 0 && low < high {
            let middle = low + (high - low) / 2;
            match next_cluster(&mut self.input, middle, high)? {
                Some(found) if found.time <= ticks => (best, low) = (Some(found), found.at + 1),
                Some(_) | None => high = middle,
            }
        }
        self.input.seek(best.map_or(self.body, |found| found.at))?;
        self.place = Place::default();
        self.ready.clear();
        Ok(best.map(|found| found.time))
    }
}

/// The first cluster between two positions.
fn next_cluster(input: &mut Input, from: u64, before: u64) -> Result<Option<Found>, Error> {
    input.seek(from)?;
    while input.search(&id::CLUSTER.to_be_bytes(), before, is_cluster)? {
        let at = input.position();
        if let Some(time) = time_of_cluster(input)? {
            return Ok(Some(Found { at, time }));
        }
        input.seek(at + 1)?;
    }
    Ok(None)
}

/// The time of the cluster that begins here.
fn time_of_cluster(input: &mut Input) -> Result<Option<u64>, Error> {
    for _ in 0..MAX_BEFORE_TIME {
        let Some(head) = ElementHeader::parse(input.peek(ElementHeader::LONGEST)?) else { return Ok(None) };
        input.skip(head.length as u64)?;
        match (head.id, head.body) {
            (id::CLUSTER, _) => {}
            (id::TIMESTAMP, Some(size)) if size <= 8 => {
                return Ok(input.take(size as usize)?.and_then(|time| unsigned(&time)));
            }
            (name, Some(size)) if id::begins_cluster(name) => _ = input.skip(size)?,
            _ => return Ok(None),
        }
    }
    Ok(None)
}

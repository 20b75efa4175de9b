//! Wall-clock timestamps, as sent with frames and heartbeats.
//!
//! The unit is the microsecond since the Unix epoch: fine enough for a loopback hop, and 64 bits last for
//! half a million years. Timestamps of different machines are comparable only through the clock offset that
//! a link measures from heartbeats.

use std::{
    cell::Cell,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

thread_local! {
    static WALL: Cell<Option<fn() -> Timestamp>> = const { Cell::new(None) };
}

/// Replaces the wall clock of this thread with `wall`, or with the system's for `None`. For simulations,
/// where each host may have its own clock.
#[doc(hidden)]
pub fn set_wall_clock(wall: Option<fn() -> Timestamp>) {
    WALL.set(wall);
}

/// Microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The current time of the system's wall clock, or of the one set by [`set_wall_clock`].
    #[must_use]
    pub fn now() -> Self {
        WALL.get().map_or_else(|| Self::from(SystemTime::now()), |wall| wall())
    }

    /// Creates a timestamp from microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Microseconds from `earlier` to `self`; negative if `earlier` is in fact later.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Adds `micros`, saturating at the ends of the range.
    #[must_use]
    pub const fn offset(self, micros: i64) -> Self {
        Self(self.0.saturating_add_signed(micros))
    }
}

impl From<SystemTime> for Timestamp {
    /// A clock set before 1970 counts as 1970.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_may_have_a_wall_clock_of_its_own() {
        set_wall_clock(Some(|| Timestamp::from_micros(7)));
        assert_eq!(Timestamp::now(), Timestamp::from_micros(7));
        let elsewhere = std::thread::spawn(Timestamp::now).join().unwrap();
        set_wall_clock(None);
        assert!(elsewhere <= Timestamp::now() && elsewhere > Timestamp::from_micros(7));
    }

    #[test]
    fn differences_are_signed_and_saturate_where_asked() {
        let (early, late) = (Timestamp::from_micros(1_000), Timestamp::from_micros(3_500));
        assert_eq!(late.micros_since(early), 2_500);
        assert_eq!(early.micros_since(late), -2_500);
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(early.offset(-2_000), Timestamp::from_micros(0));
    }
}

//! Rate limit for log lines: many clients, or one that reconnects repeatedly, must not fill the log.

use std::time::{Duration, Instant};

/// Lines a second about clients that come and go: what a person can still read.
pub(crate) const TRAFFIC: u32 = 20;

/// Lines a second about events that strangers can cause at will.
pub(crate) const FLOOD: u32 = 1;

/// The period of the limit.
const WINDOW: Duration = Duration::from_secs(1);

/// The state of the limit.
#[derive(Debug)]
pub(crate) struct LogThrottle {
    most: u32,
    begun: Option<Instant>,
    written: u32,
    left_out: u64,
}

impl LogThrottle {
    /// Allows `most` lines a second.
    pub(crate) const fn new(most: u32) -> Self {
        Self { most, begun: None, written: 0, left_out: 0 }
    }

    /// Returns how many lines were omitted before this one; `None` if this one is omitted too.
    pub(crate) fn line(&mut self, now: Instant) -> Option<u64> {
        if self.begun.is_none_or(|begun| now.saturating_duration_since(begun) >= WINDOW) {
            (self.begun, self.written) = (Some(now), 0);
        }
        if self.written == self.most {
            self.left_out += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_told_of_in_a_few_lines_and_counted() {
        let start = Instant::now();
        let mut throttle = LogThrottle::new(TRAFFIC);
        let told = (0..1_000).filter_map(|_| throttle.line(start)).collect::<Vec<_>>();
        assert_eq!(told, [0; 20]);
        assert_eq!(throttle.line(start + Duration::from_secs(1)), Some(980));
        assert_eq!(throttle.line(start + Duration::from_secs(60)), Some(0));
    }

    #[test]
    fn a_flood_is_told_of_once_a_second() {
        let (mut throttle, start) = (LogThrottle::new(FLOOD), Instant::now());
        assert_eq!(throttle.line(start), Some(0));
        for _ in 0..5 {
            assert_eq!(throttle.line(start + Duration::from_millis(900)), None);
        }
        assert_eq!(throttle.line(start + Duration::from_millis(1_100)), Some(5));
        assert_eq!(throttle.line(start + Duration::from_secs(9)), Some(0));
    }
}

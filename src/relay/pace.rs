//! How many lines are written of those who come and go, and of those who pass a limit: a crowd, or somebody who comes again and again,
//! must not fill the log.

use std::time::Instant;

use super::allowance::Allowance;

/// Lines a second of those who come and go, with two seconds' worth at once: what a person can still read.
pub(super) const TRAFFIC: f64 = 20.0;

/// The same of those who passed a limit: whoever wants to fill the log does it so.
pub(super) const BREACHES: f64 = 1.0;

/// Which lines are written.
#[derive(Debug)]
pub(super) struct Pace {
    lines: Allowance,
    left_out: u64,
}

impl Pace {
    pub(super) fn new(lines_per_s: f64, now: Instant) -> Self {
        Self { lines: Allowance::new(lines_per_s, now), left_out: 0 }
    }

    /// How many were left out before this line; `None` where it is left out too.
    pub(super) fn line(&mut self, now: Instant) -> Option<u64> {
        if self.lines.take(1.0, now) {
            return Some(std::mem::take(&mut self.left_out));
        }
        self.left_out += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_crowd_is_told_of_in_a_few_lines_and_counted() {
        let start = Instant::now();
        let mut pace = Pace::new(TRAFFIC, start);
        let told = (0..1_000).filter_map(|_| pace.line(start)).collect::<Vec<_>>();
        assert_eq!(told, [0; 40]);
        assert_eq!(pace.line(start + Duration::from_millis(100)), Some(960));
        assert_eq!(pace.line(start + Duration::from_secs(60)), Some(0));
    }
}

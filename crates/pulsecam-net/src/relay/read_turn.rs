//! Fairness: how long one client may keep the relay busy before others get their turn.
//!
//! One thread serves all clients. Messages that are already in memory are handled without waiting, so only
//! this ends the turn of a client that sends 20,000 at once.

/// The work of putting a message into a mailbox and writing it joined to others. This is the unit, 0.5 µs.
const MAILBOX: usize = 1;

/// The work of writing a message into a socket. It takes 6 µs: a system call, and waking the program that
/// reads it. Both figures were measured with 20,000 tiny messages to 50 viewers.
const WRITE: usize = 12;

/// The bytes that are copied into a socket in the time of one unit of work.
const COPIED: usize = 1 << 10;

/// The work of one turn, at most 4 ms. If two dozen clients send as fast as they can, a heartbeat waits for a
/// tenth of a second. It is enough to detect a client that exceeds the limits before it disconnects.
const TURN: usize = 8192;

/// The number of consecutive messages after which further ones are queued. The mailboxes' writers then join
/// them. A person who sends a few lines at once does not reach it.
const IN_A_ROW: u32 = 4;

/// The largest message that is queued in such a series: a larger one is not worth joining.
const SMALL: usize = 1 << 10;

/// One client's turn.
#[derive(Debug, Default)]
pub(super) struct ReadTurn {
    spent: usize,
    in_a_row: u32,
}

impl ReadTurn {
    /// Whether it has just begun, after the others had theirs.
    pub(super) const fn is_new(&self) -> bool {
        self.spent == 0
    }

    /// Whether a message of `bytes` belongs to a series of small ones.
    pub(super) const fn is_crowd(&self, bytes: usize) -> bool {
        self.in_a_row >= IN_A_ROW && bytes <= SMALL
    }

    /// Records that a message of `bytes` was forwarded to `others` clients. `more`: whether another one of
    /// this client is already in memory. Returns whether the turn is over.
    pub(super) const fn passed_on(&mut self, bytes: usize, others: usize, more: bool) -> bool {
        let each = if self.is_crowd(bytes) { MAILBOX } else { WRITE + bytes / COPIED };
        self.in_a_row = if more { self.in_a_row.saturating_add(1) } else { 0 };
        self.spent = self.spent.saturating_add(1 + others.saturating_mul(each));
        let over = self.spent >= TURN;
        if over {
            self.spent = 0;
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_as_long_whatever_it_is_made_of() {
        // A flood of tiny messages to fifty clients: the first few are written one by one, then they are
        // joined.
        let mut turn = ReadTurn::default();
        let mut turns = || (1..).find(|_| turn.passed_on(16, 50, true)).unwrap();
        assert_eq!([turns(), turns()], [118, 161]);
        // Frames of a stream to a thousand clients: one frame is more than a turn.
        let mut turn = ReadTurn::default();
        assert!(turn.passed_on(100_000, 1000, false) && turn.passed_on(100_000, 1000, false));
        // No other clients.
        let mut turn = ReadTurn::default();
        assert_eq!((1..).find(|_| turn.passed_on(16, 0, true)), Some(TURN));
    }

    #[test]
    fn a_crowd_is_many_small_ones_in_a_row() {
        let mut turn = ReadTurn::default();
        for _ in 0..100 {
            turn.passed_on(16, 1, false);
            assert!(!turn.is_crowd(16), "each arrived alone");
        }
        for number in 1..=6 {
            turn.passed_on(16, 1, true);
            assert_eq!(turn.is_crowd(16), number >= 4, "{number}");
        }
        assert!(!turn.is_crowd(10_000));
        turn.passed_on(16, 1, false);
        assert!(!turn.is_crowd(16), "the series has ended");
    }
}

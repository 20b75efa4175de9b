//! How long one client may keep the relay busy before the others get their turn.
//!
//! One thread serves all. Messages that are in memory already are handled without waiting for anything, so nothing but this ends the
//! turn of a client that sends twenty thousand at once.

/// Work of putting a message into one client's mailbox, and of writing it joined to others: the unit, half a microsecond.
const MAILBOX: usize = 1;

/// Work of writing a message into one client's socket: a system call, and a program that is woken by it. Six microseconds; both
/// figures are of twenty thousand tiny messages to fifty viewers.
const WRITE: usize = 12;

/// Bytes that are copied into a socket in the time of one unit of work.
const COPIED: usize = 1 << 10;

/// Work of one turn: four milliseconds at most, so that two dozen who send as fast as they can leave a heartbeat waiting for a tenth of
/// a second. It is enough to find who goes beyond the limits before it is gone again.
const TURN: usize = 8192;

/// Messages that came one directly behind the other before those that follow go into the mailboxes, where their writers join them. A
/// person who sends a few lines at once does not get there.
const IN_A_ROW: u32 = 4;

/// Bytes of a message that is put into a mailbox in a crowd: what is larger is not worth joining.
const SMALL: usize = 1 << 10;

/// One client's turn.
#[derive(Debug, Default)]
pub(super) struct Turn {
    spent: usize,
    in_a_row: u32,
}

impl Turn {
    /// Whether it has just begun: the others had theirs.
    pub(super) const fn is_new(&self) -> bool {
        self.spent == 0
    }

    /// Whether a message of so many bytes is one of a crowd of small ones.
    pub(super) const fn is_crowd(&self, bytes: usize) -> bool {
        self.in_a_row >= IN_A_ROW && bytes <= SMALL
    }

    /// A message of so many bytes was passed on to `others`; whether more of this client is in memory already. The answer: whether the
    /// turn is over.
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
        // Tiny messages to fifty, as a flood: the first few are written one by one, then they are joined.
        let mut turn = Turn::default();
        let mut turns = || (1..).find(|_| turn.passed_on(16, 50, true)).unwrap();
        assert_eq!([turns(), turns()], [118, 161]);
        // Frames of a stream to a thousand: one is more than a turn.
        let mut turn = Turn::default();
        assert!(turn.passed_on(100_000, 1000, false) && turn.passed_on(100_000, 1000, false));
        // Nobody else is here.
        let mut turn = Turn::default();
        assert_eq!((1..).find(|_| turn.passed_on(16, 0, true)), Some(TURN));
    }

    #[test]
    fn a_crowd_is_many_small_ones_in_a_row() {
        let mut turn = Turn::default();
        for _ in 0..100 {
            turn.passed_on(16, 1, false);
            assert!(!turn.is_crowd(16), "each came alone");
        }
        for number in 1..=6 {
            turn.passed_on(16, 1, true);
            assert_eq!(turn.is_crowd(16), number >= 4, "{number}");
        }
        assert!(!turn.is_crowd(10_000));
        turn.passed_on(16, 1, false);
        assert!(!turn.is_crowd(16), "that was the last of them");
    }
}

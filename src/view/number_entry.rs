//! Digits that are typed one after another, as the number of a stream.

use std::time::{Duration, Instant};

/// How long a digit waits for the next one: two quick strokes are one number.
const NEXT_DIGIT: Duration = Duration::from_millis(1_200);

/// The digits typed so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NumberEntry {
    typed: Option<(u64, Instant)>,
}

/// What the digits ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// All streams.
    All,
    /// The stream with this number.
    Stream(u64),
}

impl NumberEntry {
    /// Takes a digit. A number that exists is chosen at once; if it is the beginning of another, the next digit may
    /// still choose that.
    pub(crate) fn digit(
        &mut self,
        digit: u64,
        numbers: &(impl Iterator<Item = u64> + Clone),
        now: Instant,
    ) -> Option<Typed> {
        let begins = |begin: u64| numbers.clone().any(|number| is_beginning(begin, number));
        let exists = |wanted: u64| numbers.clone().any(|number| number == wanted);
        let before = self.typed.take().filter(|(_, at)| now.saturating_duration_since(*at) <= NEXT_DIGIT);
        let longer = before.and_then(|(typed, _)| typed.checked_mul(10)?.checked_add(digit));
        let typed = longer.filter(|&longer| exists(longer) || begins(longer)).unwrap_or(digit);
        if typed == 0 {
            return Some(Typed::All);
        }
        self.typed = begins(typed).then_some((typed, now));
        exists(typed).then_some(Typed::Stream(typed))
    }
}

/// Whether the digits of `number` begin with those of `begin`, and continue.
fn is_beginning(begin: u64, number: u64) -> bool {
    std::iter::successors(Some(number / 10), |rest| Some(rest / 10))
        .take_while(|rest| *rest > 0)
        .any(|rest| rest == begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(digits: &[u64], numbers: &[u64]) -> Vec<Option<Typed>> {
        let (mut entry, now) = (NumberEntry::default(), Instant::now());
        digits.iter().map(|&digit| entry.digit(digit, &numbers.iter().copied(), now)).collect()
    }

    #[test]
    fn a_number_is_chosen_at_once_and_a_longer_one_by_its_next_digit() {
        let stream = |number| Some(Typed::Stream(number));
        assert_eq!(typed(&[2, 3], &[1, 2, 3]), [stream(2), stream(3)]);
        assert_eq!(typed(&[1, 2], &[1, 2, 12]), [stream(1), stream(12)]);
        assert_eq!(typed(&[1, 1], &[1, 2, 12]), [stream(1), stream(1)], "there is no 11");
        assert_eq!(typed(&[1, 0, 0], &[1, 10]), [stream(1), stream(10), Some(Typed::All)]);
        assert_eq!(typed(&[4, 0, 7], &[407]), [None, None, stream(407)]);
        assert_eq!(typed(&[9, 0], &[1]), [None, Some(Typed::All)]);
    }

    #[test]
    fn a_digit_after_a_pause_begins_a_number() {
        let (mut entry, now) = (NumberEntry::default(), Instant::now());
        let numbers = [1, 2, 12].into_iter();
        entry.digit(1, &numbers, now);
        let later = now + NEXT_DIGIT + Duration::from_millis(1);
        assert_eq!(entry.digit(2, &numbers, later), Some(Typed::Stream(2)));
    }

    #[test]
    fn numbers_without_end_do_not_overflow() {
        assert_eq!(typed(&[9; 30], &[u64::MAX]).last(), Some(&None));
    }
}

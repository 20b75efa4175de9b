//! Recognises datagrams that came before.

/// The datagrams below the highest one that may still come: the network may deliver them in another order. A relay
/// sends some 20 a second to each other one.
const WIDTH: u64 = u128::BITS as u64;

/// The counts of the datagrams that came from one sender, which counts them from 1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReplayWindow {
    highest: u64,
    /// Bit `n` is that of `highest - n`.
    came: u128,
}

impl ReplayWindow {
    /// Records a count; returns whether it is new. One that is too old to tell is not.
    pub(super) fn accepts(&mut self, count: u64) -> bool {
        if count == 0 {
            return false;
        }
        if count > self.highest {
            let by = u32::try_from(count - self.highest).unwrap_or(u32::MAX);
            self.came = self.came.checked_shl(by).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let below = self.highest - count;
        if below >= WIDTH {
            return false;
        }
        let bit = 1 << below;
        let is_new = self.came & bit == 0;
        self.came |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_count_is_accepted_once_in_any_order() {
        let mut window = ReplayWindow::default();
        let order = [(0, false), (1, true), (1, false), (3, true), (2, true), (3, false), (2, false)];
        for (count, is_new) in order {
            assert_eq!(window.accepts(count), is_new, "{count}");
        }
        assert!(window.accepts(3 + WIDTH));
        assert!(!window.accepts(3), "too old to tell");
        assert!(window.accepts(4) && !window.accepts(4), "just not too old");
        assert!(window.accepts(u64::MAX) && !window.accepts(3 + WIDTH) && window.accepts(u64::MAX - 1));
    }

    proptest! {
        #[test]
        fn nothing_is_accepted_twice_and_nothing_new_and_recent_is_refused(
            counts in proptest::collection::vec(1_u64..400, 0..400)
        ) {
            let (mut window, mut came) = (ReplayWindow::default(), BTreeSet::new());
            for count in counts {
                let highest = came.last().copied().unwrap_or(0);
                let accepted = window.accepts(count);
                prop_assert!(!accepted || !came.contains(&count));
                prop_assert!(accepted || came.contains(&count) || highest - count >= WIDTH);
                came.insert(count);
            }
        }
    }
}

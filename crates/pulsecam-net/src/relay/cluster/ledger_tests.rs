//! Tests of the ledger, alone and together with the other end.

use proptest::prelude::*;

use super::*;
use crate::relay::cluster::{Arrival, Arrivals, RelayId};

const A: RelayId = RelayId::from_bits(1);

fn send<T: Copy>(ledger: &mut Ledger<T>) -> Option<(u64, T)> {
    let (number, item) = ledger.next()?;
    let sent = (number, *item);
    ledger.started();
    Some(sent)
}

#[test]
fn what_is_not_confirmed_is_sent_again_in_order() {
    let mut ledger = Ledger::new(1 << 20);
    assert_eq!(["a", "b", "c"].map(|text| ledger.add(text, 1)), [Ok(1), Ok(2), Ok(3)]);
    assert_eq!([(); 4].map(|()| send(&mut ledger)), [Some((1, "a")), Some((2, "b")), Some((3, "c")), None]);
    ledger.confirmed(1);
    ledger.reconnected();
    assert!(!ledger.is_unconfirmed());
    assert_eq!(ledger.add("d", 1), Ok(4));
    assert_eq!([(); 3].map(|()| send(&mut ledger)), [Some((2, "b")), Some((3, "c")), Some((4, "d"))]);
    ledger.confirmed(4);
    assert!(ledger.is_empty() && !ledger.is_unconfirmed());
    assert_eq!(ledger.bytes, 0);
}

#[test]
fn nothing_is_confirmed_that_was_not_sent() {
    let mut ledger = Ledger::new(1 << 20);
    let _ = [1, 2, 3].map(|item| ledger.add(item, 1));
    ledger.confirmed(3);
    assert_eq!(ledger.len(), 3);
    send(&mut ledger);
    ledger.confirmed(u64::MAX);
    assert_eq!(ledger.len(), 2);
    ledger.confirmed(0);
    assert_eq!(send(&mut ledger), Some((2, 2)));
}

#[test]
fn the_window_limits_what_is_sent_twice_and_lets_a_large_message_through() {
    let mut ledger = Ledger::new(usize::MAX);
    for size in [WINDOW_BYTES / 2, WINDOW_BYTES / 3, WINDOW_BYTES / 2, 5 * WINDOW_BYTES, 1] {
        ledger.add((), size).unwrap();
    }
    let mut upto = || {
        while send(&mut ledger).is_some() {}
        let sent = ledger.first + ledger.under_way as u64 - 1;
        ledger.confirmed(sent);
        sent
    };
    assert_eq!([(); 4].map(|()| upto()), [2, 3, 4, 5]);
    (0..2 * WINDOW).for_each(|_| _ = ledger.add((), 1).unwrap());
    let sent = std::iter::from_fn(|| send(&mut ledger)).count();
    assert!(sent > 1000 && sent <= WINDOW, "{sent}");
}

#[test]
fn the_newest_is_refused_if_too_much_waits() {
    let mut ledger = Ledger::new(2 * (ITEM_COST + 10));
    assert_eq!(
        [10, 10, 0].map(|bytes| ledger.add((), bytes)),
        [Ok(1), Ok(2), Err(LedgerFull { budget: 2 * (ITEM_COST + 10) })]
    );
    assert_eq!(ledger.refused(), 1);
    send(&mut ledger);
    ledger.confirmed(1);
    assert_eq!(ledger.add((), 10), Ok(3), "the number of the refused one is given to the next");
    assert_eq!(ledger.add((), usize::MAX).map_err(|full| full.budget), Err(ledger.budget));
}

/// Something that happens on a link.
#[derive(Clone, Debug)]
enum Happening {
    /// A client says something.
    Said(usize),
    /// The socket takes a message.
    Written,
    /// The other relay reads one.
    Read,
    /// It confirms what it has read.
    Confirms,
    /// A confirmation is read.
    Confirmed,
    /// The connection breaks, with all that is on it, and there is a new one.
    Cut,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => prop_oneof![1_usize..300, Just(WINDOW_BYTES / 3)].prop_map(Happening::Said),
        6 => Just(Happening::Written),
        5 => Just(Happening::Read),
        2 => Just(Happening::Confirms),
        2 => Just(Happening::Confirmed),
        1 => Just(Happening::Cut),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// Whenever a link is cut, all that was accepted comes once and in order, and nothing is missing.
    #[test]
    fn each_text_comes_once_and_in_order_across_cuts(happenings in proptest::collection::vec(happening(), 0..200)) {
        let (mut ledger, mut arrivals) = (Ledger::new(4 * WINDOW_BYTES), Arrivals::default());
        let (mut there, mut back) = (VecDeque::new(), VecDeque::new());
        let (mut said, mut heard) = (Vec::new(), Vec::new());
        let mut hear = |(number, text), arrivals: &mut Arrivals| match arrivals.take(A, number) {
            Arrival::Next => {
                heard.push(text);
                Ok(())
            }
            Arrival::Repeated => Ok(()),
            Arrival::After { .. } => Err(TestCaseError::fail("a gap")),
        };
        for (text, happening) in happenings.into_iter().enumerate() {
            match happening {
                Happening::Said(bytes) => {
                    if ledger.add(text, bytes).is_ok() {
                        said.push(text);
                    }
                }
                Happening::Written => there.extend(send(&mut ledger)),
                Happening::Read => {
                    if let Some(message) = there.pop_front() {
                        hear(message, &mut arrivals)?;
                    }
                }
                Happening::Confirms => back.push_back(arrivals.upto(A)),
                Happening::Confirmed => {
                    if let Some(number) = back.pop_front() {
                        ledger.confirmed(number);
                    }
                }
                Happening::Cut => {
                    there.clear();
                    back.clear();
                    ledger.reconnected();
                }
            }
        }
        // The network is well from now on.
        while !ledger.is_empty() {
            there.extend(std::iter::from_fn(|| send(&mut ledger)));
            for message in there.drain(..) {
                hear(message, &mut arrivals)?;
            }
            ledger.confirmed(arrivals.upto(A));
        }
        prop_assert_eq!(heard, said);
        prop_assert_eq!((ledger.bytes, ledger.under_way_bytes), (0, 0));
    }
}

//! Tests of the lanes.

use super::*;

fn drain(lanes: &mut ConflatingQueue<u8, &'static str>) -> Vec<&'static str> {
    std::iter::from_fn(|| lanes.pop()).map(|taken| taken.item).collect()
}

#[test]
fn urgent_goes_before_ordered_before_fresh() {
    let mut lanes = ConflatingQueue::new(100);
    lanes.push_latest(1, "frame");
    lanes.push_ordered(10, "first").unwrap();
    lanes.push_ordered(10, "second").unwrap();
    lanes.push_urgent("stale answer");
    lanes.push_urgent("answer");
    assert_eq!(drain(&mut lanes), ["answer", "first", "second", "frame"]);
    assert!(lanes.is_empty());
}

#[test]
fn the_newest_frame_of_each_sender_wins_and_keeps_its_turn() {
    let mut lanes = ConflatingQueue::new(0);
    assert!(!lanes.push_latest(1, "a1"));
    assert!(!lanes.push_latest(2, "b1"));
    assert!(lanes.push_latest(1, "a2"));
    assert!(lanes.push_latest(1, "a3"));
    assert_eq!(lanes.replaced(), 2);
    assert_eq!(drain(&mut lanes), ["a3", "b1"]);
}

#[test]
fn ordered_items_are_refused_past_the_budget_and_taken_again_below_it() {
    let mut lanes = ConflatingQueue::<u8, _>::new(100);
    lanes.push_ordered(60, "a").unwrap();
    assert_eq!(lanes.push_ordered(41, "b"), Err(Full { waiting: 60, refused: 41, budget: 100 }));
    lanes.push_ordered(40, "c").unwrap();
    assert_eq!(lanes.ordered_bytes(), 100);
    lanes.pop();
    lanes.push_ordered(60, "d").unwrap();
    assert_eq!(drain(&mut lanes), ["c", "d"]);
    assert_eq!(lanes.ordered_bytes(), 0);
    lanes.push_ordered(101, "larger than the budget, and alone").unwrap();
    assert!(lanes.push_ordered(usize::MAX, "e").is_err());
}

#[test]
fn what_could_not_be_started_goes_first_unless_something_newer_came() {
    let mut lanes = ConflatingQueue::new(100);
    lanes.push_latest(1, "old");
    let taken = lanes.pop().unwrap();
    lanes.push_latest(2, "other");
    lanes.requeue(taken.clone());
    assert_eq!(lanes.pop().unwrap().item, "old");
    lanes.push_latest(1, "new");
    lanes.requeue(taken);
    assert_eq!(lanes.replaced(), 1);
    assert_eq!(drain(&mut lanes), ["new", "other"]);

    lanes.push_ordered(5, "one").unwrap();
    lanes.push_ordered(5, "two").unwrap();
    let one = lanes.pop().unwrap();
    lanes.requeue(one);
    assert_eq!(lanes.ordered_bytes(), 10);
    assert_eq!(drain(&mut lanes), ["one", "two"]);

    lanes.push_urgent("1");
    let answer = lanes.pop().unwrap();
    lanes.push_urgent("2");
    lanes.requeue(answer);
    assert_eq!(drain(&mut lanes), ["2"]);
}

#[test]
fn a_held_lane_lets_the_others_pass() {
    let mut lanes = ConflatingQueue::new(100);
    lanes.push_ordered(5, "text").unwrap();
    lanes.hold_ordered(true);
    assert!(!lanes.has_next() && !lanes.is_empty());
    lanes.push_latest(1, "frame");
    lanes.push_urgent("answer");
    assert_eq!(drain(&mut lanes), ["answer", "frame"]);
    lanes.hold_ordered(false);
    assert!(lanes.has_next());
    assert_eq!(drain(&mut lanes), ["text"]);
}

#[test]
fn frames_that_wait_have_a_budget_of_bytes_and_the_oldest_give_way() {
    let mut lanes = ConflatingQueue::<u8, &str>::new(0).with_latest_budget(10, |item| item.len());
    assert!(!lanes.push_latest(1, "aaaa"));
    assert!(!lanes.push_latest(2, "bbbb"));
    assert!(lanes.push_latest(3, "cccc"), "the first was dropped");
    assert_eq!((lanes.latest_bytes(), lanes.replaced()), (8, 1));
    // One that grows keeps its turn, and others are dropped for it.
    assert!(lanes.push_latest(2, "bbbbbbb"));
    assert_eq!((lanes.latest_bytes(), lanes.replaced()), (7, 3));
    assert!(lanes.push_latest(4, "larger than the budget, and alone"));
    let taken = lanes.pop().unwrap();
    assert_eq!((taken.item, lanes.latest_bytes()), ("larger than the budget, and alone", 0));
    lanes.push_latest(5, "eeee");
    lanes.requeue(taken);
    assert_eq!(drain(&mut lanes), ["larger than the budget, and alone"]);
    assert_eq!((lanes.latest_bytes(), lanes.replaced()), (0, 5));
    lanes.push_latest(6, "ff");
    lanes.clear_latest();
    assert_eq!(lanes.latest_bytes(), 0);
}

#[test]
fn small_ordered_items_are_taken_together_and_nothing_passes_another() {
    let mut lanes = ConflatingQueue::<u8, _>::new(100);
    lanes.push_ordered(5, "small").unwrap();
    lanes.push_ordered(50, "large").unwrap();
    lanes.push_latest(1, "frame");
    assert_eq!(lanes.pop_ordered(10).unwrap().item, "small");
    assert_eq!(lanes.pop_ordered(10), None);
    lanes.push_urgent("answer");
    assert_eq!(lanes.pop_ordered(100), None, "urgent items go first");
    assert_eq!(drain(&mut lanes), ["answer", "large", "frame"]);
}

#[test]
fn a_flood_that_is_over_leaves_no_memory_behind() {
    let mut lanes = ConflatingQueue::<u8, u64>::new(usize::MAX);
    (0..100_000).for_each(|number| lanes.push_ordered(1, number).unwrap());
    while lanes.pop().is_some() {}
    assert!(lanes.ordered.capacity() <= 2 * KEPT_PLACES, "{}", lanes.ordered.capacity());
}

#[test]
fn invented_names_cannot_fill_memory() {
    let mut lanes = ConflatingQueue::new(0);
    for name in 0..MAX_KEYS * 3 {
        lanes.push_latest(name, name);
    }
    assert_eq!(lanes.replaced(), 2 * MAX_KEYS as u64);
    assert_eq!(lanes.pop().unwrap().item, 2 * MAX_KEYS, "the newest are kept");
    assert_eq!(std::iter::from_fn(|| lanes.pop()).count(), MAX_KEYS - 1);
}

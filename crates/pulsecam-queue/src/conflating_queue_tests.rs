//! Tests of the queue.

use super::*;

fn drain(queue: &mut ConflatingQueue<u8, &'static str>) -> Vec<&'static str> {
    std::iter::from_fn(|| queue.pop()).map(|taken| taken.item).collect()
}

#[test]
fn urgent_goes_before_ordered_before_latest() {
    let mut queue = ConflatingQueue::new(100);
    queue.push_latest(1, "frame");
    queue.push_ordered(10, "first").unwrap();
    queue.push_ordered(10, "second").unwrap();
    queue.push_urgent("stale answer");
    queue.push_urgent("answer");
    assert_eq!(drain(&mut queue), ["answer", "first", "second", "frame"]);
    assert!(queue.is_empty());
}

#[test]
fn the_newest_frame_of_each_sender_wins_and_keeps_its_turn() {
    let mut queue = ConflatingQueue::new(0);
    assert!(!queue.push_latest(1, "a1"));
    assert!(!queue.push_latest(2, "b1"));
    assert!(queue.push_latest(1, "a2"));
    assert!(queue.push_latest(1, "a3"));
    assert_eq!(queue.replaced(), 2);
    assert_eq!(drain(&mut queue), ["a3", "b1"]);
}

#[test]
fn ordered_items_are_refused_past_the_budget_and_taken_again_below_it() {
    let mut queue = ConflatingQueue::<u8, _>::new(100);
    queue.push_ordered(60, "a").unwrap();
    assert_eq!(queue.push_ordered(41, "b"), Err(Full { waiting: 60, refused: 41, budget: 100 }));
    queue.push_ordered(40, "c").unwrap();
    assert_eq!(queue.ordered_bytes(), 100);
    queue.pop();
    queue.push_ordered(60, "d").unwrap();
    assert_eq!(drain(&mut queue), ["c", "d"]);
    assert_eq!(queue.ordered_bytes(), 0);
    queue.push_ordered(101, "larger than the budget, and alone").unwrap();
    assert!(queue.push_ordered(usize::MAX, "e").is_err());
}

#[test]
fn what_could_not_be_started_goes_first_unless_something_newer_came() {
    let mut queue = ConflatingQueue::new(100);
    queue.push_latest(1, "old");
    let taken = queue.pop().unwrap();
    queue.push_latest(2, "other");
    queue.requeue(taken.clone());
    assert_eq!(queue.pop().unwrap().item, "old");
    queue.push_latest(1, "new");
    queue.requeue(taken);
    assert_eq!(queue.replaced(), 1);
    assert_eq!(drain(&mut queue), ["new", "other"]);

    queue.push_ordered(5, "one").unwrap();
    queue.push_ordered(5, "two").unwrap();
    let one = queue.pop().unwrap();
    queue.requeue(one);
    assert_eq!(queue.ordered_bytes(), 10);
    assert_eq!(drain(&mut queue), ["one", "two"]);

    queue.push_urgent("1");
    let answer = queue.pop().unwrap();
    queue.push_urgent("2");
    queue.requeue(answer);
    assert_eq!(drain(&mut queue), ["2"]);
}

#[test]
fn a_held_lane_lets_the_others_pass() {
    let mut queue = ConflatingQueue::new(100);
    queue.push_ordered(5, "text").unwrap();
    queue.hold_ordered(true);
    assert!(!queue.has_next() && !queue.is_empty());
    queue.push_latest(1, "frame");
    queue.push_urgent("answer");
    assert_eq!(drain(&mut queue), ["answer", "frame"]);
    queue.hold_ordered(false);
    assert!(queue.has_next());
    assert_eq!(drain(&mut queue), ["text"]);
}

#[test]
fn frames_that_wait_have_a_budget_of_bytes_and_the_oldest_give_way() {
    let mut queue = ConflatingQueue::<u8, &str>::new(0).with_latest_budget(10, |item| item.len());
    assert!(!queue.push_latest(1, "aaaa"));
    assert!(!queue.push_latest(2, "bbbb"));
    assert!(queue.push_latest(3, "cccc"), "the first was dropped");
    assert_eq!((queue.latest_bytes(), queue.replaced()), (8, 1));
    // One that grows keeps its turn, and others are dropped for it.
    assert!(queue.push_latest(2, "bbbbbbb"));
    assert_eq!((queue.latest_bytes(), queue.replaced()), (7, 3));
    assert!(queue.push_latest(4, "larger than the budget, and alone"));
    let taken = queue.pop().unwrap();
    assert_eq!((taken.item, queue.latest_bytes()), ("larger than the budget, and alone", 0));
    queue.push_latest(5, "eeee");
    queue.requeue(taken);
    assert_eq!(drain(&mut queue), ["larger than the budget, and alone"]);
    assert_eq!((queue.latest_bytes(), queue.replaced()), (0, 5));
    queue.push_latest(6, "ff");
    queue.clear_latest();
    assert_eq!(queue.latest_bytes(), 0);
}

#[test]
fn small_ordered_items_are_taken_together_and_nothing_passes_another() {
    let mut queue = ConflatingQueue::<u8, _>::new(100);
    queue.push_ordered(5, "small").unwrap();
    queue.push_ordered(50, "large").unwrap();
    queue.push_latest(1, "frame");
    assert_eq!(queue.pop_ordered(10).unwrap().item, "small");
    assert_eq!(queue.pop_ordered(10), None);
    queue.push_urgent("answer");
    assert_eq!(queue.pop_ordered(100), None, "urgent items go first");
    assert_eq!(drain(&mut queue), ["answer", "large", "frame"]);
}

#[test]
fn a_flood_that_is_over_leaves_no_memory_behind() {
    let mut queue = ConflatingQueue::<u8, u64>::new(usize::MAX);
    (0..100_000).for_each(|number| queue.push_ordered(1, number).unwrap());
    while queue.pop().is_some() {}
    assert!(queue.ordered.capacity() <= 2 * KEPT_PLACES, "{}", queue.ordered.capacity());
}

#[test]
fn invented_names_cannot_fill_memory() {
    let mut queue = ConflatingQueue::new(0);
    for name in 0..MAX_KEYS * 3 {
        queue.push_latest(name, name);
    }
    assert_eq!(queue.replaced(), 2 * MAX_KEYS as u64);
    assert_eq!(queue.pop().unwrap().item, 2 * MAX_KEYS, "the newest are kept");
    assert_eq!(std::iter::from_fn(|| queue.pop()).count(), MAX_KEYS - 1);
}

use std::thread;

use super::*;

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_thread_is_woken_by_each_lane_and_by_the_end() {
    let (sender, mut receiver) = channel::<u8, &str>(100);
    let taker = thread::spawn(move || {
        let mut items = Vec::new();
        while let Ok(Some(taken)) = receiver.recv_timeout(LONG) {
            items.push(taken.item);
        }
        items
    });
    sender.send_latest(0, "frame").unwrap();
    while !sender.0.lock().queue.is_empty() {
        thread::yield_now();
    }
    sender.clone().send_ordered(5, "text").unwrap();
    drop(sender);
    assert_eq!(taker.join().unwrap(), ["frame", "text"]);
}

#[tokio::test]
async fn a_task_is_woken_and_loses_nothing_when_cancelled() {
    let (sender, mut receiver) = channel::<u8, u32>(100);
    let cancelled = tokio::time::timeout(Duration::from_millis(1), receiver.recv()).await;
    assert!(cancelled.is_err());
    let give = tokio::spawn(async move {
        for number in 0..100 {
            sender.send_ordered(1, number).unwrap();
            tokio::task::yield_now().await;
        }
    });
    receiver.ready().await;
    let mut seen = Vec::new();
    while let Some(taken) = receiver.recv().await {
        seen.push(taken.item);
    }
    give.await.unwrap();
    assert_eq!(seen, (0..100).collect::<Vec<_>>());
    assert_eq!(receiver.try_recv(), Err(Closed));
}

#[test]
fn a_source_learns_that_nobody_takes() {
    let (sender, receiver) = channel::<u8, u8>(0);
    assert_eq!(sender.send_latest(0, 1), Ok(false));
    assert_eq!(sender.send_latest(0, 2), Ok(true));
    assert_eq!((sender.replaced(), receiver.replaced()), (1, 1));
    drop(receiver);
    assert_eq!(sender.send_latest(0, 3), Err(Closed));
}

/// A sender may live as long as the program.
#[test]
fn what_waits_is_let_go_of_with_the_receiver() {
    let item = Arc::new(());
    let (sender, receiver) = channel::<u8, Arc<()>>(100);
    sender.send_urgent(Arc::clone(&item));
    sender.send_ordered(1, Arc::clone(&item)).unwrap();
    sender.send_latest(0, Arc::clone(&item)).unwrap();
    drop(receiver);
    assert_eq!(Arc::strong_count(&item), 1);
    sender.send_urgent(Arc::clone(&item));
    sender.send_ordered(1, Arc::clone(&item)).unwrap();
    assert_eq!(Arc::strong_count(&item), 1, "later items are not kept either");
    assert!(sender.is_empty());
}

#[tokio::test]
async fn a_lane_that_is_held_does_not_hide_that_all_senders_are_gone() {
    let (sender, mut receiver) = channel::<u8, u8>(100);
    sender.send_ordered(1, 1).unwrap();
    sender.hold_ordered(true);
    drop(sender);
    tokio::time::timeout(LONG, receiver.ready()).await.expect("ready() must not wait");
    assert_eq!(receiver.try_recv(), Err(Closed));
    assert_eq!(receiver.recv().await, None);
}

#[test]
fn waiting_ends_at_the_timeout() {
    let (_sender, mut receiver) = channel::<u8, u8>(0);
    assert_eq!(receiver.recv_timeout(Duration::from_millis(1)), Ok(None));
}

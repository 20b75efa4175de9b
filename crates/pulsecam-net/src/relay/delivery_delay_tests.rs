use super::*;

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_report_tells_how_late_a_frame_came() {
    let start = Instant::now();
    let mut delivery = DeliveryDelay::default();
    for frame in 0..4 {
        delivery.forwarded(7 + u64::from(frame % 2), start + frame * 10 * MS);
    }
    assert_eq!(delivery.lateness(7, start), None);
    assert_eq!(delivery.reported(3, start + 120 * MS, None), Some((7, start + 20 * MS)));
    assert_eq!(delivery.reported(3, start + 125 * MS, None), None, "told before");
    let lateness = delivery.lateness(7, start + 130 * MS).unwrap();
    assert_eq!((lateness.late, lateness.given), (100 * MS, 0));
    assert_eq!(delivery.lateness(8, start + 130 * MS), None, "its frame was not the last to arrive");
    delivery.forwarded(7, start + 200 * MS);
    delivery.written(start + 201 * MS);
    assert_eq!(delivery.lateness(7, start + 300 * MS).unwrap().late, 100 * MS, "the viewer's own report");
    assert_eq!(delivery.lateness(7, start + 1300 * MS).unwrap().late, 1100 * MS, "overdue");
}

#[test]
fn one_stopped_viewer_of_three_is_not_the_median() {
    let start = Instant::now();
    let mut viewers = [DeliveryDelay::default(), DeliveryDelay::default(), DeliveryDelay::default()];
    for frame in 0..9 {
        let came = start + frame * 100 * MS;
        for (index, viewer) in viewers.iter_mut().enumerate() {
            viewer.forwarded(7, came);
            viewer.forwarded(8, came + MS);
            if index > 0 {
                // The newest frame is always that of 8.
                viewer.reported(u64::from(frame + 1) * 2, came + 3 * MS, None);
            }
        }
    }
    let now = start + 5_000 * MS;
    let median =
        |sender| lower_median(viewers.iter().filter_map(|viewer| viewer.known_lateness(sender, now)));
    assert_eq!(viewers[0].known_lateness(7, now), Some(5_000 * MS), "it got nothing");
    assert_eq!((median(7), median(8)), (Some(2 * MS), Some(2 * MS)));
    assert_eq!(median(9), None, "a stream that nobody was sent");
}

#[test]
fn a_viewer_that_does_not_report_has_what_is_written() {
    let start = Instant::now();
    let mut delivery = DeliveryDelay::default();
    delivery.forwarded(7, start);
    delivery.written(start + 40 * MS);
    let (late, queued) = (40 * MS, Duration::ZERO);
    let lateness = delivery.lateness(7, start + 50 * MS);
    assert_eq!(lateness, Some(Lateness { late, queued, given: 1, replaced: 0 }));
    delivery.reported(u64::MAX, start, Some(i64::MIN)); // an impossible count
    delivery.reported(0, start, Some(i64::MAX));
    assert!(delivery.lateness(7, start + 50 * MS).is_some());
}

#[test]
fn nobody_can_fill_memory() {
    let mut delivery = DeliveryDelay::default();
    for sender in 0..1000 {
        delivery.forwarded(sender, Instant::now());
    }
    assert_eq!(delivery.under_way.len(), MAX_UNDER_WAY);
    assert_eq!(delivery.senders.len(), MAX_SENDERS);
}

#[test]
fn a_far_viewer_waits_in_no_queue() {
    let start = Instant::now();
    let mut delivery = DeliveryDelay::default();
    for frame in 0..100 {
        delivery.forwarded(7, start + frame * 33 * MS);
    }
    // 800 ms each way.
    for frame in 37..60 {
        let then = start + (frame * 33 + 1600) * MS;
        delivery.reported(u64::from(frame) + 1, then, None);
        let lateness = delivery.lateness(7, then).unwrap();
        assert_eq!((lateness.late, lateness.queued), (1600 * MS, Duration::ZERO));
    }
    let silent = delivery.lateness(7, start + 20_000 * MS).unwrap();
    assert!(silent.queued > 10_000 * MS, "{silent:?}");
}

#[test]
fn a_viewers_busy_way_back_is_no_queue_on_the_way_there() {
    let start = Instant::now();
    let mut delivery = DeliveryDelay::default();
    for frame in 0..40_u32 {
        let arrived = start + frame * 100 * MS;
        delivery.forwarded(7, arrived);
        let back = if frame < 4 { 20 * MS } else { 420 * MS };
        let clock = 5_000_000 + i64::from(frame) * 100_000 + 20_000;
        delivery.reported(u64::from(frame) + 1, arrived + 20 * MS + back, Some(clock));
        let lateness = delivery.lateness(7, arrived + 20 * MS + back).unwrap();
        assert_eq!((lateness.late, lateness.queued), (20 * MS + back, Duration::ZERO));
    }
}

#[test]
fn a_fast_link_counts_as_no_limit() {
    assert_eq!(median_rate(vec![]), None);
    assert_eq!(median_rate(vec![Some(5)]), Some(5));
    assert_eq!(median_rate(vec![Some(5), Some(7)]), Some(7));
    assert_eq!(median_rate(vec![Some(5), None]), None);
    assert_eq!(median_rate(vec![Some(5), None, Some(7)]), Some(7));
}

#[test]
fn the_median_counts_and_of_two_the_better() {
    let one = |late, given, replaced| Lateness { late: late * MS, queued: late * MS / 2, given, replaced };
    let median = |all: &[Lateness]| median(all).map(|Median { late, queued, lost }| (late, queued, lost));
    assert_eq!(median(&[]), None);
    assert_eq!(median(&[one(500, 2, 8)]), Some((500 * MS, 250 * MS, 80)));
    assert_eq!(median(&[one(500, 2, 8), one(6, 10, 0)]), Some((6 * MS, 3 * MS, 0)));
    assert_eq!(median(&[one(500, 2, 8), one(6, 10, 0), one(50, 5, 5)]), Some((50 * MS, 25 * MS, 50)));
    assert_eq!(median(&[one(6, 0, 0)]), Some((6 * MS, 3 * MS, 0)));
    assert!(median(&[one(6, 42_949_673, u64::MAX)]).is_some(), "no count overflows");
}

//! Tests of the controller on simulated paths.

use super::*;
use crate::pipeline::simulated_path::{AMPLE, Hop, MS, Path, far};

#[test]
fn distance_changes_nothing() {
    for round_trip in [0, 55, 110, 210, 300, 600, 1600] {
        let mut path = Path::new();
        let seen = path.run(60, far(round_trip), far(round_trip));
        assert_eq!(seen.settings.len(), 1, "{round_trip}: {:?}", seen.settings);
    }
}

#[test]
fn a_hiccup_is_forgotten_soon() {
    for round_trip in [0, 110, 300] {
        for hop in 0..2 {
            let mut path = Path::new();
            let well = far(round_trip);
            let stuck = Hop { bytes_per_ms: 0.0, ..well };
            path.run(10, well, well);
            if hop == 0 {
                path.run(1, stuck, well)
            } else {
                path.run(1, well, stuck)
            };
            path.run(15, well, well);
            assert!(path.control.is_full(), "{round_trip} {hop}: {:?}", path.control.setting());
        }
    }
}

#[test]
fn a_slow_link_is_filled_without_a_queue_and_without_flicker() {
    for bytes_per_ms in [3_000.0, 1_500.0, 700.0, 300.0] {
        for round_trip in [0, 40, 150] {
            for hop in 0..2 {
                let slow = Hop { bytes_per_ms, one_way_ms: round_trip / 2 };
                let (up, down) = if hop == 0 { (slow, AMPLE) } else { (AMPLE, slow) };
                let mut path = Path::new();
                path.run(20, up, down);
                let seen = path.run(120, up, down);
                let used = seen.bytes / seen.time as f64 / bytes_per_ms;
                let frame_ms = seen.mean_frame() / bytes_per_ms;
                let allowed = slow.one_way_ms as f64 + 2.5 * frame_ms;
                let what = format!("{bytes_per_ms} B/ms, {round_trip} ms, hop {hop}: {:?}", seen.settings);
                assert!(used >= 0.8, "{used:.2} used; {what}");
                assert!(seen.age_p95() as f64 <= allowed, "{} > {allowed}; {what}", seen.age_p95());
                assert!(seen.changes(|setting| setting.scale) <= 2, "{what}");
                assert!(seen.changes(|setting| setting.rate) <= 4, "{what}");
            }
        }
    }
}

/// Receipts tell at once that a link is well again; without them, what was too much is tried from time to time.
#[test]
fn a_link_that_is_seen_to_carry_more_is_used_without_waiting() {
    let seconds_until_full = |capacity: Option<u64>| {
        let slow = Hop { bytes_per_ms: 300.0, one_way_ms: 20 };
        let mut path = Path::new();
        path.capacity = capacity.and(Some(300_000));
        path.run(40, slow, AMPLE);
        path.capacity = capacity;
        (1..60).find(|_| {
            path.run(1, AMPLE, AMPLE);
            path.control.is_full()
        })
    };
    let (seen, unseen) = (seconds_until_full(Some(50_000_000)), seconds_until_full(None));
    assert!(seen.unwrap() < unseen.unwrap(), "{seen:?} {unseen:?}");
}

/// A relay that claims that everything fits costs no more than trials that come sooner.
#[test]
fn a_false_capacity_does_not_fill_the_link() {
    let slow = Hop { bytes_per_ms: 300.0, one_way_ms: 20 };
    let mut path = Path::new();
    path.capacity = Some(u64::MAX);
    path.run(20, slow, AMPLE);
    let seen = path.run(60, slow, AMPLE);
    let used = seen.bytes / seen.time as f64 / slow.bytes_per_ms;
    assert!(used > 0.7 && seen.age_p95() < 1_000, "{used}, {}", seen.age_p95());
}

#[test]
fn a_link_that_recovers_is_used_again() {
    for bytes_per_ms in [1_500.0, 300.0, 30.0] {
        for round_trip in [0, 40, 150, 300] {
            for hop in 0..2 {
                let slow = Hop { bytes_per_ms, one_way_ms: round_trip / 2 };
                let mut path = Path::new();
                let (up, down) = if hop == 0 { (slow, AMPLE) } else { (AMPLE, slow) };
                path.run(90, up, down);
                let well = far(round_trip);
                let (up, down) = if hop == 0 { (well, AMPLE) } else { (AMPLE, well) };
                path.run(15, up, down);
                let setting = path.control.setting();
                let what = format!("{bytes_per_ms} {round_trip} {hop}: {setting:?}");
                assert!(setting.quality >= 70 && setting.rate == 1.0 && setting.scale == 1.0, "{what}");
                path.run(15, up, down);
                assert!(path.control.is_full(), "{what}, then {:?}", path.control.setting());
            }
        }
    }
}

#[test]
fn a_busy_way_back_does_not_spoil_the_picture() {
    let mut path = Path::new();
    path.run(10, far(40), far(40));
    for back in [300, 50, 700, 400, 0, 900] {
        path.back_ms = back;
        path.run(7, far(40), far(40));
        assert!(path.control.is_full(), "{back}");
    }
}

/// A report of frames `ms` after the start: 100 ms old, and all of them arrive.
fn report(start: Instant, ms: u64, queued: Duration, lost: u8) -> DeliveryReport {
    DeliveryReport::new(start + Duration::from_millis(ms), 100 * MS).with(|report| {
        report.queued = queued;
        report.lost = lost;
        report.sent = ms * 30 / 1000;
    })
}

#[test]
fn steps_that_leave_a_queue_as_it_was_are_taken_back() {
    // A queue of other traffic: a download that fills the line.
    let (mut control, start) = (RateControl::new(80, 200 * MS), Instant::now());
    let mut lowest: f64 = 1.0;
    for ms in (0..40_000).step_by(250) {
        control.on_report(&report(start, ms, 140 * MS, 0), start + Duration::from_millis(ms + 100));
        lowest = lowest.min(control.share);
    }
    assert!(lowest < 0.8 && lowest > 0.3, "{lowest}");
    assert!(control.is_full() || control.share > 0.8, "{}", control.share);
}

#[test]
fn steps_that_bring_no_more_frames_are_taken_back() {
    // A viewer that takes ten frames per second, however small they are.
    let (mut control, start) = (RateControl::new(80, 200 * MS), Instant::now());
    let mut offered = 0.0;
    for ms in (0..30_000).step_by(250) {
        let rate = 30.0 * control.setting().rate;
        offered += rate / 4.0;
        let lost = (100.0 * (1.0 - 10.0 / rate)).max(0.0) as u8;
        let report = report(start, ms, Duration::ZERO, lost).with(|report| report.sent = offered as u64);
        control.on_report(&report, start + Duration::from_millis(ms + 100));
    }
    let setting = control.setting();
    assert!(setting.scale == 1.0 && (setting.quality >= 70 || setting.rate <= 0.33), "{setting:?}");
}

#[test]
fn old_reports_do_not_count_and_each_counts_once() {
    let (mut control, start) = (RateControl::new(80, 200 * MS), Instant::now());
    let mut changes = 0;
    for ms in (0..2_000).step_by(250) {
        changes += usize::from(
            control.on_report(&report(start, ms, 300 * MS, 50), start + Duration::from_millis(ms)),
        );
        assert!(!control.on_report(&report(start, ms, 300 * MS, 50), start + Duration::from_millis(ms + 1)));
    }
    assert!((1..=2).contains(&changes), "{changes}");
    let old = report(start, 0, 900 * MS, 90);
    let before = control.setting();
    for ms in 0..20 {
        assert!(!control.on_report(&old, start + Duration::from_millis(2_000 + 50 * ms)));
    }
    assert_eq!(control.setting(), before);
}

#[test]
fn the_sources_own_quality_is_never_exceeded() {
    let (mut control, start) = (RateControl::new(80, 200 * MS), Instant::now());
    for ms in (0..1_500).step_by(250) {
        control.on_report(&report(start, ms, 300 * MS, 20), start + Duration::from_millis(ms));
    }
    assert!(!control.is_full());
    control.set_quality(50);
    assert!(control.setting().quality < 50, "{:?}", control.setting());
    for ms in (2_000..60_000).step_by(250) {
        control.on_report(&report(start, ms, Duration::ZERO, 0), start + Duration::from_millis(ms));
        assert!(control.setting().quality <= 50);
    }
    assert!(control.is_full());
}

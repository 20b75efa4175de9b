//! Tests of a stream, with explicit times.

use super::*;
use crate::{
    clock::Age,
    view::{samples::frame, stream_stats::SAMPLES},
};

const MS: Duration = Duration::from_millis(1);

#[test]
fn silence_is_shown_after_a_second_and_the_tile_goes_after_a_while() {
    let start = Instant::now();
    let stream = Stream::new(frame("a", 0, 8, 8), 1, start);
    assert_eq!(stream.stalled(start + 900 * MS), None);
    let woken = stream.next_change(start + 900 * MS);
    assert!(stream.stalled(woken).is_some(), "the wake-up comes when the display changes");
    assert_eq!(stream.stalled(start + 3_200 * MS), Some(3_200 * MS));
    assert_eq!(stream.next_change(start + 3_200 * MS), start + 4_000 * MS);
    assert!(!stream.gone(start + 29_900 * MS));
    assert!(stream.gone(start + 30_000 * MS));
}

#[test]
fn a_slow_stream_is_not_frozen_between_two_frames() {
    let start = Instant::now();
    let mut stream = Stream::new(frame("a", 0, 8, 8), 1, start);
    stream.take(frame("a", 1, 8, 8), 2, false, start + 2_000 * MS);
    assert_eq!(stream.stalled(start + 4_000 * MS), None);
    assert!(stream.stalled(start + 7_100 * MS).is_some());
}

#[test]
fn every_frame_is_accounted_for() {
    let now = Instant::now();
    let counted = |arrived, left_out, lost, damaged| VideoFrame {
        account: FrameCounts { arrived, left_out, lost, damaged },
        ..frame("a", 10, 8, 8)
    };
    let mut stream = Stream::new(counted(100, 7, 3, 1), 1, now);
    assert_eq!(
        stream.counts(),
        StreamCounts { shown: 1, ..StreamCounts::default() },
        "counted since the tile exists"
    );
    stream.take(counted(101, 7, 3, 1), 2, false, now);
    stream.take(counted(105, 9, 4, 2), 3, false, now);
    assert_eq!(
        stream.counts(),
        StreamCounts { shown: 3, replaced: 2, left_out: 2, lost: 1, damaged: 1, unseen: 0 },
        "two of the four that came between were replaced, one was damaged"
    );
    stream.take(counted(0, 0, 0, 0), 4, false, now);
    assert_eq!(stream.counts().replaced, 0, "a sender that miscounts breaks nothing");
}

#[test]
fn a_pause_holds_the_newest_back() {
    let now = Instant::now();
    let mut stream = Stream::new(frame("a", 0, 8, 8), 1, now);
    for seq in 1..=3 {
        stream.take(frame("a", seq, 8, 8), 10 + seq, true, now);
    }
    assert_eq!((stream.frame.seq, stream.stamp), (Some(0), 1));
    stream.resume(20);
    assert_eq!((stream.frame.seq, stream.stamp), (Some(3), 20));
    assert_eq!(stream.counts(), StreamCounts { shown: 2, replaced: 2, ..StreamCounts::default() });
}

/// A frame that was not decoded.
fn unseen(seq: u64) -> VideoFrame {
    VideoFrame { canvas: Arc::default(), ..frame("a", seq, 8, 8) }
}

#[test]
fn frames_that_nobody_sees_keep_the_stream_alive_and_are_counted() {
    let start = Instant::now();
    let mut stream = Stream::new(frame("a", 0, 8, 8), 1, start);
    let picture = Arc::clone(&stream.frame.canvas);
    // One of them replaced another on its way.
    for (seq, stamp) in [(1, 2), (2, 3), (4, 4)] {
        let now = start + Duration::from_millis(100 * seq);
        assert!(stream.take(unseen(seq), stamp, false, now).is_none(), "the old picture is kept");
        assert_eq!(stream.life(false, now), StreamHealth::Live);
    }
    assert!(stream.is_stale() && Arc::ptr_eq(&stream.frame.canvas, &picture));
    assert_eq!((stream.frame.seq, stream.stamp), (Some(4), 4));
    assert_eq!(stream.counts(), StreamCounts { shown: 1, unseen: 4, ..StreamCounts::default() });
    assert_eq!(
        stream.stats.figures.decode,
        frame("a", 0, 8, 8).decode,
        "the mean of those that were decoded"
    );
    // It is seen again, and its newest picture comes.
    stream.fit(Arc::new(Canvas::filled(8, 8, 1)), 5);
    assert!(!stream.is_stale() && stream.stamp == 5);
    assert_eq!(stream.counts(), StreamCounts { shown: 2, unseen: 3, ..StreamCounts::default() });
    stream.fit(Arc::new(Canvas::filled(4, 4, 1)), 6);
    assert_eq!(stream.counts().shown, 2, "the same picture at another size");
    stream.take(frame("a", 5, 8, 8), 7, false, start);
    assert_eq!(stream.counts(), StreamCounts { shown: 3, unseen: 3, ..StreamCounts::default() });
}

#[test]
fn what_a_pause_held_back_without_pixels_is_shown_once_they_are_there() {
    let now = Instant::now();
    let mut stream = Stream::new(frame("a", 0, 8, 8), 1, now);
    let picture = Arc::clone(&stream.frame.canvas);
    stream.take(unseen(1), 2, true, now);
    stream.take(unseen(2), 3, true, now);
    assert_eq!((stream.frame.seq, stream.is_stale()), (Some(0), false));
    stream.resume(20);
    assert_eq!((stream.frame.seq, stream.stamp, stream.is_stale()), (Some(2), 20, true));
    assert!(Arc::ptr_eq(&stream.frame.canvas, &picture), "until then, the paused picture stays");
    stream.fail("12 bits".into(), now);
    assert_eq!(stream.reason(), "12 bits");
    assert_eq!(stream.counts(), StreamCounts { shown: 1, unseen: 2, ..StreamCounts::default() });
}

#[test]
fn a_stream_that_nobody_has_seen_yet_has_no_picture() {
    let now = Instant::now();
    let mut stream = Stream::new(unseen(0), 1, now);
    assert!(!stream.has_picture() && stream.is_stale());
    stream.take(unseen(1), 2, true, now);
    assert_eq!(stream.frame.seq, Some(1), "not even a pause holds the first one back");
    stream.fit(Arc::new(Canvas::filled(8, 8, 1)), 3);
    assert!(stream.has_picture() && !stream.is_stale());
    assert_eq!(stream.counts(), StreamCounts { shown: 1, unseen: 1, ..StreamCounts::default() });
}

#[test]
fn figures_come_from_the_last_second() {
    let start = Instant::now();
    let mut stream = Stream::new(frame("a", 0, 8, 8), 1, start);
    for seq in 1..=60 {
        let at = start + Duration::from_millis(seq * 40);
        let next = VideoFrame {
            decoded: at,
            age: Some(Age { time: 12 * MS, within: Some(MS) }),
            ..frame("a", seq, 8, 8)
        };
        stream.take(next, seq + 1, false, at);
    }
    let end = start + 2_400 * MS;
    stream.measure(end);
    let fps = stream.stats.figures.fps.unwrap();
    assert!((fps - 25.0).abs() < 0.1, "{fps}");
    assert_eq!(stream.stats.figures.age, Some(Age { time: 12 * MS, within: Some(MS) }));
    assert_eq!(stream.stats.figures.bytes_per_second, 25 * stream.frame.jpeg.len() as u64);
    stream.measure(end + 5_000 * MS);
    assert_eq!(stream.stats.figures.age, None);
    assert_eq!(stream.stats.figures.fps, Some(0.0));
}

#[test]
fn a_rate_takes_two_frames() {
    let start = Instant::now();
    let mut stream = Stream::new(frame("a", 0, 8, 8), 1, start);
    assert_eq!(stream.stats.figures.fps, None);
    stream.take(frame("a", 1, 8, 8), 2, false, start + 50 * MS);
    assert_eq!(stream.stats.figures.fps, Some(20.0));
    stream.take(frame("a", 2, 8, 8), 3, false, start + 2_050 * MS);
    assert_eq!(stream.stats.figures.fps, Some(0.5), "a time lapse");
}

#[test]
fn a_card_has_no_rate_and_the_first_picture_after_it_none_yet() {
    let start = Instant::now();
    let mut stream = Stream::new(frame("a", 0, 8, 8), 1, start);
    let card = |seq| VideoFrame { card: Some(PlaceholderKind::NoSignal), ..frame("a", seq, 8, 8) };
    stream.take(frame("a", 1, 8, 8), 2, false, start + 50 * MS);
    stream.take(card(2), 3, false, start + 100 * MS);
    stream.take(card(3), 4, false, start + 1_100 * MS);
    assert_eq!((stream.stats.figures.fps, stream.stats.figures.age), (None, None));
    assert_eq!(stream.stalled(start + 4_000 * MS), None, "a card may be repeated slowly");
    assert!(stream.stalled(start + 5_200 * MS).is_some(), "but its sender may disappear too");
    stream.take(frame("a", 4, 8, 8), 5, false, start + 1_200 * MS);
    assert_eq!(stream.stats.figures.fps, None, "cards are not counted");
    stream.take(frame("a", 5, 8, 8), 6, false, start + 1_250 * MS);
    assert_eq!(stream.stats.figures.fps, Some(20.0));
    assert!(stream.stalled(start + 2_300 * MS).is_some(), "pictures are not");
}

#[test]
fn the_worst_state_of_a_picture_is_shown() {
    let start = Instant::now();
    let aged = |millis, within| Some(Age { time: millis * MS, within });
    let with = |age, card| Stream::new(VideoFrame { age, card, ..frame("a", 0, 8, 8) }, 1, start);
    let live = |stream: &Stream| stream.life(false, start + 10 * MS);
    let stream = with(aged(30, Some(MS)), None);
    assert_eq!(live(&stream), StreamHealth::Live);
    assert_eq!(stream.life(true, start + 10 * MS), StreamHealth::Frozen(10 * MS), "the link is down");
    assert_eq!(live(&with(aged(900, Some(20 * MS)), None)), StreamHealth::Late(880 * MS));
    assert_eq!(live(&with(aged(900, Some(600 * MS)), None)), StreamHealth::Live, "the age may be less");
    assert_eq!(live(&with(aged(900, None), None)), StreamHealth::Live, "clocks may differ");
    let off = with(aged(900, Some(MS)), Some(PlaceholderKind::CameraOff));
    assert_eq!(live(&off), StreamHealth::Card(PlaceholderKind::CameraOff));
    assert_eq!(off.life(false, start + 5_000 * MS), StreamHealth::Frozen(5_000 * MS));
}

#[test]
fn the_graphs_have_two_samples_a_second_and_a_minute_of_them() {
    let start = Instant::now();
    let mut stream = Stream::new(frame("a", 0, 8, 8), 1, start);
    for tick in 1..=700_u32 {
        stream.take(frame("a", tick.into(), 8, 8), tick.into(), false, start + 100 * MS * tick);
    }
    assert_eq!(stream.stats.samples.len(), SAMPLES);
    let last = stream.stats.samples.back().unwrap();
    assert!((last.fps - 10.0).abs() < 0.1, "{last:?}");
    assert!(last.age.is_some());
}

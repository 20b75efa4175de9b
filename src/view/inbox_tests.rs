//! Tests of the window's inbox.

use std::{sync::mpsc, thread};

use super::*;
use crate::view::samples::{frame, id, image};

const NONE: Duration = Duration::ZERO;

#[test]
fn the_newest_frame_of_each_stream_wins() {
    let (handle, inbox) = inbox();
    for (stream, seq) in [("a", 1), ("b", 1), ("a", 2), ("a", 3)] {
        handle.push(Update::Frame(frame(stream, seq, 8, 8)));
    }
    let found: Vec<_> = inbox
        .wait(NONE)
        .into_iter()
        .map(|update| match update {
            Update::Frame(frame) => (frame.name.to_string(), frame.seq),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(found, [("b".into(), Some(1)), ("a".into(), Some(3))]);
    assert!(inbox.wait(NONE).is_empty());
}

#[test]
fn who_waits_for_a_frame_is_told_what_became_of_it() {
    let (handle, inbox) = inbox();
    let (tell, told) = mpsc::channel();
    let push = |frame: VideoFrame| {
        let (tell, seq) = (tell.clone(), frame.seq.unwrap());
        handle.push_frame(frame, OnDrawn::new(move |is_drawn| tell.send((seq, is_drawn)).unwrap()))
    };
    let heard = || told.try_iter().collect::<Vec<_>>();
    for (stream, seq) in [("a", 1), ("b", 2), ("a", 3)] {
        assert!(push(frame(stream, seq, 8, 8)));
    }
    assert_eq!(heard(), [(1, false)], "replaced in the inbox");
    inbox.wait(NONE);
    push(frame("a", 4, 8, 8));
    assert_eq!(heard(), []);
    inbox.drawn();
    let mut drawn = heard();
    drawn.sort_unstable();
    assert_eq!(drawn, [(2, true), (3, true)], "the one that waits is not drawn yet");
    inbox.wait(NONE);
    push(frame("a", 5, 8, 8));
    inbox.wait(NONE);
    assert_eq!(heard(), [(4, false)], "replaced before it was drawn");
    handle.push(Update::Left { stream: id("a") });
    inbox.drawn();
    assert_eq!(heard(), [(5, true)]);
    push(VideoFrame { canvas: Arc::default(), ..frame("a", 6, 8, 8) });
    push(frame("a", 7, 8, 8));
    handle.push(Update::Left { stream: id("a") });
    assert_eq!(heard(), [(7, false)], "one without pixels is not drawn");
    push(frame("a", 8, 8, 8));
    drop(inbox);
    assert_eq!(heard(), []);
    assert!(!push(frame("a", 9, 8, 8)));
}

#[test]
fn replaced_buffers_can_be_used_again() {
    let (handle, inbox) = inbox();
    assert!(handle.spare().pixels.is_empty());
    handle.push(Update::Frame(frame("a", 1, 8, 8)));
    handle.push(Update::Frame(frame("a", 2, 8, 8)));
    assert_eq!(handle.spare().pixels.len(), 64);
    for _ in 0..20 {
        inbox.recycle(Arc::new(Canvas::filled(4, 4, 0)));
    }
    assert_eq!(inbox.shared.lock().spare.len(), SPARE_BUFFERS);
}

#[test]
fn texts_keep_their_order_and_a_flood_keeps_the_last() {
    let (handle, inbox) = inbox();
    for number in 0..WAITING_WORDS + 10 {
        handle.push(Update::Notice(number.to_string()));
    }
    let updates = inbox.wait(NONE);
    assert_eq!(updates.len(), WAITING_WORDS);
    assert!(matches!(&updates[0], Update::Notice(text) if text == "10"));
    for number in 0..WAITING_IMAGES + 3 {
        handle.push(Update::Image(image(&number.to_string(), 8, 8)));
    }
    let images = inbox.wait(NONE);
    assert_eq!(images.len(), WAITING_IMAGES);
    assert!(matches!(&images[0], Update::Image(image) if image.sender.as_deref() == Some("3")));
}

#[test]
fn decoders_know_how_large_a_stream_is_shown_and_whether_anybody_sees_it() {
    let (handle, inbox) = inbox();
    assert_eq!(handle.demand(id("a")), Demand::OwnSize);
    inbox.set_demands([(id("a"), Demand::Size((640, 360)))].into_iter());
    assert_eq!(handle.demand(id("a")), Demand::Size((640, 360)));
    inbox.set_unseen();
    assert_eq!([handle.demand(id("a")), handle.demand(id("b"))], [Demand::Nothing; 2], "new streams too");
    inbox.set_demands(std::iter::empty());
    assert_eq!(handle.demand(id("a")), Demand::OwnSize);
}

#[test]
fn frames_that_nobody_sees_do_not_wake_the_window() {
    let (handle, inbox) = inbox();
    let without_pixels = |seq| VideoFrame { canvas: Arc::default(), ..frame("a", seq, 8, 8) };
    handle.push(Update::Frame(without_pixels(1)));
    assert!(!inbox.shared.lock().has_visible);
    handle.push(Update::Frame(without_pixels(2)));
    assert!(matches!(&inbox.wait(NONE)[..], [Update::Frame(frame)] if frame.seq == Some(2)));
    handle.push(Update::Frame(without_pixels(3)));
    handle.push(Update::Notice("woken".into()));
    assert_eq!(inbox.wait(Duration::from_secs(60)).len(), 2);
}

#[test]
fn a_stream_that_left_takes_its_waiting_frame_with_it() {
    let (handle, inbox) = inbox();
    handle.push(Update::Frame(frame("a", 1, 8, 8)));
    handle.push(Update::Left { stream: id("a") });
    handle.push(Update::Left { stream: id("a") });
    assert!(matches!(&inbox.wait(NONE)[..], [Update::Left { .. }]));
}

#[test]
fn a_window_that_hangs_is_given_so_many_streams_and_so_many_bytes() {
    let (handle, inbox) = inbox();
    for number in 0..10 * MAX_STREAMS {
        handle.push(Update::Frame(frame(&number.to_string(), 0, 8, 8)));
    }
    let waiting = inbox.wait(NONE);
    assert_eq!(waiting.len(), MAX_STREAMS);
    let newest = (10 * MAX_STREAMS - 1).to_string();
    assert!(matches!(waiting.last(), Some(Update::Frame(frame)) if *frame.name == newest));
    let jpeg = bytes::Bytes::from(vec![0; FRAME_BYTES / 4]);
    let bytes = |updates: &[Update]| -> usize {
        let of = |update: &Update| match update {
            Update::Frame(frame) => frame.jpeg.len() + bytes_of(&frame.canvas),
            Update::Image(image) => image.file.len(),
            Update::Text { text, .. } => text.len(),
            other => panic!("{other:?}"),
        };
        updates.iter().map(of).sum()
    };
    for number in 0..8 {
        handle.push(Update::Frame(VideoFrame { jpeg: jpeg.clone(), ..frame(&number.to_string(), 0, 8, 8) }));
    }
    let frames = inbox.wait(NONE);
    assert_eq!(frames.len(), 3, "a quarter each, plus the pixels");
    assert!(bytes(&frames) <= FRAME_BYTES);
    for number in 0..WAITING_IMAGES {
        handle.push(Update::Image(Image { file: jpeg.clone(), ..image(&number.to_string(), 8, 8) }));
    }
    assert!(bytes(&inbox.wait(NONE)) <= IMAGE_BYTES);
    for _ in 0..WAITING_WORDS {
        handle.push(said(&"x".repeat(WORD_BYTES / 8)));
    }
    let words = inbox.wait(NONE);
    assert!(words.len() == 7 && bytes(&words) <= WORD_BYTES, "{}", words.len());
}

fn said(text: &str) -> Update {
    Update::Text { sender: Some("a".into()), text: text.into(), at: crate::clock::Timestamp::now() }
}

#[test]
fn results_of_own_texts_are_not_pushed_out_by_texts_of_others() {
    let (handle, inbox) = inbox();
    handle.push(Update::Sent { number: 1, left: true });
    handle.push(Update::Recording(Some(Instant::now())));
    handle.push(Update::Left { stream: id("a") });
    for number in 0..3 * WAITING_WORDS {
        handle.push(said(&number.to_string()));
        handle.push(Update::Image(image("ann", 8, 8)));
    }
    handle.push(Update::Recording(None));
    let updates = inbox.wait(NONE);
    assert!(matches!(updates[0], Update::Sent { number: 1, left: true }));
    assert!(matches!(updates[1], Update::Left { .. }));
    assert!(matches!(updates[2], Update::Recording(None)), "the last state counts");
    assert_eq!(updates.len(), 3 + WAITING_WORDS + WAITING_IMAGES);
}

#[test]
fn a_push_wakes_the_waiting_window_and_a_closed_one_refuses() {
    let (handle, inbox) = inbox();
    let waiter = thread::spawn(move || inbox.wait(Duration::from_secs(60)).len());
    assert!(handle.push(Update::Stop));
    assert_eq!(waiter.join().unwrap(), 1);
    assert!(!handle.is_open());
    assert!(!handle.push(Update::Stop));
}

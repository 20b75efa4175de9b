//! What goes out, and what does not.

use std::sync::Mutex;

use super::*;
use crate::capture::Signal;

type Sunk = Arc<Mutex<Vec<FrameInfo>>>;

fn encode(job: &Job) -> (Encode<impl FnMut(FrameInfo, Bytes) + use<>>, Arc<Tally>, Sunk) {
    let (tally, sunk) = (Arc::new(Tally::default()), Sunk::default());
    let sink = Arc::clone(&sunk);
    let sink = move |info, _| sink.lock().unwrap().push(info);
    (Encode::new(job, Arc::clone(&tally), Spare::default(), sink).unwrap(), tally, sunk)
}

fn frame(seq: u64) -> Frame {
    let data = FrameData::Jpeg(Bytes::from_static(b"jpeg"));
    Frame { seq, captured: Timestamp::from_micros(seq), data }
}

#[test]
fn a_frame_that_a_newer_one_has_passed_is_left_out() {
    let (mut encode, tally, sunk) = encode(&Job { frames: Some(3), ..Job::default() });
    for seq in [0, 2, 1, 3, 4] {
        encode.frame(frame(seq));
    }
    let seqs: Vec<_> = sunk.lock().unwrap().iter().map(|info| info.seq).collect();
    assert_eq!(seqs, [Some(0), Some(2), Some(3)], "and no more than were asked for");
    assert_eq!(tally.counts().skipped, 1);
    assert!(encode.is_done());
}

#[test]
fn a_card_is_sent_once_a_second_and_at_once_to_who_begins_to_view() {
    let (told, viewers) = tokio::sync::watch::channel(Some(0));
    let (mut encode, tally, sunk) = encode(&Job { viewers: Some(viewers), ..Job::default() });
    let start = Instant::now();
    let patience = Duration::from_millis(700);
    let signal = Signal { name: "C920".into(), size: Some((64, 48)), patience };
    tally.life().opened(Some(signal), start);
    let mut look = |millis| encode.look(start + Duration::from_millis(millis));
    look(800);
    assert_eq!(tally.counts().cards, 0, "nobody views");
    told.send_replace(Some(1));
    for (millis, cards) in [(600, 0), (850, 1), (900, 1), (1849, 1), (1850, 2)] {
        look(millis);
        assert_eq!(tally.counts().cards, cards, "at {millis} ms");
    }
    told.send_replace(Some(2));
    look(1860);
    assert_eq!(tally.counts().cards, 3, "one more looks");
    let sunk = sunk.lock().unwrap();
    assert!(sunk.iter().all(|info| info.card.as_deref() == Some(FrameInfo::NO_SIGNAL)));
    assert!(sunk.iter().all(|info| info.seq.is_none()));
}

#[test]
fn what_is_switched_off_is_seen_by_nobody_and_a_card_says_so_at_once() {
    let (switch, shown) = (Switch::new(true), Arc::<Mutex<Vec<Reflection>>>::default());
    let seen = Arc::clone(&shown);
    let show = Arc::new(move |reflection| seen.lock().unwrap().push(reflection));
    let mirror = Some(super::super::Mirror { room: (16, 16), show });
    let job = Job { name: "ann".into(), switch: Some(switch.clone()), mirror, ..Job::default() };
    let (mut encode, _, sunk) = encode(&job);
    let cards = || sunk.lock().unwrap().iter().map(|info| info.card.clone()).collect::<Vec<_>>();
    let now = Instant::now();
    encode.frame(frame(0));
    encode.look(now);
    assert_eq!(cards(), [None]);
    switch.set(false);
    encode.look(now);
    encode.frame(frame(1));
    let off = Some(FrameInfo::CAMERA_OFF.to_owned());
    assert_eq!(cards(), [None, off.clone()], "the frame that was under way is left out");
    assert_eq!(shown.lock().unwrap().last(), Some(&Reflection::Off));
    encode.look(now + CARD_INTERVAL);
    switch.set(true);
    encode.look(now + CARD_INTERVAL * 2);
    encode.frame(frame(2));
    assert_eq!(cards(), [None, off.clone(), off, None]);
}

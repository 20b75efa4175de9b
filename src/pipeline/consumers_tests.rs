//! Tests of the consumers: which frames and cards are sent.

use std::time::Duration;

use super::{super::placeholder::CARD_INTERVAL, *};
use crate::{
    capture::Signal,
    clock::Timestamp,
    jpeg::Encoder,
    link::DeliveryReport,
    picture::{Picture, Pixels},
    pipeline::{AdaptOptions, SelfView, Switch},
};

type Sunk = Arc<Mutex<Vec<FrameInfo>>>;

fn encoder(job: &Job) -> (EncoderSide<impl FnMut(FrameInfo, Bytes) + use<>>, Arc<PipelineCounters>, Sunk) {
    let (counters, sunk) = (Arc::new(PipelineCounters::default()), Sunk::default());
    let sink = Arc::clone(&sunk);
    let sink = move |info, _| sink.lock().unwrap().push(info);
    (consumers(job, Arc::clone(&counters), sink).unwrap().1, counters, sunk)
}

fn frame(seq: u64) -> Frame {
    let data = FrameData::Jpeg(Bytes::from_static(b"jpeg"));
    Frame::new(seq, Timestamp::from_micros(seq), data)
}

#[test]
fn a_frame_that_a_newer_one_has_passed_is_dropped() {
    let (encoder, counters, sunk) = encoder(&Job { frames: Some(3), ..Job::default() });
    for seq in [0, 2, 1, 3, 4] {
        encoder.frame(frame(seq));
    }
    let seqs: Vec<_> = sunk.lock().unwrap().iter().map(|info| info.seq).collect();
    assert_eq!(seqs, [Some(0), Some(2), Some(3)], "and no more than requested");
    assert_eq!(counters.counts().skipped, 1);
    assert!(encoder.is_done());
}

#[test]
fn a_card_is_sent_once_a_second_and_at_once_to_a_new_viewer() {
    let (tell, viewers) = tokio::sync::watch::channel(Some(0));
    let (encoder, counters, sunk) = encoder(&Job { viewers: Some(viewers), ..Job::default() });
    let start = Instant::now();
    let patience = Duration::from_millis(700);
    let signal = Signal::new("C920", patience).with_size((64, 48));
    counters.health().opened(Some(signal), start);
    let look = |millis| encoder.check_silence(start + Duration::from_millis(millis));
    look(800);
    assert_eq!(counters.counts().cards, 0, "nobody views");
    tell.send_replace(Some(1));
    for (millis, cards) in [(600, 0), (850, 1), (900, 1), (1849, 1), (1850, 2)] {
        look(millis);
        assert_eq!(counters.counts().cards, cards, "at {millis} ms");
    }
    tell.send_replace(Some(2));
    look(1860);
    assert_eq!(counters.counts().cards, 3, "one more viewer");
    let sunk = sunk.lock().unwrap();
    assert!(sunk.iter().all(|info| info.card.as_deref() == Some(FrameInfo::NO_SIGNAL)));
    assert!(sunk.iter().all(|info| info.seq.is_none()));
}

#[test]
fn while_switched_off_no_picture_is_sent_and_a_card_says_so_at_once() {
    let (switch, shown) = (Switch::new(true), Arc::<Mutex<Vec<SelfViewUpdate>>>::default());
    let seen = Arc::clone(&shown);
    let show = Arc::new(move |update| seen.lock().unwrap().push(update));
    let self_view = Some(SelfView { room: (16, 16), show });
    let job = Job { name: "ann".into(), switch: Some(switch.clone()), self_view, ..Job::default() };
    let (encoder, _, sunk) = encoder(&job);
    let cards = || sunk.lock().unwrap().iter().map(|info| info.card.clone()).collect::<Vec<_>>();
    let now = Instant::now();
    encoder.frame(frame(0));
    encoder.check_silence(now);
    assert_eq!(cards(), [None]);
    switch.set(false);
    encoder.check_silence(now);
    encoder.frame(frame(1));
    let off = Some(FrameInfo::CAMERA_OFF.to_owned());
    assert_eq!(cards(), [None, off.clone()], "the frame that was being encoded is dropped");
    assert_eq!(shown.lock().unwrap().last(), Some(&SelfViewUpdate::Off));
    encoder.check_silence(now + CARD_INTERVAL);
    switch.set(true);
    encoder.check_silence(now + CARD_INTERVAL * 2);
    encoder.frame(frame(2));
    assert_eq!(cards(), [None, off.clone(), off, None]);
}

/// A report of a frame that was ready just now; `lost` is in percent.
fn report(lost: u8, sent: u64) -> DeliveryReport {
    DeliveryReport::new(Instant::now(), Duration::from_millis(5)).with(|report| {
        report.lost = lost;
        report.sent = sent;
    })
}

#[test]
fn no_step_down_makes_a_received_jpeg_larger() {
    let pixels = (0..320 * 240 * 3).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let picture = Picture { width: 320, height: 240, pixels: Pixels::Rgb(pixels) };
    for quality in [20, 50, 75, 95] {
        let original = Encoder::new(quality).unwrap().encode(&picture).unwrap();
        let (tell, reports) = tokio::sync::watch::channel(None);
        let adapt = Some(AdaptOptions { max_age: Duration::from_millis(200), reports });
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let sunk = Arc::clone(&sizes);
        let sink = move |_, jpeg: Bytes| sunk.lock().unwrap().push((jpeg.len(), jpeg::quality(&jpeg)));
        let job = Job { adapt, ..Job::default() };
        let (_, encoder) = consumers(&job, Arc::default(), sink).unwrap();
        for seq in 0..40 {
            tell.send_replace(Some(report(if seq > 4 { 30 } else { 0 }, seq * 10)));
            let data = FrameData::Jpeg(original.clone());
            encoder.frame(Frame::new(seq, Timestamp::from_micros(seq), data));
        }
        let sizes = sizes.lock().unwrap();
        assert_eq!(sizes[0], (original.len(), Some(quality)), "passed through unchanged");
        assert!(
            sizes.iter().all(|(bytes, found)| *bytes <= original.len() && *found <= Some(quality)),
            "{sizes:?}"
        );
        let sent: usize = sizes.iter().map(|(bytes, _)| bytes).sum();
        assert!(sent < 39 * original.len(), "less was sent: {sizes:?}");
    }
}

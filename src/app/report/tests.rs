//! Tests of the report.

use bytes::Bytes;

use super::*;
use crate::{jpeg::Header, link::LossStats};

fn shown(card: Option<&str>) -> ReceivedFrame {
    ReceivedFrame {
        id: StreamId::new(1),
        stream: "desk".into(),
        peer: None,
        info: FrameInfo::default().with_seq(3).with(|info| info.card = card.map(str::to_owned)),
        jpeg: Bytes::from_static(b"jpeg"),
        header: Header::new(64, 48, 3),
        account: LossStats::default(),
        canvas: None,
        was_decoded: false,
        received: Timestamp::now(),
        received_at: Instant::now(),
        decoded: Timestamp::now(),
        decoding: Duration::ZERO,
        age: Some(Age { time: Duration::from_millis(12), within: Some(Duration::from_micros(340)) }),
        bytes: 100,
        in_hand: None,
    }
}

#[test]
fn a_placeholder_is_reported_as_such_and_not_as_a_live_picture() {
    let rates = Rates { frames: 25.0, bytes: 2e6 };
    let (live, card) = (shown(None), shown(Some(FrameInfo::NO_SIGNAL)));
    assert_eq!(
        status_line(&live, rates, 1),
        "desk: 64x48, 25.0 frames/s, 2.0 MB/s, age 12.0 ±0.3 ms, 1 lost"
    );
    assert_eq!(status_line(&card, rates, 1), "desk: 64x48, no signal, 1 lost");
    let json = |frame| serde_json::to_value(Event::of(frame)).unwrap();
    assert_eq!(json(&live).get("card"), None);
    assert_eq!(json(&card)["card"], "no-signal");
}

#[test]
fn frames_of_too_many_streams_are_counted_too() {
    let mut report = Report::new(Output::new(false), None, |_| None);
    for number in 0..MAX_STREAMS + 5 {
        let frame = ReceivedFrame {
            stream: number.to_string().into(),
            id: StreamId::new(2 + number as u64),
            ..shown(None)
        };
        for frame in [shown(None), frame] {
            report.take(&Arrival::Frame(Box::new(frame)), false);
        }
    }
    let counted: u64 = report.streams.values().map(|stream| stream.frames).sum();
    assert_eq!(report.frames(), 2 * (MAX_STREAMS as u64 + 5));
    assert_eq!((report.frames() - counted, report.other_frames), (6, 6));
}

#[test]
fn placeholders_do_not_count_in_rates_and_ages() {
    let mut report = Report::new(Output::new(false), None, |_| None);
    for card in [None, None, Some(FrameInfo::NO_SIGNAL)] {
        report.take(&Arrival::Frame(Box::new(shown(card))), false);
    }
    assert_eq!((report.frames(), report.ages.count()), (3, 2));
    let stream = report.streams.get_mut(&StreamId::new(1)).unwrap();
    assert_eq!(stream.meter.rates(Instant::now()), Rates::default());
}

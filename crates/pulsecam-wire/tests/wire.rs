//! Tests of the wire format. They use bytes written by hand from the specification, every split, every limit,
//! and proptest. `tests/qt_peer.rs` checks the same cases against a real Qt.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use common::{golden, wire_bytes};
use proptest::prelude::*;
use pulsecam_wire::{
    Codec, DEFAULT_MAX_MESSAGE, Error, Fault, FrameInfo, Heartbeat, HeldBytes, Message, MessageKind, Origin,
    PieceAssembler, Progress, QString, Reader, Side, timestamp::Timestamp,
};
use tokio::{io::AsyncWriteExt, time::timeout};

const LIMIT: u32 = 1 << 20;

fn decode_all(codec: &mut Codec, bytes: &[u8]) -> Result<Vec<Message>, Error> {
    feed(codec, &mut BytesMut::new(), bytes)
}

/// Returns the messages that `bytes` complete, after those already in `buffer`.
fn feed(codec: &mut Codec, buffer: &mut BytesMut, bytes: &[u8]) -> Result<Vec<Message>, Error> {
    buffer.extend_from_slice(bytes);
    std::iter::from_fn(|| codec.decode(buffer).transpose()).collect()
}

fn fault(bytes: &[u8]) -> (u64, Fault) {
    match decode_all(&mut Codec::new(LIMIT), bytes) {
        Err(Error::Malformed(malformed)) => (malformed.offset, malformed.fault),
        other => panic!("{other:?} from {bytes:02x?}"),
    }
}

#[test]
fn golden_bytes_both_ways() {
    for case in golden() {
        assert_eq!(wire_bytes(&case.message), case.bytes, "writing {}", case.name);
        let read = decode_all(&mut Codec::new(LIMIT), &case.bytes).unwrap();
        assert_eq!(read, [case.message], "reading {}", case.name);
    }
}

#[test]
fn every_split_offset_gives_the_same_messages() {
    let cases = golden();
    let stream: Vec<u8> = cases.iter().flat_map(|case| case.bytes.clone()).collect();
    let wanted: Vec<_> = cases.into_iter().map(|case| case.message).collect();
    for split in 0..=stream.len() {
        let (mut codec, mut buffer) = (Codec::new(LIMIT), BytesMut::new());
        let mut read = feed(&mut codec, &mut buffer, &stream[..split]).unwrap();
        read.extend(feed(&mut codec, &mut buffer, &stream[split..]).unwrap());
        assert_eq!(read, wanted, "split at {split}");
    }
    let (mut codec, mut buffer) = (Codec::new(LIMIT), BytesMut::new());
    let one_by_one: Vec<_> =
        stream.iter().flat_map(|byte| feed(&mut codec, &mut buffer, &[*byte]).unwrap()).collect();
    assert_eq!(one_by_one, wanted);
}

#[tokio::test]
async fn the_reader_gives_the_same_whatever_a_read_returns() {
    let cases = golden();
    let stream: Vec<u8> = cases.iter().flat_map(|case| case.bytes.clone()).collect();
    for chunk in [1, 3, 4, 5, 12, 100, 5000] {
        let mut script = tokio_test_io(&stream, chunk);
        let mut reader = Reader::new(&mut script, Codec::new(LIMIT));
        for case in &cases {
            assert_eq!(
                reader.next().await.unwrap().as_ref(),
                Some(&case.message),
                "{} by {chunk}",
                case.name
            );
        }
        assert_eq!(reader.next().await.unwrap(), None);
        assert_eq!(reader.received(), stream.len() as u64);
    }
}

/// A reader that returns at most `chunk` bytes at a time.
fn tokio_test_io(stream: &[u8], chunk: usize) -> impl tokio::io::AsyncRead + Unpin + use<> {
    let (mut write, read) = tokio::io::duplex(chunk);
    let stream = stream.to_vec();
    tokio::spawn(async move { tokio::io::AsyncWriteExt::write_all(&mut write, &stream).await });
    read
}

#[tokio::test]
async fn a_message_holds_no_memory_but_its_own() {
    let big = Message::new(MessageKind::Image, QString::from("x"), Some(vec![7; 300_000].into())).unwrap();
    let small = Message::text("small", &Origin::default()).unwrap();
    let mut stream = wire_bytes(&small);
    stream.extend(wire_bytes(&big));
    stream.extend(wire_bytes(&small));
    let mut reader = Reader::new(stream.as_slice(), Codec::new(LIMIT));
    let first = reader.next().await.unwrap().unwrap();
    let second = reader.next().await.unwrap().unwrap();
    let third = reader.next().await.unwrap().unwrap();
    assert_eq!((&first, &second, &third), (&small, &big, &small));
    // Head and payload are in one buffer, nothing was copied after it was read, and it is written in one
    // piece.
    let payload = second.payload().unwrap();
    let whole = second.to_buf();
    assert_eq!(whole.first_ref().as_ptr_range().end, payload.as_ptr_range().end);
    assert_eq!((whole.first_ref().len(), whole.last_ref().len()), (second.wire_len(), 0));
}

/// A pipe whose reader sees each write by itself.
async fn parts(reader: &mut Reader<tokio::io::DuplexStream>, most: usize) -> Option<usize> {
    let arrival = timeout(Duration::from_secs(20), reader.next_or_part(most)).await.unwrap();
    match arrival.unwrap().unwrap() {
        Progress::Part => reader.arriving().map(|arriving| arriving.payload_arrived()),
        Progress::Whole(_) => panic!("it is not complete"),
    }
}

#[tokio::test]
async fn an_unfinished_message_can_be_looked_at_wherever_it_is_kept() {
    // In the read-ahead buffer, in one block, and in several.
    for (payload, cuts) in
        [(3_000, 10), (30_000, 7), (200_000, 9), (2_500_000, 5), (4_000_000, 11)].map(|(p, c)| (p, c))
    {
        let info = FrameInfo::default().with_seq(1);
        let jpeg: Vec<u8> = (0..payload).map(|at| (at % 251) as u8).collect();
        let frame = Message::video(jpeg.clone().into(), &info).unwrap();
        let bytes = wire_bytes(&frame);
        let (mut write, read) = tokio::io::duplex(bytes.len());
        let mut reader = Reader::new(read, Codec::new(1 << 24));
        let head = bytes.len() - payload;
        for end in (1..head + 4).step_by(3) {
            let from = if end == 1 { 0 } else { end - 3 };
            write.write_all(&bytes[from..end]).await.unwrap();
            let arrived = parts(&mut reader, end - 1).await;
            assert_eq!(arrived, (end >= head).then(|| end - head), "{payload} {end}");
        }
        let mut at = (1..head + 4).step_by(3).next_back().unwrap();
        let mut assembler = PieceAssembler::new(1 << 24);
        let (mut passed, mut first) = (0, true);
        for cut in 1..cuts {
            let end = at + (bytes.len() - at) / (cuts - cut + 1);
            write.write_all(&bytes[at..end]).await.unwrap();
            assert_eq!(parts(&mut reader, end - 1).await, Some(end - head), "{payload} {cut}");
            let arriving = reader.arriving().unwrap();
            assert_eq!((arriving.kind(), arriving.length()), (MessageKind::Video, bytes.len()));
            assert_eq!(
                (arriving.payload_length(), arriving.description()),
                (payload, frame.description().clone())
            );
            let piece = if first {
                arriving.first_piece(arriving.description())
            } else {
                arriving.next_piece(passed)
            };
            assert_eq!(assembler.take(&piece.unwrap()).unwrap().frame, None);
            (at, passed, first) = (end, arriving.payload_arrived(), false);
        }
        write.write_all(&bytes[at..]).await.unwrap();
        let whole = reader.next().await.unwrap().unwrap();
        assert_eq!(whole, frame);
        assert_eq!(assembler.take(&whole.last_piece(passed).unwrap()).unwrap().frame, Some(frame));
    }
}

#[tokio::test]
async fn a_head_that_lies_is_never_shown_as_a_message() {
    let frame = wire_bytes(&Message::video(vec![7; 9000].into(), &FrameInfo::default()).unwrap());
    let described = u32::from_be_bytes(frame[8..12].try_into().unwrap()) as usize;
    for (at, lie) in [(0, 20_u32), (8, 3), (8, 10_000), (8, u32::MAX), (8, 0xffff_fffe)]
        .into_iter()
        .chain([0, 8_999, 9_001, u32::MAX, 0xffff_fffe].map(|lie| (12 + described, lie)))
    {
        let mut bytes = frame.clone();
        bytes[at..at + 4].copy_from_slice(&lie.to_be_bytes());
        let (mut write, read) = tokio::io::duplex(1 << 16);
        let mut reader = Reader::new(read, Codec::new(LIMIT));
        write.write_all(&bytes[..6000]).await.unwrap();
        match timeout(Duration::from_secs(20), reader.next_or_part(0)).await.unwrap() {
            Ok(Some(Progress::Part)) => assert!(reader.arriving().is_none(), "{at} {lie}"),
            other => assert!(other.is_err(), "{at} {lie}: {other:?}"),
        }
    }
}

#[test]
fn lies_about_lengths_are_told_apart() {
    let size = |size: i32| [size.to_be_bytes().as_slice(), &[0; 64]].concat();
    assert_eq!(fault(&size(-1)), (0, Fault::NegativeSize { found: -1 }));
    assert_eq!(fault(&size(i32::MIN)), (0, Fault::NegativeSize { found: i32::MIN }));
    assert_eq!(fault(&size(0)), (0, Fault::SizeTooSmall { found: 0 }));
    assert_eq!(fault(&size(11)), (0, Fault::SizeTooSmall { found: 11 }));
    assert_eq!(fault(&size(i32::MAX)), (0, Fault::SizeTooLarge { found: i32::MAX as u64, allowed: LIMIT }));

    let message = |description: u32, text: &[u8], payload: u32, data: &[u8]| {
        let size = 12 + text.len() + data.len();
        [
            (size as u32).to_be_bytes().as_slice(),
            &2_u32.to_be_bytes(),
            &description.to_be_bytes(),
            text,
            &payload.to_be_bytes(),
            data,
        ]
        .concat()
    };
    assert!(decode_all(&mut Codec::new(LIMIT), &message(2, b"\0a", 1, b"x")).is_ok());
    assert_eq!(
        fault(&message(100, b"\0a", 1, b"x")),
        (8, Fault::PastTheEnd { field: "description", found: 100, allowed: 7 })
    );
    assert_eq!(
        fault(&message(2, b"\0a", 2, b"x")),
        (14, Fault::PastTheEnd { field: "payload", found: 2, allowed: 1 })
    );
    assert_eq!(
        fault(&message(3, b"\0ab", 1, b"x")),
        (8, Fault::OddLength { field: "description", found: 3 })
    );
    assert_eq!(fault(&message(2, b"\0a", 1, b"xyz")), (19, Fault::LeftOver { found: 2 }));
    assert_eq!(fault(&message(0xffff_ffff, b"", 0xffff_ffff, b"x")), (16, Fault::LeftOver { found: 1 }));
    // The description includes the payload's length field.
    assert_eq!(
        fault(&message(6, b"\0a", 1, b"")),
        (18, Fault::PastTheEnd { field: "payload", found: 4, allowed: 0 })
    );
    assert_eq!(
        fault(&message(0xffff_fffe, &[0; 8], 1, b"x")),
        (8, Fault::LongLength { field: "description", allowed: 13 })
    );
}

#[test]
fn a_text_message_may_hold_anything_and_comes_out_as_it_went_in() {
    let text = |payload: Option<&[u8]>| {
        let length = payload.map_or(0, <[u8]>::len) as u32;
        let mut bytes = Vec::new();
        bytes.extend((12 + length).to_be_bytes());
        bytes.extend(1_u32.to_be_bytes());
        bytes.extend(0xffff_ffff_u32.to_be_bytes());
        bytes.extend(payload.map_or(0xffff_ffff, |_| length).to_be_bytes());
        bytes.extend(payload.unwrap_or_default());
        bytes
    };
    let payloads: [Option<&[u8]>; 10] = [
        None,
        Some(b""),
        Some(b"\0\0\0"),
        Some(b"\0\0\0\x03abc"),
        Some(b"\0\0\0\x04ab"),
        Some(b"\0\0\0\x02ab!"),
        Some(b"\xff\xff\xff\xff!"),
        Some(b"\xff\xff\xff\xfe\0\0\0\0\0\0\0\0"),
        Some(b"hello"),
        Some(b"\xff\xd8\xff\xe0"),
    ];
    for payload in payloads {
        let bytes = text(payload);
        let messages = decode_all(&mut Codec::new(LIMIT), &bytes).unwrap();
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].payload().map(|payload| &payload[..]), payload);
        assert_eq!(messages[0].text_content(), None, "{payload:?}");
        assert_eq!(wire_bytes(&messages[0]), bytes);
        let made = Message::new(MessageKind::Text, QString::NULL, payload.map(Bytes::copy_from_slice));
        assert_eq!(wire_bytes(&made.unwrap()), bytes);
    }
    let null = decode_all(&mut Codec::new(LIMIT), &text(Some(b"\xff\xff\xff\xff"))).unwrap();
    assert_eq!(null[0].text_content(), Some(QString::NULL), "a null string is a string");
}

/// Only received bytes count, and almost nothing more: a size field is a claim.
#[tokio::test]
async fn memory_for_a_message_grows_with_what_has_come_of_it() {
    let (mut far, near) = tokio::io::duplex(1 << 20);
    let all = Arc::<HeldBytes>::default();
    let accounts = [0; 2].map(|_| Arc::new(HeldBytes::within(Arc::clone(&all))));
    let [unfinished, whole] = accounts.each_ref().map(Arc::clone);
    let mut reader = Reader::new(near, Codec::new(DEFAULT_MAX_MESSAGE)).counting(unfinished, whole);
    let message =
        Message::new(MessageKind::Image, QString::NULL, Some(vec![7; (16 << 20) - 12].into())).unwrap();
    let bytes = wire_bytes(&message);
    let mut sent = 0;
    for (more, most) in [(20, 70_000), (100_000, 1_200_000), (1_000_000, 2_200_000), (7_000_000, 9_300_000)] {
        let mut rest = &bytes[sent..sent + more];
        while !rest.is_empty() {
            // In parts: bytes that are not read yet have to fit into the pipe.
            let (some, later) = rest.split_at(rest.len().min(500_000));
            far.write_all(some).await.unwrap();
            rest = later;
            let waiting = timeout(Duration::from_millis(50), reader.next()).await;
            assert!(waiting.is_err(), "it is incomplete");
        }
        sent += more;
        assert!(
            accounts[0].bytes() >= sent && accounts[0].bytes() <= most,
            "{sent}: {}",
            accounts[0].bytes()
        );
    }
    let rest = tokio::spawn(async move {
        far.write_all(&bytes[sent..]).await.unwrap();
        far
    });
    let read = reader.next().await.unwrap().unwrap();
    assert_eq!(read, message);
    let [unfinished, whole] = accounts.each_ref().map(|account| account.bytes());
    assert!(unfinished < 10_000 && (16 << 20..17 << 20).contains(&whole), "{unfinished} {whole}");
    // A slice that shares the memory keeps it.
    let payload = read.payload().unwrap().slice(..1);
    drop(read);
    assert_eq!(accounts[1].bytes(), whole);
    drop(payload);
    assert_eq!(accounts[1].bytes(), 0);
    drop((rest, reader));
    assert_eq!(all.bytes(), 0);
}

#[test]
fn the_limit_is_checked_before_anything_is_allocated_and_holds_to_the_byte() {
    let limit = 1000;
    for (size, fits) in [(limit - 1, true), (limit, true), (limit + 1, false)] {
        let message =
            Message::new(MessageKind::Image, QString::NULL, Some(vec![0; size - 12].into())).unwrap();
        let bytes = wire_bytes(&message);
        assert_eq!(bytes.len(), size + 4);
        let read = decode_all(&mut Codec::new(limit as u32), &bytes);
        assert_eq!(read.is_ok(), fits, "{size}");
    }
    // Only the four bytes of the size are there: it is rejected without waiting for more.
    assert_eq!(
        fault(&(LIMIT + 1).to_be_bytes()),
        (0, Fault::SizeTooLarge { found: (LIMIT + 1).into(), allowed: LIMIT })
    );
}

#[test]
fn errors_name_the_peer_the_place_what_was_found_and_what_is_allowed() {
    let mut codec = Codec::new(LIMIT).with_peer("192.0.2.7:4000".parse().unwrap());
    let good = wire_bytes(&Heartbeat::default().to_message(Side::Client));
    let error = decode_all(&mut codec, &[good.as_slice(), &[0x7f; 4]].concat()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "192.0.2.7:4000: at byte 88: a message size of 2139062143; at most 1048576 is allowed"
    );
}

#[test]
fn an_end_inside_a_message_is_told_from_one_between_two() {
    let bytes = wire_bytes(&Message::text("x", &Origin::default()).unwrap());
    for length in 0..=bytes.len() {
        let mut codec = Codec::new(LIMIT);
        let mut buffer = BytesMut::from(&bytes[..length]);
        let end = codec.decode_eof(&mut buffer);
        match length {
            0 => assert!(matches!(end, Ok(None))),
            _ if length == bytes.len() => assert!(matches!(end, Ok(Some(_)))),
            _ => assert!(matches!(end, Err(Error::Cut { received, .. }) if received == length), "{length}"),
        }
    }
}

#[test]
fn types_keep_their_numbers() {
    for number in [i32::MIN, -1, 0, 1, 2, 3, 4, 99, 100, 101, 199, 200, i32::MAX] {
        assert_eq!(i32::from(MessageKind::from(number)), number);
    }
}

prop_compose! {
    fn any_qstring()(units in prop::option::of(prop::collection::vec(any::<u16>(), 0..40))) -> QString {
        units.map_or(QString::NULL, |units| QString::from_utf16(&units))
    }
}

proptest! {
    // Failures are printed with their seed and belong into a separate test, not into a file.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_message_survives_the_round_trip_in_any_chunks(
        number in any::<i32>().prop_filter("texts have their own rules", |number| *number != 1),
        description in any_qstring(),
        payload in prop::option::of(prop::collection::vec(any::<u8>(), 0..300)),
        chunk in 1_usize..64,
    ) {
        let message = Message::new(number.into(), description, payload.map(Bytes::from)).unwrap();
        let bytes = wire_bytes(&message);
        let (mut codec, mut buffer) = (Codec::new(LIMIT), BytesMut::new());
        let mut read = Vec::new();
        for part in bytes.chunks(chunk) {
            read.extend(feed(&mut codec, &mut buffer, part).unwrap());
        }
        prop_assert_eq!(read, vec![message]);
    }

    #[test]
    fn any_text_survives(text in any::<String>(), from in any::<Option<String>>(), id in any::<Option<String>>()) {
        let short = |name: Option<String>| name.map(|name| name.chars().take(200).collect::<String>());
        let mut origin = Origin::default().with_id(short(id));
        origin.from = short(from);
        let message = Message::text(&text, &origin).unwrap();
        let read = decode_all(&mut Codec::new(LIMIT), &wire_bytes(&message)).unwrap().remove(0);
        prop_assert_eq!(read.text_content().unwrap().to_text().unwrap(), text);
        prop_assert_eq!(read.origin(), origin);
    }

    #[test]
    fn frame_info_survives_and_nothing_makes_it_fail(
        stream in any::<String>(), seq in any::<u64>(), captured in any::<u64>(), noise in any_qstring(),
    ) {
        let stream: String = stream.chars().take(200).collect();
        let info = FrameInfo::default().with_stream(stream).with_seq(seq).with_captured(Timestamp::from_micros(captured));
        prop_assert_eq!(FrameInfo::parse(&QString::from(info.to_string().as_str())), info);
        let _ = FrameInfo::parse(&noise);
        let _ = Heartbeat::parse(&noise);
    }

    #[test]
    fn garbage_is_an_error_or_a_message_and_never_more(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_all(&mut Codec::new(LIMIT), &bytes);
    }

    #[test]
    fn one_flipped_byte_never_panics(at in 0_usize..200, value in any::<u8>()) {
        for case in golden() {
            let mut bytes = case.bytes;
            let at = at % bytes.len();
            bytes[at] = value;
            let _ = decode_all(&mut Codec::new(LIMIT), &bytes);
        }
    }
}

#[test]
fn the_encoder_writes_what_the_decoder_reads() {
    let mut buffer = BytesMut::new();
    let mut codec = Codec::new(LIMIT);
    let cases = golden();
    for case in &cases {
        codec.encode(&case.message, &mut buffer);
    }
    for case in cases {
        assert_eq!(codec.decode(&mut buffer).unwrap(), Some(case.message), "{}", case.name);
    }
}

/// Consecutive messages, some of them over the limit.
fn with_larger_ones() -> (Vec<u8>, Vec<Message>) {
    let message = |kind, bytes: usize| Message::new(kind, "x".into(), Some(vec![7; bytes].into())).unwrap();
    let limit = LIMIT as usize;
    let all = [
        message(MessageKind::Image, limit),
        message(MessageKind::Video, 10),
        message(MessageKind::Video, limit + 1),
        message(MessageKind::Video, 2 * limit),
        Message::new(MessageKind::Image, QString::NULL, Some(vec![7; limit].into())).unwrap(),
        Message::text("the last", &Origin::default()).unwrap(),
        message(MessageKind::Other(65_535), limit),
    ];
    let bytes = all.iter().flat_map(wire_bytes).collect();
    (bytes, vec![all[1].clone(), all[5].clone()])
}

#[test]
fn what_is_over_the_limit_is_skipped_however_it_comes() {
    let (bytes, wanted) = with_larger_ones();
    for chunk in [1, 3, 11, 12, 13, 4_096, 65_536, 1_000_003, bytes.len()] {
        let (mut codec, mut buffer) = (Codec::new(LIMIT).skip_larger(), BytesMut::new());
        let mut read = Vec::new();
        for chunk in bytes.chunks(chunk) {
            buffer.extend_from_slice(chunk);
            while let Some(message) = codec.decode(&mut buffer).unwrap() {
                read.push(message);
            }
            assert!(buffer.len() < 12, "none of it is kept");
        }
        assert_eq!((&read, codec.decode_eof(&mut buffer).unwrap()), (&wanted, None), "{chunk}");
        let skipped = codec.skipped();
        assert_eq!((skipped.messages, skipped.frames, skipped.last_size), (5, 2, LIMIT + 14));
    }
}

#[tokio::test]
async fn a_reader_skips_as_well_and_says_what_was_cut() {
    let (bytes, wanted) = with_larger_ones();
    let mut reader = Reader::new(bytes.as_slice(), Codec::new(LIMIT).skip_larger());
    for message in wanted {
        assert_eq!(reader.next().await.unwrap(), Some(message));
    }
    assert_eq!(reader.next().await.unwrap(), None);
    assert_eq!((reader.skipped().messages, reader.received()), (5, bytes.len() as u64));
    let cut = &bytes[..1000];
    let mut reader = Reader::new(cut, Codec::new(LIMIT).skip_larger());
    let error = reader.next().await.unwrap_err();
    let expected = LIMIT as usize + 18;
    assert!(matches!(error, Error::Cut { received: 1000, expected: all, .. } if all == expected), "{error}");
}

#[tokio::test]
async fn what_is_no_message_is_not_skipped() {
    let begin = |size: u32, rest: &[u8]| [&size.to_be_bytes()[..], rest].concat();
    let large = LIMIT + 1;
    for (bytes, why) in [
        (begin(0x2000_0000, &[0, 0, 0, 3, 0, 0, 0, 0]), "an absurd size"),
        (b"HTTP/1.1 400 Bad Request".to_vec(), "text"),
        (begin(0x1503_0300, &[2, 2, 40, 0, 0, 0, 0, 0]), "a TLS alert"),
        (begin(0x1603_0300, &[0, 0, 0, 3, 0, 0, 0, 0]), "a TLS handshake"),
        (begin(large, b" and text"), "a type that is text"),
        (begin(large, &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]), "a negative type"),
        (begin(large, &[0, 0, 0, 3, 0, 0, 0, 7]), "half a UTF-16 unit"),
        (begin(large, &[0, 0, 0, 3, 0x7f, 0, 0, 0]), "a description longer than the message"),
        (begin(large, &[0, 0, 0, 3, 0xff, 0xff, 0xff, 0xfe]), "a 64-bit length"),
        (begin(large, &[0, 0, 0, 3, 0, 0, 0]), "cut before it can be recognised"),
        (begin(large, &[]), "only a size"),
    ] {
        let mut reader = Reader::new(bytes.as_slice(), Codec::new(LIMIT).skip_larger());
        let error = reader.next().await.unwrap_err().to_string();
        assert!(error.contains("at most 1048576 is allowed"), "{why}: {error}");
        let mut codec = Codec::new(LIMIT).skip_larger();
        let error = codec.decode_eof(&mut BytesMut::from(bytes.as_slice())).unwrap_err().to_string();
        assert!(error.contains("at most 1048576 is allowed"), "{why}: {error}");
        assert_eq!((codec.skipped().messages, reader.skipped().messages), (0, 0));
    }
}

#[test]
fn a_number_is_added_at_the_end_where_there_is_room_and_a_senders_own_is_not_kept() {
    let message = |description: &str| {
        let message = Message::new(MessageKind::Video, description.into(), Some(vec![7; 9].into())).unwrap();
        decode_all(&mut Codec::new(LIMIT), &wire_bytes(&message)).unwrap().remove(0)
    };
    let plain = message("x; stream=a");
    let numbered = plain.numbered(7, LIMIT).unwrap();
    assert_eq!(numbered.description(), &"x; stream=a; peer=7".into());
    assert_eq!((numbered.peer(), numbered.payload()), (Some(7), plain.payload()));
    let again = decode_all(&mut Codec::new(LIMIT), &wire_bytes(&numbered)).unwrap().remove(0);
    assert_eq!(again, numbered, "well-formed");
    assert!(plain.is_as_it_came() && !numbered.is_as_it_came());
    let size = numbered.wire_len() as u32 - 4;
    assert!(plain.numbered(7, size).is_some() && plain.numbered(7, size - 1).is_none());
    assert_eq!(plain.unnumbered(), None);
    let forged = message("x; peer=1; peer=2");
    assert_eq!(forged.numbered(u64::MAX, LIMIT).unwrap().peer(), Some(u64::MAX));
    assert_eq!(forged.numbered(u64::MAX, 40).unwrap().description(), &"x".into());
    assert_eq!(forged.unnumbered().unwrap().description(), &"x".into());
    for kind in [MessageKind::Heartbeat, MessageKind::Reserved(150), MessageKind::Other(7)] {
        assert_eq!(Message::new(kind, "x".into(), None).unwrap().numbered(7, LIMIT), None);
    }
    let null = Message::new(MessageKind::Image, QString::NULL, None).unwrap().numbered(7, LIMIT).unwrap();
    assert_eq!((null.peer(), null.payload()), (Some(7), None));
}

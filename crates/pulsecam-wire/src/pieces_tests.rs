use super::*;

const LIMIT: u32 = 1000;

fn first(length: u32, bytes: &[u8]) -> Message {
    let payload = [&length.to_be_bytes(), bytes].concat();
    let description = QString::from("this is video image; seq=1; peer=3");
    Message::new(MessageKind::Reserved(FIRST), description, Some(payload.into())).unwrap()
}

fn further(bytes: &[u8]) -> Message {
    Message::new(MessageKind::Reserved(NEXT), QString::NULL, Some(Bytes::copy_from_slice(bytes))).unwrap()
}

fn last(bytes: &[u8]) -> Message {
    Message::new(MessageKind::Reserved(LAST), QString::NULL, Some(Bytes::copy_from_slice(bytes))).unwrap()
}

/// The frame that `first(length, …)` and the rest make.
fn frame(payload: &[u8]) -> Message {
    let description = QString::from("this is video image; seq=1; peer=3");
    Message::new(MessageKind::Video, description, Some(Bytes::copy_from_slice(payload))).unwrap()
}

fn whole(frame: Message) -> Assembled {
    Assembled { frame: Some(frame), ..Assembled::default() }
}

const TORN: Assembled = Assembled { frame: None, torn: true, too_large: None };

#[test]
fn a_frame_is_the_same_however_it_is_cut() {
    let payload: Vec<u8> = (0..100).collect();
    for one in 0..=payload.len() {
        for other in one..=payload.len() {
            let mut pieces = PieceAssembler::new(LIMIT);
            let cut = [first(100, &payload[..one]), further(&payload[one..other]), last(&payload[other..])];
            let taken: Vec<_> = cut.iter().map(|piece| pieces.take(piece).unwrap()).collect();
            let frames: Vec<_> = taken.iter().filter_map(|assembled| assembled.frame.clone()).collect();
            assert_eq!(frames, [frame(&payload)], "{one} {other}");
            assert!(taken.iter().all(|assembled| !assembled.torn && assembled.too_large.is_none()));
        }
    }
}

#[test]
fn the_last_piece_is_the_rest_of_the_message() {
    let mut pieces = PieceAssembler::new(LIMIT);
    assert_eq!(pieces.take(&first(6, b"abc")), Some(Assembled::default()));
    let payload = frame(b"abcdef");
    assert_eq!(pieces.take(&payload.last_piece(3).unwrap()), Some(whole(payload)));
}

#[test]
fn other_messages_between_pieces_change_nothing() {
    let mut pieces = PieceAssembler::new(LIMIT);
    pieces.take(&first(4, b"ab"));
    for other in [frame(b"xx"), Message::text("hello", &crate::Origin::default()).unwrap()] {
        assert_eq!(pieces.take(&other), None);
    }
    assert_eq!(pieces.take(&last(b"cd")), Some(whole(frame(b"abcd"))));
}

#[test]
fn a_frame_without_its_rest_is_dropped_once() {
    let mut pieces = PieceAssembler::new(LIMIT);
    pieces.take(&first(4, b"ab"));
    assert_eq!(pieces.take(&torn_piece()), Some(TORN));
    assert_eq!(pieces.take(&torn_piece()), Some(Assembled::default()));
    assert_eq!(pieces.take(&further(b"cd")), Some(Assembled::default()), "belongs to nothing");
    pieces.take(&first(4, b"ab"));
    assert_eq!(pieces.take(&first(3, b"xy")), Some(TORN), "another begins");
    assert_eq!(pieces.take(&last(b"z")), Some(whole(frame(b"xyz"))));
    pieces.take(&first(4, b"ab"));
    assert_eq!(pieces.take(&last(b"c")), Some(TORN), "the last comes too early");
}

#[test]
fn nonsense_yields_nothing() {
    let mut pieces = PieceAssembler::new(LIMIT);
    let short = Message::new(MessageKind::Reserved(FIRST), QString::NULL, Some(vec![0; 3].into())).unwrap();
    let null = Message::new(MessageKind::Reserved(FIRST), QString::NULL, None).unwrap();
    for message in [&further(b"ab"), &last(b""), &short, &null] {
        assert_eq!(pieces.take(message), Some(Assembled::default()));
    }
    assert_eq!(pieces.take(&first(2, b"abc")), Some(TORN), "more than was announced");
    assert_eq!(pieces.take(&further(b"")), Some(Assembled::default()));
}

#[test]
fn a_frame_over_the_limit_is_dropped_as_it_arrives() {
    let mut pieces = PieceAssembler::new(LIMIT);
    pieces.take(&first(1000, &[7; 400]));
    assert_eq!(pieces.take(&further(&[7; 599])), Some(Assembled::default()));
    let size = MIN_SIZE + frame(b"").description().as_bytes().len() as u32 + 1000;
    let dropped = Assembled { too_large: Some(size), ..Assembled::default() };
    assert_eq!(pieces.take(&last(&[7])), Some(dropped));
    for length in [u32::MAX, u32::MAX - 1, LIMIT] {
        pieces.take(&first(length, &[7; 10]));
        assert_eq!(pieces.take(&torn_piece()), Some(TORN));
    }
}

/// A length is only a claim, as a size field is.
#[test]
fn memory_is_taken_for_what_has_come() {
    let mut pieces = PieceAssembler::new(u32::MAX);
    pieces.take(&first(1 << 30, b"x"));
    let Some(Unfinished::Frame { payload, .. }) = &mut pieces.unfinished else { panic!("begun") };
    let (buffer, _) = payload.space();
    assert!(buffer.capacity() <= 64 << 10, "{}", buffer.capacity());
}

//! Tests of the model's states, with explicit times.

use bytes::Bytes;

use super::{super::tiles, *};
use crate::{
    i18n::Language,
    view::{
        StreamCounts,
        action::Action,
        command::Command,
        samples::{damaged, frame, id, image},
        update::{SelfViewState, VideoFrame},
    },
};

pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) fn empty_model(host: &str, now: Instant) -> Model {
    Model::new(host, Arc::new(Translations::new(Language::English)), now)
}

pub(super) fn show(model: &mut Model, stream: &str, seq: u64, now: Instant) {
    model.apply(Update::Frame(frame(stream, seq, 8, 8)), now);
}

/// Its sender leaves, and its tile is removed.
fn leave(model: &mut Model, stream: &str, now: Instant) {
    model.streams.remove(|known| known.id() == id(stream));
    model.expire(now);
}

pub(super) fn names(model: &Model) -> Vec<&str> {
    model.streams.iter().map(Stream::name).collect()
}

#[test]
fn an_empty_window_shows_the_state_of_the_link() {
    let now = Instant::now();
    let mut model = empty_model("relay:6868", now);
    assert_eq!(model.headline(now).0, "connecting to relay:6868");
    model.apply(Update::Link(LinkState::Up { rtt: None }), now);
    assert_eq!(model.headline(now), ("waiting for pictures from relay:6868".into(), Tone::Good));
    let down = LinkState::Down { why: "no answer".into(), retry_at: now + 2 * SECOND };
    model.apply(Update::Link(down), now);
    assert_eq!(model.headline(now), ("reconnecting in 2 s: no answer".into(), Tone::Bad));
    assert_eq!(model.headline(now + SECOND / 2).0, "reconnecting in 2 s: no answer");
    assert_eq!(model.headline(now + 2 * SECOND).0, "reconnecting to relay:6868: no answer");
    model.apply(Update::Link(LinkState::Refused { why: "full.".into(), retry_at: None }), now);
    assert_eq!(model.headline(now).0, "relay:6868 refused: full.");
    let again = LinkState::Refused { why: "full.".into(), retry_at: Some(now + 3 * SECOND) };
    model.apply(Update::Link(again), now);
    assert_eq!(model.headline(now).0, "relay:6868 refused: full. Retrying in 3 s.");
    let lasting = LinkState::Lasting { why: "no key.".into(), retry_at: now + 20 * SECOND };
    model.apply(Update::Link(lasting), now);
    let words = "relay:6868: no key. This will not resolve itself";
    assert_eq!(model.headline(now), (format!("{words} (next attempt in 20 s)."), Tone::Bad));
    assert_eq!(model.headline(now + 20 * SECOND).0, format!("{words}."));
    assert_eq!(model.next_change(now).map(|then| then - now), Some(SECOND), "countdown");
    model.apply(Update::Host("other:6868".into()), now);
    model.apply(Update::Link(LinkState::Up { rtt: None }), now);
    assert_eq!(model.headline(now).0, "waiting for pictures from other:6868", "it moved");
}

#[test]
fn a_cut_link_freezes_every_picture_at_once() {
    let now = Instant::now();
    let mut model = empty_model("relay", now);
    model.apply(Update::Link(LinkState::Up { rtt: None }), now);
    show(&mut model, "a", 0, now);
    let soon = now + SECOND / 10;
    assert_eq!(model.life(&model.streams[0], soon), StreamHealth::Live);
    model.apply(Update::Link(LinkState::Down { why: "reset".into(), retry_at: now }), now);
    assert_eq!(model.life(&model.streams[0], soon), StreamHealth::Frozen(SECOND / 10));
}

#[test]
fn a_silent_stream_dims_then_goes_and_its_totals_stay() {
    let now = Instant::now();
    let mut model = empty_model("relay", now);
    show(&mut model, "a", 0, now);
    show(&mut model, "a", 3, now);
    show(&mut model, "b", 0, now + 29 * SECOND);
    model.expire(now + 29 * SECOND);
    assert_eq!(model.life(&model.streams[0], now + 29 * SECOND), StreamHealth::Frozen(29 * SECOND));
    model.expire(now + 30 * SECOND);
    assert_eq!(names(&model), ["b"]);
    model.apply(Update::Left { stream: id("b") }, now + 30 * SECOND);
    assert_eq!(model.life(&model.streams[0], now + 30 * SECOND), StreamHealth::Left);
    show(&mut model, "b", 1, now + 31 * SECOND);
    assert_ne!(model.life(&model.streams[0], now + 31 * SECOND), StreamHealth::Left, "it is back");
    model.apply(Update::Left { stream: id("b") }, now + 32 * SECOND);
    model.expire(now + 33 * SECOND);
    assert_eq!(names(&model), ["b"]);
    model.expire(now + 34 * SECOND);
    assert!(model.streams.is_empty());
    let counts = StreamCounts { shown: 2, replaced: 2, ..StreamCounts::default() };
    assert_eq!(model.totals()[0], Total { stream: "a".into(), counts });
    assert_eq!(model.totals().len(), 2);
}

#[test]
fn a_stream_that_returns_gets_its_old_place() {
    let now = Instant::now();
    let mut model = empty_model("relay", now);
    for name in ["a", "b", "c"] {
        show(&mut model, name, 0, now);
    }
    for name in ["a", "b"] {
        leave(&mut model, name, now);
    }
    show(&mut model, "d", 0, now);
    show(&mut model, "b", 0, now);
    assert_eq!(names(&model), ["b", "c", "d"]);
    show(&mut model, "a", 0, now);
    assert_eq!(names(&model), ["a", "b", "c", "d"]);
}

#[test]
fn streams_of_one_name_are_distinct_and_a_restarted_one_gets_its_old_place() {
    let now = Instant::now();
    let mut model = empty_model("relay", now);
    let called = |stream: &str, name: &str| VideoFrame { name: name.into(), ..frame(stream, 0, 8, 8) };
    for (stream, name) in [("1", "ann"), ("2", "ann"), ("3", "bob")] {
        model.apply(Update::Frame(called(stream, name)), now);
    }
    assert_eq!(names(&model), ["ann", "ann", "bob"]);
    model.apply(Update::Frame(called("1", "ann at home")), now);
    assert_eq!(names(&model), ["ann at home", "ann", "bob"], "another name, the same stream");
    model.execute(Command::Enlarge(1), now);
    leave(&mut model, "2", now);
    assert_eq!((names(&model), model.enlarged()), (vec!["ann at home", "bob"], None));
    model.apply(Update::Frame(called("4", "ann")), now);
    assert_eq!(names(&model), ["ann at home", "ann", "bob"], "started again");
    model.apply(Update::Frame(called("5", "ann")), now);
    assert_eq!(names(&model), ["ann at home", "ann", "bob", "ann"], "no present stream loses its place");
}

#[test]
fn one_is_enlarged_and_tab_goes_round() {
    let now = Instant::now();
    let mut model = empty_model("relay", now);
    assert!(model.execute(Command::Next, now).is_empty(), "without streams there is no next one");
    for name in ["a", "b", "c"] {
        show(&mut model, name, 0, now);
    }
    let mut after = |command| {
        model.execute(command, now);
        model.enlarged()
    };
    assert_eq!(after(Command::Enlarge(7)), None);
    assert_eq!(after(Command::Enlarge(1)), Some(1));
    assert_eq!(after(Command::Enlarge(1)), None, "a second time shows all");
    let round: Vec<_> = (0..5).map(|_| after(Command::Next)).collect();
    assert_eq!(round, [Some(0), Some(1), Some(2), None, Some(0)]);
    assert_eq!(after(Command::Previous), None);
    assert_eq!(after(Command::Previous), Some(2));
    leave(&mut model, "a", now);
    assert_eq!(model.enlarged(), Some(1), "the stream is enlarged, not the place");
    leave(&mut model, "c", now);
    assert_eq!(model.enlarged(), None);
    show(&mut model, "c", 9, now);
    assert_eq!(model.enlarged(), Some(1), "enlarged again when it is back");
    model.execute(Command::All, now);
    assert_eq!(model.enlarged(), None);
}

#[test]
fn commands_match_the_help() {
    let now = Instant::now();
    let mut model = empty_model("relay", now);
    assert!(model.execute(Command::Save, now).is_empty());
    assert_eq!(model.chat.recent(now).count(), 1, "the reason is shown");
    show(&mut model, "a", 0, now);
    show(&mut model, "b", 0, now);
    model.execute(Command::Pause, now);
    show(&mut model, "a", 1, now);
    let saved = model.execute(Command::Save, now);
    let Action::Snapshot { seq, jpeg, .. } = &saved[0] else { panic!("no snapshot") };
    assert_eq!((*seq, jpeg), (Some(0), &model.streams[0].frame.jpeg), "the visible frame is saved");
    assert_eq!(saved.len(), 2);
    model.execute(Command::Pause, now);
    assert_eq!(model.streams[0].frame.seq, Some(1));
    model.execute(Command::Enlarge(1), now);
    let saved = model.execute(Command::Save, now);
    assert!(matches!(&saved[..], [Action::Snapshot { stream, .. }] if stream == "b"), "{saved:?}");

    model.apply(Update::Image(image("ann", 20, 10)), now);
    model.apply(Update::Image(image("bob", 20, 10)), now);
    let saved = model.execute(Command::Save, now);
    assert!(matches!(&saved[..], [Action::SaveImage { sender: Some(name), .. }] if name == "bob"));
    model.execute(Command::Help, now);
    model.execute(Command::Dismiss, now);
    assert!(!model.help && model.images.len() == 2, "the topmost panel is closed first");
    model.execute(Command::Dismiss, now);
    assert_eq!(model.images.len(), 1);
    assert_eq!(model.execute(Command::Record, now), [Action::Record { only: None }]);
    model.apply(Update::Recording(Some(now)), now);
    assert_eq!(model.execute(Command::Record, now), [Action::StopRecording]);
}

#[test]
fn a_camera_is_switched_if_there_is_one() {
    let now = Instant::now();
    let mut model = empty_model("relay", now);
    assert!(model.execute(Command::Camera, now).is_empty());
    model.apply(Update::Own(SelfViewState::NoSignal("unplugged".into())), now);
    assert_eq!(model.execute(Command::Camera, now), [Action::Camera(false)]);
    model.apply(Update::Own(SelfViewState::Off), now);
    assert_eq!(model.execute(Command::Camera, now), [Action::Camera(true)]);
}

#[test]
fn a_scaled_picture_is_shown_unless_a_newer_frame_arrived() {
    let now = Instant::now();
    let mut model = empty_model("relay", now);
    show(&mut model, "a", 0, now);
    let fitted = |stamp| {
        let wanted = RescaleRequest { stamp, file: Bytes::new(), is_image: false, size: (4, 4) };
        Update::Fitted { wanted, canvas: Ok(Arc::new(Canvas::filled(4, 4, 7))) }
    };
    let stamp = model.streams[0].stamp;
    model.apply(fitted(stamp), now);
    assert_eq!(model.streams[0].frame.canvas.width, 4);
    show(&mut model, "a", 1, now);
    model.apply(fitted(stamp), now);
    assert_eq!(model.streams[0].frame.canvas.width, 8, "too late");
    model.apply(Update::Image(image("ann", 20, 10)), now);
    let stamp = model.images.newest().unwrap().stamp;
    model.apply(fitted(stamp), now);
    assert_eq!(model.images.newest().unwrap().canvas.as_ref().unwrap().width, 4);
}

#[test]
fn the_buttons_appear_with_the_pointer() {
    let now = Instant::now();
    let mut model = empty_model("relay", now);
    let later = now + BUTTONS_AT_FIRST;
    assert!(model.has_buttons(later), "an empty window always has them");
    show(&mut model, "a", 0, now);
    assert!(model.has_buttons(now) && !model.has_buttons(later));
    model.pointed(later);
    assert!(
        model.has_buttons(later) && model.next_change(later).is_some_and(|at| at <= later + BUTTONS_STAY)
    );
    assert!(!model.has_buttons(later + BUTTONS_STAY));
}

#[test]
fn an_unreadable_text_is_reported() {
    let now = Instant::now();
    let mut model = empty_model("relay", now);
    let sender = Some("ann".to_owned());
    model.apply(Update::UnreadableText { sender: sender.clone(), bytes: 12, at: Timestamp::now() }, now);
    let line = model.chat.recent(now).next().unwrap();
    assert_eq!((&line.speaker, line.text.as_str()), (&Speaker::Peer(sender), "(unreadable text, 12 bytes)"));
}

#[test]
fn a_stream_of_which_no_frame_can_be_decoded_has_a_tile_that_says_so() {
    let now = Instant::now();
    let after = |ms: u64| now + Duration::from_millis(ms);
    let mut model = empty_model("relay", now);
    model.apply(Update::Link(LinkState::Up { rtt: None }), now);
    for step in 0..20 {
        model.apply(Update::Damaged(damaged("ann", step + 1)), after(100 * step));
    }
    let [stream] = &model.streams[..] else { panic!("not one tile") };
    assert_eq!((stream.name(), stream.frame.size), ("ann", (1280, 720)));
    assert_eq!(model.life(stream, after(2_000)), StreamHealth::Undecodable);
    let text = tiles::instead(&model.words, stream, StreamHealth::Undecodable).unwrap();
    assert!(text.contains("cannot be decoded: a JPEG with 12 bits"), "{text}");
    let counts = stream.counts();
    assert_eq!((counts.shown, counts.replaced, counts.damaged), (0, 0, 20));
    // There is nothing to save or to copy.
    assert!(model.execute(Command::Copy, after(2_000)).is_empty());
    assert!(model.execute(Command::Save, after(2_000)).is_empty());
    assert_eq!(model.chat.recent(after(2_000)).count(), 1, "the reason is shown");
    // Its sender stops: the tile says so, and is removed later.
    assert!(matches!(model.life(&model.streams[0], after(8_000)), StreamHealth::Frozen(_)));
    model.expire(after(20_000));
    assert_eq!(model.streams.len(), 1);
    model.expire(after(40_000));
    assert!(model.streams.is_empty());
}

#[test]
fn the_newest_frames_decide_the_state_of_a_stream() {
    let now = Instant::now();
    let after = |ms: u64| now + Duration::from_millis(ms);
    let mut model = empty_model("relay", now);
    model.apply(Update::Link(LinkState::Up { rtt: None }), now);
    model.apply(Update::Damaged(damaged("ann", 1)), now);
    model.apply(Update::Frame(frame("ann", 2, 8, 8)), after(50));
    assert_eq!(model.life(&model.streams[0], after(60)), StreamHealth::Live, "a frame that can be shown");
    assert!(model.streams[0].has_picture() && model.streams[0].frame.canvas.width == 8);
    // A single bad frame among good ones is only counted.
    model.apply(Update::Damaged(damaged("ann", 2)), after(100));
    assert_eq!(model.life(&model.streams[0], after(110)), StreamHealth::Live);
    assert_eq!(model.streams[0].counts().damaged, 2);
    // From now on none can be decoded: the last picture is old, and the reason is shown.
    for step in 0..30 {
        model.apply(Update::Damaged(damaged("ann", 3 + step)), after(200 + 100 * step));
    }
    assert_eq!(model.life(&model.streams[0], after(3_200)), StreamHealth::Undecodable);
    assert_eq!(model.execute(Command::Save, after(3_200)).len(), 1, "that picture can be saved");
    // An interrupted link takes precedence.
    let cut = LinkState::Down { why: "cut".into(), retry_at: after(9_000) };
    model.apply(Update::Link(cut), after(3_200));
    assert!(matches!(model.life(&model.streams[0], after(3_200)), StreamHealth::Frozen(_)));
}

#[test]
fn an_image_that_cannot_be_shown_keeps_the_reason() {
    let now = Instant::now();
    let mut model = empty_model("relay", now);
    model.apply(Update::Image(image("ann", 20, 10)), now);
    let stamp = model.images.newest().unwrap().stamp;
    let wanted = RescaleRequest { stamp, file: Bytes::new(), is_image: true, size: (4, 4) };
    model.apply(Update::Fitted { wanted, canvas: Err("no end".into()) }, now);
    assert_eq!(model.images.newest().unwrap().image.fault.as_deref(), Some("no end"));
}

//! Tests of a model with a film, with explicit times.

use super::{
    super::{
        command::{Command, Target},
        film::FilmState,
        options, tiles,
    },
    tests::{SECOND, empty_model, names, show},
    *,
};
use crate::{
    clock::Age,
    playback::Playback,
    view::{samples::frame, update::VideoFrame},
};

/// A model with a film in the stream `film`, and the film's controls.
fn playing(length: Option<Duration>, now: Instant) -> (Playback, Model) {
    let mut model = empty_model("relay", now);
    let controls = Playback::default();
    controls.opened(length, length.is_some());
    let film = options::FilmOptions { controls: controls.clone(), stream: "film".into() };
    model.film = Some(FilmState::new(&film, now));
    model.apply(Update::Link(LinkState::Up { rtt: None }), now);
    show(&mut model, "film", 0, now);
    (controls, model)
}

#[test]
fn a_film_that_stands_still_is_neither_frozen_nor_gone() {
    let now = Instant::now();
    let (_, mut model) = playing(Some(60 * SECOND), now);
    show(&mut model, "camera", 0, now);
    assert!(model.execute(Command::Pause, now).is_empty());
    assert!(!model.paused, "the film pauses, not the window");
    let later = now + 3_600 * SECOND;
    model.expire(later);
    assert_eq!(names(&model), ["film"], "live streams are still removed");
    let film = &model.streams[0];
    assert_eq!(model.life(film, later), StreamHealth::Live);
    assert_eq!(tiles::figures(&model, film, StreamHealth::Live), ("8×8   paused".into(), Tone::Good));
    assert_eq!(model.next_change(later), None, "no countdown");
    model.apply(Update::Link(LinkState::Down { why: "reset".into(), retry_at: later }), later);
    assert!(matches!(model.life(&model.streams[0], later), StreamHealth::Frozen(_)), "the link is down");
}

#[test]
fn space_pauses_a_film_and_freezes_live_pictures() {
    let now = Instant::now();
    let (controls, mut model) = playing(Some(60 * SECOND), now);
    model.execute(Command::Pause, now);
    assert!(controls.progress().paused);
    model.execute(Command::Seek(Target::Forward(5)), now);
    assert_eq!(controls.progress().position, 5 * SECOND);
    model.execute(Command::Pause, now);
    assert!(!controls.progress().paused);
    // A camera has controls too, but they never report a film.
    let mut live = empty_model("relay", now);
    let film = options::FilmOptions { controls: Playback::default(), stream: "camera".into() };
    live.film = Some(FilmState::new(&film, now));
    show(&mut live, "camera", 0, now);
    live.execute(Command::Pause, now);
    assert!(live.paused && live.film().is_none());
    assert!(matches!(live.life(&live.streams[0], now + 5 * SECOND), StreamHealth::Frozen(_)));
}

#[test]
fn seeking_in_a_film_without_seeking_is_reported() {
    let now = Instant::now();
    let (_, mut model) = playing(None, now);
    model.execute(Command::Seek(Target::Forward(5)), now);
    let said: Vec<_> = model.chat.recent(now).map(|line| line.text.as_str()).collect();
    assert_eq!(said, ["This film does not support seeking."]);
}

#[test]
fn a_film_that_plays_is_seen_without_words_until_the_pointer_moves() {
    let now = Instant::now();
    let (controls, mut model) = playing(Some(60 * SECOND), now);
    let later = now + 10 * SECOND;
    assert!(model.hides_name(&model.streams[0], StreamHealth::Live, later));
    assert!(!model.hides_name(&model.streams[0], StreamHealth::Frozen(SECOND), later), "problems are shown");
    model.pointed(later);
    assert!(!model.hides_name(&model.streams[0], StreamHealth::Live, later));
    assert!(model.next_change(later).is_some_and(|at| at > later), "when the bar disappears");
    assert!(model.hides_name(&model.streams[0], StreamHealth::Live, later + 5 * SECOND));
    controls.toggle_pause();
    assert!(!model.hides_name(&model.streams[0], StreamHealth::Live, later + 5 * SECOND));
}

#[test]
fn a_film_is_never_late() {
    let now = Instant::now();
    let (_, mut model) = playing(Some(60 * SECOND), now);
    let age = Some(Age { time: 5 * SECOND, within: Some(Duration::ZERO) });
    for step in 1..=30 {
        for name in ["film", "camera"] {
            let at = now + SECOND * step / 20;
            let late = VideoFrame { age, decoded: at, ..frame(name, step.into(), 8, 8) };
            model.apply(Update::Frame(late), at);
        }
    }
    let life = |place: usize| model.life(&model.streams[place], now + 2 * SECOND);
    assert!(
        matches!((life(0), life(1)), (StreamHealth::Live, StreamHealth::Late(_))),
        "{:?} {:?}",
        life(0),
        life(1)
    );
}

//! Tests of a model with a film, with explicit times.

use super::{
    super::{command::Target, film::Film, options, tiles},
    tests::{SECOND, empty_model, names, show},
    *,
};
use crate::{
    clock::Age,
    playback::Playback,
    view::{look::frame, update::Frame},
};

/// A model with a film in the stream `film`, and the film's controls.
fn playing(length: Option<Duration>, now: Instant) -> (Playback, Board) {
    let mut board = empty_model("relay", now);
    let controls = Playback::default();
    controls.opened(length, length.is_some());
    let film = options::Film { controls: controls.clone(), stream: "film".into() };
    board.film = Some(Film::new(&film, now));
    board.apply(Update::Link(LinkState::Up { rtt: None }), now);
    show(&mut board, "film", 0, now);
    (controls, board)
}

#[test]
fn a_film_that_stands_still_is_neither_frozen_nor_gone() {
    let now = Instant::now();
    let (_, mut board) = playing(Some(60 * SECOND), now);
    show(&mut board, "camera", 0, now);
    assert!(board.obey(Command::Pause, now).is_empty());
    assert!(!board.paused, "the film pauses, not the window");
    let later = now + 3_600 * SECOND;
    board.expire(later);
    assert_eq!(names(&board), ["film"], "live streams are still removed");
    let film = &board.streams[0];
    assert_eq!(board.life(film, later), Life::Live);
    assert_eq!(tiles::figures(&board, film, Life::Live), ("8×8   paused".into(), Tone::Good));
    assert_eq!(board.next_change(later), None, "no countdown");
    board.apply(Update::Link(LinkState::Down { why: "reset".into(), retry_at: later }), later);
    assert!(matches!(board.life(&board.streams[0], later), Life::Frozen(_)), "the link is down");
}

#[test]
fn space_pauses_a_film_and_freezes_live_pictures() {
    let now = Instant::now();
    let (controls, mut board) = playing(Some(60 * SECOND), now);
    board.obey(Command::Pause, now);
    assert!(controls.progress().paused);
    board.obey(Command::Seek(Target::Forward(5)), now);
    assert_eq!(controls.progress().position, 5 * SECOND);
    board.obey(Command::Pause, now);
    assert!(!controls.progress().paused);
    // A camera has controls too, but they never report a film.
    let mut live = empty_model("relay", now);
    let film = options::Film { controls: Playback::default(), stream: "camera".into() };
    live.film = Some(Film::new(&film, now));
    show(&mut live, "camera", 0, now);
    live.obey(Command::Pause, now);
    assert!(live.paused && live.film().is_none());
    assert!(matches!(live.life(&live.streams[0], now + 5 * SECOND), Life::Frozen(_)));
}

#[test]
fn seeking_in_a_film_without_seeking_is_reported() {
    let now = Instant::now();
    let (_, mut board) = playing(None, now);
    board.obey(Command::Seek(Target::Forward(5)), now);
    let said: Vec<_> = board.chat.fresh(now).map(|line| line.text.as_str()).collect();
    assert_eq!(said, ["This film does not support seeking."]);
}

#[test]
fn a_film_that_plays_is_seen_without_words_until_the_pointer_moves() {
    let now = Instant::now();
    let (controls, mut board) = playing(Some(60 * SECOND), now);
    let later = now + 10 * SECOND;
    assert!(board.hides_name(&board.streams[0], Life::Live, later));
    assert!(!board.hides_name(&board.streams[0], Life::Frozen(SECOND), later), "problems are shown");
    board.pointed(later);
    assert!(!board.hides_name(&board.streams[0], Life::Live, later));
    assert!(board.next_change(later).is_some_and(|at| at > later), "when the bar disappears");
    assert!(board.hides_name(&board.streams[0], Life::Live, later + 5 * SECOND));
    controls.toggle_pause();
    assert!(!board.hides_name(&board.streams[0], Life::Live, later + 5 * SECOND));
}

#[test]
fn a_film_is_never_late() {
    let now = Instant::now();
    let (_, mut board) = playing(Some(60 * SECOND), now);
    let age = Some(Age { time: 5 * SECOND, within: Some(Duration::ZERO) });
    for step in 1..=30 {
        for name in ["film", "camera"] {
            let at = now + SECOND * step / 20;
            let late = Frame { age, decoded: at, ..frame(name, step.into(), 8, 8) };
            board.apply(Update::Frame(late), at);
        }
    }
    let life = |place: usize| board.life(&board.streams[place], now + 2 * SECOND);
    assert!(matches!((life(0), life(1)), (Life::Live, Life::Late(_))), "{:?} {:?}", life(0), life(1));
}

//! Tests of keys, and of what is painted in the cells of a terminal.

use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyEvent, KeyModifiers},
};

use super::*;
use crate::{
    i18n::{Language, Translations},
    view::{
        samples::frame,
        update::{SelfViewState, VideoFrame},
    },
};

fn model() -> Model {
    Model::new("desk", Arc::new(Translations::new(Language::English)), Instant::now())
}

/// A model with streams of these names and numbers.
fn streams(streams: &[(&str, u64)]) -> Model {
    let mut model = model();
    for &(name, peer) in streams {
        let frame = VideoFrame { peer: Some(peer), ..frame(name, 0, 320, 240) };
        model.apply(Update::Frame(frame), Instant::now());
    }
    model
}

fn view() -> View {
    View { pictures: Pictures::new(Graphics::Blocks), help_top: 0 }
}

/// The rows of the screen.
fn painted(model: &Model, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| paint::paint(frame, model, &mut view(), Instant::now())).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y| (0..width).filter_map(move |x| buffer.cell((x, y)));
    (0..height).map(|y| row(y).map(ratatui::buffer::Cell::symbol).collect()).collect()
}

/// Presses a key; returns whether it ends the program.
fn press(model: &mut Model, code: KeyCode) -> bool {
    let key = Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
    execute(&key, model, &mut view()).end.is_some()
}

#[test]
fn streams_have_the_numbers_of_the_relay() {
    let mut model = streams(&[("cid", 12), ("ann", 2)]);
    let rows = painted(&model, 80, 24).join("\n");
    assert!(rows.contains("● 2 ann") && rows.contains("● 12 cid"), "{rows}");
    press(&mut model, KeyCode::Char('1'));
    press(&mut model, KeyCode::Char('2'));
    let rows = painted(&model, 80, 24);
    assert_eq!(model.enlarged(), Some(1), "two digits are one number");
    assert!(rows[0].starts_with("● 12 cid"), "{rows:#?}");
    press(&mut model, KeyCode::Char('0'));
    assert_eq!(model.enlarged(), None);
}

#[test]
fn escape_closes_what_is_open_and_never_ends() {
    let mut model = streams(&[("ann", 1), ("bob", 2)]);
    press(&mut model, KeyCode::Char('2'));
    press(&mut model, KeyCode::Char('t'));
    press(&mut model, KeyCode::Char('h'));
    for _ in 0..5 {
        assert!(!press(&mut model, KeyCode::Esc));
    }
    let open = (model.enlarged(), model.help, model.chat.is_open());
    assert_eq!(open, (None, false, false));
    assert!(press(&mut model, KeyCode::Char('q')), "without a call, q ends at once");
}

#[test]
fn a_call_ends_after_a_question() {
    let mut model = streams(&[("ann", 1)]);
    model.apply(Update::Own(SelfViewState::Off), Instant::now());
    assert!(!press(&mut model, KeyCode::Char('q')));
    assert!(painted(&model, 80, 24).concat().contains("Leave the call?"));
    assert!(!press(&mut model, KeyCode::Esc), "to stay");
    assert!(!painted(&model, 80, 24).concat().contains("Leave the call?"));
    assert!(!press(&mut model, KeyCode::Enter), "a line to write is opened");
    press(&mut model, KeyCode::Esc);
    assert!(!press(&mut model, KeyCode::Char('q')));
    assert!(press(&mut model, KeyCode::Enter), "to leave");
}

#[test]
fn statistics_show_names_in_part_and_figures_whole() {
    let long = "the camera over the door of the second workshop on the left, 17";
    let mut model = streams(&[(long, 1), ("bob", 2)]);
    model.numbers = true;
    for (width, sign) in [(100, false), (40, true), (24, true)] {
        let rows = painted(&model, width, 40);
        let name = rows.iter().find(|row| row.contains("│ 1 the")).unwrap();
        assert_eq!(name.contains('…'), sign, "{name}");
        assert!(name.contains("17"), "its end tells names apart: {name}");
        assert!(rows.iter().any(|row| row.contains("│ 2 bob")), "{rows:#?}");
        let age = rows.iter().find(|row| row.contains("12 ms ±0.2 ms")).unwrap();
        assert!(age.trim_end().ends_with('│'), "{age}");
    }
    model.streams.enlarge_number(2);
    assert!(!painted(&model, 100, 40).concat().contains("│ 1 the"), "the enlarged one alone");
}

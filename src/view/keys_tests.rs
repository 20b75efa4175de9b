use super::*;

fn commands(keys: &Keys) -> Vec<Command> {
    keys.strokes().iter().filter_map(|stroke| stroke.command(false)).collect()
}

#[test]
fn a_quick_stroke_counts_and_a_held_key_counts_once() {
    let keys = Keys::default();
    let mut events = keys.clone();
    for (key, down) in [(Key::S, true), (Key::S, false), (Key::Space, true), (Key::Space, true)] {
        events.set_key_state(key, down);
    }
    events.set_key_state(Key::J, true);
    assert_eq!(commands(&keys), [Command::Save, Command::Pause]);
    events.set_key_state(Key::Space, true);
    assert!(commands(&keys).is_empty());
    keys.release();
    events.set_key_state(Key::Space, true);
    assert_eq!(commands(&keys), [Command::Pause]);
}

#[test]
fn the_letters_of_a_stroke_stay_with_it() {
    let keys = Keys::default();
    let mut events = keys.clone();
    events.set_key_state(Key::T, true);
    events.add_char('t'.into());
    events.set_key_state(Key::T, false);
    // An input method commits a word, and a layout without Latin letters has no names for its keys.
    for c in "你好".chars() {
        events.add_char(c.into());
    }
    events.set_key_state(Key::Backspace, true);
    events.add_char(8);
    events.set_key_state(Key::Backspace, true);
    let strokes = keys.strokes();
    assert_eq!(strokes[0].command(false), Some(Command::Say));
    let written: Vec<_> = strokes[1..].iter().filter_map(Stroke::writing).collect();
    let put = |text: &str| Writing::Edit(Edit::Put(text.into()));
    let back = || Writing::Edit(Edit::Back);
    assert_eq!(written, [put("你"), put("好"), back(), back()], "a held key repeats");
}

#[test]
fn letters_with_control_are_no_commands() {
    let keys = Keys::default();
    let mut events = keys.clone();
    events.set_key_state(Key::LeftCtrl, true);
    events.set_key_state(Key::V, true);
    events.set_key_state(Key::V, false);
    events.set_key_state(Key::Q, true);
    events.set_key_state(Key::LeftCtrl, false);
    events.set_key_state(Key::LeftShift, true);
    events.set_key_state(Key::Tab, true);
    let strokes = keys.strokes();
    assert_eq!(strokes[1].writing(), Some(Writing::Paste));
    assert_eq!(strokes[1].command(false), Some(Command::Paste));
    assert_eq!((strokes[2].command(false), strokes[2].writing()), (None, None));
    assert_eq!(strokes.last().unwrap().command(false), Some(Command::Previous));
}

#[test]
fn signs_zoom_on_any_keyboard_while_held() {
    let stroke =
        |key, text: &str, alt| Stroke { key, text: text.into(), alt, repeated: true, ..Stroke::default() };
    for (key, text, steps) in [
        (Some(Key::Equal), "+", 1),
        (None, "+", 1),
        (Some(Key::NumPadPlus), "", 1),
        (Some(Key::Minus), "-", -1),
        (None, "-", -1),
    ] {
        assert_eq!(stroke(key, text, false).command(false), Some(Command::Zoom(steps)), "{key:?} {text}");
    }
    assert_eq!(stroke(Some(Key::Left), "", true).command(true), Some(Command::Pan(-1, 0)));
    assert_eq!(stroke(Some(Key::Minus), "_", false).command(false), None);
    assert_eq!(stroke(None, "", false).command(false), None);
}

#[test]
fn digits_are_typed_on_either_block_of_keys() {
    let stroke = |key| Stroke { key: Some(key), ..Stroke::default() };
    assert_eq!(stroke(Key::Key1).command(false), Some(Command::Digit(1)));
    assert_eq!(stroke(Key::NumPad9).command(false), Some(Command::Digit(9)));
    assert_eq!(stroke(Key::Key0).command(false), Some(Command::Digit(0)));
    assert_eq!(stroke(Key::F5).command(false), None);
}

#[test]
fn a_list_is_gone_through_by_keys() {
    let stroke = |key, shift| Stroke { key: Some(key), shift, ..Stroke::default() };
    assert_eq!(stroke(Key::Down, false).in_list(), Some(Command::Select(1)));
    assert_eq!(stroke(Key::Tab, true).in_list(), Some(Command::Select(-1)));
    assert_eq!(stroke(Key::Enter, false).in_list(), Some(Command::UseSelected));
    assert_eq!((stroke(Key::Q, false).in_list(), stroke(Key::S, false).in_list()), (None, None));
}

#[test]
fn arrows_seek_in_a_film_while_held_and_select_live_streams_once() {
    let stroke = |key, shift, repeated| Stroke { key: Some(key), shift, repeated, ..Stroke::default() };
    let seek = |key, shift, repeated| stroke(key, shift, repeated).command(true);
    assert_eq!(seek(Key::Right, false, false), Some(Command::Seek(Target::Forward(5))));
    assert_eq!(seek(Key::Left, true, true), Some(Command::Seek(Target::Back(30))));
    assert_eq!(seek(Key::Home, false, false), Some(Command::Seek(Target::Beginning)));
    assert_eq!(seek(Key::End, false, false), Some(Command::Seek(Target::End)));
    assert_eq!(seek(Key::Space, false, false), Some(Command::Pause));
    assert_eq!(seek(Key::Space, false, true), None, "a held key pauses once");
    assert_eq!(seek(Key::Key2, false, false), Some(Command::Digit(2)));
    let live = |key, repeated| stroke(key, false, repeated).command(false);
    assert_eq!(live(Key::Right, false), Some(Command::Next));
    assert_eq!((live(Key::Right, true), live(Key::Home, false)), (None, None));
    assert_eq!(stroke(Key::Left, true, true).command(false), Some(Command::Move(-1)));
}

//! Maps a terminal's keys to the window's commands.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::view::{
    command::{Command, Target, Writing},
    entry::Edit,
};

/// Lines per page of the history.
const PAGE: isize = 8;

/// The meaning of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Command(Command),
    Writing(Writing),
    /// Closes the topmost layer.
    Close,
    /// Draws the whole screen: another program may have written to it.
    Redraw,
    End,
    Nothing,
}

fn control(key: &KeyEvent) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL)
}

/// The target of a key that seeks in a film.
fn seek(key: &KeyEvent) -> Option<Target> {
    let far = key.modifiers.contains(KeyModifiers::SHIFT);
    Some(match key.code {
        KeyCode::Right => Target::forward(far),
        KeyCode::Left => Target::back(far),
        KeyCode::Home => Target::Beginning,
        KeyCode::End => Target::End,
        _ => return None,
    })
}

/// The meaning while no line is being written; `film`: a film is played. Copying needs a window, so it has no
/// key.
pub(super) fn command(key: &KeyEvent, film: bool) -> Meaning {
    if let Some(target) = seek(key).filter(|_| film && !control(key)) {
        return Meaning::Command(Command::Seek(target));
    }
    let command = match key.code {
        // In raw mode, the terminal sends no signals.
        KeyCode::Char('c' | 'd') if control(key) => return Meaning::End,
        KeyCode::Char('l') if control(key) => return Meaning::Redraw,
        _ if control(key) => return Meaning::Nothing,
        KeyCode::Esc => return Meaning::Close,
        KeyCode::Char('q') => Command::Quit,
        KeyCode::Char('s') => Command::Save,
        KeyCode::Char('r') => Command::Record,
        KeyCode::Char('m') => Command::Camera,
        KeyCode::Char(' ') => Command::Pause,
        KeyCode::Char('i') => Command::Numbers,
        KeyCode::Char('h') | KeyCode::F(1) => Command::Help,
        KeyCode::Char('x') => Command::Dismiss,
        KeyCode::Char('t') | KeyCode::Enter => Command::Say,
        KeyCode::Char('y') => Command::History,
        KeyCode::Char(digit @ '0'..='9') => Command::Digit(u64::from(digit) - u64::from('0')),
        KeyCode::Tab | KeyCode::Right => Command::Next,
        KeyCode::BackTab | KeyCode::Left => Command::Previous,
        KeyCode::PageUp => Command::Scroll(PAGE),
        KeyCode::PageDown => Command::Scroll(-PAGE),
        KeyCode::Up => Command::Scroll(1),
        KeyCode::Down => Command::Scroll(-1),
        _ => return Meaning::Nothing,
    };
    Meaning::Command(command)
}

/// The meaning while a line is being written.
pub(super) fn writing(key: &KeyEvent) -> Meaning {
    let edit = match key.code {
        KeyCode::Char('c') if control(key) => return Meaning::End,
        KeyCode::Char('l') if control(key) => return Meaning::Redraw,
        KeyCode::Char('u') if control(key) => Edit::Clear,
        KeyCode::Enter => return Meaning::Writing(Writing::Send),
        KeyCode::Esc => return Meaning::Writing(Writing::Close),
        KeyCode::PageUp => return Meaning::Writing(Writing::Scroll(PAGE)),
        KeyCode::PageDown => return Meaning::Writing(Writing::Scroll(-PAGE)),
        KeyCode::Up => return Meaning::Writing(Writing::Scroll(1)),
        KeyCode::Down => return Meaning::Writing(Writing::Scroll(-1)),
        KeyCode::Backspace => Edit::Back,
        KeyCode::Delete => Edit::Delete,
        KeyCode::Left => Edit::Left,
        KeyCode::Right => Edit::Right,
        KeyCode::Home => Edit::Home,
        KeyCode::End => Edit::End,
        KeyCode::Char(c) if !control(key) => Edit::Put(c.to_string()),
        _ => return Meaning::Nothing,
    };
    Meaning::Writing(Writing::Edit(edit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_a_command_or_a_letter() {
        let key = |code, modifiers| KeyEvent::new(code, modifiers);
        let plain = |c| key(KeyCode::Char(c), KeyModifiers::NONE);
        assert_eq!(command(&plain('q'), false), Meaning::Command(Command::Quit));
        assert_eq!(command(&plain('3'), false), Meaning::Command(Command::Digit(3)));
        assert_eq!(command(&plain('0'), false), Meaning::Command(Command::Digit(0)));
        assert_eq!(writing(&plain('q')), Meaning::Writing(Writing::Edit(Edit::Put("q".into()))));
        assert_eq!(writing(&plain('你')), Meaning::Writing(Writing::Edit(Edit::Put("你".into()))));
        let control = |c| key(KeyCode::Char(c), KeyModifiers::CONTROL);
        assert_eq!((command(&control('c'), false), writing(&control('c'))), (Meaning::End, Meaning::End));
        let redraw = (Meaning::Redraw, Meaning::Redraw);
        assert_eq!((command(&control('l'), false), writing(&control('l'))), redraw);
        assert_eq!(
            (command(&control('s'), false), writing(&control('s'))),
            (Meaning::Nothing, Meaning::Nothing)
        );
    }

    #[test]
    fn arrows_move_in_a_film() {
        let meaning = |code, modifiers, film| command(&KeyEvent::new(code, modifiers), film);
        let seek = |target| Meaning::Command(Command::Seek(target));
        let (plain, shift) = (KeyModifiers::NONE, KeyModifiers::SHIFT);
        assert_eq!(meaning(KeyCode::Right, plain, true), seek(Target::Forward(5)));
        assert_eq!(meaning(KeyCode::Left, shift, true), seek(Target::Back(30)));
        assert_eq!(meaning(KeyCode::End, plain, true), seek(Target::End));
        assert_eq!(meaning(KeyCode::Right, plain, false), Meaning::Command(Command::Next));
        assert_eq!(meaning(KeyCode::Char('d'), KeyModifiers::CONTROL, true), Meaning::End);
    }
}

//! Asks the terminal whether it has drawn everything: it answers where its cursor is, after all that was written
//! before.

use std::io;

use ratatui::{
    DefaultTerminal,
    crossterm::cursor,
    layout::{Position, Rect},
};

/// Questions, each about one picture.
#[derive(Debug, Default)]
pub(super) struct Confirmation {
    picture: u64,
    /// Questions whose answers did not come in time, and may still come.
    late: u32,
}

impl Confirmation {
    /// Begins to ask about another picture.
    pub(super) const fn next(&mut self) {
        self.picture += 1;
    }

    /// Waits until the terminal has drawn the picture; `false` if it did not answer within 2 s.
    ///
    /// Keys that are pressed meanwhile are kept, and read afterwards.
    pub(super) fn wait(&mut self, terminal: &mut DefaultTerminal) -> io::Result<bool> {
        let mark = mark(self.picture, terminal.get_frame().area());
        // The cursor is hidden, and its place tells which picture an answer is about.
        terminal.set_cursor_position(mark)?;
        for _ in 0..=self.late {
            let Ok((x, y)) = cursor::position() else {
                self.late += 1;
                return Ok(false);
            };
            if Position::new(x, y) == mark {
                break;
            }
        }
        // With another place than expected, the terminal was resized: all earlier answers have come by now.
        Ok(true)
    }
}

/// A place in the picture, another one for each of many successive pictures.
fn mark(picture: u64, area: Rect) -> Position {
    let (width, height) = (u64::from(area.width.max(1)), u64::from(area.height.max(1)));
    let cell = picture % (width * height);
    // Both are less than the sides, which are 16 bits.
    Position::new((cell % width) as u16, (cell / width) as u16)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn successive_pictures_have_different_marks() {
        let area = Rect::new(0, 0, 40, 12);
        let marks: HashSet<_> = (7..7 + 480).map(|picture| mark(picture, area)).collect();
        assert_eq!(marks.len(), 480);
        assert!(marks.iter().all(|mark| area.contains(*mark)));
        assert_eq!(mark(3, Rect::ZERO), Position::ORIGIN);
    }
}

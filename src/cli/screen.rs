//! The terminal's whole screen, taken and given back: on every way out, and with the log's lines kept from writing over it.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use ratatui::{
    DefaultTerminal,
    crossterm::{
        event::{DisableBracketedPaste, EnableBracketedPaste},
        execute,
    },
};

/// Lines of the log that are kept while the screen is taken: as many as the tallest terminal shows.
const KEPT_LINES: usize = 200;

/// The log's lines while the screen is taken.
static LINES: Mutex<Option<VecDeque<String>>> = Mutex::new(None);

fn lines() -> MutexGuard<'static, Option<VecDeque<String>>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The screen, until it is dropped.
pub(super) struct Screen {
    pub(super) terminal: DefaultTerminal,
}

impl Screen {
    /// Whether there is one to take.
    pub(super) fn is_there() -> bool {
        io::stdout().is_terminal() && io::stdin().is_terminal()
    }

    /// Takes it: another screen, keys without echo. A panic gives it back as well.
    pub(super) fn take() -> io::Result<Self> {
        let terminal = ratatui::try_init()?;
        // What is pasted comes in one piece, and not as keys.
        execute!(io::stdout(), EnableBracketedPaste)?;
        *lines() = Some(VecDeque::new());
        Ok(Self { terminal })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = execute!(io::stdout(), DisableBracketedPaste); // the terminal may be gone
        ratatui::restore();
        // What was said meanwhile is not lost with the screen.
        let said = lines().take().unwrap_or_default();
        let mut log = io::stderr().lock();
        for line in said {
            let _ = writeln!(log, "{line}"); // closed: nobody left to tell
        }
    }
}

/// Takes lines of the log while the screen is taken; whether it is.
pub(super) fn takes(text: &[u8]) -> bool {
    let mut lines = lines();
    let Some(kept) = lines.as_mut() else { return false };
    for line in String::from_utf8_lossy(text).lines() {
        if kept.len() == KEPT_LINES {
            kept.pop_front();
        }
        kept.push_back(plain(line));
    }
    true
}

/// Whether the screen is taken: nothing else may be written to it.
pub(super) fn is_taken() -> bool {
    lines().is_some()
}

/// The last lines of the log, the newest last.
pub(super) fn last_lines(count: usize) -> Vec<String> {
    lines().iter().flat_map(|kept| kept.iter().rev().take(count).rev().cloned()).collect()
}

/// Without the sequences that colour it.
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        if c != '\x1b' {
            plain.push(c);
        } else if characters.next() == Some('[') {
            characters.by_ref().find(char::is_ascii_alphabetic);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_and_words_stay() {
        assert_eq!(plain("\x1b[2m2026\x1b[0m \x1b[32m INFO\x1b[0m joined 你好"), "2026  INFO joined 你好");
        assert_eq!(plain("cut \x1b["), "cut ");
    }
}

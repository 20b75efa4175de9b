//! The terminal's full screen: taken, and restored however the program ends. Lines are held back meanwhile.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal},
    sync::{Mutex, MutexGuard, PoisonError, RwLock, mpsc},
    thread,
    time::Duration,
};

use ratatui::{
    DefaultTerminal,
    crossterm::{
        event::{DisableBracketedPaste, EnableBracketedPaste},
        execute,
        style::force_color_output,
        terminal::disable_raw_mode,
    },
};
use tokio_util::sync::CancellationToken;

use super::{output, stdio};

/// Lines of the log that are kept while the screen is taken: as many as a tall terminal shows.
const KEPT_LINES: usize = 200;

/// Time to wait at the end for a terminal that takes no output: it may be held (Ctrl-S).
const END_LIMIT: Duration = Duration::from_millis(500);

/// Interval between checks whether to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Ends bracketed paste and the alternate screen, and shows the cursor.
const RESTORE: &[u8] = b"\x1b[?2004l\x1b[?1049l\x1b[?25h";

/// The log's lines while the screen is taken.
static LINES: Mutex<Option<VecDeque<String>>> = Mutex::new(None);

/// Locked for reading while lines are written to the terminal. A line that was begun before the screen was
/// taken would otherwise end on it.
static WRITERS: RwLock<()> = RwLock::new(());

fn lines() -> MutexGuard<'static, Option<VecDeque<String>>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a terminal is asked to be used for, by its variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Capability {
    /// Lines of text only: it knows no escape sequences (`TERM=dumb`, or no `TERM`).
    Lines,
    /// Text anywhere, without colours (`NO_COLOR`).
    Text,
    /// Everything.
    Colour,
}

impl Capability {
    /// That of this terminal.
    pub(super) fn of_terminal() -> Self {
        let variable = |name| std::env::var(name).ok();
        // Elsewhere than on Unix, there is no such variable.
        let term = variable("TERM").or_else(|| (!cfg!(unix)).then(|| "other".into()));
        Self::of(term.as_deref(), variable("NO_COLOR").as_deref())
    }

    /// `no_color` counts unless it is empty: <https://no-color.org/>.
    fn of(term: Option<&str>, no_color: Option<&str>) -> Self {
        match (term.unwrap_or_default(), no_color.unwrap_or_default()) {
            ("" | "dumb", _) => Self::Lines,
            (_, "") => Self::Colour,
            _ => Self::Text,
        }
    }
}

/// The screen, taken until it is dropped.
pub(super) struct Screen {
    pub(super) terminal: DefaultTerminal,
}

impl Screen {
    /// Whether standard input and output are a terminal.
    pub(super) fn is_there() -> bool {
        io::stdout().is_terminal() && io::stdin().is_terminal()
    }

    /// Draws in colours whatever `NO_COLOR` says: the user asked for pictures.
    pub(super) fn force_colours() {
        force_color_output(true);
    }

    /// Takes the screen: alternate screen, keys without echo. A panic restores it too.
    pub(super) fn take() -> io::Result<Self> {
        // First of all: a line of the log that is written later would appear on the alternate screen.
        *lines() = Some(VecDeque::new());
        // Waits for the lines that are being written.
        drop(WRITERS.write().unwrap_or_else(PoisonError::into_inner));
        // Pasted text arrives in one piece, not as keys.
        let taken = ratatui::try_init().and_then(|terminal| {
            execute!(io::stdout(), EnableBracketedPaste)?;
            let mut screen = Self { terminal };
            // Not every terminal has an alternate screen, or an empty one.
            screen.clear()?;
            Ok(screen)
        });
        if taken.is_err() {
            give_back_the_log();
        }
        taken
    }

    /// Clears the screen, so that the next picture is drawn whole: another program may have written to it.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        // `Terminal::clear` would ask for the cursor's position, which not every terminal answers.
        let area = self.terminal.get_frame().area();
        self.terminal.resize(area)
    }
}

/// Writes the lines of the log that were held back.
fn give_back_the_log() {
    let said = lines().take().unwrap_or_default();
    // Elsewhere they are written at once.
    if !io::stderr().is_terminal() {
        return;
    }
    let log = output::log();
    for line in said {
        log.send(format!("{line}\n").as_bytes());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = execute!(io::stdout(), DisableBracketedPaste); // the terminal may be gone
        ratatui::restore();
        give_back_the_log();
    }
}

/// Takes the screen and paints it on a thread of its own until `paint` returns, or until shortly after
/// `stop`.
///
/// A held terminal must not hold the program. It then stays on the alternate screen, but echoes keys again.
pub(super) fn on_a_thread<T: Send + 'static>(
    name: &str,
    stop: &CancellationToken,
    paint: impl FnOnce(Screen) -> T + Send + 'static,
) -> io::Result<Option<T>> {
    let (ended, end) = mpsc::channel();
    thread::Builder::new().name(name.into()).spawn(move || ended.send(Screen::take().map(paint)))?;
    loop {
        match end.recv_timeout(LOOK) {
            Ok(result) => return result.map(Some),
            Err(mpsc::RecvTimeoutError::Timeout) if !stop.is_cancelled() => {}
            Err(_) => break,
        }
    }
    match end.recv_timeout(END_LIMIT) {
        Ok(result) => result.map(Some),
        Err(_) => {
            give_up();
            Ok(None)
        }
    }
}

/// Restores what can be restored of a terminal without waiting: the echo of keys, and if it takes output again,
/// its own screen.
pub(super) fn give_up() {
    if stdio::output_is_ready() {
        // Past the lock of std's standard output, which the painting thread may hold.
        let _ = stdio::output(RESTORE); // the terminal may be gone
    }
    let _ = disable_raw_mode();
}

/// Writes lines to the terminal, or returns `None` if its screen is taken.
pub(super) fn unless_taken<T>(write: impl FnOnce() -> T) -> Option<T> {
    let _writing = WRITERS.read().unwrap_or_else(PoisonError::into_inner);
    (!is_taken()).then(write)
}

/// Keeps lines of the log if the screen is taken.
pub(super) fn keep(text: &[u8]) {
    let mut lines = lines();
    let Some(kept) = lines.as_mut() else { return };
    for line in String::from_utf8_lossy(text).lines() {
        if kept.len() == KEPT_LINES {
            kept.pop_front();
        }
        kept.push_back(plain(line));
    }
}

/// Whether the screen is taken, so that nothing else may be written to it.
pub(super) fn is_taken() -> bool {
    lines().is_some()
}

/// The last lines of the log, the newest last.
pub(super) fn last_lines(count: usize) -> Vec<String> {
    lines().iter().flat_map(|kept| kept.iter().rev().take(count).rev().cloned()).collect()
}

/// A line without its colour sequences.
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
    fn variables_tell_what_a_terminal_is_for() {
        assert_eq!(Capability::of(Some("xterm-256color"), None), Capability::Colour);
        assert_eq!(Capability::of(Some("xterm"), Some("")), Capability::Colour);
        assert_eq!(Capability::of(Some("xterm"), Some("1")), Capability::Text);
        assert_eq!(Capability::of(Some("dumb"), None), Capability::Lines);
        assert_eq!(Capability::of(Some("dumb"), Some("1")), Capability::Lines);
        assert_eq!(Capability::of(None, None), Capability::Lines);
    }

    #[test]
    fn colours_are_removed_and_text_is_kept() {
        assert_eq!(plain("\x1b[2m2026\x1b[0m \x1b[32m INFO\x1b[0m joined 你好"), "2026  INFO joined 你好");
        assert_eq!(plain("cut \x1b["), "cut ");
    }
}

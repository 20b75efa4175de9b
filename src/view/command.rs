//! What keys and buttons do, and the list of keys for the help panel.

use super::entry::Edit;
use crate::i18n::Phrase;

/// The command of a key or a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Quit,
    Save,
    Copy,
    Record,
    Camera,
    Pause,
    Numbers,
    Help,
    /// Fills the screen with the window, or ends that.
    FullScreen,
    /// Keeps the window above others, or ends that.
    OnTop,
    /// Closes the topmost layer.
    Dismiss,
    /// Opens the text line.
    Say,
    /// Opens or closes the history.
    History,
    /// Enlarges the stream at this place, or shows all again if it is enlarged already.
    Enlarge(usize),
    /// A digit of a stream's number; 0 alone shows all.
    Digit(u64),
    /// Scrolls the strip beside the enlarged stream to this place.
    Strip(usize),
    /// Enlarges the next stream, or the one before.
    Next,
    Previous,
    All,
    /// Scrolls up by this many lines.
    Scroll(isize),
    /// Displays the image with this stamp.
    Open(u64),
    /// Seeks in the film that is played.
    Seek(Target),
}

/// A target position in a film; times in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Forward(u64),
    Back(u64),
    Beginning,
    End,
}

impl Target {
    /// Seconds per arrow key.
    const STEP: u64 = 5;
    /// Seconds per arrow key with Shift.
    const STRIDE: u64 = 30;

    pub(crate) const fn forward(far: bool) -> Self {
        Self::Forward(if far { Self::STRIDE } else { Self::STEP })
    }

    pub(crate) const fn back(far: bool) -> Self {
        Self::Back(if far { Self::STRIDE } else { Self::STEP })
    }
}

/// The keys and their commands for the help panel; a single list, so that help and behaviour agree.
const HELP: [(&str, Phrase); 20] = [
    ("1 2 3 …", Phrase::KeyEnlarge),
    ("Tab", Phrase::KeyNext),
    ("0", Phrase::KeyAll),
    ("t  Enter", Phrase::KeySay),
    ("y  PgUp", Phrase::KeyHistory),
    ("s", Phrase::KeySave),
    ("r", Phrase::KeyRecord),
    ("c", Phrase::KeyCopy),
    ("m", Phrase::KeyCamera),
    ("Space", Phrase::KeyPause),
    ("← →", Phrase::KeySeek),
    ("Shift ← →", Phrase::KeySeekFar),
    ("Home  End", Phrase::KeyEnds),
    ("i", Phrase::KeyNumbers),
    ("f  F11", Phrase::KeyFullScreen),
    ("o", Phrase::KeyOnTop),
    ("x", Phrase::KeyDismiss),
    ("h", Phrase::KeyHelp),
    ("Esc", Phrase::KeyClose),
    ("q", Phrase::KeyQuit),
];

/// The keys that have an effect in a terminal, or where no state of the window can be changed. `own`: there is a
/// self view; `copies`: pictures can be copied; `film`: a film is played.
pub(crate) fn help(own: bool, copies: bool, film: bool) -> impl Iterator<Item = (&'static str, Phrase)> {
    let is_for_windows =
        |what: &Phrase| matches!(what, Phrase::KeyFullScreen | Phrase::KeyOnTop | Phrase::KeyClose);
    window_help(own, copies, film).filter(move |(_, what)| !is_for_windows(what))
}

/// The same for a window that can fill the screen.
pub(crate) fn window_help(
    own: bool,
    copies: bool,
    film: bool,
) -> impl Iterator<Item = (&'static str, Phrase)> {
    HELP.into_iter().filter(move |(_, what)| match what {
        Phrase::KeyCamera => own,
        Phrase::KeyCopy => copies,
        Phrase::KeySeek | Phrase::KeySeekFar | Phrase::KeyEnds => film,
        // A film is the only stream.
        Phrase::KeyEnlarge | Phrase::KeyNext | Phrase::KeyAll => !film,
        _ => true,
    })
}

/// The meaning of a key stroke while a line is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    Edit(Edit),
    Paste,
    Send,
    Close,
    Scroll(isize),
}

//! What keys and buttons do, and the list of keys for the help panel.

use super::{entry::Edit, framing::Turn};
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
    /// Makes the window a small one without a frame, or ends that.
    Small,
    /// Closes the topmost layer.
    Dismiss,
    /// Opens the text line.
    Say,
    /// Pastes a text into the line, or displays an image to be sent.
    Paste,
    /// Sends the pasted image.
    SendDraft,
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
    /// Shows the figures of the stream at this place.
    Inspect(usize),
    /// Displays the image with this stamp.
    Open(u64),
    /// Opens the folder with what was saved.
    OpenFolder,
    /// Turns the picture of a stream, as it is seen here.
    Turn(Turn),
    /// Steps through the ways to fit a picture into its tile.
    Fit,
    /// Enlarges a picture by this many steps.
    Zoom(isize),
    /// Moves the part of an enlarged picture that is shown, by this many steps to the right and down.
    Pan(isize, isize),
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
const HELP: [(&str, Phrase); 29] = [
    ("1 2 3 …", Phrase::KeyEnlarge),
    ("Tab", Phrase::KeyNext),
    ("0", Phrase::KeyAll),
    ("t  Enter", Phrase::KeySay),
    ("Ctrl V", Phrase::KeyPaste),
    ("y  PgUp", Phrase::KeyHistory),
    ("s", Phrase::KeySave),
    ("e", Phrase::KeyOpenFolder),
    ("r", Phrase::KeyRecord),
    ("c", Phrase::KeyCopy),
    ("m", Phrase::KeyCamera),
    ("Space", Phrase::KeyPause),
    ("← →", Phrase::KeySeek),
    ("Shift ← →", Phrase::KeySeekFar),
    ("Home  End", Phrase::KeyEnds),
    ("v", Phrase::KeyMirror),
    ("u", Phrase::KeyFlip),
    ("d", Phrase::KeyQuarter),
    ("z", Phrase::KeyFit),
    ("+ −", Phrase::KeyZoom),
    ("i", Phrase::KeyNumbers),
    ("↑ ↓", Phrase::KeyInspect),
    ("f  F11", Phrase::KeyFullScreen),
    ("o", Phrase::KeyOnTop),
    ("p", Phrase::KeySmall),
    ("x", Phrase::KeyDismiss),
    ("h", Phrase::KeyHelp),
    ("Esc", Phrase::KeyClose),
    ("q", Phrase::KeyQuit),
];

/// The keys that have an effect in a terminal, or where no state of the window can be changed. `own`: there is a
/// self view; `copies`: pictures can be copied; `film`: a film is played.
pub(crate) fn help(own: bool, copies: bool, film: bool) -> impl Iterator<Item = (&'static str, Phrase)> {
    let is_for_windows = |what: &Phrase| {
        matches!(
            what,
            Phrase::KeyFullScreen
                | Phrase::KeyOnTop
                | Phrase::KeyClose
                | Phrase::KeyInspect
                | Phrase::KeyOpenFolder
                | Phrase::KeyPaste
                | Phrase::KeySmall
                | Phrase::KeyMirror
                | Phrase::KeyFlip
                | Phrase::KeyQuarter
                | Phrase::KeyFit
                | Phrase::KeyZoom
        )
    };
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
        Phrase::KeyCopy | Phrase::KeyPaste => copies,
        Phrase::KeySeek | Phrase::KeySeekFar | Phrase::KeyEnds => film,
        // A film is the only stream.
        Phrase::KeyEnlarge | Phrase::KeyNext | Phrase::KeyAll | Phrase::KeyInspect => !film,
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

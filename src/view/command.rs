//! What keys and buttons do.

use super::{entry::Edit, framing::Turn};
use crate::stream_id::StreamId;

/// The command of a key or a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Quit,
    Save,
    Copy,
    Record,
    Camera,
    /// Opens or closes the menu.
    Menu,
    /// Runs the command of this entry of the menu.
    UseEntry(usize),
    /// Opens or closes the list of cameras.
    Cameras,
    /// Selects a row of that list, or of the menu, by this many steps.
    Select(isize),
    /// Uses the selected row.
    UseSelected,
    /// Uses this row.
    UseCamera(usize),
    Pause,
    Numbers,
    Help,
    /// Shows the link to the relay's page for browsers, or hides it.
    Share,
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
    /// Hides a stream.
    Hide,
    /// Shows all streams that were hidden.
    Unhide,
    /// Keeps a stream in front, or ends that.
    Pin,
    /// Moves a stream by this many places.
    Move(isize),
    /// Puts a stream at this place.
    Put {
        stream: StreamId,
        to: usize,
    },
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

/// The meaning of a key stroke while a line is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    Edit(Edit),
    Paste,
    Send,
    Close,
    Scroll(isize),
}

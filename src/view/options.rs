//! How a window is opened, and what is left when it is gone.

use std::sync::{Arc, mpsc};

use super::action::Total;
use crate::{clock::Timestamp, jpeg::Limits, language::Words, playback::Playback, stream_id::StreamId};

/// How the window is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// In the title bar.
    pub title: String,
    /// Where frames are expected from, as people write it.
    pub host: String,
    /// Pixels across and down, at first.
    pub size: (usize, usize),
    /// Begin with the numbers shown.
    pub numbers: bool,
    /// Pixels to a unit of the interface; `None`: guessed from the screen.
    pub ui_scale: Option<f32>,
    /// What it says to people.
    pub words: Arc<Words>,
    /// What of others' pictures is decoded.
    pub limits: Limits,
    /// Is told of each frame as soon as the display has it.
    pub presented: Option<mpsc::Sender<Presented>>,
    /// The film that is played here, for who may pause it and move in it.
    pub film: Option<Film>,
}

/// A film that is played in the window.
#[derive(Clone, Debug)]
pub struct Film {
    /// Its controls.
    pub controls: Playback,
    /// The name of the stream that shows it.
    pub stream: String,
}

/// A frame is on the display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The stream.
    pub stream: StreamId,
    /// What it is called.
    pub name: Arc<str>,
    /// The number of the connection that it comes from, where that is known.
    pub peer: Option<u64>,
    /// The frame's number.
    pub seq: Option<u64>,
    /// When the display had taken it; what it does then is its own affair.
    pub at: Timestamp,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            title: "pulsecam".into(),
            host: "the relay".into(),
            size: (1280, 720),
            numbers: false,
            ui_scale: None,
            words: Arc::default(),
            limits: Limits::default(),
            presented: None,
            film: None,
        }
    }
}

/// Why the window is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By a key.
    Quit,
    /// Through the title bar.
    Closed,
    /// By [`Update::Stop`](super::Update::Stop).
    Stopped,
}

/// What is left when the window is gone.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Why it went.
    pub end: End,
    /// The streams that were shown, and what became of their frames.
    pub totals: Vec<Total>,
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to open a window on.
    #[error("no window can be opened: {0}")]
    NoDisplay(String),
    /// The display refused a picture.
    #[error("the window is lost: {0}")]
    Lost(String),
}

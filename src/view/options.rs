//! Options of a window, and its results.

use std::sync::{Arc, mpsc};

use super::action::Total;
use crate::{
    clock::Timestamp, i18n::Translations, jpeg::DecodeLimits, playback::Playback, stream_id::StreamId,
};

/// Options of a window.
#[derive(Clone, Debug)]
pub struct Options {
    /// Text of the title bar.
    pub(crate) title: String,
    /// The relay, as the user wrote it.
    pub(crate) host: String,
    /// Initial width and height in pixels; `None`: as the screen's density suggests.
    pub(crate) size: Option<(usize, usize)>,
    /// Start with the statistics panel open.
    pub(crate) numbers: bool,
    /// Pixels per unit of the interface; `None`: guessed from the screen.
    pub(crate) ui_scale: Option<f32>,
    /// The texts of the interface.
    pub(crate) words: Arc<Translations>,
    /// Decoding limits for pictures from peers.
    pub(crate) limits: DecodeLimits,
    /// Receives each frame as soon as the display has it.
    pub(crate) presented: Option<mpsc::Sender<Presented>>,
    /// The film that is played here, with controls to pause it and to seek.
    pub(crate) film: Option<FilmOptions>,
}

/// A film that is played in the window.
#[derive(Clone, Debug)]
pub struct FilmOptions {
    /// Its controls.
    pub(crate) controls: Playback,
    /// The name of the stream that shows it.
    pub(crate) stream: String,
}

/// A frame that the display has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The stream.
    pub(crate) stream: StreamId,
    /// The stream's name.
    pub(crate) name: Arc<str>,
    /// The number of the connection that it comes from, if known.
    pub(crate) peer: Option<u64>,
    /// The frame's number.
    pub(crate) seq: Option<u64>,
    /// When the display had received it; the delay of the display itself is unknown.
    pub(crate) at: Timestamp,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            title: "pulsecam".into(),
            host: "the relay".into(),
            size: None,
            numbers: false,
            ui_scale: None,
            words: Arc::default(),
            limits: DecodeLimits::default(),
            presented: None,
            film: None,
        }
    }
}

/// Why the window has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A key closed it.
    Quit,
    /// The title bar closed it.
    Closed,
    /// [`Update::Stop`](super::Update::Stop) closed it.
    Stopped,
}

/// The results of a window that has closed.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Why it closed.
    pub end: End,
    /// The streams that were shown, with their frame counts.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "`bench window` is for Linux only"))]
    pub(crate) totals: Vec<Total>,
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no display to open a window on.
    #[error("no window can be opened: {0}")]
    NoDisplay(String),
    /// The display refused a picture.
    #[error("the display failed: {0}")]
    Lost(String),
}

//! Parameters and results of the measurement.

use std::{io, time::Duration};

use serde::Serialize;

use super::guide::Obstacle;
use crate::{
    bench::{Percentiles, frame_timeline},
    capture,
    clock::Timestamp,
    jpeg::{self, Strips},
    link, pipeline, view,
};

/// Parameters of the measurement.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// JPEG quality; `None` passes a camera's JPEGs through.
    pub quality: Option<u8>,
    /// Whether pictures are encoded and decoded in strips.
    pub strips: Strips,
    /// Duration, from when the sheet is read dependably.
    pub time: Duration,
    /// Longest time until then.
    pub search: Duration,
}

/// What is known about a frame of a simulated camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The beginning of the exposure.
    pub light: Timestamp,
    /// How far from it a part of the picture may have been exposed.
    pub within: Duration,
}

/// How well the measurement found what a simulated camera knows.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Check {
    /// From light to the captured picture, as it was.
    pub known_ms: Percentiles,
    /// What was found minus what was, frame by frame.
    pub error_ms: Percentiles,
    /// Frames whose light cannot have been that of the stamp that was read.
    pub outside: u64,
}

/// The figures of all frames.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Frames that were captured.
    pub pictures: u64,
    /// Frames about which everything is known, and which the figures are of.
    pub frames: u64,
    /// Captured pictures in which a stamp was read.
    pub read_captured: u64,
    /// Delivered pictures in which a stamp was read.
    pub read_delivered: u64,
    /// Frames in which the two were not the same; they do not count.
    pub disagreeing: u64,
    /// For how long a stamp was the newest on the display: each frame's figure is known to half of it.
    pub stamp_ms: Percentiles,
    /// From the display of the window to the display of the picture of it.
    pub whole_ms: Percentiles,
    /// Of that, from the display to the captured picture: display and camera.
    pub before_ms: Option<Percentiles>,
    /// Of that, from the captured picture to its display: the program.
    pub own_ms: Option<Percentiles>,
    /// How much later another program's window shows the sheet, if the camera sees both.
    pub other_ms: Option<Percentiles>,
    /// The check with a simulated camera.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// Points (percentile, milliseconds) of the whole, of display and camera, and of the program.
    #[serde(skip)]
    pub distributions: [Vec<(f64, f64)>; 3],
    /// The whole of each frame, sorted.
    #[serde(skip)]
    pub whole: Vec<f64>,
}

/// Results.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The source's description of itself; of a remote camera, the stream's name.
    pub camera: String,
    /// Width of the delivered pictures.
    pub width: usize,
    /// Their height.
    pub height: usize,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// Durations from each time of a frame in the program to the next, by name.
    #[serde(serialize_with = "frame_timeline::by_name")]
    pub steps: Vec<(String, Percentiles)>,
    /// Uncertainty of a remote camera's capture times; `None` if its clock is ours, or unknown.
    pub clock_within_ms: Option<f64>,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no window.
    #[error(transparent)]
    View(#[from] view::Error),
    /// The codec failed.
    #[error(transparent)]
    Jpeg(#[from] jpeg::Error),
    /// The camera or the encoder could not be set up.
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
    /// The link could not be set up.
    #[error(transparent)]
    Link(#[from] link::Error),
    /// A film could not be read.
    #[error(transparent)]
    Source(#[from] capture::Error),
    /// A socket or a thread could not be created.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The relay did not answer.
    #[error("no answer from {0}: is a relay running there?")]
    NoRelay(String),
    /// The source ended or failed.
    #[error("the camera stopped: {0}")]
    Stopped(String),
    /// The sheet was not found in time.
    #[error("nothing was measured within {}: {}", humantime::format_duration(*within), obstacle.reason())]
    NotFound {
        /// Longest time until it is read dependably.
        within: Duration,
        /// What was in the way at last.
        obstacle: Obstacle,
    },
    /// The window was closed too early.
    #[error("the window was closed before anything was measured")]
    Closed,
    /// No picture of a film shows both windows.
    #[error("none of the {0} pictures shows the sheet in two windows")]
    NoPair(u64),
    /// No frame was measured completely.
    #[error("no frame could be followed to the display: measure for longer")]
    Nothing,
}

//! Parameters and results of the measurement.

use std::{io, time::Duration};

use serde::Serialize;

use crate::{
    bench::{Percentiles, frame_timeline},
    jpeg::{self, Strips},
    link, pipeline,
};

/// Parameters of the measurement.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plan {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Frames per second.
    pub fps: f64,
    /// JPEG quality.
    pub quality: u8,
    /// Whether pictures are encoded and decoded in strips; the floor never does.
    pub strips: Strips,
    /// Cores that other programs keep busy, also during the floor; started by the caller.
    pub busy: usize,
    /// Duration, without the floor.
    #[serde(skip)]
    pub time: Duration,
}

/// Results.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
    /// Frames that arrived and were counted.
    pub frames: u64,
    /// Frames that were replaced by newer ones.
    pub replaced: u64,
    /// Mean size of a frame on the wire in bytes.
    pub bytes_per_frame: u64,
    /// Durations from each time of a frame to the next, by name.
    #[serde(serialize_with = "frame_timeline::by_name")]
    pub steps: Vec<(String, Percentiles)>,
    /// Uncertainty of "relayed", which is by the relay's clock; `None` if the relay does not tell the time.
    pub relay_clock_within_ms: Option<f64>,
    /// From captured to decoded.
    pub whole_ms: Percentiles,
    /// From captured to presented, if there was a window.
    pub presented_ms: Option<Percentiles>,
    /// The floor: encoding and decoding alone, one frame at a time on one thread.
    pub floor_ms: Percentiles,
    /// Processor time of sender, viewer and our own relay together; `None` if the system does not tell.
    pub cpu_ms_per_frame: Option<f64>,
    /// Processor time of the floor.
    pub floor_cpu_ms_per_frame: Option<f64>,
    /// Median of the whole minus that of the floor.
    pub added_p50_ms: f64,
    /// 99th percentile of the whole minus that of the floor.
    pub added_p99_ms: f64,
    /// Median of the whole over that of the floor.
    pub ratio_p50: f64,
    /// 99th percentile of the whole over that of the floor.
    pub ratio_p99: f64,
    /// The whole as points (percentile, milliseconds), for a plot.
    #[serde(skip)]
    pub whole_distribution: Vec<(f64, f64)>,
    /// The floor as points (percentile, milliseconds).
    #[serde(skip)]
    pub floor_distribution: Vec<(f64, f64)>,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The codec failed.
    #[error(transparent)]
    Jpeg(#[from] jpeg::Error),
    /// The source or the encoder could not be set up.
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
    /// The link could not be set up.
    #[error(transparent)]
    Link(#[from] link::Error),
    /// A socket or a thread could not be created.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The pictures could not be prepared.
    #[error("cannot prepare pictures of this size: {0}")]
    Scene(String),
    /// The relay did not answer.
    #[error("no answer from {0}: is a relay running there?")]
    NoRelay(String),
    /// Too few frames for a result.
    #[error("only {0} frames arrived: measure for longer")]
    TooFew(u64),
}

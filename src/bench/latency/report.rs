//! What is measured of a frame's way, and what came out.

use std::{io, time::Duration};

use serde::{Serialize, Serializer};

use crate::{
    bench::steps::Percentiles,
    jpeg::{self, Strips},
    link, pipeline,
};

/// What to measure.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Plan {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Frames a second.
    pub fps: f64,
    /// JPEG quality.
    pub quality: u8,
    /// Whether the way has its pictures in strips; the floor never has.
    pub strips: Strips,
    /// How long, the floor not included.
    #[serde(skip)]
    pub time: Duration,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
    /// Frames whose pixels arrived, and were counted.
    pub frames: u64,
    /// Frames that were replaced by newer ones on the way.
    pub replaced: u64,
    /// Bytes of one frame on the wire, on average.
    pub bytes_per_frame: u64,
    /// From each named time of a frame's life to the next, with their names.
    #[serde(serialize_with = "by_name")]
    pub steps: Vec<(String, Percentiles)>,
    /// How far "relayed" may be from the truth, as the relay's clock is its own; `None` where the relay tells no time.
    pub relay_clock_within_ms: Option<f64>,
    /// Captured to decoded.
    pub whole_ms: Percentiles,
    /// Captured to presented, where there was a window.
    pub presented_ms: Option<Percentiles>,
    /// Encoding and decoding alone, one frame at a time on one thread.
    pub floor_ms: Percentiles,
    /// Processor time of sender, viewer and our own relay together; `None` where the system does not tell.
    pub cpu_ms_per_frame: Option<f64>,
    /// The same of the floor.
    pub floor_cpu_ms_per_frame: Option<f64>,
    /// What we add at the median.
    pub added_p50_ms: f64,
    /// The same at the 99th percentile.
    pub added_p99_ms: f64,
    /// The whole over the floor, at the median.
    pub ratio_p50: f64,
    /// The whole as (percentile, milliseconds), for a plot.
    #[serde(skip)]
    pub whole_distribution: Vec<(f64, f64)>,
    /// The floor likewise.
    #[serde(skip)]
    pub floor_distribution: Vec<(f64, f64)>,
}

/// `{"captured to encoded": {…}, …}`.
fn by_name<S: Serializer>(steps: &[(String, Percentiles)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(steps.iter().map(|(name, step)| (name, step)))
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The codec failed.
    #[error(transparent)]
    Jpeg(#[from] jpeg::Error),
    /// The source or the encoder cannot be set up.
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
    /// The link cannot be set up.
    #[error(transparent)]
    Link(#[from] link::Error),
    /// A socket or a thread cannot be had.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The pictures cannot be prepared.
    #[error("cannot prepare pictures of this size: {0}")]
    Scene(String),
    /// Nobody answers there.
    #[error("cannot get through to {0}: is a relay running there?")]
    NoRelay(String),
    /// Not enough frames for a figure.
    #[error("only {0} frames arrived: measure for longer (--for)")]
    TooFew(u64),
}

//! Measurements for pulsecam: load generators, floors to compare with, percentiles, tables and plots.
//!
//! A result is data; printing it is up to the caller. Absolute times depend on the machine and the day: compare the
//! ratios to the floor of the same run.
//!
//! ```
//! use std::time::Duration;
//!
//! use pulsecam_bench::StepTimes;
//!
//! let mut encoding = StepTimes::default();
//! for millis in 1..=100 {
//!     encoding.record(Duration::from_millis(millis));
//! }
//! let percentiles = encoding.percentiles();
//! assert_eq!((percentiles.p50.round(), percentiles.max.round()), (50.0, 100.0));
//! ```

mod busy;
pub mod cable;
pub mod codec;
#[cfg(target_os = "linux")]
pub mod crowd;
#[cfg(target_os = "linux")]
pub mod fanout;
pub mod fiducial;
pub mod freshness;
mod homography;
#[cfg(target_os = "linux")]
mod load;
mod machine;
mod noise;
mod noise_probe;
pub mod optics;
#[cfg(feature = "plots")]
pub mod plot;
#[cfg(target_os = "linux")]
mod process;
mod psnr;
pub mod relay_tree;
pub mod scene;
pub mod shaped_link;
mod steps;
mod table;
pub mod throttle;

#[cfg(feature = "plots")]
pub use self::plot::Plot;
#[cfg(target_os = "linux")]
pub use self::process::Launch;
pub use self::{
    busy::BusyCores,
    machine::Machine,
    noise::{Noise, Warning},
    noise_probe::{NoiseProbe, own_cpu_time},
    steps::{Percentiles, StepTimes, median},
    table::{Cell, Table},
};

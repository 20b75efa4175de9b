//! Measurements of the program by the program: what it costs, and how old the picture is.
//!
//! A result is data ([`latency::Report`]); printing it is up to the command line. Absolute times depend on
//! the machine and the day: compare the ratios to the floor of the same run.

#[cfg(unix)]
pub mod camera;
pub mod congestion;
mod frame_timeline;
pub mod glass;
pub mod latency;
#[cfg(unix)]
mod synthetic_camera;
#[cfg(target_os = "linux")]
pub mod window;
#[cfg(target_os = "linux")]
mod window_control;

#[cfg(unix)]
pub(crate) use pulsecam_bench::median;
pub(crate) use pulsecam_bench::own_cpu_time;
pub use pulsecam_bench::{
    BusyCores, Cell, Machine, Noise, NoiseProbe, Percentiles, Plot, StepTimes, Table, Warning, codec,
    fiducial, freshness, optics, plot, scene, shaped_link, throttle,
};
#[cfg(target_os = "linux")]
pub use pulsecam_bench::{Launch, crowd, fanout};

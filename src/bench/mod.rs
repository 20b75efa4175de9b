//! Measurements of the program by the program: what it costs, and how old the picture is.
//!
//! A result is data ([`latency::Report`]); printing it is up to the command line. Absolute times depend on
//! the machine and the day: compare the ratios to the floor of the same run.

#[cfg(unix)]
pub mod camera;
pub mod codec;
pub mod congestion;
#[cfg(target_os = "linux")]
pub mod crowd;
#[cfg(target_os = "linux")]
pub mod fanout;
pub mod freshness;
pub mod latency;
mod life;
#[cfg(target_os = "linux")]
mod load;
mod machine;
mod noise;
pub mod plot;
mod probe;
#[cfg(target_os = "linux")]
mod process;
pub mod scene;
pub mod shaped_link;
mod steps;
#[cfg(unix)]
mod studio;
mod table;
pub mod throttle;
#[cfg(target_os = "linux")]
pub mod window;

pub use self::{
    machine::Machine,
    noise::{Noise, Warning},
    plot::Plot,
    probe::Watch,
    steps::{Percentiles, Step},
    table::{Cell, Table},
};

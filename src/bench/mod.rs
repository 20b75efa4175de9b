//! Measurements of the program by the program: what it costs, and how old the picture is.
//!
//! A result is data ([`latency::Report`]); printing is the command line's business. Absolute times belong to
//! one machine on one day: what counts is the ratio to what the same run measured without us.

#[cfg(unix)]
pub mod camera;
#[cfg(target_os = "linux")]
pub mod crowd;
#[cfg(target_os = "linux")]
pub mod fanout;
pub mod latency;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod process;
pub mod scene;
mod steps;
#[cfg(unix)]
mod studio;

pub use self::steps::{Percentiles, Step};

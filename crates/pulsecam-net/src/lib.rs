#![doc = include_str!("../README.md")]
//!
//! # The way of a frame
//!
//! ```text
//! Link::send_frame ──► queue ──► transport ══TCP══► relay ──► queue ──► transport ══TCP══► Link's inbox
//! ```
//!
//! Every hand-over is a [`queue`]: if a stage is slower than the one before it, the newest frame
//! replaces the waiting one. [`transport`] chooses the next message only when the kernel has almost nothing
//! left to send. The other modules are what both ends need: [`wire`] is the format, [`auth`] proves that a
//! client may enter, [`tls`] encrypts, and [`address`] parses hosts and ports.

// Tokio does the same: with one half left out, some of what both share has no user.
#![cfg_attr(
    not(all(feature = "client", feature = "relay", feature = "tls")),
    allow(dead_code, unused_imports, unreachable_pub)
)]

pub mod clock;

pub mod address;

#[doc(hidden)]
pub mod text_file;

mod log_throttle;

mod sync;

pub mod transport;

#[cfg(feature = "tls")]
pub mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
pub mod tls;

pub mod auth;

#[doc(hidden)]
pub mod feedback;

#[cfg(feature = "discovery")]
pub mod discovery;

#[cfg(feature = "relay")]
pub mod relay;

#[cfg(feature = "client")]
pub mod link;

pub use pulsecam_queue as queue;
pub use pulsecam_wire as wire;
pub use pulsecam_wire::{sanitize, stream_id};

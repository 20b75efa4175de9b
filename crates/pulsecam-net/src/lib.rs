//! Everything of pulsecam that talks over the network: the relay, the client's link, and what both stand on.
//!
//! A frame's way through this crate:
//!
//! ```text
//! Link::send_frame ──► fresh ──► socket ══TCP══► relay ──► fresh ──► socket ══TCP══► Link's inbox
//! ```
//!
//! Every hand-over keeps only what is [`fresh`]: if a stage is slower than the one before it, the newest frame replaces the waiting
//! one. Text and images are never dropped.

// Tokio does the same: with one half left out, some of what both share has no user.
#![cfg_attr(
    not(all(feature = "client", feature = "relay", feature = "tls")),
    allow(dead_code, unused_imports, unreachable_pub)
)]

pub mod clock;

pub mod address;

pub mod text_file;

mod log_throttle;

mod sync;

pub mod socket;

#[cfg(feature = "tls")]
pub mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
pub mod tls;

pub mod key;

pub mod feedback;

#[cfg(feature = "relay")]
pub mod relay;

#[cfg(feature = "client")]
pub mod link;

pub use pulsecam_queue as fresh;
pub use pulsecam_wire as wire;
pub use pulsecam_wire::{harmless, stream_id};

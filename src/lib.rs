//! pulsecam streams a webcam to peers and shows theirs, over one TCP link that heartbeats keep honest.
//!
//! A frame's way, which is also the order of the modules below:
//!
//! ```text
//! capture ──► jpeg ──► link ══TCP══► relay ══TCP══► link ──► jpeg ──► view
//! (thread)   (thread)  (task)        (tasks)        (task)  (thread)  (main thread)
//! ```
//!
//! Every hand-over keeps only what is [`queue`]: where a stage is slower than the one before it, the newest frame
//! replaces the waiting one. Text and images are never dropped.
//!
//! The seams for other programs are [`relay::run`] and [`link::connect`]; `examples/` shows each in a few lines. Modules
//! know those above them in this list and none below. `docs/architecture.md` tells why things are as they are,
//! `docs/protocol.md` what goes over the wire.

// Some of what all commands share has no user if commands are left out.
#![cfg_attr(not(feature = "bench"), allow(dead_code, unused_imports))]

#[cfg(feature = "client")]
pub use pulsecam_media::{capture, drawing, file_name, film, jpeg, picture, playback, recording, still};
#[cfg(feature = "client")]
pub use pulsecam_net::link;
#[cfg(feature = "relay")]
pub use pulsecam_net::relay;
pub use pulsecam_net::{
    address, auth, feedback, queue, sanitize, stream_id, text_file, tls, transport, wire,
};

pub mod clock;

pub mod i18n;

#[cfg(feature = "client")]
pub mod pipeline;

#[cfg(feature = "client")]
pub mod view;

#[cfg(feature = "bench")]
pub mod bench;

mod app;

pub mod cli;

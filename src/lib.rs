//! pulsecam streams a webcam to peers and shows theirs, over one TCP link that heartbeats keep honest.
//!
//! A frame's way, which is also the order of the modules below:
//!
//! ```text
//! capture ──► jpeg ──► link ══TCP══► relay ══TCP══► link ──► jpeg ──► view
//! (thread)   (thread)  (task)        (tasks)        (task)  (thread)  (main thread)
//! ```
//!
//! Every hand-over keeps only what is [`fresh`]: where a stage is slower than the one before it, the newest frame
//! replaces the waiting one. Text and images are never dropped.
//!
//! The seams for other programs are [`relay::run`] and [`link::connect`]; `examples/` shows each in a few lines. Modules
//! know those above them in this list and none below. `docs/architecture.md` tells why things are as they are,
//! `docs/protocol.md` what goes over the wire.

pub use pulsecam_media::{capture, file_name, film, jpeg, lettering, picture, playback, recording, still};
pub use pulsecam_net::{
    address, feedback, fresh, harmless, key, link, relay, socket, stream_id, text_file, tls, wire,
};

pub mod clock;

pub mod language;

pub mod pipeline;

pub mod view;

pub mod bench;

mod app;

pub mod cli;

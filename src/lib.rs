//! pulsecam streams a webcam as JPEG frames to peers through a TCP relay, and shows theirs.
//!
//! This is the library of the program. The work is done in five crates, whose modules are re-exported here:
//! `pulsecam-wire`, `pulsecam-queue`, `pulsecam-net`, `pulsecam-media` and `pulsecam-bench`. The modules of this
//! crate connect them: [`pipeline`], [`view`], [`mod@bench`] and [`cli`], with [`clock`] and [`i18n`].
//!
//! The way of a frame:
//!
//! ```text
//! capture ──► jpeg ──► link ══TCP══► relay ══TCP══► link ──► jpeg ──► view
//! (thread)   (thread)  (task)        (tasks)        (task)  (thread)  (main thread)
//! ```
//!
//! [`pipeline`] runs both ends, and a [`queue`] joins each stage to the next. If a stage is slower than the one
//! before it, the newest frame replaces the waiting one. Texts and images are never dropped.
//!
//! Start reading at [`pipeline`] for the stages, and at [`relay::run`] and [`link::connect`], the entry points for
//! other programs; `examples/` shows each in a few lines. `docs/architecture.md` lists the file and type of each
//! step and explains the design; `docs/protocol.md` specifies what is sent over the network.

// Some of what all commands share has no user if commands are left out.
#![cfg_attr(not(feature = "bench"), allow(dead_code, unused_imports))]

#[cfg(feature = "client")]
pub use pulsecam_media::{capture, drawing, file_name, film, jpeg, picture, playback, recording, still};
#[cfg(feature = "discovery")]
pub use pulsecam_net::discovery;
#[cfg(feature = "client")]
pub use pulsecam_net::link;
#[cfg(feature = "relay")]
pub use pulsecam_net::relay;
pub use pulsecam_net::{
    address, auth, feedback, queue, sanitize, stream_id, text_file, tls, transport, wire,
};

pub mod clock;

pub mod i18n;

mod cells;

#[cfg(feature = "client")]
pub mod pipeline;

#[cfg(feature = "client")]
pub mod view;

#[cfg(feature = "bench")]
pub mod bench;

#[cfg(feature = "relay")]
mod qr;

mod app;

pub mod cli;

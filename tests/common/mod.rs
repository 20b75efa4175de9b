//! Shared parts of the tests: golden messages, a relay on a free port, the built program.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    unused_imports,
    reason = "each test file uses its own part"
)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

pub mod clip;
pub mod delay;
#[cfg(feature = "client")]
pub mod display;
pub mod film;
#[cfg(all(feature = "client", unix, not(target_os = "macos")))]
pub mod keyboard;
#[path = "../../crates/pulsecam-net/tests/common/links.rs"]
pub mod links;
pub mod peer;
pub mod program;
pub mod qt;
#[path = "../../crates/pulsecam-net/tests/common/server.rs"]
pub mod server;
#[path = "../../crates/pulsecam-wire/tests/common/mod.rs"]
mod wire;
pub mod xvfb;

pub use self::wire::{
    golden::{self, golden},
    hex, wire_bytes,
};

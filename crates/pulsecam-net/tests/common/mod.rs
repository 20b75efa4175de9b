//! What several tests need: a relay on a free port, golden messages.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    unused_imports,
    reason = "each test file uses its own part"
)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

#[cfg(feature = "cluster")]
pub mod cluster;
#[cfg(feature = "cluster")]
pub mod late_place;
pub mod links;
pub mod server;
#[path = "../../../pulsecam-wire/tests/common/mod.rs"]
mod wire;

pub use self::wire::{
    golden::{self, golden},
    hex, wire_bytes,
};

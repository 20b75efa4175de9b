//! Browsers and HTTP clients at the relay's port: real sockets, a real WebSocket client. Alone: `make test-web-relay`.

#![allow(missing_docs, reason = "tests")]
#![allow(unreachable_pub, reason = "tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

#[path = "../common/mod.rs"]
mod common;

mod autobahn;
mod browser;
mod doors;
mod keys;
mod kicks;
mod metrics;
mod operators;
mod pages;
mod pictures;
mod programs;
mod published;
mod sockets;

use pulsecam_net::relay::{Config, web};

/// A relay that serves browsers too.
fn with_web() -> Config {
    Config::default().with(|config| config.web = Some(web::Config::default()))
}

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
pub mod film;
pub mod golden;
pub mod links;
pub mod peer;
pub mod program;
pub mod server;

use bytes::Buf;
use pulsecam::wire::Message;

pub use golden::golden;

/// A message's bytes as they go over the wire.
pub fn wire_bytes(message: &Message) -> Vec<u8> {
    let mut buf = message.to_buf();
    buf.copy_to_bytes(buf.remaining()).to_vec()
}

/// Bytes from hex; white space is ignored.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

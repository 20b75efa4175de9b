//! Golden messages and bytes, for the tests of every crate that speaks the wire format.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    unused_imports,
    reason = "each test file uses its own part"
)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

pub mod golden;

use bytes::Buf;
use pulsecam_wire::Message;

pub use golden::golden;

/// A message's bytes as they go over the wire.
pub fn wire_bytes(message: &Message) -> Vec<u8> {
    let mut buf = message.to_buf();
    buf.copy_to_bytes(buf.remaining()).to_vec()
}

/// Bytes from hex, blanks ignored.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

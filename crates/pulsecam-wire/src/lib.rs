#![doc = include_str!("../README.md")]
//!
//! # The way of a frame
//!
//! A sender describes a frame by [`FrameInfo`] and makes a [`Message`] of it, which writes itself in two
//! chunks ([`Message::to_buf`]) without copying the JPEG. A relay reads it through a [`Codec`] into one
//! buffer of its exact size, appends its sender's number ([`Message::numbered`]), and writes the same
//! buffer to all viewers. Their codecs do the same, and [`FrameInfo::parse`] reads the description.
//!
//! Everything is big-endian. A message is `i32 size | i32 type | QString description | QByteArray payload`,
//! where `size` counts what follows it.

// Types that get new attributes are non-exhaustive, and have `with`. Exhaustive on purpose are those that never grow
// (`Side`, `Progress`, `ClockShift`; `MessageKind` has a variant for every other number), and those for which everybody who shows
// what a peer sent must decide about each case (`TextContent`, `CharClass`).

#[cfg(feature = "tokio")]
mod arriving;
mod assembly;
mod attributes;
mod clock_shift;
mod close_reason;
mod codec;
mod departed;
mod error;
mod frame_info;
mod heartbeat;
mod held;
mod message;
mod message_kind;
mod number;
mod other_relays;
mod pieces;
mod qstring;
#[cfg(feature = "tokio")]
mod reader;
mod receipt;
pub mod sanitize;
pub mod stream_id;
mod text;
pub mod timestamp;
mod token;

#[cfg(feature = "tokio")]
pub use self::{
    arriving::Arriving,
    reader::{Progress, Reader},
};
pub use self::{
    clock_shift::ClockShift,
    close_reason::{Cause, CloseReason, close_message, close_reason_text},
    codec::{Codec, Skipped},
    departed::Departed,
    error::{Error, Fault, Malformed},
    frame_info::FrameInfo,
    heartbeat::{Heartbeat, Side},
    held::{HeldBytes, HeldShare},
    message::{Message, Origin},
    message_kind::MessageKind,
    other_relays::OtherRelays,
    pieces::{Assembled, PieceAssembler, torn_piece},
    qstring::{LoneSurrogate, QString},
    receipt::Receipt,
    text::TextContent,
    token::{Token, unique_id},
};

/// The default limit of `size`. A 16 MiB JPEG is a 40-megapixel photograph, and a thousand of them waiting
/// still fit a machine.
pub const DEFAULT_MAX_MESSAGE: u32 = 16 << 20;

/// The smallest valid `size`: a type and two lengths.
pub const MIN_SIZE: u32 = 12;

/// The length field of the null string and the null array.
const NULL_LENGTH: u32 = 0xffff_ffff;

/// The length field by which Qt 6.7 and later announce a 64-bit length.
const LONG_LENGTH: u32 = 0xffff_fffe;

#![doc = include_str!("../README.md")]
//!
//! # The way of a frame
//!
//! [`Sender::send_latest`] puts a frame into its key's place and never waits; [`Receiver::recv`] takes the
//! next item in a task, [`Receiver::recv_timeout`] in a thread. pulsecam has the same type at every
//! hand-over of a frame: source to encoder, encoder to link, relay to viewer, link to window.
//!
//! [`ConflatingQueue`] is the policy as plain data; [`channel()`] puts it between two threads or tasks.

mod channel;
mod conflating_queue;

pub use self::{
    channel::{Closed, Receiver, Sender, channel, channel_with},
    conflating_queue::{ConflatingQueue, Dequeued, Full, MAX_KEYS, Priority},
};

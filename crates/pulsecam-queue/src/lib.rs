#![doc = include_str!("../README.md")]
//!
//! # The way of a frame
//!
//! [`Sender::send_fresh`] puts a frame into its key's place and never waits; [`Receiver::recv`] takes the
//! next item in a task, [`Receiver::recv_timeout`] in a thread. pulsecam has the same type at every
//! hand-over of a frame: source to encoder, encoder to link, relay to viewer, link to window.
//!
//! [`Lanes`] is the policy as plain data; [`channel()`] puts it between two threads or tasks.

mod channel;
mod lanes;

pub use self::{
    channel::{Closed, Receiver, Sender, channel, over},
    lanes::{Full, Lane, Lanes, MAX_KEYS, Taken},
};

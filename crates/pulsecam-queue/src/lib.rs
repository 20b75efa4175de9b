//! The queue between stages: newest-wins for video, in order for everything else.
//!
//! Old video is worthless, so if a stage is slower than the one before it, the newest frame replaces the
//! waiting one, and the replaced frame is counted. Texts and images wait their turn, up to a budget of bytes.
//! [`ConflatingQueue`] is that policy as plain data; [`channel`] puts it between two threads or tasks. The same type is
//! used at every hand-over of a frame: source to encoder, encoder to link, relay to viewer, link to window.

mod channel;
mod conflating_queue;

pub use self::{
    channel::{Closed, Receiver, Sender, channel, channel_with},
    conflating_queue::{ConflatingQueue, Dequeued, Full, MAX_KEYS, Priority},
};

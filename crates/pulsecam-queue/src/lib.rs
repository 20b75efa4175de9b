//! The queue between stages: newest-wins for video, in order for everything else.
//!
//! Old video is worthless, so if a stage is slower than the one before it, the newest frame replaces the
//! waiting one, and the replaced frame is counted. Texts and images wait their turn, up to a budget of bytes.
//! [`Lanes`] is that policy as plain data; [`channel`] puts it between two threads or tasks. The same type is
//! used at every hand-over of a frame: source to encoder, encoder to link, relay to viewer, link to window.

mod channel;
mod lanes;

pub use self::{
    channel::{Closed, Receiver, Sender, channel, over},
    lanes::{Full, Lane, Lanes, MAX_KEYS, Taken},
};

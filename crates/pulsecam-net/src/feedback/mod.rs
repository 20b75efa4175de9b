//! What both ends of a connection learn about the path from each other's reports.

mod delay;
mod frame_acks;

pub use self::delay::{QueueingDelay, WindowedMin};
pub(crate) use self::frame_acks::FrameAcks;

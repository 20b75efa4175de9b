//! What both ends of a connection learn about the path from each other's reports and receipts.

mod contention;
mod credit;
mod delay;
mod frame_acks;
mod pacer;
#[cfg(test)]
mod pacer_tests;

pub use self::delay::{QueueingDelay, WindowedMin};
pub(crate) use self::{
    credit::{Credit, Outcome},
    frame_acks::FrameAcks,
    pacer::{Pacer, Release},
};

//! What both ends of a connection learn about the path from each other's reports and receipts.

#[cfg(any(feature = "client", feature = "cluster"))]
mod clock_offset;
mod contention;
mod credit;
mod delay;
mod frame_acks;
mod pacer;
#[cfg(test)]
mod pacer_tests;

#[cfg(any(feature = "client", feature = "cluster"))]
pub use self::clock_offset::Offset;
#[cfg(any(feature = "client", feature = "cluster"))]
pub(crate) use self::clock_offset::OffsetFilter;
pub use self::delay::{QueueingDelay, WindowedMin};
pub(crate) use self::{
    credit::{Credit, Outcome},
    frame_acks::FrameAcks,
    pacer::{Pacer, Release},
};

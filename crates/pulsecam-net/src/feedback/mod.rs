//! What both ends of a connection learn about it from each other's reports.

mod delay;

pub use self::delay::{QueueingDelay, WindowedMin};

//! What both ends of a connection learn about the path from each other's reports.

mod delay;

pub(crate) use self::delay::{QueueingDelay, WindowedMin};

//! The offset of the relay's clock from ours.

pub use crate::feedback::Offset;
pub(super) use crate::feedback::OffsetFilter;

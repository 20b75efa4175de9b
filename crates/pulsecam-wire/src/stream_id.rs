//! The identity of a stream, which is never its name: a sender may claim any name.

use std::fmt;

/// An opaque identifier of a stream, only to be compared.
///
/// A client creates one for each connection that its relay numbers, and for each name if the relay
/// does not number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(u64);

impl StreamId {
    /// Equal values are the same stream.
    #[must_use]
    pub const fn new(value: u64) -> Self {
        Self(value)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream {:x}", self.0)
    }
}

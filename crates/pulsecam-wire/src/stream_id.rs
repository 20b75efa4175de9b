//! What tells one stream from another: never its name, which is what its sender claims.

use std::fmt;

/// A stream, as long as it can be told from others. Says nothing; only compared.
///
/// A client's link makes one for each connection that its relay numbers, and for each name if the relay numbers none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(u64);

impl StreamId {
    /// Equal values are one stream.
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

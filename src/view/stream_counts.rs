//! What became of a stream's frames.

/// Frame counts of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamCounts {
    /// Frames shown.
    pub(crate) shown: u64,
    /// Frames that arrived, and were replaced by a newer one before they could be shown.
    pub(crate) replaced: u64,
    /// Frames that arrived while nobody could see them, and were not decoded.
    pub(crate) unseen: u64,
    /// Frames left out by the sender.
    pub(crate) left_out: u64,
    /// Frames that were sent and never arrived.
    pub(crate) lost: u64,
    /// Frames that arrived and could not be decoded.
    pub(crate) damaged: u64,
}

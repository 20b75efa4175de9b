//! Why a picture from a peer cannot be shown.

use crate::{jpeg, still};

/// Why a picture from a peer cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Undecodable {
    /// A frame of a stream.
    #[error(transparent)]
    Frame(#[from] jpeg::Error),
    /// An image.
    #[error(transparent)]
    Image(#[from] still::Error),
}

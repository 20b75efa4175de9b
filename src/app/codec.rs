//! How pictures are encoded and decoded.

use crate::jpeg::{Limits, Strips};

/// What all commands share that encode or decode pictures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codec {
    /// How many strips a picture is worked at in.
    pub(crate) strips: Strips,
    /// What of others' pictures is decoded.
    pub(crate) limits: Limits,
}

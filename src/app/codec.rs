//! How pictures are encoded and decoded.

use super::link::Advice;
use crate::{
    jpeg::{DecodeLimits, Strips},
    pipeline::Undecodable,
};

/// Settings shared by all commands that encode or decode pictures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codec {
    /// Number of strips in which a picture is encoded and decoded.
    pub(crate) strips: Strips,
    /// Limits on the pictures of others that are decoded.
    pub(crate) limits: DecodeLimits,
    /// What to change if one cannot be decoded.
    pub(crate) advice: Advice<Undecodable>,
}

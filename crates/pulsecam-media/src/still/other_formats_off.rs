//! Formats other than JPEG in a build without the feature `photos`: recognised and refused.

use super::{Error, Format, Still};
use crate::picture::Orientation;

pub(super) fn header(_file: &[u8], format: Format) -> Result<((usize, usize), Orientation), Error> {
    Err(Error::NotBuiltIn { format })
}

pub(super) fn decode(_file: &[u8], format: Format) -> Result<Still, Error> {
    Err(Error::NotBuiltIn { format })
}

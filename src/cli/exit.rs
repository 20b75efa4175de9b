//! Exit statuses.

use super::Error;
use crate::link;

/// 2 for what the person wrote wrong, 0 for an end that was asked for, 1 for everything else.
pub(super) const fn code(result: &Result<(), Error>) -> u8 {
    match result {
        Ok(()) | Err(Error::ReaderGone | Error::Stopped) => 0,
        Err(Error::NothingToSend | Error::Usage(_) | Error::Link(link::Error::Address(_))) => 2,
        Err(_) => 1,
    }
}

/// Whether a person has to hear of it.
pub(super) const fn is_told(error: &Error) -> bool {
    !matches!(error, Error::ReaderGone | Error::Stopped)
}

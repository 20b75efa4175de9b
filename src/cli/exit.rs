//! Exit statuses of the program.

use super::Error;
#[cfg(feature = "client")]
use crate::link;
#[cfg(feature = "cluster")]
use crate::relay::cluster;

/// 2 for wrong usage, 0 for success or a requested end, 1 for everything else.
pub(super) const fn code(result: &Result<(), Error>) -> u8 {
    match result {
        Ok(()) | Err(Error::ReaderGone | Error::Stopped) => 0,
        Err(Error::Usage(_) | Error::NoAddress { .. }) => 2,
        #[cfg(feature = "relay")]
        Err(Error::NoTerminalForDashboard | Error::NoStateFolder) => 2,
        #[cfg(feature = "cluster")]
        Err(Error::Cluster(cluster::Error::NoKey(_)) | Error::Unreachable(_)) => 2,
        #[cfg(feature = "client")]
        Err(Error::NothingToSend | Error::NoTerminalForStreams | Error::Link(link::Error::Address(_))) => 2,
        Err(_) => 1,
    }
}

/// Whether the error is printed.
pub(super) const fn is_reported(error: &Error) -> bool {
    !matches!(error, Error::ReaderGone | Error::Stopped)
}

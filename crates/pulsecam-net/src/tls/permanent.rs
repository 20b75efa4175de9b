//! Decides whether a failed handshake would fail again.

use std::io;

use rustls::{AlertDescription, Error};

/// Whether a retry is useless. That is so if the other end speaks no TLS or no compatible version, or if one
/// end does not trust the other's certificate. Network failures and internal errors may pass.
#[must_use]
pub fn is_permanent(error: &io::Error) -> bool {
    let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else { return false };
    match inner {
        Error::AlertReceived(alert) => !matches!(
            alert,
            AlertDescription::CloseNotify
                | AlertDescription::InternalError
                | AlertDescription::UserCanceled
                | AlertDescription::AccessDenied
        ),
        Error::InvalidMessage(_)
        | Error::InvalidCertificate(_)
        | Error::PeerIncompatible(_)
        | Error::NoCertificatesPresented
        | Error::UnsupportedNameType
        // Our own error, from a pinned certificate.
        | Error::General(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rustls::{CertificateError, InvalidMessage};

    use super::*;

    #[test]
    fn what_somebody_has_to_change_is_known_from_what_may_pass() {
        let lasting = |error: Error| is_permanent(&io::Error::new(io::ErrorKind::InvalidData, error));
        assert!(lasting(Error::InvalidMessage(InvalidMessage::InvalidContentType)));
        assert!(lasting(Error::InvalidCertificate(CertificateError::UnknownIssuer)));
        assert!(lasting(Error::General("another certificate".into())));
        assert!(lasting(Error::AlertReceived(AlertDescription::HandshakeFailure)));
        assert!(!lasting(Error::AlertReceived(AlertDescription::AccessDenied)), "a relay that is full");
        for kind in [io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset, io::ErrorKind::TimedOut] {
            assert!(!is_permanent(&kind.into()));
        }
    }
}

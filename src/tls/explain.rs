//! What a failed handshake means to a person.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

/// Why there is no session, in words of ours where rustls's are for programmers.
#[must_use]
pub fn explain(error: &io::Error) -> String {
    let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                "it closed the connection instead".into()
            }
            _ => error.to_string(),
        };
    };
    match inner {
        Error::InvalidMessage(_) => "it speaks no TLS".into(),
        // Ours, of a pinned certificate.
        Error::General(what) => what.clone(),
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "its certificate is of no authority that is trusted here (self-signed: --tls-pin FINGERPRINT, or --tls-ca FILE)".into()
        }
        // What our relay says where its limits turn a client away.
        Error::AlertReceived(AlertDescription::AccessDenied) => {
            "it lets nobody else in at the moment: it is full, or too many came from this address".into()
        }
        Error::AlertReceived(AlertDescription::UnknownCA) => "it does not trust the certificate".into(),
        Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "it broke the handshake off (does it pin another certificate?)".into()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rustls::InvalidMessage;

    use super::*;

    #[test]
    fn a_person_is_told_what_to_do() {
        let told = |error: Error| explain(&io::Error::new(io::ErrorKind::InvalidData, error));
        assert_eq!(told(Error::InvalidMessage(InvalidMessage::InvalidContentType)), "it speaks no TLS");
        assert!(told(Error::InvalidCertificate(CertificateError::UnknownIssuer)).contains("--tls-pin"));
        assert_eq!(told(Error::General("another certificate".into())), "another certificate");
        let expired = told(Error::InvalidCertificate(CertificateError::Expired));
        assert!(expired.contains("Expired"), "{expired}");
        assert!(explain(&io::ErrorKind::UnexpectedEof.into()).contains("closed"));
        assert_eq!(explain(&io::Error::other("no route")), "no route");
    }
}

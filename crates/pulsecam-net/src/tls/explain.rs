//! Explains failed handshakes in plain words.

use std::io;

use rustls::{
    AlertDescription, CertificateError, Error, ExtendedKeyPurpose, InconsistentKeys, PeerIncompatible,
    pki_types::{ServerName, UnixTime},
};

/// The most names of a certificate that are shown: a proxy's may have hundreds.
const NAMED: usize = 8;

/// Explains why a handshake failed; rustls's own messages are for programmers.
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
    words(inner)
}

/// Whether the certificate would be accepted if it, or its authority, were trusted here.
#[must_use]
pub fn is_untrusted(error: &io::Error) -> bool {
    let Some(Error::InvalidCertificate(wrong)) = error.get_ref().and_then(|inner| inner.downcast_ref())
    else {
        return false;
    };
    match wrong {
        CertificateError::UnknownIssuer => true,
        CertificateError::Other(other) => {
            matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    }
}

/// Explains an error of rustls.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::InvalidMessage(_) => "it does not speak TLS".into(),
        // Our own error, from a pinned certificate.
        Error::General(what) => what.clone(),
        Error::InvalidCertificate(error) => certificate(error),
        Error::AlertReceived(alert) => alerted(*alert).into(),
        Error::NoCertificatesPresented => "it shows no certificate".into(),
        Error::UnsupportedNameType => "no certificate can contain its type of name".into(),
        Error::PeerIncompatible(PeerIncompatible::ExtendedMasterSecretExtensionRequired) => {
            "its TLS 1.2 has no extended master secret (RFC 7627), without which the key cannot be bound to the session: use TLS 1.3".into()
        }
        Error::PeerIncompatible(_) => {
            "it supports none of the TLS versions and ciphers used here (TLS 1.3, or 1.2 with ECDHE)".into()
        }
        Error::PeerMisbehaved(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerSentOversizedRecord => "it violates the TLS protocol".into(),
        Error::DecryptError => "its data was changed on the way, or is not its own".into(),
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            "the key belongs to another certificate".into()
        }
        Error::FailedToGetCurrentTime => "this system cannot tell the time".into(),
        Error::FailedToGetRandomBytes => "this system provides no random numbers".into(),
        Error::InvalidCertRevocationList(_) => "the list of revoked certificates cannot be used".into(),
        // The features used here cannot cause the rest; the messages of these contain no debug text.
        Error::EncryptError
        | Error::HandshakeNotComplete
        | Error::NoApplicationProtocol
        | Error::BadMaxFragmentSize => error.to_string(),
        _ => "TLS failed for an unknown reason".into(),
    }
}

/// Explains what is wrong with a certificate.
fn certificate(error: &CertificateError) -> String {
    use CertificateError as Wrong;
    match error {
        Wrong::BadEncoding => "its certificate is damaged, or not a certificate".into(),
        Wrong::Expired => "its certificate has expired".into(),
        Wrong::ExpiredContext { not_after, .. } => format!(
            "its certificate expired on {} (is the clock of this machine right? it says {})",
            day(*not_after),
            day(UnixTime::now())
        ),
        Wrong::NotValidYet => "its certificate is not valid yet".into(),
        Wrong::NotValidYetContext { not_before, .. } => format!(
            "its certificate is valid only from {} on (is the clock of this machine right? it says {})",
            day(*not_before),
            day(UnixTime::now())
        ),
        Wrong::Revoked => "its certificate was revoked".into(),
        Wrong::UnhandledCriticalExtension => "its certificate requires a check that is not supported".into(),
        Wrong::UnknownIssuer => "its certificate is not from a trusted authority".into(),
        Wrong::UnknownRevocationStatus
        | Wrong::ExpiredRevocationList
        | Wrong::ExpiredRevocationListContext { .. }
        | Wrong::InvalidOcspResponse => "it is not known whether its certificate was revoked".into(),
        Wrong::BadSignature => {
            "its certificate, or its handshake, is not signed by the key that it names".into()
        }
        Wrong::UnsupportedSignatureAlgorithmContext { .. }
        | Wrong::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "the signature algorithm of its certificate is unknown or too weak (such as SHA-1)".into()
        }
        Wrong::NotValidForName => "its certificate is for another name".into(),
        Wrong::NotValidForNameContext { expected, presented } => not_for(expected, presented),
        Wrong::InvalidPurpose => "its certificate is not for a server".into(),
        Wrong::InvalidPurposeContext { presented, .. } => {
            let purposes: Vec<_> = presented.iter().map(purpose).collect();
            let purposes = if purposes.is_empty() { "nothing".into() } else { purposes.join(", ") };
            format!("its certificate is for {purposes}, not for a server")
        }
        Wrong::ApplicationVerificationFailure => "its certificate is not accepted here".into(),
        Wrong::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(error) => odd(error).into(),
            None => "its certificate is invalid for an unknown reason".into(),
        },
        _ => "its certificate cannot be verified, or its signature is too weak".into(),
    }
}

/// Explains faults of a certificate for which rustls has no message.
const fn odd(error: &webpki::Error) -> &'static str {
    use webpki::Error as Wrong;
    match error {
        Wrong::CaUsedAsEndEntity => "its certificate is self-signed and not trusted here",
        Wrong::EndEntityUsedAsCa => "its certificate is signed by one that must not sign others",
        Wrong::UnsupportedCertVersion => {
            "its certificate has the old X.509 version 1 (openssl req -x509 makes version 3)"
        }
        Wrong::PathLenConstraintViolated
        | Wrong::MaximumPathDepthExceeded
        | Wrong::MaximumPathBuildCallsExceeded
        | Wrong::MaximumSignatureChecksExceeded => "its certificate chain is too long",
        Wrong::NameConstraintViolation
        | Wrong::MalformedNameConstraint
        | Wrong::InvalidNetworkMaskConstraint
        | Wrong::MaximumNameConstraintComparisonsExceeded => {
            "its certificate has a name that its authority may not sign"
        }
        Wrong::UnsupportedCriticalExtension => "its certificate requires a check that is not supported",
        Wrong::SignatureAlgorithmMismatch => "its certificate names two different signature algorithms",
        _ => "its certificate violates X.509",
    }
}

fn not_for(expected: &ServerName<'_>, presented: &[String]) -> String {
    let expected = expected.to_str();
    let mut names: Vec<_> = presented.iter().filter_map(|name| host(name)).collect();
    if names.is_empty() {
        return format!(
            "its certificate has no names, so it is not for {expected} (subjectAltName; the common name does not count)"
        );
    }
    let more = format!("{} more", names.len().saturating_sub(NAMED));
    if names.len() > NAMED {
        names.truncate(NAMED);
        names.push(&more);
    }
    format!("its certificate is for {}, not for {expected}", names.join(", "))
}

/// The host in a certificate's name as webpki formats it, such as `DnsName("desk.local")`. `None` for other
/// types of names.
pub(super) fn host(name: &str) -> Option<&str> {
    let inside = name.strip_prefix("DnsName(").or_else(|| name.strip_prefix("IpAddress("))?;
    Some(inside.strip_suffix(')')?.trim_matches('"'))
}

fn purpose(purpose: &ExtendedKeyPurpose) -> &'static str {
    match purpose {
        ExtendedKeyPurpose::ClientAuth => "clients",
        ExtendedKeyPurpose::ServerAuth => "servers",
        _ => "something else",
    }
}

/// Explains why the other end aborted the handshake.
const fn alerted(alert: AlertDescription) -> &'static str {
    use AlertDescription as Alert;
    match alert {
        // Our relay sends this if its limits exclude a client.
        Alert::AccessDenied => {
            "it accepts no more clients at the moment: it is full, or too many come from this address"
        }
        Alert::UnknownCA | Alert::BadCertificate | Alert::CertificateUnknown | Alert::UnrecognisedName => {
            "it does not trust the certificate"
        }
        Alert::CertificateExpired => "it says that the certificate has expired, or is not valid yet",
        Alert::CertificateRevoked => "it says that the certificate was revoked",
        Alert::UnsupportedCertificate => "it cannot use a certificate of this kind",
        Alert::HandshakeFailure => "it aborted the handshake (does it pin another certificate?)",
        Alert::ProtocolVersion => "it speaks another version of TLS",
        Alert::InsufficientSecurity => "it requires stronger ciphers",
        Alert::CertificateRequired | Alert::NoCertificate => "it requires a certificate from this end",
        Alert::NoApplicationProtocol => "it expects another protocol inside TLS",
        Alert::InternalError => "it had an internal error",
        Alert::UserCanceled | Alert::CloseNotify => "it ended the handshake",
        _ => "it aborted the handshake",
    }
}

/// Formats a time as an ISO 8601 date.
fn day(time: UnixTime) -> String {
    let date = jiff::Timestamp::from_second(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    date.map_or_else(|_| "a distant date".into(), |date| date.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;

//! What a failed handshake means to a person.

use std::io;

use rustls::{
    AlertDescription, CertificateError, Error, ExtendedKeyPurpose, InconsistentKeys, PeerIncompatible,
    pki_types::{ServerName, UnixTime},
};

/// Names of a certificate that are shown: a proxy's may have hundreds.
const NAMED: usize = 8;

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
    words(inner)
}

/// Whether the certificate would do if it, or its authority, were trusted here.
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

/// What an error of rustls means.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::InvalidMessage(_) => "it speaks no TLS".into(),
        // Ours, of a pinned certificate.
        Error::General(what) => what.clone(),
        Error::InvalidCertificate(error) => certificate(error),
        Error::AlertReceived(alert) => alerted(*alert).into(),
        Error::NoCertificatesPresented => "it shows no certificate".into(),
        Error::UnsupportedNameType => "its name is of a kind that no certificate can have".into(),
        Error::PeerIncompatible(PeerIncompatible::ExtendedMasterSecretExtensionRequired) => {
            "its TLS 1.2 has no extended master secret (RFC 7627), without which the session is bound to nobody: use TLS 1.3".into()
        }
        Error::PeerIncompatible(_) => {
            "it knows none of the versions and ciphers of TLS that are known here (TLS 1.3, or 1.2 with ECDHE)".into()
        }
        Error::PeerMisbehaved(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerSentOversizedRecord => "it does not keep to the rules of TLS".into(),
        Error::DecryptError => "what it sent was changed on the way, or is not its own".into(),
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            "the key is that of another certificate".into()
        }
        Error::FailedToGetCurrentTime => "this system does not tell the time".into(),
        Error::FailedToGetRandomBytes => "this system gives no random numbers".into(),
        Error::InvalidCertRevocationList(_) => "the list of revoked certificates cannot be used".into(),
        // Nothing of the rest can come of what is used here; these have words without debug text.
        Error::EncryptError
        | Error::HandshakeNotComplete
        | Error::NoApplicationProtocol
        | Error::BadMaxFragmentSize => error.to_string(),
        _ => "TLS fails for a reason that is not known here".into(),
    }
}

/// What is wrong with a certificate.
fn certificate(error: &CertificateError) -> String {
    use CertificateError as Wrong;
    match error {
        Wrong::BadEncoding => "its certificate is damaged, or none".into(),
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
        Wrong::UnhandledCriticalExtension => {
            "its certificate asks for a check that is not known here".into()
        }
        Wrong::UnknownIssuer => {
            "its certificate is of no authority that is trusted here".into()
        }
        Wrong::UnknownRevocationStatus
        | Wrong::ExpiredRevocationList
        | Wrong::ExpiredRevocationListContext { .. }
        | Wrong::InvalidOcspResponse => "it is not known whether its certificate was revoked".into(),
        Wrong::BadSignature => "its certificate, or its handshake, is not signed by the key that it names".into(),
        Wrong::UnsupportedSignatureAlgorithmContext { .. }
        | Wrong::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "its certificate is signed in a way that is not known here, or that is too weak (such as SHA-1)".into()
        }
        Wrong::NotValidForName => "its certificate is for another name".into(),
        Wrong::NotValidForNameContext { expected, presented } => not_for(expected, presented),
        Wrong::InvalidPurpose => "its certificate is not for a server".into(),
        Wrong::InvalidPurposeContext { presented, .. } => {
            let purposes: Vec<_> = presented.iter().map(purpose).collect();
            let purposes = if purposes.is_empty() { "nothing".into() } else { purposes.join(", ") };
            format!("its certificate is for {purposes}, and not for a server")
        }
        Wrong::ApplicationVerificationFailure => "its certificate is not accepted here".into(),
        Wrong::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(error) => odd(error).into(),
            None => "its certificate is wrong in a way that is not known here".into(),
        },
        _ => "its certificate cannot be checked: what is wrong with it is not known here, or its signature is too weak".into(),
    }
}

/// What is wrong with a certificate, of what rustls has no words for.
const fn odd(error: &webpki::Error) -> &'static str {
    use webpki::Error as Wrong;
    match error {
        Wrong::CaUsedAsEndEntity => "its certificate is self-signed, and nobody here trusts it",
        Wrong::EndEntityUsedAsCa => "its certificate is signed by one that may sign none",
        Wrong::UnsupportedCertVersion => {
            "its certificate is of an old kind, X.509 version 1 (openssl req -x509 makes version 3)"
        }
        Wrong::PathLenConstraintViolated
        | Wrong::MaximumPathDepthExceeded
        | Wrong::MaximumPathBuildCallsExceeded
        | Wrong::MaximumSignatureChecksExceeded => {
            "too many certificates stand between its own and the authority"
        }
        Wrong::NameConstraintViolation
        | Wrong::MalformedNameConstraint
        | Wrong::InvalidNetworkMaskConstraint
        | Wrong::MaximumNameConstraintComparisonsExceeded => {
            "its certificate has a name that its authority may not sign"
        }
        Wrong::UnsupportedCriticalExtension => "its certificate asks for a check that is not known here",
        Wrong::SignatureAlgorithmMismatch => "its certificate names two ways in which it is signed",
        _ => "its certificate breaks the rules for certificates (X.509)",
    }
}

fn not_for(expected: &ServerName<'_>, presented: &[String]) -> String {
    let expected = expected.to_str();
    let mut names: Vec<_> = presented.iter().filter_map(|name| host(name)).collect();
    if names.is_empty() {
        return format!(
            "its certificate has no names, and so it is not for {expected} (subjectAltName; the common name does not count)"
        );
    }
    let more = format!("{} more", names.len().saturating_sub(NAMED));
    if names.len() > NAMED {
        names.truncate(NAMED);
        names.push(&more);
    }
    format!("its certificate is for {}, and not for {expected}", names.join(", "))
}

/// The name or address of a host, of a certificate's name as webpki shows it: `DnsName("desk.local")`. `None` for names of another kind.
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

/// Why the other end broke it off.
const fn alerted(alert: AlertDescription) -> &'static str {
    use AlertDescription as Alert;
    match alert {
        // What our relay says where its limits turn a client away.
        Alert::AccessDenied => {
            "it lets nobody else in at the moment: it is full, or too many came from this address"
        }
        Alert::UnknownCA | Alert::BadCertificate | Alert::CertificateUnknown | Alert::UnrecognisedName => {
            "it does not trust the certificate"
        }
        Alert::CertificateExpired => "it says that the certificate has expired, or is not valid yet",
        Alert::CertificateRevoked => "it says that the certificate was revoked",
        Alert::UnsupportedCertificate => "it cannot use a certificate of this kind",
        Alert::HandshakeFailure => "it broke the handshake off (does it pin another certificate?)",
        Alert::ProtocolVersion => "it speaks another version of TLS",
        Alert::InsufficientSecurity => "it wants stronger ciphers",
        Alert::CertificateRequired | Alert::NoCertificate => "it asks for a certificate of this end",
        Alert::NoApplicationProtocol => "it expects another protocol inside TLS",
        Alert::InternalError => "something went wrong at its end",
        Alert::UserCanceled | Alert::CloseNotify => "it ended the handshake",
        _ => "it broke the handshake off",
    }
}

/// The day of a time, as people write it everywhere.
fn day(time: UnixTime) -> String {
    let date = jiff::Timestamp::from_second(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    date.map_or_else(|_| "a day far away".into(), |date| date.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;

//! Every fault has a plain explanation.

use std::{sync::Arc, time::Duration};

use rustls::{InvalidMessage, OtherError, PeerIncompatible, PeerMisbehaved};

use super::*;

fn told(error: Error) -> String {
    explain(&io::Error::new(io::ErrorKind::InvalidData, error))
}

#[test]
fn a_person_is_told_what_to_do() {
    assert_eq!(told(Error::InvalidMessage(InvalidMessage::InvalidContentType)), "it does not speak TLS");
    assert!(
        told(Error::InvalidCertificate(CertificateError::UnknownIssuer))
            .contains("not from a trusted authority")
    );
    assert_eq!(told(Error::General("another certificate".into())), "another certificate");
    assert_eq!(told(Error::InvalidCertificate(CertificateError::Expired)), "its certificate has expired");
    assert!(explain(&io::ErrorKind::UnexpectedEof.into()).contains("closed"));
    assert_eq!(explain(&io::Error::other("no route")), "no route");
}

#[test]
fn dates_and_names_are_told_as_people_write_them() {
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let expired = CertificateError::ExpiredContext { time: at(1_800_000_000), not_after: at(1_700_000_000) };
    assert!(
        certificate(&expired).starts_with("its certificate expired on 2023-11-14 "),
        "{}",
        certificate(&expired)
    );
    let early = CertificateError::NotValidYetContext { time: at(0), not_before: at(4_102_444_800) };
    assert!(certificate(&early).starts_with("its certificate is valid only from 2100-01-01 on "));
    let expected = || ServerName::try_from("cam.local").unwrap();
    let presented = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let other = CertificateError::NotValidForNameContext {
        expected: expected(),
        presented: presented(&["DnsName(\"desk.local\")", "IpAddress(192.0.2.1)", "Unsupported(0x01)"]),
    };
    assert_eq!(certificate(&other), "its certificate is for desk.local, 192.0.2.1, not for cam.local");
    for nameless in [&[][..], &["Unsupported(0x01)"]] {
        let none =
            CertificateError::NotValidForNameContext { expected: expected(), presented: presented(nameless) };
        assert!(certificate(&none).contains("has no names"), "{}", certificate(&none));
    }
    let many = CertificateError::NotValidForNameContext {
        expected: expected(),
        presented: (0..500).map(|number| format!("DnsName(\"host{number}\")")).collect(),
    };
    assert!(certificate(&many).contains("host7, 492 more"), "{}", certificate(&many));
}

/// Whether it reads like a sentence, without identifiers or brackets.
fn is_plain(text: &str) -> bool {
    let is_word_of_a_program = |word: &str| {
        let letters = || word.chars().filter(|c| c.is_alphabetic());
        let mixed = letters().skip(1).any(char::is_uppercase) && letters().any(char::is_lowercase);
        mixed && !["subjectAltName;", "(subjectAltName;"].contains(&word)
    };
    !text.contains(['{', '}', '[', ']', '"']) && !text.split_whitespace().any(is_word_of_a_program)
}

#[test]
fn nothing_is_told_in_words_of_a_program() {
    use CertificateError as Wrong;
    let other = |error: webpki::Error| Wrong::Other(OtherError(Arc::new(error)));
    let time = UnixTime::since_unix_epoch(Duration::from_secs(1_700_000_000));
    let wrong = [
        Wrong::BadEncoding,
        Wrong::Expired,
        Wrong::ExpiredContext { time, not_after: time },
        Wrong::NotValidYet,
        Wrong::NotValidYetContext { time, not_before: time },
        Wrong::Revoked,
        Wrong::UnhandledCriticalExtension,
        Wrong::UnknownIssuer,
        Wrong::UnknownRevocationStatus,
        Wrong::ExpiredRevocationList,
        Wrong::ExpiredRevocationListContext { time, next_update: time },
        Wrong::BadSignature,
        Wrong::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: vec![1],
            supported_algorithms: vec![],
        },
        Wrong::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: vec![1],
            public_key_algorithm_id: vec![2],
        },
        Wrong::NotValidForName,
        Wrong::NotValidForNameContext {
            expected: ServerName::try_from("cam.local").unwrap(),
            presented: vec![],
        },
        Wrong::InvalidPurpose,
        Wrong::InvalidPurposeContext {
            required: ExtendedKeyPurpose::ServerAuth,
            presented: vec![ExtendedKeyPurpose::ClientAuth, ExtendedKeyPurpose::Other(vec![1, 3])],
        },
        Wrong::InvalidPurposeContext { required: ExtendedKeyPurpose::ServerAuth, presented: vec![] },
        Wrong::InvalidOcspResponse,
        Wrong::ApplicationVerificationFailure,
        other(webpki::Error::CaUsedAsEndEntity),
        other(webpki::Error::EndEntityUsedAsCa),
        other(webpki::Error::UnsupportedCertVersion),
        other(webpki::Error::PathLenConstraintViolated),
        other(webpki::Error::NameConstraintViolation),
        other(webpki::Error::UnsupportedCriticalExtension),
        other(webpki::Error::SignatureAlgorithmMismatch),
        other(webpki::Error::ExtensionValueInvalid),
        Wrong::Other(OtherError(Arc::new(io::Error::other("Odd { thing: 1 }")))),
    ];
    let errors = wrong.into_iter().map(Error::InvalidCertificate).chain([
        Error::NoCertificatesPresented,
        Error::UnsupportedNameType,
        Error::DecryptError,
        Error::EncryptError,
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
        Error::PeerMisbehaved(PeerMisbehaved::IllegalMiddleboxChangeCipherSpec),
        Error::InvalidMessage(InvalidMessage::InvalidContentType),
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch),
        Error::InconsistentKeys(InconsistentKeys::Unknown),
        Error::InvalidCertRevocationList(rustls::CertRevocationListError::BadSignature),
        Error::FailedToGetCurrentTime,
        Error::FailedToGetRandomBytes,
        Error::HandshakeNotComplete,
        Error::PeerSentOversizedRecord,
        Error::NoApplicationProtocol,
        Error::BadMaxFragmentSize,
        Error::Other(OtherError(Arc::new(io::Error::other("Odd { thing: 1 }")))),
    ]);
    let alerts = (0..=u8::MAX).map(|number| Error::AlertReceived(number.into()));
    for error in errors.chain(alerts) {
        let words = told(error.clone());
        assert!(is_plain(&words) && words.len() > 10, "{error:?} is explained as: {words}");
    }
}

#[test]
fn words_of_a_program_are_found() {
    for odd in ["Other(OtherError(CaUsedAsEndEntity))", "received fatal alert: UnknownCA", "{ a: 1 }"] {
        assert!(!is_plain(odd), "{odd}");
    }
}

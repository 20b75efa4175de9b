//! A certificate's fingerprint, with which a certificate can be trusted without an authority.

use std::{fmt, str::FromStr};

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use rustls::pki_types::CertificateDer;

/// The SHA-256 of a certificate's DER form, as `openssl x509 -fingerprint -sha256` prints it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; SHA256_OUTPUT_LEN]);

/// The error for text that is not a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 32 bytes as hexadecimal digits, AB:CD:… or without the colons")]
pub struct NotAFingerprint;

impl Fingerprint {
    /// Computes the fingerprint of a certificate.
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        let mut bytes = [0; SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(digest(&SHA256, certificate).as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if at > 0 { ":" } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        let digits: Vec<u32> = text
            .chars()
            .filter(|char| *char != ':' && !char.is_whitespace())
            .map(|char| char.to_digit(16).ok_or(NotAFingerprint))
            .collect::<Result<_, _>>()?;
        if digits.len() != 2 * SHA256_OUTPUT_LEN {
            return Err(NotAFingerprint);
        }
        let mut bytes = [0; SHA256_OUTPUT_LEN];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| byte << 4 | u8::try_from(*digit).unwrap_or(0));
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_in_any_dress() {
        let fingerprint = Fingerprint::of(&CertificateDer::from(b"certificate".to_vec()));
        let printed = fingerprint.to_string();
        assert_eq!((printed.len(), printed.matches(':').count()), (95, 31));
        let bare = printed.to_lowercase().replace(':', "");
        assert_eq!([printed.parse(), bare.parse(), format!(" {bare}\n").parse()], [Ok(fingerprint); 3]);
        for odd in ["", "AB:CD", &printed[1..], &format!("{printed}00"), &printed.replace(':', "-")] {
            assert_eq!(odd.parse::<Fingerprint>(), Err(NotAFingerprint), "{odd}");
        }
    }
}

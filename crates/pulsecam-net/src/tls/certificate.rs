//! Self-signed certificates for a relay.

use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

use rustls::pki_types::ServerName;

use super::{Error, Fingerprint};

/// A certificate and its key, as PEM text.
#[non_exhaustive]
pub struct Certificate {
    /// The certificate, which is public.
    pub certificate: String,
    /// The private key, which only the relay may see.
    pub key: String,
    /// The fingerprint, which a client can pin.
    pub fingerprint: Fingerprint,
}

impl Certificate {
    /// Creates a certificate with a new key for a relay with these names and addresses. The key is ECDSA on
    /// P-256, which old TLS libraries also support. It does not expire, because clients trust its
    /// fingerprint.
    ///
    /// # Errors
    /// [`Error::Name`].
    pub fn for_relay(names: Vec<String>) -> Result<Self, Error> {
        if let Some(odd) = names.iter().find(|name| ServerName::try_from(name.as_str()).is_err()) {
            return Err(Error::Name(odd.clone()));
        }
        let mut params = CertificateParams::new(names).map_err(Error::make)?;
        params.distinguished_name.push(DnType::CommonName, "pulsecam relay");
        params.not_before = date_time_ymd(2020, 1, 1);
        // RFC 5280, 4.1.2.5: the date for "no end that is well defined".
        params.not_after = date_time_ymd(9999, 12, 31);
        let key = KeyPair::generate().map_err(Error::make)?;
        let certificate = params.self_signed(&key).map_err(Error::make)?;
        let fingerprint = Fingerprint::of(certificate.der());
        Ok(Self { certificate: certificate.pem(), key: key.serialize_pem(), fingerprint })
    }
}

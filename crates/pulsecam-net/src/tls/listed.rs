//! Accepts the certificates in a file, and those that they sign.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::{explain::host, provider};

/// The trusted certificates of a file.
///
/// A relay's certificate that is itself in the file needs no authority: the holder of its key is the intended
/// relay. This holds whether or not it calls itself an authority, as those of `openssl req -x509` do; curl
/// does the same. Its dates and names are still checked. If it has no names (subjectAltName; the common name
/// has not counted since RFC 9525) and is the only one in the file, it is accepted as if it were pinned.
#[derive(Debug)]
pub(super) struct Listed {
    certificates: Vec<CertificateDer<'static>>,
    signed: Arc<WebPkiServerVerifier>,
}

impl Listed {
    pub(super) fn new(certificates: Vec<CertificateDer<'static>>) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots.add(certificate.clone())?;
        }
        let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        Ok(Self { certificates, signed })
    }

    /// Checks the rest of a certificate that is in the file but whose signer was not accepted.
    fn check_listed(&self, certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
        match verify_server_name(&ParsedCertificate::try_from(certificate)?, name) {
            Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                presented, ..
            })) if self.certificates.len() == 1 && presented.iter().all(|name| host(name).is_none()) => {
                Ok(())
            }
            checked => checked,
        }
    }
}

impl ServerCertVerifier for Listed {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        status: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let error = match self.signed.verify_server_cert(certificate, chain, name, status, now) {
            Ok(verified) => return Ok(verified),
            Err(error) => error,
        };
        let is_listed = self.certificates.iter().any(|listed| **listed == **certificate);
        if !is_listed || !is_about_signing_or_names(&error) {
            return Err(error);
        }
        self.check_listed(certificate, name).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}

/// Whether the certificate was refused because of its signer or its names. Its dates and purposes were
/// checked before, so they are valid.
fn is_about_signing_or_names(error: &Error) -> bool {
    let Error::InvalidCertificate(error) = error else { return false };
    match error {
        CertificateError::UnknownIssuer
        | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::NotValidForName
        | CertificateError::NotValidForNameContext { .. } => true,
        CertificateError::Other(other) => {
            matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    }
}

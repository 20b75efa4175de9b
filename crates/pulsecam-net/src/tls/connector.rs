//! The client's side of TLS.

use std::{fmt, io, net::IpAddr, path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{
    Error, Fingerprint, REQUIRE_EMS, acceptor::WIRE_PROTOCOL, files::certificates, listed::Listed, provider,
    session,
};
use crate::transport::{Connection, tune};

/// The certificates that a client accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// Certificates from the authorities that the system trusts.
    System,
    /// The certificates in a PEM or DER file, and those from the authorities in it.
    Authority(PathBuf),
    /// Exactly one certificate, whatever its names and dates.
    Pinned(Fingerprint),
}

/// A client's TLS configuration.
#[derive(Clone)]
pub struct Connector(Arc<ClientConfig>);

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl Connector {
    /// Creates a client with this trust.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::NotPem`], [`Error::NoAuthorities`].
    pub fn new(trust: &Trust) -> Result<Self, Error> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(Error::unusable)?;
        let mut config = match trust {
            Trust::Pinned(fingerprint) => {
                let verifier = Arc::new(Pin { fingerprint: *fingerprint, provider: provider() });
                builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
            }
            Trust::Authority(file) => {
                let verifier = Arc::new(Listed::new(certificates(file)?).map_err(Error::unusable)?);
                builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
            }
            Trust::System => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                if roots.is_empty() {
                    return Err(Error::NoAuthorities);
                }
                builder.with_root_certificates(roots).with_no_client_auth()
            }
        };
        config.require_ems = REQUIRE_EMS;
        config.alpn_protocols = vec![WIRE_PROTOCOL.to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// Does the handshake with the relay at `host` (`HOST:PORT`), without a time limit.
    ///
    /// # Errors
    /// If the relay does not speak TLS, its certificate is not trusted, or the connection fails.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<Connection> {
        tune(&stream)?;
        let connector = TlsConnector::from(Arc::clone(&self.0));
        let (stream, tls) = connector.connect(name(host)?, stream).await?.into_inner();
        session::connection(stream, tls.into())
    }
}

/// The name from `HOST:PORT` that the certificate must contain.
fn name(host: &str) -> io::Result<ServerName<'static>> {
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    // A zone names a network interface, and is not part of the address.
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(ServerName::IpAddress(address.into()));
    }
    // A final dot only marks the name as fully qualified.
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    ServerName::try_from(bare.to_owned()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// Accepts one certificate only.
#[derive(Debug)]
struct Pin {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = Fingerprint::of(certificate);
        if found == self.fingerprint {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::Error::General(format!("its certificate has another fingerprint, {found}")))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_stands_before_the_port() {
        let shown = |host: &str| format!("{:?}", name(host).unwrap());
        assert!(shown("cam.local:6868").contains("cam.local"));
        assert_eq!(name("cam.local.:6868").unwrap(), name("cam.local:6868").unwrap());
        for (host, address) in
            [("192.0.2.1:6868", "192.0.2.1"), ("[::1]:6868", "::1"), ("[fe80::1%eth0]:1", "fe80::1")]
        {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(name(host).unwrap(), ServerName::IpAddress(address.into()));
        }
        assert!(name("no name:6868").is_err());
    }
}

//! The relay's side of TLS.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

#[cfg(feature = "cluster")]
use rustls::pki_types::pem::{self, PemObject};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{
    Error, Fingerprint, REQUIRE_EMS,
    files::{certificates, private_key},
    provider, session,
};
use crate::transport::{Connection, tune};

/// The name of messages of the wire within TLS, which clients of ours offer (RFC 7301).
pub(super) const WIRE_PROTOCOL: &[u8] = b"pulsecam";

/// The name of HTTP/1.1, which browsers offer.
const HTTP_PROTOCOL: &[u8] = b"http/1.1";

/// What is spoken within TLS, if client and relay have agreed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inner {
    /// Messages.
    Wire,
    /// HTTP/1.1.
    Http,
}

/// A certificate with its key, which can be reloaded without closing connections.
pub struct Acceptor {
    /// Where it comes from, if not from memory.
    files: Option<Files>,
    loaded: RwLock<LoadedCertificate>,
}

#[derive(Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Clone)]
struct LoadedCertificate {
    config: Arc<ServerConfig>,
    fingerprint: Fingerprint,
}

impl Acceptor {
    /// Loads a certificate (with its chain, if any) and its key from PEM or DER files.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::NotPem`], [`Error::Encrypted`], [`Error::OddKey`], and [`Error::Unusable`]
    /// if they do not match.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, Error> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let loaded = RwLock::new(files.load()?);
        Ok(Self { files: Some(files), loaded })
    }

    /// Shows a certificate that is in no file.
    ///
    /// # Errors
    /// [`Error::Unusable`].
    #[cfg(feature = "cluster")]
    pub(crate) fn showing(certificate: &super::Certificate) -> Result<Self, Error> {
        let chain = CertificateDer::from_pem_slice(certificate.certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes());
        let damaged = |error: pem::Error| Error::unusable(rustls::Error::General(error.to_string()));
        let (chain, key) = (chain.map_err(damaged)?, key.map_err(damaged)?);
        let loaded = LoadedCertificate::new(vec![chain], key, certificate.fingerprint);
        Ok(Self { files: None, loaded: RwLock::new(loaded.map_err(Error::unusable)?) })
    }

    /// Reloads the files; new connections get the new certificate.
    ///
    /// # Errors
    /// As [`Self::load`]; the old certificate stays in use.
    pub fn reload(&self) -> Result<(), Error> {
        let Some(files) = &self.files else { return Ok(()) };
        let new = files.load()?;
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// The fingerprint, which clients can pin.
    pub fn fingerprint(&self) -> Fingerprint {
        self.loaded().fingerprint
    }

    /// Does the handshake with a client, without a time limit.
    ///
    /// # Errors
    /// If the client speaks no TLS or an incompatible version, or the connection fails.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Connection> {
        let (connection, _) = self.accept_any(stream).await?;
        Ok(connection)
    }

    /// The same with a client that may be a browser; returns what is spoken, if the client said so.
    pub(crate) async fn accept_any(&self, stream: TcpStream) -> io::Result<(Connection, Option<Inner>)> {
        tune(&stream)?;
        let acceptor = TlsAcceptor::from(self.loaded().config);
        let (stream, tls) = acceptor.accept(stream).await?.into_inner();
        let inner =
            tls.alpn_protocol().map(|name| if name == HTTP_PROTOCOL { Inner::Http } else { Inner::Wire });
        Ok((session::connection(stream, tls.into())?, inner))
    }

    fn loaded(&self) -> LoadedCertificate {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("certificate", &self.files.as_ref().map(|files| &files.certificate))
            .finish_non_exhaustive()
    }
}

impl Files {
    fn load(&self) -> Result<LoadedCertificate, Error> {
        let chain = certificates(&self.certificate)?;
        let not_pem =
            Error::NotPem { file: self.certificate.clone(), what: "certificate", found: String::new() };
        let fingerprint = chain.first().map(Fingerprint::of).ok_or(not_pem)?;
        let key = private_key(&self.key)?;
        LoadedCertificate::new(chain, key, fingerprint).map_err(|error| match error {
            // ring supports no others; rustls's own message lists them all.
            rustls::Error::General(_) => Error::OddKey { file: self.key.clone() },
            error => Error::unusable(error),
        })
    }
}

impl LoadedCertificate {
    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        fingerprint: Fingerprint,
    ) -> Result<Self, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.require_ems = REQUIRE_EMS;
        config.alpn_protocols = vec![WIRE_PROTOCOL.to_vec(), HTTP_PROTOCOL.to_vec()];
        Ok(Self { config: Arc::new(config), fingerprint })
    }
}

//! The relay's end.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{
    Error, Fingerprint, REQUIRE_EMS,
    files::{certificates, private_key},
    provider, session,
};
use crate::socket::{Connection, tune};

/// A certificate with its key, which can be read again while connections go on.
pub struct Server {
    files: Files,
    loaded: RwLock<Loaded>,
}

#[derive(Clone)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Clone)]
struct Loaded {
    config: Arc<ServerConfig>,
    fingerprint: Fingerprint,
}

impl Server {
    /// Reads a certificate (with its chain, if any) and its key from PEM files.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::NotPem`], and [`Error::Unusable`] where they do not belong together.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, Error> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let loaded = RwLock::new(files.load()?);
        Ok(Self { files, loaded })
    }

    /// Reads the files again: those who come from now on see the new certificate.
    ///
    /// # Errors
    /// As [`Self::load`]; the old one stays.
    pub fn reload(&self) -> Result<(), Error> {
        let new = self.files.load()?;
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// What clients may be told to trust.
    pub fn fingerprint(&self) -> Fingerprint {
        self.loaded().fingerprint
    }

    /// Agrees with a client. No limit of time: that is the caller's.
    ///
    /// # Errors
    /// The client speaks no TLS, or another, or is gone.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Connection> {
        tune(&stream)?;
        let acceptor = TlsAcceptor::from(self.loaded().config);
        let (stream, tls) = acceptor.accept(stream).await?.into_inner();
        session::connection(stream, tls.into())
    }

    fn loaded(&self) -> Loaded {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("certificate", &self.files.certificate).finish_non_exhaustive()
    }
}

impl Files {
    fn load(&self) -> Result<Loaded, Error> {
        let chain = certificates(&self.certificate)?;
        let not_pem =
            Error::NotPem { file: self.certificate.clone(), what: "certificate", found: String::new() };
        let fingerprint = chain.first().map(Fingerprint::of).ok_or(not_pem)?;
        let key = private_key(&self.key)?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| match error {
                // ring knows no others; rustls's words name them all.
                rustls::Error::General(_) => Error::OddKey { file: self.key.clone() },
                error => error.into(),
            })?;
        config.require_ems = REQUIRE_EMS;
        Ok(Loaded { config: Arc::new(config), fingerprint })
    }
}

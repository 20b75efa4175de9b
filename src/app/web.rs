//! What a relay offers to browsers, HTTP clients and operators, and where.

use std::{convert::Infallible, fs, io, path::PathBuf, str::FromStr};

use tokio::net::TcpListener;

use super::Error;
use crate::{
    address::Bind,
    auth::Key,
    relay::{self, AdminListener, Listeners, web},
};

/// Options for browsers, HTTP clients and operators.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) enabled: bool,
    /// A port of its own.
    pub(crate) listen: Option<Bind>,
    pub(crate) names: Vec<String>,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) plain: bool,
    pub(crate) admin: Option<AdminAddress>,
    pub(crate) admin_token_file: Option<PathBuf>,
}

/// Where operators connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AdminAddress {
    Tcp(String),
    /// A Unix socket.
    File(PathBuf),
}

impl FromStr for AdminAddress {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('/') {
            return Ok(Self::File(text.into()));
        }
        let is_port = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        Ok(Self::Tcp(if is_port { format!("127.0.0.1:{text}") } else { text.to_owned() }))
    }
}

impl Options {
    /// The relay's part of the options. `certificate`: the file of one that people may install.
    pub(super) fn config(&self, certificate: Option<&PathBuf>) -> Result<Option<web::Config>, Error> {
        if !self.enabled && self.admin.is_none() {
            return Ok(None);
        }
        let read = |file: &PathBuf| {
            fs::read(file).map_err(|error| Error::File { path: file.clone(), reason: error.to_string() })
        };
        let certificate = certificate.map(read).transpose()?;
        let admin_token = self.admin_token_file.as_ref().map(|file| Key::load(file)).transpose()?;
        Ok(Some(web::Config::default().with(|config| {
            config.names.clone_from(&self.names);
            config.allowed_origins.clone_from(&self.allowed_origins);
            config.plain = self.plain;
            config.certificate = certificate.map(Into::into);
            config.admin_token = admin_token;
            config.own_port = self.listen.is_some() || !self.enabled;
        })))
    }

    /// Opens the ports of their own.
    pub(super) async fn listeners(&self, main: TcpListener) -> Result<Listeners, Error> {
        let http = match &self.listen {
            Some(listen) => Some(open(&listen.to_string()).await?),
            None => None,
        };
        let admin = match &self.admin {
            Some(AdminAddress::Tcp(addr)) => Some(AdminListener::Tcp(open(addr).await?)),
            Some(AdminAddress::File(path)) => Some(open_file(path)?),
            None => None,
        };
        Ok(Listeners::new(main).with_http(http).with_admin(admin))
    }
}

async fn open(addr: &str) -> Result<TcpListener, Error> {
    relay::listen(addr).await.map_err(|source| Error::listen(addr.to_owned(), source))
}

/// Opens a Unix socket, which only this user and its group can reach. One that nobody listens at any more is
/// replaced.
#[cfg(unix)]
fn open_file(path: &PathBuf) -> Result<AdminListener, Error> {
    use std::os::unix::{fs::PermissionsExt, net::UnixStream};
    let failed = |source: io::Error| Error::Listen { addr: path.display().to_string(), source };
    let is_left =
        UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    if is_left {
        fs::remove_file(path).map_err(failed)?;
    }
    let listener = tokio::net::UnixListener::bind(path).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o660)).map_err(failed)?;
    Ok(AdminListener::Unix(listener))
}

#[cfg(not(unix))]
fn open_file(path: &PathBuf) -> Result<AdminListener, Error> {
    let source = io::Error::from(io::ErrorKind::Unsupported);
    Err(Error::Listen { addr: path.display().to_string(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_connect_at_an_address_or_a_file_and_from_this_machine_if_nothing_is_said() {
        let read = |text: &str| text.parse::<AdminAddress>().unwrap();
        assert_eq!(read("6870"), AdminAddress::Tcp("127.0.0.1:6870".into()));
        assert_eq!(read("192.0.2.1:6870"), AdminAddress::Tcp("192.0.2.1:6870".into()));
        assert_eq!(read("/run/pulsecam/admin"), AdminAddress::File("/run/pulsecam/admin".into()));
        assert_eq!(read("./admin"), AdminAddress::File("./admin".into()));
    }
}

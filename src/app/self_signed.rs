//! A relay's own certificate, made when it is first needed and kept.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use super::{Error, cert, state_folder};
use crate::{
    address::{machine_addresses, machine_name},
    tls::Certificate,
};

/// The files of a certificate and its key.
pub(super) fn files() -> Result<(PathBuf, PathBuf), Error> {
    let folder = folder().ok_or(Error::NoStateFolder)?;
    in_folder(&folder)
}

/// The files in this folder, made if they are not there.
fn in_folder(folder: &Path) -> Result<(PathBuf, PathBuf), Error> {
    let (certificate, key) = (folder.join("relay-cert.pem"), folder.join("relay-key.pem"));
    if !certificate.exists() || !key.exists() {
        fs::create_dir_all(folder)
            .map_err(|error| Error::File { path: folder.to_owned(), reason: error.to_string() })?;
        cert::write(&Certificate::for_relay(names())?, &certificate, &key, true)?;
    }
    Ok((certificate, key))
}

/// Where a service, or else this user, keeps such files.
fn folder() -> Option<PathBuf> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // systemd may name several, of which ours has one.
    let first = |path: PathBuf| path.to_str().and_then(|paths| paths.split(':').next()).map(PathBuf::from);
    variable("STATE_DIRECTORY").and_then(first).or_else(|| state_folder::of_user(|name| env::var_os(name)))
}

/// The names and addresses by which this machine is reached.
fn names() -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if let Some(name) = machine_name() {
        if !name.contains('.') {
            names.push(format!("{name}.local"));
        }
        names.push(name);
    }
    names.extend(machine_addresses().iter().map(ToString::to_string));
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Acceptor;

    #[test]
    fn a_certificate_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("pulsecam");
        let fingerprint = || {
            let (certificate, key) = in_folder(&inner).unwrap();
            Acceptor::load(&certificate, &key).unwrap().fingerprint()
        };
        assert_eq!(fingerprint(), fingerprint());
    }

    #[test]
    fn it_has_the_names_of_this_machine() {
        assert!(names().contains(&"localhost".to_owned()));
        assert!(Certificate::for_relay(names()).is_ok());
    }
}

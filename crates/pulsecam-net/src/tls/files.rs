//! Reads certificates and keys in files from any program: PEM, DER, with a byte-order mark.

use std::path::Path;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::Error;
use crate::text_file;

/// The most labels of a PEM file that are named.
const NAMED: usize = 4;

/// The length to which a label is cut, in characters.
const LONGEST_LABEL: usize = 40;

/// Reads all certificates of a PEM file, or the one of a DER file.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let bytes = read(file)?;
    if is_der(&bytes) && !is_pkcs12(&bytes) {
        return Ok(vec![bytes.into()]);
    }
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        all => Err(not_pem(file, &bytes, "certificate", all.is_err())),
    }
}

/// Reads the first private key of a PEM file, or the one of a DER file.
pub(super) fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let bytes = read(file)?;
    let key = if is_der(&bytes) {
        // rustls takes any version number for PKCS #8.
        PrivateKeyDer::try_from(bytes.clone()).ok().filter(|_| !is_pkcs12(&bytes))
    } else {
        PrivateKeyDer::from_pem_slice(&bytes).ok()
    };
    key.ok_or_else(|| {
        if is_encrypted(&bytes) {
            return Error::Encrypted { file: file.to_owned() };
        }
        not_pem(
            file,
            &bytes,
            "private key",
            labels(&bytes).iter().any(|label| label.ends_with("PRIVATE KEY")),
        )
    })
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    let bytes = std::fs::read(file).map_err(|source| Error::Read { file: file.to_owned(), source })?;
    Ok(text_file::utf8(bytes))
}

/// Whether it begins like DER: a sequence, with a length in the next byte or in several.
fn is_der(bytes: &[u8]) -> bool {
    match bytes {
        [0x30, length @ 0..0x80, rest @ ..] => rest.len() == usize::from(*length),
        [0x30, _, ..] => true,
        _ => false,
    }
}

/// Whether it is PKCS #12, a certificate with its encrypted key: it begins with version 3.
fn is_pkcs12(bytes: &[u8]) -> bool {
    is_der(bytes)
        && bytes.get(..12).is_some_and(|start| start.windows(3).any(|three| three == [0x02, 0x01, 0x03]))
}

/// Whether a key is encrypted. The forms are PKCS #8, OpenSSL's older one, and PKCS #8 in DER, recognised by
/// its object identifier.
fn is_encrypted(bytes: &[u8]) -> bool {
    const METHODS: [&[u8]; 2] = [
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05],
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c],
    ];
    if is_der(bytes) {
        let start = bytes.get(..32).unwrap_or(bytes);
        return !is_pkcs12(bytes)
            && METHODS.iter().any(|method| memchr::memmem::find(start, method).is_some());
    }
    labels(bytes).iter().any(|label| label == "ENCRYPTED PRIVATE KEY")
        || lines(bytes).any(|line| line.starts_with("Proc-Type:") && line.ends_with("ENCRYPTED"))
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = String> {
    bytes
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .map(|line| String::from_utf8_lossy(line).trim().to_owned())
}

/// The labels of the PEM sections.
fn labels(bytes: &[u8]) -> Vec<String> {
    lines(bytes)
        .filter_map(|line| Some(line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")?.to_owned()))
        .collect()
}

fn not_pem(file: &Path, bytes: &[u8], what: &'static str, is_damaged: bool) -> Error {
    let mut found: Vec<String> =
        labels(bytes).iter().map(|label| label.chars().take(LONGEST_LABEL).collect()).collect();
    found.dedup();
    found.truncate(NAMED);
    let found = if is_pkcs12(bytes) {
        " (it looks like PKCS #12: openssl pkcs12 -nodes -in FILE -out PEM converts it)".into()
    } else if is_damaged {
        " (its contents are damaged)".into()
    } else if found.is_empty() {
        String::new()
    } else {
        format!(" (it contains {})", found.join(", "))
    };
    Error::NotPem { file: file.to_owned(), what, found }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;

//! Tests with files as other programs write them.

use std::fs;

use super::*;
use crate::tls::Certificate;

/// `openssl pkcs8 -topk8 -in key.pem -passout pass:secret`
const ENCRYPTED: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAi8Oifpi69kiwICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEBL2p379yJnzUGAeD9YPrjAEgZAf
fQn0DAtqdgWGgblN6yU3XED2VOqC9gpNp5yUT2OUGuTYIBekSFUPooqpk2cpPNCA
GFVfapKLXlUWCm4KfoTht1YUOEgwDizN2JZxlTG4cEdVMWkLFMt8wUZiVQPDZlec
qhy4Jm9dYZxQUrX4AYxQLe1sc1QWCAvVTyAwf2N7TOVNqXcpn/V8U7GgJbuhVn0=
-----END ENCRYPTED PRIVATE KEY-----
";

/// `openssl ec -in key.pem -aes128 -passout pass:secret`
const ENCRYPTED_AS_OF_OLD: &str = "\
-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,6122690DC4832C997B5DA607C218625D

50qcI0lN8N1FmYPcg732Q0bU4K5lZoYnrEDHgFN6Jjcjdo1IBL4WB3xxHnlfc5Gv
7ZIwxENqpDvvQH2s6KovU+aUfnB291fpNGf7I0fFx7CEGibk6rQivW3fMbS4hfiY
rL23HzodZ1nG8Av/u+wzHVwHPGEdSmZFQkXWilioRKA=
-----END EC PRIVATE KEY-----
";

/// The beginning of the first with `-outform DER`.
const ENCRYPTED_DER: &str = "3081ec305706092a864886f70d01050d304a302906092a864886f70d01050c301c0408aadf86d172d6971a02020800300c06082a864886f70d020905";

/// The beginning of the output of `openssl pkcs12 -export`.
const PKCS12: &str = "3082040c020103308203c206092a864886f70d010701a08203b3048203af308203ab3082026206092a864886f70d010706a08202533082024f02010030820248";

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> std::path::PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

#[test]
fn a_key_behind_a_passphrase_is_told_as_one_with_what_to_type() {
    let folder = Folder::new();
    for (name, bytes) in [
        ("pkcs8.pem", ENCRYPTED.as_bytes().to_vec()),
        ("old.pem", ENCRYPTED_AS_OF_OLD.as_bytes().to_vec()),
        ("windows.pem", format!("\u{feff}{}", ENCRYPTED.replace('\n', "\r\n")).into_bytes()),
        ("pkcs8.der", unhex(ENCRYPTED_DER)),
    ] {
        let told = private_key(&folder.file(name, bytes)).unwrap_err().to_string();
        for word in [name, "encrypted", "openssl pkey -in FILE -out PLAIN"] {
            assert!(told.contains(word), "{word:?} in: {told}");
        }
    }
}

#[test]
fn what_is_in_a_file_instead_is_named() {
    let folder = Folder::new();
    let made = Certificate::for_relay(vec!["desk.local".into()]).unwrap();
    let request = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n";
    for (bytes, words) in [
        (made.key.clone().into_bytes(), "with a certificate (it contains PRIVATE KEY)"),
        (request.into(), "with a certificate (it contains CERTIFICATE REQUEST)"),
        (unhex(PKCS12), "with a certificate (it looks like PKCS #12: openssl pkcs12"),
        (b"hello\n".to_vec(), "is not a PEM file with a certificate"),
        (b"".to_vec(), "is not a PEM file with a certificate"),
        (made.certificate.replace("-----END CERTIFICATE-----", "").into(), "(its contents are damaged)"),
    ] {
        let told = certificates(&folder.file("file", bytes)).unwrap_err().to_string();
        assert!(told.contains(words), "{words:?} in: {told}");
    }
    for (bytes, words) in [
        (made.certificate.clone().into_bytes(), "with a private key (it contains CERTIFICATE)"),
        (unhex(PKCS12), "with a private key (it looks like PKCS #12"),
        (made.key.replace("-----END", "").into_bytes(), "(its contents are damaged)"),
    ] {
        let told = private_key(&folder.file("file", bytes)).unwrap_err().to_string();
        assert!(told.contains(words), "{words:?} in: {told}");
    }
}

#[test]
fn pem_and_der_are_read_however_an_editor_saved_them() {
    let folder = Folder::new();
    let made = Certificate::for_relay(vec!["desk.local".into()]).unwrap();
    let wanted = certificates(&folder.file("plain", &made.certificate)).unwrap();
    let key = private_key(&folder.file("plain", &made.key)).unwrap();
    assert_eq!(wanted.len(), 1);
    let utf16 = |text: &str| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let marked = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n")).into_bytes();
    for bytes in [marked(&made.certificate), utf16(&made.certificate), wanted[0].to_vec()] {
        assert_eq!(certificates(&folder.file("certificate", bytes)).unwrap(), wanted);
    }
    for bytes in [marked(&made.key), utf16(&made.key), key.secret_der().to_vec()] {
        assert_eq!(private_key(&folder.file("key", bytes)).unwrap().secret_der(), key.secret_der());
    }
    let both = made.key.clone() + &made.certificate;
    assert_eq!(certificates(&folder.file("both", &both)).unwrap(), wanted);
    assert_eq!(private_key(&folder.file("both", &both)).unwrap().secret_der(), key.secret_der());
}

#[test]
fn short_der_is_told_from_text() {
    assert!(is_der(&[0x30, 0x02, 5, 0]) && is_der(&[0x30, 0x82, 1, 0]));
    assert!(!is_der(b"0 is the first character of this text") && !is_der(b"-----BEGIN") && !is_der(b""));
}

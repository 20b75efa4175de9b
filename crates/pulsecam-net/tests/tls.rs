//! Tests of TLS on the link: real handshakes, real sockets. Alone: `make test-trust`.

#![allow(missing_docs, reason = "tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use bytes::Bytes;
use common::{
    links::{down, up},
    server::{PATIENCE, Server},
};
use pulsecam_net::{
    link::{self, Down, Inbox, Link, connect},
    relay,
    tls::{self, Certificate, Connector, Fingerprint, Trust},
    wire::{FrameInfo, Message, MessageKind, Origin},
};
use tempfile::TempDir;
use tokio::time::timeout;

/// A certificate in files.
struct Files {
    folder: TempDir,
    fingerprint: Fingerprint,
}

impl Files {
    fn new(names: &[&str]) -> Self {
        let mut files =
            Self { folder: tempfile::tempdir().unwrap(), fingerprint: "0".repeat(64).parse().unwrap() };
        files.renew(names);
        files
    }

    /// Replaces it with a new one.
    fn renew(&mut self, names: &[&str]) {
        let made = Certificate::for_relay(names.iter().map(|name| (*name).to_owned()).collect()).unwrap();
        fs::write(self.file("cert.pem"), made.certificate).unwrap();
        fs::write(self.file("key.pem"), made.key).unwrap();
        self.fingerprint = made.fingerprint;
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn server(&self) -> Arc<tls::Acceptor> {
        Arc::new(tls::Acceptor::load(&self.file("cert.pem"), &self.file("key.pem")).unwrap())
    }

    fn pinned(&self) -> Trust {
        Trust::Pinned(self.fingerprint)
    }
}

async fn relay_with(tls: &Arc<tls::Acceptor>) -> Server {
    Server::start(relay::Config::default().with(|config| config.tls = Some(Arc::clone(tls)))).await
}

async fn client(addr: SocketAddr, trust: Option<&Trust>) -> (Link, Inbox) {
    let tls = trust.map(|trust| Connector::new(trust).unwrap());
    connect(link::Config::new(addr.to_string()).with(|config| config.tls = tls)).await.unwrap()
}

/// A sender with a name: the relay adds a number to messages without one.
fn named() -> Origin {
    Origin::named("ann")
}

async fn next(inbox: &mut Inbox) -> Message {
    timeout(PATIENCE, inbox.recv()).await.expect("something must come").unwrap().item.message
}

#[tokio::test]
async fn texts_large_pictures_and_frames_pass_both_ways() {
    let files = Files::new(&["localhost", "127.0.0.1"]);
    let server = relay_with(&files.server()).await;
    let (ann, mut to_ann) = client(server.addr, Some(&files.pinned())).await;
    let (bob, mut to_bob) = client(server.addr, Some(&Trust::Authority(files.file("cert.pem")))).await;
    up(&ann).await;
    up(&bob).await;
    // Larger than any buffer on the way, in both directions at once, and with bytes that reveal any mix-up.
    let large: Bytes = (0..12_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let picture = Message::image(large, &named()).unwrap();
    let text = Message::text("你好 🙂 שלום", &named()).unwrap();
    for link in [&ann, &bob] {
        link.send(picture.clone()).unwrap();
        link.send(text.clone()).unwrap();
    }
    for inbox in [&mut to_ann, &mut to_bob] {
        assert!(next(inbox).await == picture, "whole");
        assert_eq!(next(inbox).await, text);
    }
    for seq in 0..20 {
        let info = FrameInfo::default().with_stream("ann").with_seq(seq);
        ann.send_frame(info, vec![seq as u8; 100_000].into());
        let frame = next(&mut to_bob).await;
        assert_eq!((frame.kind(), frame.payload().unwrap().len()), (MessageKind::Video, 100_000));
    }
    timeout(PATIENCE, ann.flushed()).await.expect("it must be confirmed").unwrap();
    drop((ann, bob));
    server.told(&["left", "closed the connection"]).await;
    server.stop().await;
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_ends_it_and_the_reason_is_told() {
    let files = Files::new(&["another.name"]);
    let server = relay_with(&files.server()).await;
    let other = Files::new(&["127.0.0.1"]);
    let (link, _inbox) = client(server.addr, Some(&other.pinned())).await;
    let why = down(&link).await.to_string();
    assert!(why.contains(&files.fingerprint.to_string()), "the fingerprint to pin: {why}");
    let (link, _inbox) = client(server.addr, Some(&Trust::Authority(other.file("cert.pem")))).await;
    assert!(matches!(down(&link).await, Down::Tls(why) if why.contains("certificate")));
    let (link, _inbox) = client(server.addr, Some(&Trust::Authority(files.file("cert.pem")))).await;
    let why = down(&link).await.to_string();
    assert!(why.contains("another.name"), "its actual names: {why}");
    server.told(&["refused", "TLS handshake failed"]).await;
    server.stop().await;
}

/// A certificate as from `openssl req -x509`: a self-signed one of an authority.
struct Tutorial {
    is_authority: bool,
    names: &'static [&'static str],
    expired: bool,
}

impl Tutorial {
    const fn new(names: &'static [&'static str]) -> Self {
        Self { is_authority: true, names, expired: false }
    }

    /// Makes certificate and key, as PEM.
    fn make(&self) -> (String, String) {
        let names: Vec<String> = self.names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "desk.local");
        if self.is_authority {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(if self.expired { 2021 } else { 2999 }, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }
}

#[tokio::test]
async fn a_file_with_the_relays_own_certificate_is_trust_whatever_it_calls_itself() {
    let here: &[&str] = &["127.0.0.1"];
    let nameless: &[&str] = &[];
    let elsewhere: &[&str] = &["another.name"];
    let other = Tutorial::new(here).make().0;
    // The relay's certificate, what else is in the file, and why it is refused.
    for (made, more, refused) in [
        (Tutorial::new(here), "", None),
        (Tutorial::new(here), other.as_str(), None),
        (Tutorial { is_authority: false, ..Tutorial::new(here) }, "", None),
        (Tutorial::new(nameless), "", None),
        (Tutorial { is_authority: false, ..Tutorial::new(nameless) }, "", None),
        // With several in the file, one could be mistaken for another.
        (Tutorial::new(nameless), other.as_str(), Some("its certificate has no names")),
        (Tutorial::new(elsewhere), "", Some("is for another.name, not for 127.0.0.1")),
        (Tutorial { is_authority: false, ..Tutorial::new(elsewhere) }, "", Some("is for another.name")),
        (Tutorial { expired: true, ..Tutorial::new(here) }, "", Some("expired on 2021-01-01")),
        (Tutorial { expired: true, ..Tutorial::new(nameless) }, "", Some("expired on 2021-01-01")),
    ] {
        let (certificate, key) = made.make();
        let files = Files::new(&["localhost"]);
        fs::write(files.file("cert.pem"), &certificate).unwrap();
        fs::write(files.file("key.pem"), key).unwrap();
        let server = relay_with(&files.server()).await;
        fs::write(files.file("trusted.pem"), certificate + more).unwrap();
        let (link, _inbox) = client(server.addr, Some(&Trust::Authority(files.file("trusted.pem")))).await;
        match refused {
            None => up(&link).await,
            Some(words) => {
                let why = down(&link).await.to_string();
                assert!(why.contains(words), "{words:?} in: {why}");
            }
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn another_certificate_of_the_same_name_is_not_the_one_in_the_file() {
    for is_authority in [true, false] {
        let made = Tutorial { is_authority, ..Tutorial::new(&["127.0.0.1"]) };
        let files = Files::new(&["localhost"]);
        let (certificate, key) = made.make();
        fs::write(files.file("cert.pem"), certificate).unwrap();
        fs::write(files.file("key.pem"), key).unwrap();
        let server = relay_with(&files.server()).await;
        fs::write(files.file("trusted.pem"), made.make().0).unwrap();
        let (link, _inbox) = client(server.addr, Some(&Trust::Authority(files.file("trusted.pem")))).await;
        let why = down(&link).await.to_string();
        assert!(why.contains("its certificate") && !why.contains("Other"), "{why}");
        server.stop().await;
    }
}

#[tokio::test]
async fn tls_and_no_tls_say_what_they_miss() {
    let files = Files::new(&["127.0.0.1"]);
    let server = relay_with(&files.server()).await;
    let (link, _inbox) = client(server.addr, None).await;
    let why = down(&link).await;
    assert_eq!(why, Down::TlsWanted);
    server.told(&["refused", "TLS handshake failed"]).await;
    server.stop().await;

    let plain = Server::start(relay::Config::default()).await;
    let (link, _inbox) = client(plain.addr, Some(&files.pinned())).await;
    assert_eq!(down(&link).await, Down::Tls("it does not speak TLS".into()));
    plain.told(&["left", "speaks TLS"]).await;
    plain.stop().await;
}

/// Only admitted clients take places. Unauthenticated ones have a separate limit, so the reason can be given
/// as text.
#[tokio::test]
async fn a_full_relay_says_so_under_tls_too() {
    let files = Files::new(&["127.0.0.1"]);
    let mut config = relay::Config::default();
    config.tls = Some(files.server());
    config.max_clients = 1.try_into().unwrap();
    let server = Server::start(config).await;
    let (first, _inbox) = client(server.addr, Some(&files.pinned())).await;
    up(&first).await;
    let (second, _inbox) = client(server.addr, Some(&files.pinned())).await;
    let why = down(&second).await;
    assert!(matches!(&why, Down::SentAway(why) if why.contains("the relay is full: 1 connected")), "{why}");
    assert!(!why.is_permanent(), "places are freed");
    server.stop().await;
}

/// RFC 7627, 5.4, and RFC 9266: a proof that is bound to a TLS 1.2 session is bound to that session alone.
#[tokio::test]
async fn tls_1_2_has_the_extended_master_secret_or_is_refused() {
    let files = Files::new(&["127.0.0.1"]);
    let server = relay_with(&files.server()).await;
    let addr = server.addr.to_string();
    // OpenSSL as an independent client. Its features can be disabled only in a configuration file.
    let handshake = async |options: &str| {
        let config = files.file("openssl.cnf");
        let text = format!(
            "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = it\n[it]\nOptions = {options}\n"
        );
        fs::write(&config, text).unwrap();
        let mut client = tokio::process::Command::new("openssl");
        client.args(["s_client", "-connect", &addr, "-tls1_2", "-quiet", "-no_ign_eof"]);
        client.env("OPENSSL_CONF", config).stdin(std::process::Stdio::null());
        timeout(PATIENCE, client.output()).await.expect("it ends").unwrap()
    };
    let without = handshake("-ExtendedMasterSecret").await;
    let told = String::from_utf8_lossy(&without.stderr).into_owned();
    assert!(!without.status.success() && told.contains("alert handshake failure"), "{told}");
    let refused = server.told(&["refused", "TLS handshake failed"]).await;
    assert!(refused.contains("extended master secret"), "{refused}");
    let with = handshake("ExtendedMasterSecret").await;
    assert!(with.status.success(), "{}", String::from_utf8_lossy(&with.stderr));
    server.stop().await;
}

#[tokio::test]
async fn a_certificate_is_renewed_without_dropping_anyone() {
    let mut files = Files::new(&["127.0.0.1"]);
    let tls = files.server();
    let server = relay_with(&tls).await;
    let (before, mut inbox) = client(server.addr, Some(&files.pinned())).await;
    up(&before).await;
    fs::write(files.file("cert.pem"), "no certificate").unwrap();
    assert!(tls.reload().unwrap_err().to_string().contains("not a PEM file"), "the old one stays");
    files.renew(&["127.0.0.1"]);
    tls.reload().unwrap();
    assert_eq!(tls.fingerprint(), files.fingerprint);
    let (after, _inbox) = client(server.addr, Some(&files.pinned())).await;
    up(&after).await;
    let text = Message::text("still here", &named()).unwrap();
    after.send(text.clone()).unwrap();
    assert_eq!(next(&mut inbox).await, text);
    assert_eq!(before.counters().sessions, 1);
    server.stop().await;
}

#[test]
fn files_that_are_none_are_named() {
    let files = Files::new(&["localhost"]);
    let load = |certificate: &Path, key: &Path| {
        tls::Acceptor::load(certificate, key).map(|_| ()).unwrap_err().to_string()
    };
    let (certificate, key) = (files.file("cert.pem"), files.file("key.pem"));
    assert!(load(&files.file("missing"), &key).contains("missing"));
    assert!(load(&key, &key).contains("key.pem is not a PEM file with a certificate"));
    assert!(load(&certificate, &certificate).contains("cert.pem is not a PEM file with a private key"));
    let other = Files::new(&["localhost"]);
    assert!(load(&certificate, &other.file("key.pem")).contains("cannot be used"));
}

//! One port for several protocols.

use std::sync::Arc;

use pulsecam_net::{
    auth::Key,
    link::{self, connect},
    relay::{Keyring, RoomKey},
    tls::{Connector, Trust},
    wire::{Heartbeat, Message, MessageKind, Origin, Side},
};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{
    browser::{certificate, get, parsed},
    common::{
        links::up,
        server::{Bare, PATIENCE, Server, numbered_frame},
    },
    with_web,
};

const KEY: &str = "the key to the red room";

fn ring() -> Arc<Keyring> {
    Arc::new(Keyring::new(vec![RoomKey::new("red", Key::new(KEY).unwrap())]))
}

/// An old viewer that says nothing for seconds gets frames all the same.
#[tokio::test]
async fn a_silent_client_is_one_of_the_wire() {
    let server = Server::start(with_web()).await;
    let mut silent = Bare::connect_unseen(server.addr).await;
    server.told(&["joined"]).await;
    let mut sender = Bare::connect(server.addr).await;
    sender.send(&numbered_frame(1, 100)).await;
    assert_eq!(silent.receive().await.kind(), MessageKind::Video);
    server.stop().await;
}

/// Browsers open connections ahead of need, and use them later.
#[tokio::test]
async fn a_connection_that_was_idle_at_first_may_be_a_browsers() {
    let server = Server::start(with_web()).await;
    let mut idle = TcpStream::connect(server.addr).await.unwrap();
    server.told(&["joined"]).await;
    let request = format!("GET /page.json HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.addr);
    idle.write_all(request.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    timeout(PATIENCE, idle.read_to_end(&mut all)).await.expect("an answer comes").unwrap();
    assert_eq!(parsed(&all).status, 200);
    server.told(&["left", "HTTP after all"]).await;
    server.stop().await;
}

#[tokio::test]
async fn clients_with_a_key_are_asked_whether_they_speak_first_or_wait() {
    let server = Server::start(with_web().with(|config| config.keys = Some(ring()))).await;
    let mut old = Bare::connect_unseen(server.addr).await;
    assert_eq!(old.receive().await.kind(), MessageKind::Reserved(101), "it waited");
    let key = Some(Key::new(KEY).unwrap());
    let (link, _inbox) =
        connect(link::Config::new(server.addr.to_string()).with(|config| config.key = key)).await.unwrap();
    up(&link).await;
    assert_eq!(get(server.addr, "/healthz").await.status, 200);
    assert_eq!(get(server.addr, "/").await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn tls_has_both_inside_and_plain_http_leads_there() {
    let (tls, fingerprint) = certificate();
    let keys = Some(ring());
    let server = Server::start(with_web().with(|config| (config.tls, config.keys) = (Some(tls), keys))).await;
    let trust = Connector::new(&Trust::Pinned(fingerprint)).unwrap();
    let config = link::Config::new(server.addr.to_string()).with(|config| {
        config.tls = Some(trust);
        config.key = Some(Key::new(KEY).unwrap());
    });
    let (link, _inbox) = connect(config).await.unwrap();
    up(&link).await;
    for protocols in [&[&b"h2"[..], b"http/1.1"][..], &[b"http/1.1"], &[]] {
        let page = https(&server, protocols).await;
        assert_eq!(page.status, 200, "{protocols:?}");
    }
    let plain = get(server.addr, "/?lang=zh").await;
    assert_eq!(plain.status, 308);
    assert_eq!(plain.header("location"), Some(&*format!("https://{}/?lang=zh", server.addr)));
    assert_eq!(get(server.addr, "/healthz").await.status, 200);
    // A client of the wire that does not know TLS gets the reason, as without web.
    let mut bare = Bare::connect_unseen(server.addr).await;
    bare.send(&Heartbeat::default().to_message(Side::Client)).await;
    bare.end().await;
    server.told(&["refused", "TLS"]).await;
    server.stop().await;
}

/// Gets the page through TLS, with these names of protocols.
async fn https(server: &Server, protocols: &[&[u8]]) -> super::browser::Answer {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anything))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(server.addr).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.addr);
    tls.write_all(request.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    timeout(PATIENCE, tls.read_to_end(&mut all)).await.expect("an answer comes").unwrap();
    parsed(&all)
}

/// Trusts every certificate.
#[derive(Debug)]
struct Anything;

impl rustls::client::danger::ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &[rustls::pki_types::CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A request whose head never ends is given up; the others are served meanwhile.
#[tokio::test]
async fn a_head_in_small_pieces_holds_up_nobody() {
    let server = Server::start(with_web()).await;
    let mut slow = TcpStream::connect(server.addr).await.unwrap();
    slow.write_all(b"GET / HT").await.unwrap();
    let mut talker = Bare::connect(server.addr).await;
    let mut listener = Bare::connect(server.addr).await;
    talker.send(&Message::text("go on", &Origin::default()).unwrap()).await;
    assert_eq!(listener.receive().await.kind(), MessageKind::Text);
    slow.write_all(b"TP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut all = Vec::new();
    timeout(PATIENCE, slow.read_to_end(&mut all)).await.unwrap().unwrap();
    assert_eq!(parsed(&all).status, 200);
    server.stop().await;
}

//! Tests of room keys: only clients with the key get in, and only hear their own room. Alone: `make
//! test-trust`.

#![allow(missing_docs, reason = "tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{net::SocketAddr, num::NonZero, sync::Arc, time::Duration};

use common::{
    links::{down, up},
    server::{Bare, PATIENCE, Server},
};
use pulsecam_net::{
    auth::{Challenge, Hello, Key},
    link::{self, Down, Inbox, Link, connect},
    relay::{Config, Keyring, Limits, RoomKey},
    tls::{self, Certificate, Connector, Fingerprint, Trust},
    transport::{MessageWriter, SendHalf},
    wire::{
        Codec, DEFAULT_MAX_MESSAGE, Heartbeat, Message, MessageKind, Origin, Reader, Side, close_reason_text,
    },
};
use tokio::{
    io::{AsyncRead, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

const RED: &str = "the key to the red room";
const BLUE: &str = "the key to the blue room";

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn ring(rooms: &[(&str, &str)]) -> Arc<Keyring> {
    let keys = rooms.iter().map(|(room, text)| RoomKey::new(*room, key(text)));
    Arc::new(Keyring::new(keys.collect()))
}

async fn two_rooms() -> Server {
    let keys = Some(ring(&[("red", RED), ("blue", BLUE)]));
    Server::start(Config::default().with(|config| config.keys = keys)).await
}

async fn client(addr: SocketAddr, text: Option<&str>) -> (Link, Inbox) {
    connect(link::Config::new(addr.to_string()).with(|config| config.key = text.map(key))).await.unwrap()
}

async fn text(inbox: &mut Inbox) -> String {
    let message = timeout(PATIENCE, inbox.recv()).await.expect("something must come").unwrap().item.message;
    message.text_content().unwrap().to_text_lossy()
}

fn say(link: &Link, text: &str) {
    link.send(Message::text(text, &Origin::default()).unwrap()).unwrap();
}

#[tokio::test]
async fn messages_stay_inside_a_room() {
    let server = two_rooms().await;
    let (red, mut to_red) = client(server.addr, Some(RED)).await;
    let (other_red, mut to_other_red) = client(server.addr, Some(RED)).await;
    let (blue, mut to_blue) = client(server.addr, Some(BLUE)).await;
    let (other_blue, mut to_other_blue) = client(server.addr, Some(BLUE)).await;
    for link in [&red, &other_red, &blue, &other_blue] {
        up(link).await;
    }
    say(&red, "red only");
    timeout(PATIENCE, red.flushed()).await.expect("it must be taken").unwrap();
    say(&blue, "blue only");
    assert_eq!(text(&mut to_other_blue).await, "blue only", "nothing arrives before it");
    assert_eq!(text(&mut to_other_red).await, "red only");
    say(&other_red, "end");
    say(&other_blue, "end");
    assert_eq!((text(&mut to_red).await, text(&mut to_blue).await), ("end".into(), "end".into()));
    let joined = server.told(&["joined", "\"room\":\"blue\""]).await;
    assert!(!joined.contains(BLUE));
    server.stop().await;
}

#[tokio::test]
async fn who_has_no_key_or_a_wrong_one_is_told_so() {
    let server = two_rooms().await;
    let (wrong, _inbox) = client(server.addr, Some("a key that is wrong")).await;
    let why = down(&wrong).await;
    assert_eq!(why, Down::KeyRefused);
    assert!(why.is_permanent());
    let (none, _inbox) = client(server.addr, None).await;
    say(&none, "let me in");
    let why = down(&none).await;
    assert_eq!(why, Down::KeyMissing);
    assert_eq!(timeout(PATIENCE, none.permanent_failure()).await.unwrap(), why);
    assert!(
        timeout(Duration::from_millis(100), none.flushed()).await.is_err(),
        "a farewell confirms nothing"
    );
    server.told(&["refused"]).await;
    assert_eq!(server.stop().await.joined, 0);
}

/// An old program: it sends its heartbeat, and gets no further.
#[tokio::test]
async fn an_old_program_is_refused_with_a_clear_word() {
    let server = two_rooms().await;
    let mut old = Bare::connect_unseen(server.addr).await;
    let challenge = old.receive().await;
    assert_eq!((challenge.kind(), challenge.payload().unwrap().len()), (MessageKind::Reserved(101), 32));
    old.send(&Heartbeat::default().to_message(Side::Client)).await;
    let last = old.receive().await;
    assert_eq!(last.kind(), MessageKind::Heartbeat, "which it knows");
    assert!(close_reason_text(&last).unwrap().contains("asks for a key"));
    assert!(timeout(PATIENCE, old.reader.next()).await.unwrap().unwrap().is_none(), "closed");
    let mut large = Bare::connect_unseen(server.addr).await;
    large.receive().await;
    large.send_bytes(&1_000_000_u32.to_be_bytes()).await;
    let last = large.receive().await;
    assert!(
        close_reason_text(&last).unwrap().contains("at most 4096 is allowed"),
        "no large buffer without a key"
    );
    server.stop().await;
}

#[tokio::test]
async fn what_is_for_a_room_with_a_key_is_not_sent_where_none_is_asked_for() {
    let open = Server::start(Config::default()).await;
    let patience = link::Config::new(open.addr.to_string())
        .with(|config| config.connect_timeout = Duration::from_millis(300));
    let (link, _inbox) = connect(patience.with(|config| config.key = Some(key(RED)))).await.unwrap();
    say(&link, "secret");
    assert_eq!(down(&link).await, Down::NoKeyAsked);
    assert_eq!(open.stop().await.messages_in, 0);
}

/// Each of them waits for the client's first message, and a client with a key waits too.
#[tokio::test]
async fn a_client_with_a_key_learns_what_it_is_that_asks_for_none() {
    let files = tempfile::tempdir().unwrap();
    let [cert, key_file] = ["cert.pem", "key.pem"].map(|name| files.path().join(name));
    let made = Certificate::for_relay(vec!["127.0.0.1".into()]).unwrap();
    std::fs::write(&cert, made.certificate).unwrap();
    std::fs::write(&key_file, made.key).unwrap();
    let tls = Some(Arc::new(tls::Acceptor::load(&cert, &key_file).unwrap()));
    let server = Server::start(Config::default().with(|config| {
        config.tls = tls;
        config.keys = Some(ring(&[("", RED)]));
    }))
    .await;
    let quick = |addr: SocketAddr| {
        link::Config::new(addr.to_string()).with(|config| {
            config.connect_timeout = std::time::Duration::from_millis(300);
            config.key = Some(key(RED));
        })
    };
    let (link, _inbox) = connect(quick(server.addr)).await.unwrap();
    assert_eq!(down(&link).await, Down::TlsWanted);
    server.stop().await;

    // A relay that is merely far away: it must not be reported as one without keys.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (link, _inbox) = connect(quick(listener.local_addr().unwrap())).await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    let mut hello = vec![0; Hello::message().wire_len()];
    tokio::io::AsyncReadExt::read_exact(&mut far, &mut hello).await.unwrap();
    let mut first = [0; 4];
    tokio::io::AsyncReadExt::read_exact(&mut far, &mut first).await.unwrap();
    let challenge = Challenge::new(None).unwrap();
    far.write_all(&common::wire_bytes(&challenge.message())).await.unwrap();
    let why = down(&link).await;
    assert!(matches!(why, Down::ConnectTimeout(_)), "{why}");
    assert!(!why.is_permanent());

    let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (link, _inbox) = connect(quick(web.local_addr().unwrap())).await.unwrap();
    let (mut web, _) = web.accept().await.unwrap();
    tokio::io::AsyncReadExt::read_exact(&mut web, &mut first).await.unwrap();
    web.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    let why = down(&link).await;
    assert!(matches!(&why, Down::NotARelay(what) if what.contains("web server")), "{why}");
}

#[tokio::test]
async fn a_client_of_tls_at_a_relay_with_keys_and_without_tls_learns_it() {
    let server = two_rooms().await;
    let pin = Trust::Pinned("0".repeat(64).parse().unwrap());
    let tls = Some(Connector::new(&pin).unwrap());
    let (link, _inbox) =
        connect(link::Config::new(server.addr.to_string()).with(|config| config.tls = tls)).await.unwrap();
    assert_eq!(down(&link).await, Down::Tls("it does not speak TLS".into()));
    server.told(&["refused", "speaks TLS"]).await;
    server.stop().await;
}

#[tokio::test]
async fn a_relay_that_only_pretends_to_know_the_key_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let pretending = tokio::spawn(async move {
        let (input, mut output) = listener.accept().await.unwrap().0.into_split();
        let mut reader = Reader::new(input, Codec::new(DEFAULT_MAX_MESSAGE));
        let challenge = Challenge::new(None).unwrap();
        output.write_all(&common::wire_bytes(&challenge.message())).await.unwrap();
        assert!(Hello::is(&reader.next().await.unwrap().unwrap()));
        let answer = reader.next().await.unwrap().unwrap();
        let proof = answer.payload().unwrap().slice(32..);
        let welcome = Message::new(MessageKind::Reserved(103), "come in".into(), Some(proof)).unwrap();
        output.write_all(&common::wire_bytes(&welcome)).await.unwrap();
        reader.next().await
    });
    let (link, _inbox) = client(addr, Some(RED)).await;
    say(&link, "secret");
    assert_eq!(down(&link).await, Down::RelayNotAuthenticated);
    let after = timeout(PATIENCE, pretending).await.unwrap().unwrap();
    assert!(!matches!(after, Ok(Some(_))), "nothing was sent to it");
}

#[tokio::test]
async fn a_key_that_is_taken_away_sends_away_those_who_came_with_it_and_nobody_else() {
    let keys = ring(&[("", RED), ("", BLUE)]);
    let server = Server::start(Config::default().with(|config| config.keys = Some(Arc::clone(&keys)))).await;
    let (goes, _inbox) = client(server.addr, Some(RED)).await;
    let (stays, mut inbox) = client(server.addr, Some(BLUE)).await;
    up(&goes).await;
    up(&stays).await;
    const GREEN: &str = "the key to the green room";
    let new = |text| RoomKey::new("", key(text));
    keys.replace(vec![new(BLUE), new(GREEN)]);
    let why = down(&goes).await;
    assert!(matches!(&why, Down::SentAway(why) if why.contains("is no longer valid")), "{why}");
    server.told(&["left", "is no longer valid"]).await;
    let (late, _inbox) = client(server.addr, Some(RED)).await;
    assert!(down(&late).await == Down::KeyRefused);
    let (after, _inbox) = client(server.addr, Some(GREEN)).await;
    up(&after).await;
    say(&after, "still here");
    assert_eq!(text(&mut inbox).await, "still here");
    assert_eq!(stays.counters().sessions, 1);
    // The same key, and another room: no client stays in a room that its key no longer opens.
    keys.replace(vec![RoomKey::new("another", key(BLUE)), new(GREEN)]);
    let why = down(&stays).await;
    assert!(matches!(&why, Down::SentAway(why) if why.contains("is no longer valid")), "{why}");
    assert_eq!(after.counters().sessions, 1);
    server.stop().await;
}

/// Clients without a key, more than there are places for members, and more than may wait.
#[tokio::test]
async fn strangers_take_no_places_of_members() {
    // All are from one address, so members and strangers would share its limit of connections a second.
    let mut limits = Limits::default();
    limits.unauthenticated = NonZero::new(8);
    limits.joins_per_s = None;
    let mut config = Config::default();
    config.keys = Some(ring(&[("", RED)]));
    config.max_clients = NonZero::new(2).unwrap();
    config.limits = limits;
    let server = Server::start(config).await;
    let mut strangers = Vec::new();
    for _ in 0..20 {
        let mut stranger = Bare::connect_unseen(server.addr).await;
        assert_eq!(stranger.receive().await.kind(), MessageKind::Reserved(101), "the relay asks for a key");
        strangers.push(stranger);
    }
    // The oldest was closed for the newest, and got the reason; all are from one address, which may have a
    // quarter of the places.
    let last = strangers[0].receive().await;
    assert!(close_reason_text(&last).unwrap().contains("waited longest"), "{last:?}");
    strangers[0].end().await;
    server.told(&["refused", "waited longest"]).await;
    // Members are admitted, as many as there are places.
    let [(one, _inbox), (other, mut inbox)] =
        [client(server.addr, Some(RED)).await, client(server.addr, Some(RED)).await];
    up(&one).await;
    up(&other).await;
    say(&one, "we are in");
    assert_eq!(text(&mut inbox).await, "we are in");
    let (third, _inbox) = client(server.addr, Some(RED)).await;
    let why = down(&third).await;
    assert!(matches!(&why, Down::SentAway(why) if why.contains("the relay is full: 2 connected")), "{why}");
    // While more strangers keep connecting.
    drop(other);
    server.told(&["left"]).await;
    let addr = server.addr;
    let flood = tokio::spawn(async move {
        loop {
            let _ = timeout(Duration::from_millis(5), Bare::connect_unseen(addr).await.reader.next()).await;
        }
    });
    up(&third).await;
    flood.abort();
    assert_eq!(server.stop().await.joined, 3);
}

/// Unfinished TLS handshakes count as strangers too.
#[tokio::test]
async fn who_does_not_finish_tls_takes_no_place() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, fingerprint) = certificate(folder.path());
    let mut config = Config::default();
    config.tls = Some(tls);
    config.max_clients = NonZero::new(1).unwrap();
    let server = Server::start(config).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(TcpStream::connect(server.addr).await.unwrap());
    }
    let tls = Some(Connector::new(&Trust::Pinned(fingerprint)).unwrap());
    let config = link::Config::new(server.addr.to_string()).with(|config| config.tls = tls);
    let (link, _inbox) = connect(config).await.unwrap();
    up(&link).await;
    assert_eq!(server.stop().await.joined, 1);
}

/// Makes a certificate; returns the server that uses it, and its fingerprint.
fn certificate(folder: &std::path::Path) -> (Arc<tls::Acceptor>, Fingerprint) {
    let made = Certificate::for_relay(vec!["127.0.0.1".into()]).unwrap();
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.join(name));
    std::fs::write(&certificate, made.certificate).unwrap();
    std::fs::write(&key, made.key).unwrap();
    (Arc::new(tls::Acceptor::load(&certificate, &key).unwrap()), made.fingerprint)
}

async fn pass_on(from: Box<dyn AsyncRead + Send + Unpin>, to: Box<dyn SendHalf>) {
    let (mut reader, pen) = (Reader::new(from, Codec::new(DEFAULT_MAX_MESSAGE)), MessageWriter::new(to));
    while let Ok(Some(message)) = reader.next().await {
        pen.try_write(&message);
    }
}

/// A man in the middle whom the client takes for the relay. Both sides speak TLS with it, and the key's proof
/// exposes it.
#[tokio::test]
async fn who_sits_between_cannot_pass_the_proof_on() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [(own, fingerprint), (between, deceived)] =
        folders.each_ref().map(|folder| certificate(folder.path()));
    let server = Server::start(Config::default().with(|config| {
        config.tls = Some(own);
        config.keys = Some(ring(&[("", RED)]));
    }))
    .await;
    let with = |addr: SocketAddr, fingerprint| {
        let tls = Some(Connector::new(&Trust::Pinned(fingerprint)).unwrap());
        link::Config::new(addr.to_string()).with(|config| {
            config.tls = tls;
            config.key = Some(key(RED));
        })
    };
    let (honest, _inbox) = connect(with(server.addr, fingerprint)).await.unwrap();
    up(&honest).await;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (middle, relay) = (listener.local_addr().unwrap(), server.addr);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(victim) = between.accept(stream).await else { continue };
            let onward = TcpStream::connect(relay).await.unwrap();
            let onward = Connector::new(&Trust::Pinned(fingerprint))
                .unwrap()
                .connect("127.0.0.1:0", onward)
                .await
                .unwrap();
            tokio::spawn(pass_on(victim.input, onward.output));
            tokio::spawn(pass_on(onward.input, victim.output));
        }
    });
    let (link, _inbox) = connect(with(middle, deceived)).await.unwrap();
    let why = down(&link).await;
    assert_eq!(why, Down::KeyRefused);
    server.stop().await;
}

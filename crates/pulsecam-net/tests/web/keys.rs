//! Keys at a port with browsers: proven through the WebSocket, or shown to HTTP.

use std::sync::Arc;

use bytes::Bytes;
use data_encoding::BASE64;
use pulsecam_net::{
    auth::Key,
    clock::Timestamp,
    relay::{Keyring, RoomKey},
    wire::{Heartbeat, Message, MessageKind, close_reason_text},
};
use ring::hmac;

use super::{
    browser::{Page, get_with},
    common::server::{Server, number_of, numbered_frame},
    with_web,
};

const RED: &str = "the key to the red room";
const BLUE: &str = "the key to the blue room";

async fn two_rooms() -> Server {
    let keys = [("red", RED), ("blue", BLUE)];
    let keys = keys.map(|(room, text)| RoomKey::new(room, Key::new(text).unwrap()));
    let ring = Arc::new(Keyring::new(keys.to_vec()));
    Server::start(with_web().with(|config| config.keys = Some(ring))).await
}

fn sign(key: &str, parts: &[&[u8]]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), &parts.concat()).as_ref().to_vec()
}

/// Shows a key, as JavaScript does it; returns the relay's answer.
async fn show(page: &mut Page, key: &str, label: &[u8]) -> Message {
    let challenge = page.receive().await;
    assert_eq!(challenge.kind(), MessageKind::Reserved(101));
    let (theirs, ours) = (challenge.payload().unwrap().clone(), [7; 32]);
    let proof = sign(key, &[label, &theirs, &ours]);
    let payload = Bytes::from([&ours[..], &proof].concat());
    page.send(&Message::new(MessageKind::Reserved(102), "proof".into(), Some(payload)).unwrap()).await;
    let answer = page.receive().await;
    if answer.kind() == MessageKind::Reserved(103) {
        let wanted = sign(key, &[b"pulsecam key 1, web relay", &theirs, &ours]);
        assert_eq!(answer.payload().unwrap()[..], wanted, "the relay knows it too");
    }
    answer
}

const LABEL: &[u8] = b"pulsecam key 1, web client";

#[tokio::test]
async fn a_page_shows_a_key_and_its_cookie_opens_pictures() {
    let server = two_rooms().await;
    let mut page = Page::connect(server.addr).await;
    let cookie = page.cookie.clone().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    let line = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    assert_eq!(get_with(server.addr, "/snapshot", &line).await.status, 401, "not shown yet");
    assert_eq!(show(&mut page, RED, LABEL).await.kind(), MessageKind::Reserved(103));
    page.ask(Heartbeat::default().with(|beat| beat.t1 = Some(Timestamp::now()))).await;
    server.told(&["joined", "\"room\":\"red\""]).await;
    assert_eq!(
        get_with(server.addr, "/snapshot", &line).await.status,
        503,
        "it may look, and there is nothing"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_wrong_key_or_a_proof_for_tcp_opens_nothing() {
    let server = two_rooms().await;
    for (key, label) in [("another key, a wrong one", LABEL), (RED, b"pulsecam key 1, client")] {
        let mut page = Page::connect(server.addr).await;
        let farewell = show(&mut page, key, label).await;
        assert!(close_reason_text(&farewell).unwrap().contains("does not know this key"));
    }
    assert_eq!(server.stop().await.joined, 0);
}

/// A link shows what is in the room, and lets nobody speak.
#[tokio::test]
async fn a_link_opens_a_page_that_can_only_watch() {
    let server = two_rooms().await;
    let mut member = Page::connect(server.addr).await;
    show(&mut member, RED, LABEL).await;
    let beat = Heartbeat::default().with(|beat| beat.t1 = Some(Timestamp::now()));
    member.ask(beat).await;
    let origin = format!("http://{}", server.addr);
    let token = Key::new(RED).unwrap().view_token();
    let mut watcher = Page::open(server.addr, &origin, &format!("/wire?token={token}")).await.unwrap();
    watcher.ask(beat).await;
    watcher.send(&numbered_frame(1, 10)).await;
    watcher.send(&Message::text("let me speak", &Default::default()).unwrap()).await;
    watcher.ask(beat).await;
    member.send(&numbered_frame(2, 10)).await;
    assert_eq!(number_of(&watcher.receive().await), 2);
    // Handled before this, so nothing of it can still be on its way.
    member.send(&beat.to_message(pulsecam_net::wire::Side::Client)).await;
    assert_eq!(member.receive().await.kind(), MessageKind::Heartbeat);
    let wrong = Page::open(server.addr, &origin, "/wire?token=abc").await;
    assert_eq!(wrong.err(), Some(401));
    server.stop().await;
}

#[tokio::test]
async fn programs_show_a_key_as_a_password_or_a_link() {
    let server = two_rooms().await;
    let mut sender = Page::connect(server.addr).await;
    show(&mut sender, RED, LABEL).await;
    let sending = async {
        loop {
            sender.send(&numbered_frame(1, 5000)).await;
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let looking = async {
        let link = format!("/snapshot?token={}", Key::new(RED).unwrap().view_token());
        for (target, lines) in [
            (
                "/snapshot",
                format!("Authorization: Basic {}\r\n", BASE64.encode(format!("me:{RED}").as_bytes())),
            ),
            ("/snapshot", format!("Authorization: Bearer {RED}\r\n")),
            (link.as_str(), String::new()),
        ] {
            let picture = get_with(server.addr, target, &lines).await;
            assert_eq!((picture.status, picture.body.len()), (200, 5000), "{target} {lines}");
        }
        let other = format!("/snapshot?token={}", Key::new(BLUE).unwrap().view_token());
        assert_eq!(get_with(server.addr, &other, "").await.status, 503, "another room, without a stream");
        for (target, lines) in [
            ("/snapshot", ""),
            ("/snapshot?token=abc", ""),
            ("/snapshot", "Authorization: Bearer not a key\r\n"),
        ] {
            let refused = get_with(server.addr, target, lines).await;
            assert_eq!(refused.status, 401);
            assert!(refused.header("www-authenticate").unwrap().starts_with("Basic"));
        }
        let token = Key::new(RED).unwrap().view_token();
        let post = format!(
            "POST /stream/x?token={token} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            server.addr
        );
        let refused = super::browser::exchange(server.addr, post.as_bytes()).await;
        assert_eq!(refused.status, 401, "a link opens viewing only");
    };
    tokio::select! {
        () = sending => {}
        () = looking => {}
    }
    server.stop().await;
}

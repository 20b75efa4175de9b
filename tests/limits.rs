//! Tests of the relay's limits. A client that exceeds one gets the reason, is disconnected and counted, and
//! no other client notices.
//!
//! Needs nothing. Alone: `make test-abuse`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{net::TcpStream, num::NonZero, process::Command, time::Duration};

use common::{
    program::{Running, pulsecam, viewer},
    server::{Bare, PATIENCE, Server},
    wire_bytes,
};
use pulsecam::{
    link::{self, Down, State},
    relay::{Config, Limits},
    wire::{Message, MessageKind, Origin, close_reason_text},
};
use tokio::time::{sleep, timeout};

fn with(limits: Limits) -> Config {
    Config::default().with(|config| config.limits = limits)
}

/// The reason that the relay gives before it closes the connection.
async fn last_word(client: &mut Bare) -> String {
    let mut word = None;
    let end = async {
        while let Ok(Some(message)) = client.reader.next().await {
            if message.kind() == MessageKind::Heartbeat {
                word = close_reason_text(&message);
            }
        }
    };
    timeout(PATIENCE, end).await.expect("the relay closes");
    word.expect("it must give a reason")
}

/// Two other clients still exchange messages.
async fn nobody_else_notices((one, other): &mut (Bare, Bare)) {
    let text = Message::text("still here", &Origin::default()).unwrap();
    one.send(&text).await;
    assert_eq!(other.receive().await, text);
}

async fn two_others(server: &Server) -> (Bare, Bare) {
    (Bare::connect(server.addr).await, Bare::connect(server.addr).await)
}

#[tokio::test]
async fn too_many_from_one_address_are_turned_away_with_the_reason() {
    let server =
        Server::start(with(Limits::default().with(|limits| limits.clients_per_address = NonZero::new(3))))
            .await;
    let mut others = two_others(&server).await;
    let third = Bare::connect(server.addr).await;
    let mut fourth = Bare::connect_unseen(server.addr).await;
    assert!(last_word(&mut fourth).await.contains("too many clients from this address: 3"));
    server.told(&["refused", "clients from this address"]).await;
    drop(third);
    server.told(&["left", "\"client\":3"]).await;
    Bare::connect(server.addr).await;
    nobody_else_notices(&mut others).await;
    assert_eq!(server.stop().await.refused, 1);
}

#[tokio::test]
async fn a_rush_of_connections_is_turned_away_and_told_once_a_second() {
    let server =
        Server::start(with(Limits::default().with(|limits| limits.joins_per_s = NonZero::new(5)))).await;
    let mut others = two_others(&server).await;
    let mut turned_away = 0;
    for _ in 0..60 {
        let mut client = Bare::connect_unseen(server.addr).await;
        let heartbeat = timeout(Duration::from_millis(30), client.reader.next()).await;
        turned_away += u64::from(heartbeat.is_ok());
    }
    assert!(turned_away >= 30, "{turned_away} of 60");
    nobody_else_notices(&mut others).await;
    let told =
        server.events.lock().unwrap().iter().filter(|event| event.contains("connections a second")).count();
    assert!((1..=5).contains(&told), "{told} lines");
    assert!(server.stop().await.refused >= turned_away);
}

#[tokio::test]
async fn a_flood_of_tiny_messages_ends_the_connection() {
    let server =
        Server::start(with(Limits::default().with(|limits| limits.messages_per_s = NonZero::new(100)))).await;
    let mut others = two_others(&server).await;
    let mut flooding = Bare::connect(server.addr).await;
    // Of a type that no client shows.
    let tiny = wire_bytes(&Message::new(MessageKind::Other(4711), "".into(), None).unwrap());
    let _ = flooding.output.try_write(&tiny.repeat(1_000)); // it may be closed in the middle
    assert!(last_word(&mut flooding).await.contains("100 messages a second"));
    server.told(&["left", "\"client\":3", "messages a second"]).await;
    let mut passed_on = 0;
    let text = Message::text("after the flood", &Origin::default()).unwrap();
    others.0.send(&text).await;
    while others.1.receive().await != text {
        passed_on += 1;
    }
    assert!((190..=210).contains(&passed_on), "2 s of the rate: {passed_on}");
    server.stop().await;
}

#[tokio::test]
async fn more_bytes_than_allowed_end_the_connection() {
    let server =
        Server::start(with(Limits::default().with(|limits| limits.bytes_per_s = NonZero::new(100_000))))
            .await;
    let mut others = two_others(&server).await;
    let mut greedy = Bare::connect(server.addr).await;
    let frame = wire_bytes(&common::server::numbered_frame(1, 50_000));
    for _ in 0..10 {
        if greedy.output.try_write(&frame).is_err() {
            break;
        }
    }
    assert!(last_word(&mut greedy).await.contains("100000 bytes a second"));
    server.told(&["left", "bytes a second"]).await;
    let text = Message::text("after", &Origin::default()).unwrap();
    others.0.send(&text).await;
    while others.1.receive().await != text {}
    server.stop().await;
}

#[tokio::test]
async fn who_says_nothing_or_never_finishes_is_closed() {
    let (hello_time, message_time) = (Duration::from_millis(400), Duration::from_millis(600));
    let server = Server::start(with(Limits::default().with(|limits| {
        limits.hello_time = hello_time;
        limits.message_time = message_time;
    })))
    .await;
    let mut others = two_others(&server).await;
    let mut mute = Bare::connect_unseen(server.addr).await;
    assert!(last_word(&mut mute).await.contains("sent nothing for 400ms"));
    server.told(&["left", "after connecting"]).await;
    let mut slow = Bare::connect(server.addr).await;
    let text =
        wire_bytes(&Message::text(&"a long text, byte by byte".repeat(10), &Origin::default()).unwrap());
    for byte in &text {
        if slow.output.try_write(&[*byte]).is_err() {
            break;
        }
        sleep(message_time / 20).await;
        if server.events.lock().unwrap().iter().any(|event| event.contains("did not finish")) {
            break;
        }
    }
    assert!(last_word(&mut slow).await.contains("did not finish a message within 600ms"));
    // They have been connected all the time, longer than either limit.
    nobody_else_notices(&mut others).await;
    server.stop().await;
}

#[tokio::test]
async fn a_text_that_is_too_long_reaches_nobody() {
    let server = Server::start(with(Limits::default().with(|limits| limits.text = 1_000))).await;
    let mut others = two_others(&server).await;
    let mut verbose = Bare::connect(server.addr).await;
    verbose.send(&Message::text(&"long ".repeat(500), &Origin::default()).unwrap()).await;
    assert!(last_word(&mut verbose).await.contains("at most 1000 are allowed"));
    nobody_else_notices(&mut others).await;
    server.stop().await;
}

/// A farewell is a heartbeat to old clients. Ours must not mistake it for the answer that confirms the text.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_the_relay_refuses_is_not_called_delivered() {
    let server = Server::start(with(Limits::default().with(|limits| limits.text = 1_000))).await;
    let (addr, long) = (server.addr.to_string(), "long ".repeat(500));
    let text = ["text", &addr, "--deadline", "1s", "--max-backoff", "100ms", &long].map(str::to_owned);
    let output = tokio::task::spawn_blocking(|| pulsecam().args(text).output().unwrap()).await.unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    let last = told.lines().last().unwrap();
    assert!(
        last.contains("sent a text of 5004 bytes; at most 1000 are allowed"),
        "the relay's own reason: {told}"
    );
    assert!(!told.contains("--"), "an option of the relay does not belong here: {told}");
    let joined = server.events.lock().unwrap().iter().filter(|event| event.contains("joined")).count();
    assert_eq!(joined, 1, "it must connect only once");
    server.told(&["left", "a text of"]).await;
    server.stop().await;
}

#[tokio::test]
async fn our_own_clients_tell_why_they_were_turned_away() {
    let server =
        Server::start(Config::default().with(|config| config.max_clients = 1.try_into().unwrap())).await;
    let _first = Bare::connect(server.addr).await;
    let (link, _inbox) = link::connect(link::Config::new(server.addr.to_string())).await.unwrap();
    let mut state = link.state();
    let turned_away = |state: &State| matches!(state, State::Down { why: Down::SentAway(why), .. } if why == "the relay is full: 1 connected");
    timeout(PATIENCE, state.wait_for(turned_away)).await.expect("the reason must come through").unwrap();
    server.stop().await;
}

/// At the limit of open files the relay serves its clients, and admits others as soon as it can.
#[test]
#[cfg(unix)]
fn without_file_descriptors_it_goes_on_serving_and_accepts_again_when_it_can() {
    let program = pulsecam();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 40 && exec \"$@\"", "sh"]).arg(program.get_program());
    command.args([
        "relay",
        "--listen",
        "127.0.0.1:0",
        "--json",
        "--quiet",
        "--hello-time",
        "1m",
        "--client-timeout",
        "1m",
    ]);
    let mut relay = Running::spawn(&mut command);
    let addr = relay.event("listening", |_| true)["addr"].as_str().unwrap().to_owned();
    let mut viewer = viewer(&addr, &[]);
    let crowd: Vec<_> = (0..60).map(|_| TcpStream::connect(&addr).unwrap()).collect();
    let failed = relay.event("accept_failed", |_| true);
    assert!(failed["reason"].as_str().unwrap().contains("open files"), "{failed}");
    // An admitted client can still send: the new sender's connection waits meanwhile.
    let mut text = Running::start(&["text", &addr, "--deadline", "1m", "--quiet", "let", "in", "at", "last"]);
    relay.event("accept_failed", |_| true);
    drop(crowd);
    assert_eq!(viewer.event("text", |_| true)["text"], "let in at last");
    assert_eq!(text.exit_code(), 0);
}

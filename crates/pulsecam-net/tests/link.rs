//! Tests of the client's link with real relays that come, go, stall and lie.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use common::server::{Bare, PATIENCE, Server};
use pulsecam_net::{
    link::{self, Down, Inbox, Link, Receipt, State, Undeliverable},
    queue::Priority,
    relay,
    wire::{
        Codec, DEFAULT_MAX_MESSAGE, FrameInfo, Heartbeat, Message, MessageKind, Origin, Reader, Side,
        close_reason_text,
    },
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// Short timeouts and pauses, so that tests are fast.
fn config(host: SocketAddr) -> link::Config {
    link::Config::new(host.to_string()).with(|config| {
        config.interval = Duration::from_millis(50);
        config.timeout = Duration::from_millis(400);
        config.max_backoff = Duration::from_millis(100);
    })
}

async fn until(link: &Link, wanted: impl Fn(&State) -> bool) -> State {
    let mut state = link.state();
    let found = timeout(PATIENCE, state.wait_for(|state| wanted(state))).await;
    found.expect("the state must come").unwrap().clone()
}

fn is_up(state: &State) -> bool {
    matches!(state, State::Up { .. })
}

fn down_because(wanted: impl Fn(&Down) -> bool) -> impl Fn(&State) -> bool {
    move |state| matches!(state, State::Down { why, .. } if wanted(why))
}

async fn next_text(inbox: &mut Inbox) -> String {
    let taken = timeout(PATIENCE, inbox.recv()).await.expect("a text must come").unwrap();
    assert!(matches!(taken.priority, Priority::Ordered(_)));
    taken.item.message.text_content().unwrap().to_text().unwrap()
}

fn text(content: &str) -> Message {
    Message::text(content, &Origin::default().with_id(content.to_owned())).unwrap()
}

/// A port without a listener.
async fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn heartbeats_measure_the_round_trip_and_the_clock() {
    let server = Server::start(relay::Config::default()).await;
    let (link, _inbox) = link::connect(config(server.addr)).await.unwrap();
    let state = until(&link, |state| matches!(state, State::Up { rtt: Some(_), offset: Some(_), .. })).await;
    let State::Up { offset: Some(offset), .. } = state else { unreachable!() };
    // One machine, one clock: the true offset is zero, and lies within the stated uncertainty.
    assert!(offset.micros.unsigned_abs() <= offset.uncertainty + 1, "{offset:?}");
    server.stop().await;
}

#[tokio::test]
async fn messages_go_both_ways_and_a_flush_means_that_they_were_taken() {
    let server = Server::start(relay::Config::default()).await;
    let (one, _) = link::connect(config(server.addr)).await.unwrap();
    let (two, mut inbox) = link::connect(config(server.addr)).await.unwrap();
    until(&two, |state| matches!(state, State::Up { rtt: Some(_), .. })).await;
    for number in 0..200 {
        one.send(text(&format!("第{number}条"))).unwrap();
    }
    timeout(PATIENCE, one.flushed()).await.unwrap().unwrap();
    for number in 0..200 {
        assert_eq!(next_text(&mut inbox).await, format!("第{number}条"));
    }
    let info = FrameInfo::default().with_stream("厨房").with_seq(5);
    one.send_frame(info, Bytes::from_static(b"jpeg"));
    let frame = timeout(PATIENCE, inbox.recv()).await.unwrap().unwrap();
    let sender = frame.item.sender.unwrap();
    assert_eq!((frame.priority, &*sender.name), (Priority::Latest(sender.id), "厨房"));
    let info = frame.item.info.unwrap();
    assert_eq!(info.seq, Some(5));
    assert!(info.sent.is_some() && info.sent <= Some(frame.item.received));
    server.stop().await;
}

#[tokio::test]
async fn a_relay_that_is_killed_and_comes_back_is_found_again() {
    let server = Server::start(relay::Config::default()).await;
    let addr = server.addr;
    let (one, _) = link::connect(config(addr)).await.unwrap();
    let (two, mut inbox) = link::connect(config(addr)).await.unwrap();
    until(&one, is_up).await;
    until(&two, is_up).await;
    server.stop().await;
    until(&one, |state| !is_up(state)).await;
    one.send(text("written during the outage")).unwrap();
    one.send_frame(FrameInfo::default(), Bytes::from_static(b"too old to keep"));
    until(&one, down_because(|why| *why == Down::Refused)).await;
    let server = Server::start_on(&addr.to_string(), relay::Config::default()).await;
    until(&two, |state| matches!(state, State::Up { rtt: Some(_), .. })).await;
    one.send(text("after it")).unwrap();
    assert_eq!(one.counters().frames_while_down, 1);
    // The second link may have joined after the first text was forwarded, and then does not get it.
    let first = next_text(&mut inbox).await;
    if first == "written during the outage" {
        assert_eq!(next_text(&mut inbox).await, "after it");
    } else {
        assert_eq!(first, "after it");
    }
    timeout(PATIENCE, one.flushed()).await.unwrap().unwrap();
    assert_eq!(one.counters().sessions, 2);
    server.stop().await;
}

#[tokio::test]
async fn a_first_connect_that_fails_is_retried() {
    let addr = free_port().await;
    let (link, _inbox) = link::connect(config(addr)).await.unwrap();
    link.send(text("before there was a relay")).unwrap();
    until(&link, down_because(|why| *why == Down::Refused)).await;
    let server = Server::start_on(&addr.to_string(), relay::Config::default()).await;
    timeout(PATIENCE, link.flushed()).await.unwrap().unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_relay_that_says_nothing_is_dead_although_tcp_is_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (link, _inbox) = link::connect(config(listener.local_addr().unwrap())).await.unwrap();
    let (silent, _) = listener.accept().await.unwrap();
    until(&link, down_because(|why| *why == Down::Silent(Duration::from_millis(400)))).await;
    // It sent a heartbeat before it gave up, and reconnects by itself.
    let mut reader = Reader::new(silent, Codec::new(DEFAULT_MAX_MESSAGE));
    assert_eq!(reader.next().await.unwrap().unwrap().kind(), MessageKind::Heartbeat);
    timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    assert_eq!(link.counters().sessions, 0, "it was never up");
}

#[tokio::test]
async fn any_byte_proves_the_relay_alive() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (link, mut inbox) = link::connect(config(listener.local_addr().unwrap())).await.unwrap();
    let (mut trickling, _) = listener.accept().await.unwrap();
    let bytes = common::wire_bytes(&text("slow"));
    for byte in &bytes {
        trickling.write_all(&[*byte]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!(next_text(&mut inbox).await, "slow");
    assert_eq!(link.counters().sessions, 1, "it was never considered dead");
}

#[tokio::test]
async fn a_clean_close_and_nonsense_lead_to_another_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (link, _inbox) = link::connect(config(listener.local_addr().unwrap())).await.unwrap();
    let accept = async || timeout(PATIENCE, listener.accept()).await.unwrap().unwrap().0;
    drop(accept().await);
    until(&link, down_because(|why| *why == Down::ClosedAtOnce)).await;
    let mut liar = accept().await;
    liar.write_all(&[0x7f; 64]).await.unwrap();
    until(&link, down_because(|why| matches!(why, Down::NotARelay(_)))).await;
    let mut cut = accept().await;
    answer_first(&mut cut).await;
    until(&link, is_up).await;
    cut.write_all(&[0x7f; 64]).await.unwrap();
    until(&link, down_because(|why| matches!(why, Down::Malformed(_)))).await;
    accept().await;
}

/// Answers the first heartbeat like a relay.
async fn answer_first(stream: &mut TcpStream) {
    answer_all_but(stream, 1, |_| true).await;
}

#[tokio::test]
async fn what_was_not_confirmed_is_sent_again_and_shown_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (link, _inbox) = link::connect(config(addr)).await.unwrap();
    // A relay that reads the text and dies before it answers.
    let (stream, _) = listener.accept().await.unwrap();
    link.send(text("precious")).unwrap();
    let mut reader = Reader::new(stream, Codec::new(DEFAULT_MAX_MESSAGE));
    while reader.next().await.unwrap().unwrap().kind() != MessageKind::Text {}
    drop((reader, listener));
    until(&link, |state| !is_up(state)).await;

    let server = Server::start_on(&addr.to_string(), relay::Config::default()).await;
    let (viewer, mut inbox) = link::connect(config(addr)).await.unwrap();
    until(&viewer, is_up).await;
    timeout(PATIENCE, link.flushed()).await.unwrap().unwrap();
    // The same message once more on another connection: a viewer shows it once.
    let mut twice = Bare::connect(addr).await;
    twice.send(&text("precious")).await;
    twice.send(&text("the next")).await;
    let mut seen = vec![next_text(&mut inbox).await];
    while seen.last().unwrap() != "the next" {
        seen.push(next_text(&mut inbox).await);
    }
    assert_eq!(seen, ["precious", "the next"]);
    server.stop().await;
}

#[tokio::test]
async fn a_qt_relays_plain_answers_are_enough() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (link, _inbox) = link::connect(config(listener.local_addr().unwrap())).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let relay = tokio::spawn(plain_answers(stream));
    link.send(text("hello")).unwrap();
    timeout(PATIENCE, link.flushed()).await.unwrap().unwrap();
    let state = until(&link, |state| matches!(state, State::Up { rtt: Some(_), .. })).await;
    assert!(
        matches!(state, State::Up { offset: None, .. }),
        "without the relay's times the offset is unknown"
    );
    drop(link);
    timeout(PATIENCE, relay).await.expect("the link must close with its last handle").unwrap();
}

async fn plain_answers(stream: TcpStream) {
    let (input, mut output) = stream.into_split();
    let mut reader = Reader::new(input, Codec::new(DEFAULT_MAX_MESSAGE));
    let answer = common::wire_bytes(&Heartbeat::default().to_message(Side::Relay));
    while let Ok(Some(message)) = reader.next().await {
        if message.kind() == MessageKind::Heartbeat {
            output.write_all(&answer).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_too_large_or_too_much_is_refused_at_once() {
    let addr = free_port().await;
    let small = config(addr).with(|config| {
        config.max_message = 5000;
        config.budget = 10_000;
    });
    let (link, _inbox) = link::connect(small).await.unwrap();
    let image = |bytes| Message::image(vec![0; bytes].into(), &Origin::default()).unwrap();
    assert!(matches!(link.send(image(5001)), Err(link::Error::Message(_))));
    link.send(image(4900)).unwrap();
    link.send(image(4900)).unwrap();
    assert!(matches!(link.send(image(4900)), Err(link::Error::Full(_))));
}

/// Reads what a link sends, answers its heartbeats, and passes all other messages to `take`.
async fn answer_all(stream: &mut TcpStream, take: impl FnMut(Message) -> bool) {
    answer_all_but(stream, usize::MAX, take).await;
}

/// The same until `beats` heartbeats are answered.
async fn answer_all_but(stream: &mut TcpStream, mut beats: usize, mut take: impl FnMut(Message) -> bool) {
    let (input, mut output) = stream.split();
    let mut reader = Reader::new(input, Codec::new(DEFAULT_MAX_MESSAGE));
    let answer = common::wire_bytes(&Heartbeat::default().to_message(Side::Relay));
    while let Ok(Some(message)) = reader.next().await {
        if message.kind() == MessageKind::Heartbeat {
            beats -= 1;
            if output.write_all(&answer).await.is_err() || beats == 0 {
                return;
            }
        } else if !take(message) {
            return;
        }
    }
}

#[tokio::test]
async fn no_text_is_lost_to_a_relay_that_resets_the_connection_over_and_over() {
    const TEXTS: usize = 40;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (link, _inbox) = link::connect(config(listener.local_addr().unwrap())).await.unwrap();
    let relay = tokio::spawn(async move {
        let mut seen = Vec::<String>::new();
        while seen.len() < TEXTS {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut count = 0;
            answer_all(&mut stream, |message| {
                let text = message.text_content().unwrap().to_text().unwrap();
                // Unconfirmed messages come again, in order.
                if !seen.contains(&text) {
                    seen.push(text);
                }
                count += 1;
                count < 3 && seen.len() < TEXTS
            })
            .await;
            if seen.len() < TEXTS {
                socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
            } else {
                answer_all(&mut stream, |_| true).await;
            }
        }
        seen
    });
    let wanted: Vec<_> = (0..TEXTS).map(|number| format!("text {number}")).collect();
    for content in &wanted {
        link.send(text(content)).unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    timeout(PATIENCE, link.flushed()).await.unwrap().unwrap();
    drop(link);
    assert_eq!(timeout(PATIENCE, relay).await.unwrap().unwrap(), wanted);
}

#[tokio::test]
async fn what_the_relay_never_takes_is_given_up_and_does_not_block_the_rest() {
    let server = Server::start(relay::Config::default().with(|config| config.max_message = 5000)).await;
    let (link, _inbox) = link::connect(config(server.addr)).await.unwrap();
    until(&link, is_up).await;
    link.send(Message::image(vec![0; 9000].into(), &Origin::default()).unwrap()).unwrap();
    link.send(text("behind it")).unwrap();
    let flushed = timeout(PATIENCE, link.flushed()).await.unwrap();
    let Err(link::Error::Undeliverable(Undeliverable::Refused(Down::SentAway(why)))) = flushed else {
        panic!("{flushed:?}")
    };
    assert!(why.contains("at most 5000 is allowed"), "the relay's own reason: {why}");
    timeout(PATIENCE, link.flushed()).await.unwrap().unwrap();
    assert_eq!(link.counters().undeliverable, 1);
    server.stop().await;
}

#[tokio::test]
async fn a_receipt_is_about_its_own_message_whatever_becomes_of_others() {
    let limits = relay::Limits::default().with(|limits| limits.text = 1000);
    let server = Server::start(relay::Config::default().with(|config| config.limits = limits)).await;
    let (link, _inbox) = link::connect(config(server.addr)).await.unwrap();
    let before = link.send(text("before")).unwrap();
    let long = link.send(text(&"long ".repeat(500))).unwrap();
    let behind = link.send(text("behind it")).unwrap();
    let delivered = async |receipt: Receipt| timeout(PATIENCE, receipt.delivered()).await.unwrap();
    assert_eq!(delivered(before).await, Ok(()));
    let why = delivered(long).await.unwrap_err();
    assert!(
        matches!(&why, Undeliverable::Refused(Down::SentAway(why)) if why.contains("at most 1000")),
        "{why}"
    );
    assert_eq!(delivered(behind).await, Ok(()));
    let after = link.send(text("after")).unwrap();
    let flushed = timeout(PATIENCE, link.flushed()).await.unwrap();
    assert!(flushed.is_ok(), "an earlier failure must not count: {flushed:?}");
    assert_eq!(delivered(after).await, Ok(()));
    server.stop().await;
}

#[tokio::test]
async fn a_message_at_which_the_connection_ends_without_a_reason_is_given_up_after_some_tries() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (link, _inbox) = link::connect(config(listener.local_addr().unwrap())).await.unwrap();
    let relay = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            answer_all(&mut stream, |message| message.kind() != MessageKind::Image).await;
        }
    });
    let bad = link.send(Message::image(vec![0; 100].into(), &Origin::default()).unwrap()).unwrap();
    let good = link.send(text("behind it")).unwrap();
    let why = timeout(PATIENCE, bad.delivered()).await.unwrap().unwrap_err();
    assert!(matches!(why, Undeliverable::GivenUp { tries: 5, .. }), "{why}");
    assert_eq!(timeout(PATIENCE, good.delivered()).await.unwrap(), Ok(()));
    relay.abort();
}

#[tokio::test]
async fn something_that_is_no_relay_is_no_reason_to_give_a_message_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (link, _inbox) = link::connect(config(addr)).await.unwrap();
    let receipt = link.send(text("patience")).unwrap();
    // A port forward without a relay behind it, more often than a message is tried.
    for _ in 0..8 {
        drop(timeout(PATIENCE, listener.accept()).await.unwrap().unwrap());
    }
    drop(listener);
    let server = Server::start_on(&addr.to_string(), relay::Config::default()).await;
    assert_eq!(timeout(PATIENCE, receipt.delivered()).await.unwrap(), Ok(()));
    server.stop().await;
}

#[tokio::test]
async fn a_link_that_is_dropped_settles_what_was_sent() {
    let (link, _inbox) = link::connect(config(free_port().await)).await.unwrap();
    let receipt = link.send(text("never")).unwrap();
    drop(link);
    let delivered = timeout(PATIENCE, receipt.delivered()).await.unwrap();
    assert_eq!(delivered, Err(Undeliverable::LinkClosed));
}

/// A connection is not a relay.
#[tokio::test]
async fn a_link_is_up_once_the_relay_has_answered_or_said_anything() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let patient = config(listener.local_addr().unwrap()).with(|config| config.timeout = PATIENCE);
    let (link, mut inbox) = link::connect(patient).await.unwrap();
    let mut state = link.state();
    let (mut stream, _) = listener.accept().await.unwrap();
    // It has sent its first heartbeat, so it considers itself connected.
    let mut beat = [0; 4];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut beat).await.unwrap();
    assert_eq!(*state.borrow_and_update(), State::Connecting);
    assert!(link.is_connected());
    // A relay that answers no heartbeat, but forwards messages.
    stream.write_all(&common::wire_bytes(&text("hello"))).await.unwrap();
    assert_eq!(next_text(&mut inbox).await, "hello");
    assert!(matches!(*state.borrow_and_update(), State::Up { rtt: None, .. }));
    assert_eq!(link.counters().sessions, 1);
}

/// The relay closes with a reset, and the farewell arrives before it.
#[tokio::test]
async fn a_client_that_is_too_silent_hears_why() {
    let server = Server::start(
        relay::Config::default().with(|config| config.client_timeout = Duration::from_millis(300)),
    )
    .await;
    let mut silent = Bare::connect(server.addr).await;
    let last = timeout(PATIENCE, silent.reader.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(close_reason_text(&last).as_deref(), Some("silent for 300ms"));
    server.told(&["left", "silent for 300ms"]).await;
    server.stop().await;
}

#[tokio::test]
async fn a_relay_that_is_less_patient_than_the_client_is_told_more_often() {
    let client_timeout = Duration::from_millis(600);
    let server =
        Server::start(relay::Config::default().with(|config| config.client_timeout = client_timeout)).await;
    let seldom = config(server.addr).with(|config| config.interval = Duration::from_secs(60));
    let (link, _inbox) = link::connect(seldom.with(|config| config.timeout = 2 * PATIENCE)).await.unwrap();
    until(&link, is_up).await;
    tokio::time::sleep(3 * client_timeout).await;
    assert_eq!(link.counters().sessions, 1);
    assert_eq!(link.last_down(), None);
    server.stop().await;
}

/// It would end the connection again and again.
#[tokio::test]
async fn a_frame_over_the_relays_limit_is_left_out_from_then_on() {
    let server = Server::start(relay::Config::default().with(|config| config.max_message = 20_000)).await;
    let (link, _inbox) = link::connect(config(server.addr)).await.unwrap();
    let give = |seq, bytes| {
        let info = FrameInfo::default().with_stream("ann").with_seq(seq);
        link.send_frame(info, vec![0; bytes].into());
    };
    until(&link, is_up).await;
    give(0, 30_000);
    until(&link, down_because(|why| matches!(why, Down::SentAway(why) if why.contains("20000")))).await;
    until(&link, is_up).await;
    for seq in 1..10 {
        give(seq, 30_000);
    }
    give(10, 10_000);
    timeout(PATIENCE, link.settled()).await.unwrap();
    let counters = link.counters();
    assert_eq!((counters.sessions, counters.frames_too_large, counters.frames_sent), (2, 9, 2));
    server.stop().await;
}

#[tokio::test]
async fn a_large_message_on_a_slow_link_is_no_silence() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    socket2::SockRef::from(&listener).set_recv_buffer_size(32 << 10).unwrap();
    let (link, _inbox) = link::connect(config(listener.local_addr().unwrap())).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    answer_first(&mut stream).await;
    until(&link, is_up).await;
    let image = Message::image(vec![7; 2_000_000].into(), &Origin::default()).unwrap();
    let (begin, bytes) = (std::time::Instant::now(), image.wire_len());
    link.send(image).unwrap();
    // About 1.3 MB/s, which takes several times the allowed silence.
    let mut left = bytes;
    let mut buffer = vec![0; 32 << 10];
    while left > 0 {
        tokio::time::sleep(Duration::from_millis(25)).await;
        let read = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await.unwrap();
        assert!(read > 0, "the link gave up with {left} bytes to go");
        left = left.saturating_sub(read);
    }
    assert!(begin.elapsed() > Duration::from_millis(800), "the link was too fast for this test");
    assert_eq!(link.counters().sessions, 1);
}

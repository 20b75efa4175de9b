//! Tests of the relay over real sockets: forwarding, stalled viewers, and disconnections.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use common::{
    golden,
    server::{Bare, PATIENCE, Server, number_of, numbered_frame},
    wire_bytes,
};
use pulsecam_net::{
    clock::Timestamp,
    relay::{self, Config, Event, LeaveReason, RelayStats},
    wire::{FrameInfo, Heartbeat, Message, MessageKind, Origin, QString, Side},
};
use tokio::{io::AsyncWriteExt, net::TcpListener, time::timeout};

fn is_forwarded(message: &Message) -> bool {
    !matches!(message.kind(), MessageKind::Heartbeat | MessageKind::Reserved(_))
}

#[tokio::test]
async fn every_message_reaches_all_others_byte_for_byte_and_never_its_sender() {
    let server = Server::start(Config::default()).await;
    let (mut sender, mut one, mut two) = (
        Bare::connect(server.addr).await,
        Bare::connect(server.addr).await,
        Bare::connect(server.addr).await,
    );
    for case in golden().into_iter().filter(|case| is_forwarded(&case.message)) {
        sender.send_bytes(&case.bytes).await;
        for viewer in [&mut one, &mut two] {
            assert_eq!(wire_bytes(&viewer.receive().await), case.bytes, "{}", case.name);
        }
    }
    // The first message that the sender gets is its own answer.
    sender.send(&Heartbeat::default().to_message(Side::Client)).await;
    assert_eq!(sender.receive().await, Heartbeat::default().to_message(Side::Relay));
    let summary = server.stop().await;
    assert_eq!((summary.joined, summary.messages_out), (3, 2 * summary.messages_in));
}

#[tokio::test]
async fn heartbeats_and_reserved_types_go_to_nobody_else() {
    let server = Server::start(Config::default()).await;
    let (mut asker, mut other) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    for number in [101, 150, 199] {
        asker.send(&Message::new(MessageKind::from(number), QString::NULL, None).unwrap()).await;
    }
    let asked = Timestamp::now();
    asker.send(&Heartbeat::default().with(|beat| beat.t1 = Some(asked)).to_message(Side::Client)).await;
    let answer = Heartbeat::parse(asker.receive().await.description());
    assert_eq!(answer.t1, Some(asked));
    assert!(answer.t2 >= Some(asked) && answer.t3 >= answer.t2);
    asker.send(&Message::text("after", &Origin::default()).unwrap()).await;
    assert_eq!(other.receive().await.kind(), MessageKind::Text, "nothing arrived before the text");
    server.stop().await;
}

#[tokio::test]
async fn half_messages_of_two_clients_never_mix() {
    let server = Server::start(Config::default()).await;
    let mut viewer = Bare::connect(server.addr).await;
    let mut senders = [Bare::connect(server.addr).await, Bare::connect(server.addr).await];
    let texts = ["from the first, 你好", "from the second, 🙂"];
    let bytes = texts.map(|text| wire_bytes(&Message::text(text, &Origin::default()).unwrap()));
    for split in 1..bytes[0].len().min(bytes[1].len()) {
        for (sender, bytes) in senders.iter_mut().zip(&bytes) {
            sender.send_bytes(&bytes[..split]).await;
        }
        // Time for the relay to read the halves. Too short a time would test less, but never fail.
        tokio::time::sleep(Duration::from_millis(3)).await;
        for (sender, bytes) in senders.iter_mut().zip(&bytes) {
            sender.send_bytes(&bytes[split..]).await;
        }
        let mut read = [viewer.receive().await, viewer.receive().await].map(|m| wire_bytes(&m));
        read.sort();
        let mut wanted = bytes.clone();
        wanted.sort();
        assert_eq!(read, wanted, "split at {split}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_stalled_viewer_delays_nobody_and_is_told_of() {
    const FRAMES: u32 = 400;
    let server = Server::start(Config::default()).await;
    let (mut sender, mut healthy) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    let mut stalled = Bare::connect(server.addr).await;
    for number in 0..FRAMES {
        sender.send(&numbered_frame(number, 100_000)).await;
        // Waits for each frame, so that the healthy viewer misses none: nothing here depends on speed.
        assert_eq!(number_of(&healthy.receive().await), number);
    }
    let text = Message::text("still in order", &Origin::default()).unwrap();
    sender.send(&text).await;
    assert_eq!(healthy.receive().await, text);
    // 40 MB were sent; the stalled viewer gets only what the kernel took, the started frame, the text and the
    // newest frame.
    let mut got = Vec::new();
    loop {
        let message = stalled.receive().await;
        if message.kind() == MessageKind::Text {
            continue;
        }
        got.push(number_of(&message));
        if number_of(&message) == FRAMES - 1 {
            break;
        }
    }
    assert!(got.is_sorted(), "{got:?}");
    assert!(got.len() < FRAMES as usize / 2, "{} of {FRAMES} frames were kept for it", got.len());
    server.told(&["slow", "\"frames_lost\""]).await;
    let summary = server.stop().await;
    assert_eq!(summary.frames_lost, u64::from(FRAMES) - got.len() as u64);
}

#[tokio::test]
async fn text_is_kept_for_a_slow_viewer_up_to_the_budget_and_then_it_is_sent_away() {
    let server = Server::start(Config::default().with(|config| config.mailbox = 1 << 20)).await;
    let (mut sender, mut healthy) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    let mut stalled = Bare::connect(server.addr).await;
    let image = Message::image(vec![7; 200_000].into(), &Origin::default()).unwrap();
    let told = async { server.told(&["left", "too slow for text and images"]).await };
    let flood = async {
        loop {
            sender.send(&image).await;
            assert_eq!(healthy.receive().await, image);
        }
    };
    tokio::select! {
        _ = told => {}
        () = flood => unreachable!(),
    }
    stalled.end().await;
    server.stop().await;
}

#[tokio::test]
async fn a_liar_is_closed_with_the_reason_and_nobody_else_notices() {
    let server = Server::start(Config::default()).await;
    let (mut good, mut other) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    let lies: [(&[u8], &str); 4] = [
        (&[0x7f, 0xff, 0xff, 0xff], "a message size of 2147483647; at most 16777216 is allowed"),
        (&[0xff; 4], "a message size of -1"),
        (&[0, 0, 0, 3], "a message size of 3; at least 12"),
        (b"\0\0\0\x0c\0\0\0\x02\0\0\0\x07\xff\xff\xff\xff", "a description of 7 bytes; 4 are left"),
    ];
    for (bytes, reason) in lies {
        let mut liar = Bare::connect(server.addr).await;
        liar.send_bytes(bytes).await;
        liar.end().await;
        server.told(&["left", reason]).await;
        good.send(&Message::text(reason, &Origin::default()).unwrap()).await;
        assert_eq!(other.receive().await.text_content().unwrap().to_text().unwrap(), reason);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_silent_client_is_dropped_and_one_that_trickles_is_not() {
    let limit = Duration::from_millis(300);
    let server = Server::start(Config::default().with(|config| config.client_timeout = limit)).await;
    let mut silent = Bare::connect(server.addr).await;
    let mut trickling = Bare::connect(server.addr).await;
    let text = wire_bytes(&Message::text("byte by byte", &Origin::default()).unwrap());
    let trickle = async {
        for byte in &text {
            trickling.send_bytes(&[*byte]).await;
            tokio::time::sleep(limit / 8).await;
        }
    };
    tokio::join!(trickle, silent.end());
    server.told(&["left", "\"client\":1", "silent for 300ms"]).await;
    trickling.ask().await;
    server.stop().await;
}

#[tokio::test]
async fn the_room_has_a_size_and_a_place_that_is_freed_is_taken() {
    let server =
        Server::start(Config::default().with(|config| config.max_clients = 2.try_into().unwrap())).await;
    let (_first, second) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    Bare::connect_unseen(server.addr).await.end().await;
    server.told(&["refused", "the relay is full: 2 connected"]).await;
    drop(second);
    server.told(&["left", "\"client\":2", "closed the connection"]).await;
    Bare::connect(server.addr).await;
    assert_eq!(server.stop().await.joined, 3, "a refused client never joins");
}

#[tokio::test]
async fn at_the_end_what_waits_is_delivered() {
    let server = Server::start(Config::default()).await;
    let (mut sender, mut viewer) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    let image = Message::image(vec![7; 4_000_000].into(), &Origin::default()).unwrap();
    sender.send(&image).await;
    sender.ask().await;
    let (summary, got) = tokio::join!(timeout(PATIENCE, server.stop()), viewer.receive());
    assert_eq!(got, image);
    assert_eq!(summary.unwrap().messages_out, 1);
    viewer.end().await;
}

#[tokio::test]
async fn a_text_is_passed_on_whatever_its_payload_is() {
    let server = Server::start(Config::default()).await;
    let (mut sender, mut viewer) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    let payloads: [Option<&'static [u8]>; 6] = [
        None,
        Some(b""),
        Some("raw UTF-8: 你好".as_bytes()),
        Some(b"\0\0\0\x03hi\0"),
        Some(b"\xff\xfe"),
        Some(b"\0"),
    ];
    for payload in payloads {
        let text =
            Message::new(MessageKind::Text, "this is text".into(), payload.map(bytes::Bytes::from_static));
        let bytes = wire_bytes(&text.unwrap());
        sender.send_bytes(&bytes).await;
        assert_eq!(wire_bytes(&viewer.receive().await), bytes, "{payload:?}");
    }
    sender.ask().await;
    assert_eq!(server.stop().await.messages_out, payloads.len() as u64);
}

/// Reads, counts and discards bytes until the connection ends.
fn count_bytes(client: Bare) -> (Arc<AtomicUsize>, tokio::task::JoinHandle<()>) {
    let count = Arc::<AtomicUsize>::default();
    let counting = Arc::clone(&count);
    let reading = tokio::spawn(async move {
        let mut client = client; // moves both halves: dropping one would close it
        while let Ok(Some(message)) = client.reader.next().await {
            counting.fetch_add(message.wire_len(), SeqCst);
        }
    });
    (count, reading)
}

/// 20,000 messages that are in the relay's memory at once are a million to forward.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_tiny_messages_to_fifty_lets_others_have_their_turn() {
    const FLOOD: usize = 20_000;
    let server = Server::start_apart(Config::default()).await;
    let tiny = wire_bytes(&Message::new(MessageKind::from(200), QString::NULL, None).unwrap());
    let mut viewers = Vec::new();
    for _ in 0..50 {
        viewers.push(count_bytes(Bare::connect(server.addr).await));
    }
    let (mut asker, mut flooder) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    // Makes the relay allocate its largest read buffer.
    flooder.send(&Message::image(vec![7; 1 << 20].into(), &Origin::default()).unwrap()).await;
    flooder.ask().await;
    while asker.receive().await.kind() != MessageKind::Image {}
    let counted = || viewers.iter().map(|(count, _)| count.load(SeqCst)).min().unwrap();
    while counted() < 1 << 20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = counted();
    let flood = tiny.repeat(FLOOD / 2);
    let flooding = tokio::spawn(async move {
        flooder.send_bytes(&flood).await;
        flooder.send_bytes(&flood).await;
        flooder
    });
    while counted() == before {
        tokio::task::yield_now().await;
    }
    let mut slowest = Duration::ZERO;
    let mut answered = 0;
    while counted() < before + FLOOD * tiny.len() {
        let asked = Instant::now();
        asker.ask().await;
        slowest = slowest.max(asked.elapsed());
        answered += 1;
    }
    println!("{answered} heartbeats were answered meanwhile, the slowest after {slowest:?}");
    assert!(answered >= 20, "{answered} heartbeats were answered meanwhile");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    // All of it reached every viewer.
    for (count, _) in &viewers {
        assert_eq!(count.load(SeqCst) - before, FLOOD * tiny.len());
    }
    drop(flooding.await.unwrap());
    server.stop().await;
}

/// One viewer takes a few megabytes a second, and one nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_texts_is_slowed_down_and_no_slow_viewer_has_to_go() {
    let server = Server::start_apart(Config::default().with(|config| config.mailbox = 2 << 20)).await;
    let mut slow = Bare::connect(server.addr).await;
    socket2::SockRef::from(slow.output.as_ref()).set_recv_buffer_size(64 << 10).unwrap();
    let (mut flooder, other) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    let Bare { reader: mut heard, output: mut said } = other;
    let listening = tokio::spawn(async move { while matches!(heard.next().await, Ok(Some(_))) {} });
    let text = Message::text(&"x".repeat(10_000), &Origin::default()).unwrap();
    let flood = wire_bytes(&text);
    let enough = Arc::<AtomicBool>::default();
    let flooding = tokio::spawn({
        let enough = Arc::clone(&enough);
        async move {
            let mut sent = 0_u64;
            while !enough.load(SeqCst) {
                flooder.send_bytes(&flood).await;
                sent += 1;
            }
            (flooder, sent)
        }
    });
    // Ten times the mailbox, at a rate far below the flood's.
    let mut taken = 0;
    let mut others = 0;
    while taken < 20 << 20 {
        let message = timeout(PATIENCE, slow.reader.next()).await.unwrap();
        let message = message.expect("it must not be disconnected").expect("it must not be closed");
        taken += message.wire_len();
        if message.origin().from.as_deref() == Some("other") {
            others += 1;
        } else if taken % 7 == 0 {
            // Another client sends a word now and then, and is not delayed by the flood.
            let word = Message::text("a word", &Origin::named("other")).unwrap();
            timeout(PATIENCE, said.write_all(&wire_bytes(&word))).await.unwrap().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    enough.store(true, SeqCst);
    let (_, reading) = count_bytes(slow);
    let (_flooder, sent) = timeout(PATIENCE, flooding).await.unwrap().unwrap();
    assert!(others > 0);
    // The flood was no faster than its receiver, except for what the buffers hold.
    assert!(sent * text.wire_len() as u64 <= (taken + (16 << 20)) as u64, "{sent} texts were sent");
    assert!(!server.events.lock().unwrap().iter().any(|event| event.contains("\"left\"")));
    server.stop().await;
    reading.await.unwrap();
    listening.await.unwrap();
}

/// Introduces it as a client of ours.
async fn introduce(client: &mut Bare) {
    let heartbeat = Heartbeat::default().with(|beat| beat.t1 = Some(Timestamp::now()));
    client.send(&heartbeat.to_message(Side::Client)).await;
    assert_eq!(client.receive().await.kind(), MessageKind::Heartbeat);
}

#[tokio::test]
async fn each_connection_has_a_number_for_ours_and_old_programs_notice_nothing() {
    let server = Server::start(Config::default()).await;
    let (mut ours, mut old) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    introduce(&mut ours).await;
    let mut senders = [Bare::connect(server.addr).await, Bare::connect(server.addr).await];
    let frame = numbered_frame(7, 1_000);
    let told = |message: &Message| FrameInfo::parse(message.description()).stream_name().into_owned();
    let mut names = Vec::new();
    for sender in [0, 1, 0] {
        senders[sender].send(&frame).await;
        let got = ours.receive().await;
        assert_eq!(got.payload(), frame.payload());
        names.push(told(&got));
        assert_eq!(wire_bytes(&old.receive().await), wire_bytes(&frame), "unchanged");
    }
    assert_eq!(names, ["peer\u{a0}1", "peer\u{a0}2", "peer\u{a0}1"]);
    // A restarted program gets its number back.
    let [first, mut second] = senders;
    drop(first);
    server.told(&["left", "\"client\":3"]).await;
    let mut again = Bare::connect(server.addr).await;
    again.send(&frame).await;
    assert_eq!(told(&ours.receive().await), "peer\u{a0}1");
    old.receive().await;
    // A text gets the number too; a name that it has is kept.
    let text = Message::text("你好", &Origin::default()).unwrap();
    second.send(&text).await;
    let got = ours.receive().await;
    assert_eq!(
        (got.origin().from.as_deref(), got.text_content()),
        (Some("peer\u{a0}2"), text.text_content())
    );
    assert_eq!(old.receive().await, text);
    let named = Message::video(frame.payload().unwrap().clone(), &FrameInfo::default().with_stream("desk"));
    let named = named.unwrap();
    second.send(&named).await;
    let got = ours.receive().await;
    let info = FrameInfo::default().with_stream("desk").with(|info| info.peer = Some(2));
    assert_eq!((FrameInfo::parse(got.description()), got.payload()), (info, named.payload()));
    assert_eq!(wire_bytes(&old.receive().await), wire_bytes(&named));
    // Unknown types go to all clients unchanged.
    let other = Message::new(MessageKind::Other(7), "x".into(), None).unwrap();
    second.send(&other).await;
    assert_eq!(wire_bytes(&ours.receive().await), wire_bytes(&other));
    server.stop().await;
}

/// It gets no answers meanwhile, and must not consider the relay dead.
#[tokio::test]
async fn a_client_that_is_not_read_for_a_while_hears_that_the_relay_is_alive() {
    let server = Server::start(Config::default().with(|config| config.mailbox = 1 << 20)).await;
    let _stalled = Bare::connect(server.addr).await;
    let mut sender = Bare::connect(server.addr).await;
    introduce(&mut sender).await;
    let Bare { mut reader, mut output } = sender;
    let image = wire_bytes(&Message::image(vec![7; 100_000].into(), &Origin::default()).unwrap());
    let sending = tokio::spawn(async move {
        for _ in 0..200 {
            output.write_all(&image).await.unwrap();
        }
        output
    });
    let heard = timeout(PATIENCE, reader.next()).await.expect("a sign of life is expected").unwrap().unwrap();
    let heartbeat = Heartbeat::parse(heard.description());
    assert_eq!((heard.kind(), heartbeat.viewers), (MessageKind::Heartbeat, Some(1)));
    assert_eq!((heartbeat.t1, heartbeat.t2, heartbeat.t3), (None, None, None), "it is not an answer");
    // The client that takes nothing is disconnected, and all messages are taken.
    server.told(&["left", "\"client\":1", "too slow for text and images"]).await;
    drop(timeout(PATIENCE, sending).await.unwrap().unwrap());
    server.stop().await;
}

/// A task that panics at any point leaves no ghost, and the other clients are not affected.
#[tokio::test]
async fn a_client_whose_task_fails_is_gone_and_told_of() {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let census = Arc::<Mutex<RelayStats>>::default();
    // It fails on the event of the second client joining, and on that of the third leaving.
    let fails = |event: &Event| match event {
        Event::Joined { client, .. } => *client == 2,
        Event::Left { client, reason, .. } => *client == 3 && !matches!(reason, LeaveReason::Failed(_)),
        _ => false,
    };
    let config = Config::default().with(|config| {
        config.events = Some(Arc::new({
            let seen = Arc::clone(&seen);
            move |event: &Event| {
                assert!(!fails(event), "a listener that fails");
                seen.lock().unwrap().push(serde_json::to_string(event).unwrap());
            }
        }));
        config.watcher = Some(Arc::new({
            let census = Arc::clone(&census);
            move |now| *census.lock().unwrap() = now
        }));
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(relay::run(listener, config, async move { _ = stopped.await }));
    let mut one = Bare::connect(addr).await;
    let mut second = Bare::connect_unseen(addr).await;
    assert_eq!(second.reader.next().await.map_err(drop).ok().flatten(), None, "closed");
    let third = Bare::connect(addr).await;
    drop(third);
    let told = async |words: &[&str]| {
        let look = async {
            while !seen.lock().unwrap().iter().any(|event| words.iter().all(|word| event.contains(word))) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("{words:?}: {seen:?}"));
    };
    told(&["\"left\"", "\"client\":2", "the relay failed", "a listener that fails"]).await;
    told(&["client_failed", "a listener that fails"]).await;
    // The counts are right as well: there is one other viewer.
    let mut other = Bare::connect(addr).await;
    let asks = Heartbeat::default().with(|beat| {
        beat.t1 = Some(Timestamp::now());
        beat.views = Some(false);
    });
    one.send(&asks.to_message(Side::Client)).await;
    let answer = timeout(PATIENCE, async {
        loop {
            let heartbeat = Heartbeat::parse(one.receive().await.description());
            if heartbeat.t1.is_some() {
                return heartbeat;
            }
        }
    });
    assert_eq!(answer.await.unwrap().viewers, Some(1));
    let text = Message::text("we talk on", &Origin::default()).unwrap();
    one.send(&text).await;
    assert_eq!(other.receive().await, text);
    let are_there = async |count: usize| {
        let look = async {
            while census.lock().unwrap().clients.len() != count {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("{:?}", census.lock().unwrap().clients));
    };
    are_there(2).await;
    drop((one, other));
    are_there(0).await;
    let _ = stop.send(());
    assert_eq!(timeout(PATIENCE, running).await.unwrap().unwrap().unwrap().joined, 4);
}

//! Tests of senders' identity: only the relay's number counts, whatever name, number or size a sender
//! chooses.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{collections::BTreeSet, fs, net::SocketAddr, path::Path};

use common::{
    links::up,
    program::{RelayProgram, Running, viewer},
    server::{Bare, PATIENCE, Server, numbered_frame},
    wire_bytes,
};
use pulsecam::{
    clock::Timestamp,
    film::{self, Input},
    jpeg,
    link::{self, Inbox, Link, Received},
    relay::Config,
    wire::{DEFAULT_MAX_MESSAGE, FrameInfo, Heartbeat, Message, MessageKind, Origin, QString, Side, Token},
};
use tokio::time::timeout;

/// Connects a viewing link, and waits for the relay's answer.
async fn viewing(host: SocketAddr, max_message: u32) -> (Link, Inbox) {
    let config = link::Config::new(host.to_string()).with(|config| config.max_message = max_message);
    let (link, inbox) = link::connect(config).await.unwrap();
    up(&link).await;
    (link, inbox)
}

async fn next(inbox: &mut Inbox) -> Received {
    timeout(PATIENCE, inbox.recv()).await.expect("a message must come").unwrap().item
}

/// Introduces it as a client of ours.
async fn introduce(client: &mut Bare, token: Option<Token>) -> Heartbeat {
    let heartbeat = Heartbeat::default().with(|beat| {
        beat.t1 = Some(Timestamp::now());
        beat.token = token;
    });
    client.send(&heartbeat.to_message(Side::Client)).await;
    loop {
        let message = client.receive().await;
        if message.kind() == MessageKind::Heartbeat {
            return Heartbeat::parse(message.description());
        }
    }
}

fn video(stream: &str, seq: u64) -> Message {
    let info = FrameInfo::default()
        .with_stream(stream)
        .with_seq(seq)
        .with_captured(Timestamp::from_micros(1_000 * seq))
        .with(|info| info.out = Some(seq));
    Message::video(vec![7; 100].into(), &info).unwrap()
}

/// Builds a message with the size field `size`.
fn sized(kind: MessageKind, description: QString, size: u32) -> Message {
    let payload = size as usize - 12 - description.as_bytes().len();
    Message::new(kind, description, Some(vec![7; payload].into())).unwrap()
}

#[tokio::test]
async fn a_picture_at_the_limit_reaches_everybody_and_disconnects_nobody() {
    let server = Server::start(Config::default()).await;
    let (link, mut inbox) = viewing(server.addr, DEFAULT_MAX_MESSAGE).await;
    let mut stranger = Bare::connect(server.addr).await;
    // The shortest number takes 16 bytes.
    for below in [40, 16, 15, 1, 0] {
        for (kind, description) in [(MessageKind::Image, QString::from("")), (MessageKind::Video, "x".into())]
        {
            let message = sized(kind, description, DEFAULT_MAX_MESSAGE - below);
            stranger.send(&message).await;
            let Received { message: got, sender, .. } = next(&mut inbox).await;
            assert_eq!(got, message, "{below}: unchanged");
            let number = sender.unwrap().peer;
            assert_eq!(number, (below >= 16).then_some(1), "{below}: only if there is room");
        }
    }
    let counters = link.counters();
    assert_eq!((counters.sessions, counters.messages_skipped), (1, 0));
    server.stop().await;
}

#[tokio::test]
async fn a_message_over_ones_own_limit_is_skipped_counted_and_costs_no_connection() {
    let server = Server::start(Config::default()).await;
    let (link, mut inbox) = viewing(server.addr, 100_000).await;
    let mut other = Bare::connect(server.addr).await;
    introduce(&mut other, None).await;
    let mut sender = Bare::connect(server.addr).await;
    for (kind, size) in
        [(MessageKind::Image, 100_001), (MessageKind::Video, 3_000_000), (MessageKind::Other(7), 16_000_000)]
    {
        let large = sized(kind, "large".into(), size);
        sender.send(&large).await;
        assert_eq!(other.receive().await.payload(), large.payload(), "a client with a larger limit gets it");
        let text = Message::text("behind it", &Origin::default()).unwrap();
        sender.send(&text).await;
        assert_eq!(next(&mut inbox).await.message.text_content(), text.text_content());
        other.receive().await;
    }
    // The frame may arrive after the texts.
    let all = async {
        while link.counters().messages_skipped < 3 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, all).await.expect("all three must be skipped");
    assert_eq!(link.counters().sessions, 1);
    // The relay still disconnects a sender that exceeds the relay's limit, and gives the reason.
    sender.send_bytes(&(DEFAULT_MAX_MESSAGE + 1).to_be_bytes()).await;
    sender.end().await;
    server.told(&["left", "at most 16777216 is allowed"]).await;
    server.stop().await;
}

#[tokio::test]
async fn two_senders_of_one_name_are_two_streams_and_none_silences_the_other() {
    let server = Server::start(Config::default()).await;
    let (_link, mut inbox) = viewing(server.addr, DEFAULT_MAX_MESSAGE).await;
    let (mut ann, mut twin) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    let mut ids = BTreeSet::new();
    for seq in 0..4 {
        ann.send(&video("ann", seq)).await;
        let got = next(&mut inbox).await;
        let sender = got.sender.unwrap();
        assert_eq!((&*sender.name, sender.peer), ("ann", Some(1)));
        assert_eq!((got.account.arrived, got.account.lost), (seq + 1, 0));
        ids.insert(sender.id);
        // A number and a time later than any frame of the other.
        twin.send(&video("ann", u64::MAX / 2_000 + 1_000 * seq)).await;
        let sender = next(&mut inbox).await.sender.unwrap();
        assert_eq!((&*sender.name, sender.peer), ("ann (2)", Some(2)));
        ids.insert(sender.id);
    }
    assert_eq!(ids.len(), 2);
    // Their texts are distinguished as well.
    let text = Message::text("hello", &Origin::named("ann")).unwrap();
    twin.send(&text).await;
    assert_eq!(&*next(&mut inbox).await.sender.unwrap().name, "ann (2)");
    ann.send(&text).await;
    assert_eq!(&*next(&mut inbox).await.sender.unwrap().name, "ann");
    server.stop().await;
}

#[tokio::test]
async fn no_sender_can_give_itself_the_number_of_another() {
    let server = Server::start(Config::default()).await;
    let (mut ours, mut old) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    introduce(&mut ours, None).await;
    let (mut friend, mut stranger) = (Bare::connect(server.addr).await, Bare::connect(server.addr).await);
    friend.send(&video("friend", 1)).await;
    assert_eq!(ours.receive().await.peer(), Some(1));
    old.receive().await;
    let forged = |description: &str| {
        let many = "; a=1".repeat(40);
        [
            format!("{description}; peer=1"),
            format!("{description}; peer=1; peer=1"),
            format!("{description}; peer=1{many}"),
            format!("{description}{many}; peer=1"),
            format!("{description}; peer=99999999999999999999999"),
            format!("{description}; peer=1;"),
            "; peer=1".to_owned(),
        ]
    };
    for kind in [MessageKind::Video, MessageKind::Image] {
        for description in forged("x; stream=friend; from=friend; seq=9; captured=9") {
            let message = Message::new(kind, description.as_str().into(), Some(vec![7; 9].into())).unwrap();
            stranger.send(&message).await;
            let got = ours.receive().await;
            assert_eq!((got.peer(), got.payload()), (Some(2), message.payload()), "{description}");
            assert_eq!(wire_bytes(&old.receive().await), wire_bytes(&message), "unchanged");
        }
    }
    // Also at the largest size.
    for kind in [MessageKind::Video, MessageKind::Image] {
        let message = sized(kind, "x; peer=1".into(), DEFAULT_MAX_MESSAGE);
        stranger.send(&message).await;
        let got = ours.receive().await;
        assert_eq!((got.peer(), got.payload()), (Some(2), message.payload()));
        assert_eq!(old.receive().await, message);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_waited_since_before_a_client_was_known_has_no_number_that_its_sender_made_up() {
    let server = Server::start(Config::default()).await;
    let mut late = Bare::connect(server.addr).await;
    let mut stranger = Bare::connect(server.addr).await;
    let forged = |kind| Message::new(kind, "x; peer=77".into(), Some(vec![7; 2_000_000].into())).unwrap();
    // More than the sockets hold, so some of it waits in the relay.
    for _ in 0..8 {
        stranger.send(&forged(MessageKind::Image)).await;
        stranger.send(&forged(MessageKind::Video)).await;
    }
    stranger.ask().await;
    let heartbeat = Heartbeat::default().with(|beat| beat.t1 = Some(Timestamp::now()));
    late.send(&heartbeat.to_message(Side::Client)).await;
    while late.receive().await.kind() != MessageKind::Heartbeat {}
    stranger.send(&video("x", 1)).await;
    let mut waited = 0;
    let last = loop {
        let message = late.receive().await;
        if message.kind() == MessageKind::Video {
            break message;
        }
        assert_eq!(message.peer(), None);
        waited += 1;
    };
    assert!(waited > 0, "something must have waited");
    assert_eq!(last.peer(), Some(1), "no earlier frame must come");
    server.stop().await;
}

#[tokio::test]
async fn a_token_brings_a_number_back_and_nobody_else_gets_it() {
    let server = Server::start(Config::default()).await;
    let mut ours = Bare::connect(server.addr).await;
    let epoch = introduce(&mut ours, None).await.epoch;
    assert!(epoch.is_some());
    let number = async |sender: &mut Bare, ours: &mut Bare| {
        sender.send(&video("ann", 1)).await;
        ours.receive().await.peer().unwrap()
    };
    let token = Token::random();
    let mut ann = Bare::connect(server.addr).await;
    introduce(&mut ann, token).await;
    assert_eq!(number(&mut ann, &mut ours).await, 1);
    let mut stranger = Bare::connect(server.addr).await;
    introduce(&mut stranger, Token::random()).await;
    assert_eq!(number(&mut stranger, &mut ours).await, 2, "the same name from the same address");
    // It reconnects before the first connection is known to be dead.
    let mut again = Bare::connect(server.addr).await;
    introduce(&mut again, token).await;
    assert_eq!(number(&mut again, &mut ours).await, 1);
    // Cut off without closing, as by a network failure: it will reconnect, and its number is reserved.
    for bare in [&ann, &again] {
        let socket = socket2::SockRef::from(bare.output.as_ref());
        socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }
    for bare in [ann, again] {
        bare.output.forget(); // otherwise it would close properly
    }
    server.told(&["left", "\"client\":2"]).await;
    server.told(&["left", "\"client\":4"]).await;
    let mut thief = Bare::connect(server.addr).await;
    introduce(&mut thief, Token::random()).await;
    assert_eq!(number(&mut thief, &mut ours).await, 3);
    let mut back = Bare::connect(server.addr).await;
    introduce(&mut back, token).await;
    assert_eq!(number(&mut back, &mut ours).await, 1);
    server.stop().await;
}

#[tokio::test]
async fn a_link_that_reconnects_is_the_same_stream_also_after_another_run_of_the_relay() {
    let server = Server::start(Config::default()).await;
    let addr = server.addr;
    let patient = || {
        link::Config::new(addr.to_string())
            .with(|config| config.max_backoff = std::time::Duration::from_millis(100))
    };
    let (ann, _nothing) = link::connect(patient()).await.unwrap();
    let (twin, _nothing) = link::connect(patient()).await.unwrap();
    let (viewer, mut inbox) = link::connect(patient()).await.unwrap();
    let mut seen = async |sender: &Link, name: &str, seq| {
        let info = FrameInfo::default().with_stream(name).with_seq(seq);
        sender.send_frame(info, vec![7; 100].into());
        next(&mut inbox).await.sender.unwrap()
    };
    for link in [&ann, &twin, &viewer] {
        up(link).await;
    }
    let first = [seen(&ann, "ann", 1).await, seen(&twin, "bob", 1).await];
    server.stop().await;
    for link in [&ann, &twin, &viewer] {
        common::links::down(link).await;
    }
    let server = Server::start_on(&addr.to_string(), Config::default()).await;
    for link in [&ann, &twin, &viewer] {
        up(link).await;
    }
    // In the opposite order: each now has the other's number.
    let bob = seen(&twin, "bob", 2).await;
    let again = [seen(&ann, "ann", 2).await, bob];
    assert_eq!(again.each_ref().map(|sender| sender.peer), [Some(2), Some(1)]);
    assert_eq!(again.map(|sender| sender.id), first.map(|sender| sender.id));
    server.stop().await;
}

fn sender(relay: &RelayProgram, name: &str, size: &str) -> Running {
    let how = ["--source", "pattern", "--fps", "20", "--quiet", "--size", size, "--name", name];
    Running::start(&[&["send", relay.addr.as_str()], how.as_slice()].concat())
}

#[test]
fn a_viewer_tells_two_of_one_name_apart_and_loses_no_frames_by_it() {
    let relay = RelayProgram::start(&[]);
    let _senders = [sender(&relay, "ann", "320x240"), sender(&relay, "ann", "160x120")];
    let mut viewer = viewer(&relay.addr, &[]);
    for name in ["ann", "ann (2)"] {
        viewer.event("frame", |frame| frame["stream"] == name);
    }
    let mut frames = 0;
    while frames < 40 {
        viewer.event("frame", |_| true);
        frames += 1;
    }
    viewer.signal("INT");
    let summary = viewer.event("summary", |_| true);
    let streams = summary["streams"].as_array().unwrap();
    let names: Vec<_> = streams.iter().map(|stream| stream["stream"].as_str().unwrap()).collect();
    assert_eq!(names, ["ann", "ann (2)"], "{summary}");
    assert_ne!(streams[0]["peer"], streams[1]["peer"]);
    // Each counts its own frames: with the other's, hundreds would be missing. A busy machine may lose a few.
    let lost = |stream: &serde_json::Value| stream["lost"].as_u64() < stream["frames"].as_u64();
    assert!(streams.iter().all(|stream| stream["peer"].is_u64() && lost(stream)), "{summary}");
    assert_eq!(summary["skipped"], 0, "{summary}");
}

/// The sizes of a recording's frames, and their number.
fn sizes(path: &Path) -> (BTreeSet<usize>, usize) {
    let mut reader = film::open(Input::file(fs::File::open(path).unwrap()).unwrap()).unwrap();
    let (mut sizes, mut frames) = (BTreeSet::new(), 0);
    while let Some((_, frame)) = reader.next_frame().unwrap() {
        sizes.insert(jpeg::header(&frame).unwrap().width);
        frames += 1;
    }
    (sizes, frames)
}

#[test]
fn two_of_one_name_are_recorded_in_two_files_and_none_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("talk-ann.mkv"), "yesterday's").unwrap();
    let relay = RelayProgram::start(&[]);
    let _senders = [sender(&relay, "ann", "320x240"), sender(&relay, "ann", "160x120")];
    let file = path("talk.mkv");
    let mut recording = Running::start(&[
        "record",
        &relay.addr,
        "--out",
        file.to_str().unwrap(),
        "--json",
        "--stream",
        "ann",
    ]);
    let mut begun = [(); 2].map(|()| {
        let event = recording.event("recording", |_| true);
        assert!(event["peer"].is_u64(), "{event}");
        let file = Path::new(event["file"].as_str().unwrap()).file_name().unwrap().to_owned();
        (event["stream"].as_str().unwrap().to_owned(), file.into_string().unwrap())
    });
    recording.event("status", |status| status["frames"].as_u64().unwrap() > 40);
    recording.signal("INT");
    assert_eq!(recording.exit_code(), 0);
    begun.sort();
    assert_eq!(begun.each_ref().map(|(stream, _)| stream.as_str()), ["ann", "ann (2)"]);
    let files = BTreeSet::from(begun.map(|(_, file)| file));
    assert_eq!(files, BTreeSet::from(["talk.mkv".to_owned(), "talk-ann-2.mkv".to_owned()]));
    let found: Vec<_> = files.iter().map(|file| sizes(&path(file))).collect();
    assert!(found.iter().all(|(sizes, frames)| sizes.len() == 1 && *frames > 5), "{found:?}");
    assert_ne!(found[0].0, found[1].0);
    assert_eq!(fs::read_to_string(path("talk-ann.mkv")).unwrap(), "yesterday's");
}

#[test]
fn a_stream_that_cannot_be_recorded_ends_no_other_recording() {
    let folder = tempfile::tempdir().unwrap();
    let (here, moved) = (folder.path().join("here"), folder.path().join("moved"));
    fs::create_dir(&here).unwrap();
    let file = here.join("talk.mkv");
    let relay = RelayProgram::start(&[]);
    let _ann = sender(&relay, "ann", "320x240");
    let mut recording = Running::start(&["record", &relay.addr, "--out", file.to_str().unwrap(), "--json"]);
    recording.event("status", |status| status["frames"].as_u64().unwrap() > 5);
    // The file of the second stream cannot be created.
    fs::rename(&here, &moved).unwrap();
    let _bob = sender(&relay, "bob", "160x120");
    let mut viewer = viewer(&relay.addr, &[]);
    viewer.event("frame", |frame| frame["stream"] == "bob");
    recording.forget();
    let before = recording.event("status", |_| true)["frames"].as_u64().unwrap();
    recording.event("status", |status| status["frames"].as_u64().unwrap() > before + 20);
    recording.signal("INT");
    assert_eq!(recording.event("saved", |_| true)["file"], file.to_str().unwrap());
    assert_eq!(recording.exit_code(), 1, "one of them was not recorded");
    assert!(sizes(&moved.join("talk.mkv")).1 > 20);
}

/// A frame of an old program has none of our attributes, and a viewer names it by its sender's number.
#[test]
fn frames_of_programs_without_names_have_a_number_each() {
    let relay = RelayProgram::start(&[]);
    let mut viewer = viewer(&relay.addr, &[]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let jpeg = common::clip::plain(64, 48, common::clip::RED);
    let frame = Message::new(MessageKind::Video, "this is video image".into(), Some(jpeg.into())).unwrap();
    runtime.block_on(async {
        let addr = relay.addr.parse().unwrap();
        let mut senders = [Bare::connect(addr).await, Bare::connect(addr).await];
        for sender in &mut senders {
            sender.send(&frame).await;
            sender.ask().await;
        }
        for (number, name) in [(1, "peer\u{a0}1"), (2, "peer\u{a0}2")] {
            let event = viewer.event("frame", |frame| frame["peer"] == number);
            assert_eq!(event["stream"], name);
        }
        senders[0].send(&numbered_frame(1, 100)).await; // not a picture
        assert_eq!(viewer.event("damaged", |_| true)["peer"], 1);
    });
}

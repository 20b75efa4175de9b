//! What is the same at all relays: messages, numbers of senders, and the number of viewers.

use std::{collections::BTreeSet, time::Instant};

use bytes::Bytes;
use pulsecam_net::{
    link::Role,
    wire::{FrameInfo, Message, MessageKind, Origin},
};
use serde_json::Value;

use crate::{
    client::{Client, text_of},
    common::program::Running,
    lan::{Lan, Machine},
};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// What a program has received besides what it had, up to and with what `is_last` says.
fn hear(client: &mut Running, all: &mut Vec<Value>, is_last: impl Fn(&Value) -> bool) {
    loop {
        let event = client.any_event(&["message", "text", "image", "frame"]);
        let ends = is_last(&event);
        all.push(event);
        if ends {
            return;
        }
    }
}

/// The type of video, as a Qt program names it.
const VIDEO: i64 = 3;

/// Test 1.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn all_clients_of_all_relays_get_all_once_and_byte_for_byte() {
    let lan = Lan::new();
    let _relays = lan.relays();
    let machines = [&lan.a, &lan.b, &lan.c];
    let sender = Client::new(&lan.a, Role::Sender);
    let mut ours = machines.map(|machine| Client::new(machine, Role::Viewer));
    let mut programs = machines.map(Machine::viewer);
    let mut qts = machines.map(Machine::qt);
    let mut talker = lan.a.qt();
    // Qt programs count as viewers.
    sender.viewers(10);
    let photo = std::fs::read(format!("{DATA}/coffee_600x400.jpg")).unwrap();
    let odd =
        Message::new(MessageKind::Other(42), "any; link=1,2; peer=3".into(), Some(Bytes::new())).unwrap();
    for message in [
        Message::text("你好, 🙂", &Origin::named("ann").with_id("1".to_owned())).unwrap(),
        Message::image(photo.clone().into(), &Origin::default()).unwrap(),
        odd,
    ] {
        sender.link.send(message).unwrap();
    }
    let info = FrameInfo::default().with_stream("ann").with_seq(7);
    sender.link.send_frame(info, Bytes::from(photo.clone()));
    // A frame has arrived everywhere before anything newer could take its place, or the place before it.
    let mut heard: [Vec<Value>; 3] = Default::default();
    let mut seen: [Vec<Value>; 3] = Default::default();
    let is_video = |event: &Value| event["type"] == VIDEO || event["event"] == "frame";
    let mut all_have_the_frame = |expected: Option<&[u8]>| {
        for client in &mut ours {
            let frame = client.next_of(MessageKind::Video);
            assert!(expected.is_none_or(|jpeg| frame.message.payload().is_some_and(|found| found == jpeg)));
        }
        let of_qt = qts.iter_mut().zip(&mut heard);
        let of_programs = programs.iter_mut().zip(&mut seen);
        of_qt.chain(of_programs).for_each(|(program, all)| hear(program, all, is_video));
    };
    all_have_the_frame(Some(photo.as_slice()));
    talker.say("text from Qt: 你好");
    talker.say(&format!("image {DATA}/coffee_600x400.jpg"));
    talker.say(&format!("raw-video {DATA}/raccoon_1024x768.jpg"));
    all_have_the_frame(None);
    talker.say("text end");
    let of_qt = qts.iter_mut().zip(&mut heard);
    let of_programs = programs.iter_mut().zip(&mut seen);
    of_qt.chain(of_programs).for_each(|(program, all)| hear(program, all, |event| event["text"] == "end"));

    let [first, second, third] = heard;
    assert_eq!((&first, &first), (&second, &third), "the very bytes, wherever they are");
    let types: Vec<_> = first.iter().map(|message| message["type"].as_i64().unwrap()).collect();
    assert_eq!(types.iter().filter(|kind| **kind != VIDEO).copied().collect::<Vec<_>>(), [1, 2, 42, 1, 2, 1]);
    assert_eq!(types.iter().filter(|kind| **kind == VIDEO).count(), 2, "each frame once: {types:?}");
    for events in seen {
        let words = |event: &Value| event["text"].as_str().or(event["event"].as_str()).unwrap().to_owned();
        let (frames, others): (Vec<_>, Vec<_>) = events.iter().map(words).partition(|what| what == "frame");
        assert_eq!(others, ["你好, 🙂", "image", "from Qt: 你好", "image", "end"]);
        assert_eq!(frames.len(), 2, "each frame once");
    }
}

/// Test 13.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn nameless_senders_have_one_number_each_everywhere() {
    let lan = Lan::new();
    let _relays = lan.relays();
    let machines = [&lan.a, &lan.b, &lan.c];
    let mut viewers = machines.map(|machine| Client::new(machine, Role::Viewer));
    let probe = Client::new(&lan.a, Role::Sender);
    let other_probe = Client::new(&lan.b, Role::Sender);
    let mut senders = [lan.a.qt(), lan.a.qt(), lan.b.qt()];
    probe.viewers(6);
    other_probe.viewers(6);
    for (number, sender) in senders.iter_mut().enumerate() {
        sender.say(&format!("text {number}"));
    }
    let numbers = |viewer: &mut Client| -> Vec<_> {
        let mut numbers = vec![None; 3];
        while numbers.contains(&None) {
            let received = viewer.next_of(MessageKind::Text);
            let sender: usize = text_of(&received).unwrap().parse().unwrap();
            numbers[sender] = received.sender.unwrap().peer;
        }
        numbers
    };
    let [first, second, third] = viewers.each_mut().map(numbers);
    assert_eq!((&first, &first), (&second, &third));
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 3, "{first:?}");
    // A viewer that comes again knows them by the same numbers.
    drop(viewers);
    let mut viewers = machines.map(|machine| Client::new(machine, Role::Viewer));
    probe.viewers(6);
    other_probe.viewers(6);
    for (number, sender) in senders.iter_mut().enumerate() {
        sender.say(&format!("text {number}"));
    }
    for viewer in &mut viewers {
        assert_eq!(numbers(viewer), first);
    }
}

/// Test 14.
#[test]
#[ignore = "needs root and network namespaces: make test-cluster"]
fn a_sender_knows_how_many_view_at_all_relays() {
    let lan = Lan::new();
    let _relays = lan.relays();
    let (sender, _beside) = (Client::new(&lan.a, Role::Sender), Client::new(&lan.a, Role::Viewer));
    let _far = Client::new(&lan.c, Role::Viewer);
    sender.viewers(2);
    let mut times = Vec::new();
    for round in 0..3 {
        let many: Vec<_> = (0..30).map(|_| Client::new(&lan.b, Role::Viewer)).collect();
        let since = Instant::now();
        sender.viewers(32);
        times.push(since.elapsed());
        drop(many);
        let since = Instant::now();
        sender.viewers(2);
        times.push(since.elapsed());
        println!("round {round}: 30 viewers come and go");
    }
    println!("viewers: right {:.0?} after the last has come or gone, at most", times.iter().max().unwrap());
}

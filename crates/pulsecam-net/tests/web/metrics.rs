//! What the counters count.

use std::net::SocketAddr;

use bytes::Bytes;
use pulsecam_net::{
    clock::Timestamp,
    wire::{FrameInfo, Heartbeat, Message, MessageKind, Receipt, Side},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    browser::{Page, get},
    common::server::{Bare, PATIENCE, number_of, numbered_frame},
    operators::with_admin,
};

/// The value of a sample.
async fn sample(admin: SocketAddr, sample: &str) -> f64 {
    let text = get(admin, "/metrics").await.text();
    let value = text.lines().find_map(|line| line.strip_prefix(sample)).map(str::trim);
    value.unwrap_or_else(|| panic!("{sample} in {text}")).parse().unwrap()
}

async fn dropped(admin: SocketAddr, reason: &str) -> f64 {
    sample(admin, &format!("pulsecam_frames_dropped_total{{room=\"\",reason=\"{reason}\"}}")).await
}

/// Sends a heartbeat and waits for its answer.
async fn tell(client: &mut Bare, heartbeat: &Message) {
    client.send(heartbeat).await;
    while client.receive().await.kind() != MessageKind::Heartbeat {}
}

fn beat() -> Heartbeat {
    Heartbeat::default().with(|beat| beat.t1 = Some(Timestamp::now()))
}

/// All names, and the labels of each: dashboards and alerts depend on them.
const METRICS: [(&str, &[&str]); 23] = [
    ("pulsecam_build_info", &["version"]),
    ("pulsecam_clients", &["room", "kind"]),
    ("pulsecam_viewers", &["room"]),
    ("pulsecam_streams", &["room"]),
    ("pulsecam_joins_total", &["kind"]),
    ("pulsecam_leaves_total", &["reason"]),
    ("pulsecam_refused_total", &["reason"]),
    ("pulsecam_accept_errors_total", &[]),
    ("pulsecam_messages_received_total", &["room", "type"]),
    ("pulsecam_messages_sent_total", &["room", "type"]),
    ("pulsecam_received_bytes_total", &["room"]),
    ("pulsecam_sent_bytes_total", &["room"]),
    ("pulsecam_heartbeats_total", &[]),
    ("pulsecam_frames_dropped_total", &["room", "reason"]),
    ("pulsecam_frame_age_seconds", &["room", "at"]),
    ("pulsecam_mailbox_bytes", &["room"]),
    ("pulsecam_mailbox_bytes_max", &["room"]),
    ("pulsecam_http_requests_total", &["endpoint", "code"]),
    ("process_cpu_seconds_total", &[]),
    ("process_resident_memory_bytes", &[]),
    ("process_open_fds", &[]),
    ("process_max_fds", &[]),
    ("process_start_time_seconds", &[]),
];

#[tokio::test]
async fn the_names_and_labels_are_those_that_dashboards_expect() {
    let (addr, admin, _stop) = with_admin().await;
    let mut client = Bare::connect(addr).await;
    client.send(&numbered_frame(1, 100)).await;
    client.ask().await;
    drop(client);
    get(admin, "/metrics").await;
    let text = get(admin, "/metrics").await.text();
    let mut names: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let mut expected = METRICS.map(|(name, _)| name).to_vec();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, rest) = line.split_at(line.find(['{', ' ']).unwrap());
        let name =
            ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
        let labels = rest.strip_prefix('{').map_or("", |rest| rest.split_once('}').unwrap().0);
        let keys = labels.split(',').filter_map(|pair| pair.split_once('=')).map(|(key, _)| key);
        let keys: Vec<_> = keys.filter(|key| *key != "le").collect();
        let known = METRICS.iter().find(|(known, _)| *known == name).unwrap();
        assert_eq!(keys, known.1, "{line}");
    }
    for (metric, label, values) in [
        ("pulsecam_frames_dropped_total", "reason", &["replaced", "credit", "gone", "rate"][..]),
        ("pulsecam_frame_age_seconds_count", "at", &["relay", "viewer"]),
        ("pulsecam_clients", "kind", &["native", "web", "stream"]),
        ("pulsecam_messages_sent_total", "type", &["video", "text", "image", "other"]),
    ] {
        for value in values {
            let sample = format!("{metric}{{room=\"\",{label}=\"{value}\"}} ");
            assert!(text.contains(&sample), "{sample} in {text}");
        }
    }
}

#[tokio::test]
async fn a_frame_beyond_the_credit_is_dropped_for_the_credit_and_one_for_nobody_for_that() {
    let (addr, admin, _stop) = with_admin().await;
    let mut page = Page::connect(addr).await;
    page.send(&Receipt::default().with(|receipt| receipt.until = Some(1)).to_message()).await;
    page.ask(beat()).await;
    let mut sender = Bare::connect(addr).await;
    for number in 1..=5 {
        sender.send(&numbered_frame(number, 100)).await;
    }
    sender.ask().await;
    assert_eq!(number_of(&page.content().await), 1);
    assert_eq!((dropped(admin, "credit").await, dropped(admin, "gone").await), (3.0, 0.0), "2, 3 and 4");
    page.send(&Receipt::default().with(|receipt| receipt.until = Some(2)).to_message()).await;
    assert_eq!(number_of(&page.content().await), 5);
    sender.send(&numbered_frame(6, 100)).await;
    sender.ask().await;
    page.with(|socket| socket.close(None).unwrap()).await;
    while dropped(admin, "gone").await < 1.0 {}
    assert_eq!((dropped(admin, "credit").await, dropped(admin, "replaced").await), (3.0, 0.0));
    assert_eq!(dropped(admin, "rate").await, 0.0);
}

#[tokio::test]
async fn frames_beyond_the_rate_that_was_asked_for_are_dropped_for_the_rate() {
    let (addr, admin, _stop) = with_admin().await;
    let mut sender = Bare::connect(addr).await;
    sender.send(&numbered_frame(0, 100)).await;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let request = format!("GET /stream?fps=0.001 HTTP/1.1\r\nHost: {addr}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut rests = async || {
        let before = dropped(admin, "rate").await;
        while dropped(admin, "rate").await < before + 3.0 {
            sender.send(&numbered_frame(1, 100)).await;
        }
    };
    timeout(PATIENCE, rests()).await.expect("frames are dropped for the rate");
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.0 200 OK");
    // Some may have come while the first was being sent, and none since.
    let replaced = dropped(admin, "replaced").await;
    timeout(PATIENCE, rests()).await.expect("frames are dropped for the rate");
    assert_eq!(dropped(admin, "replaced").await, replaced);
}

#[tokio::test]
async fn the_age_of_a_frame_at_a_viewer_is_known_from_its_report() {
    let (addr, admin, _stop) = with_admin().await;
    let count = "pulsecam_frame_age_seconds_count{room=\"\",at=\"viewer\"}";
    let mut viewer = Bare::connect(addr).await;
    // A client that has never reported counts as one that cannot.
    let report = |got| {
        beat()
            .with(|beat| {
                beat.got = Some(got);
                beat.ago = Some(0);
            })
            .to_message(Side::Client)
    };
    tell(&mut viewer, &report(0)).await;
    let mut sender = Bare::connect(addr).await;
    // Captured five seconds ago, by the relay's clock.
    let captured = Timestamp::from_micros(Timestamp::now().as_micros() - 5_000_000);
    let info = FrameInfo::default().with_captured(captured).with(|info| info.offset = Some(0));
    sender.send(&Message::video(Bytes::from_static(b"JPEG"), &info).unwrap()).await;
    assert_eq!(viewer.receive().await.kind(), MessageKind::Video);
    assert_eq!(sample(admin, count).await, 0.0);
    tell(&mut viewer, &report(1)).await;
    tell(&mut viewer, &report(1)).await;
    assert_eq!(sample(admin, count).await, 1.0, "each frame once");
    let at_relay = sample(admin, "pulsecam_frame_age_seconds_sum{room=\"\",at=\"relay\"}").await;
    let at_viewer = sample(admin, "pulsecam_frame_age_seconds_sum{room=\"\",at=\"viewer\"}").await;
    assert!(at_relay >= 5.0 && at_viewer >= at_relay, "{at_relay} {at_viewer}");
}

/// A page that shows one stream is sent that one.
#[tokio::test]
async fn a_client_that_names_a_stream_gets_no_other() {
    let (addr, admin, _stop) = with_admin().await;
    let mut page = Page::connect(addr).await;
    let only = |name: &str| {
        let description = format!("This is a heartbeat msg to server.; t1=1; only={name}");
        Message::new(MessageKind::Heartbeat, description.as_str().into(), Some(Bytes::from_static(&[0; 4])))
            .unwrap()
    };
    page.send(&only("door")).await;
    page.ask(beat()).await;
    let mut sender = Bare::connect(addr).await;
    let frame = |stream: &str, bytes: &'static [u8]| {
        let info = FrameInfo::default().with_stream(stream);
        Message::video(Bytes::from_static(bytes), &info).unwrap()
    };
    sender.send(&frame("gate", b"1")).await;
    sender.send(&frame("door", b"2")).await;
    assert_eq!(page.content().await.payload().unwrap(), &b"2"[..]);
    page.send(&only("")).await;
    page.ask(beat()).await;
    sender.send(&frame("gate", b"3")).await;
    assert_eq!(page.content().await.payload().unwrap(), &b"3"[..]);
    assert_eq!(sample(admin, "pulsecam_messages_sent_total{room=\"\",type=\"video\"}").await, 2.0);
    let facts = super::operators::json(addr, "/page.json").await;
    assert_eq!(facts["only"], true);
}

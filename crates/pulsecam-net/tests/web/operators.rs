//! Counters and the operators' interface.

use std::net::SocketAddr;

use pulsecam_net::{
    auth::Key,
    relay::{self, AdminListener, Listeners, web},
    wire::{FrameInfo, Message},
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot, time::timeout};

use super::{
    browser::{Answer, exchange, get, get_with},
    common::server::{Bare, PATIENCE, Server, numbered_frame},
    with_web,
};

/// A relay with a socket for operators; returns both addresses.
pub async fn with_admin() -> (SocketAddr, SocketAddr, oneshot::Sender<()>) {
    let main = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = (main.local_addr().unwrap(), admin.local_addr().unwrap());
    let listeners = Listeners::new(main).with_admin(Some(AdminListener::Tcp(admin)));
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(relay::run(listeners, with_web(), async move { _ = stopped.await }));
    (addresses.0, addresses.1, stop)
}

pub async fn post(addr: SocketAddr, target: &str, lines: &str, body: &str) -> Answer {
    let request = format!(
        "POST {target} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\nContent-Length: {}\r\n{lines}\r\n{body}",
        body.len()
    );
    exchange(addr, request.as_bytes()).await
}

pub async fn json(addr: SocketAddr, target: &str) -> Value {
    let answer = get(addr, target).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn an_operator_sees_who_is_here_speaks_to_them_and_sends_them_away() {
    let (addr, admin, _stop) = with_admin().await;
    let mut client = Bare::connect(addr).await;
    client.send(&numbered_frame(1, 100)).await;
    client.ask().await;
    let clients = json(admin, "/api/v1/clients").await;
    assert_eq!((clients[0]["client"].as_u64(), clients[0]["kind"].as_str()), (Some(1), Some("native")));
    assert_eq!(json(admin, "/api/v1/rooms").await[0]["streams"], 1);
    assert_eq!(json(admin, "/api/v1/streams").await[0]["frames"], 1);
    assert_eq!(json(admin, "/api/v1/info").await["totals"]["joined"], 1);
    assert_eq!(post(admin, "/api/v1/rooms/-/text", "", "关门了\n").await.status, 200);
    assert_eq!(client.receive().await.text_content().unwrap().to_text_lossy(), "关门了");
    assert_eq!(post(admin, "/api/v1/clients/1/kick", "", "").await.status, 200);
    let farewell = client.receive().await;
    assert!(pulsecam_net::wire::close_reason_text(&farewell).unwrap().contains("operator"));
    client.end().await;
    for (target, status) in
        [("/api/v1/clients/1/kick", 404), ("/api/v1/clients/x/kick", 400), ("/api/v1/x", 404)]
    {
        assert_eq!(post(admin, target, "", "").await.status, status);
    }
    let foreign = post(admin, "/api/v1/rooms/-/text", "Origin: http://evil.example\r\n", "hello").await;
    assert_eq!(foreign.status, 403);
    let long = "x".repeat(70_000);
    assert_eq!(post(admin, "/api/v1/rooms/-/text", "", &long).await.status, 413);
}

#[tokio::test]
async fn counters_count_and_are_for_operators() {
    let (addr, admin, _stop) = with_admin().await;
    assert_eq!(get(addr, "/metrics").await.status, 404, "not at the public port");
    let mut sender = Bare::connect(addr).await;
    let mut viewer = Bare::connect(addr).await;
    sender.send(&numbered_frame(1, 100)).await;
    viewer.receive().await;
    let metrics = get(admin, "/metrics").await;
    assert!(metrics.header("content-type").unwrap().contains("version=0.0.4"));
    let text = metrics.text();
    for sample in [
        "pulsecam_clients{room=\"\",kind=\"native\"} 2",
        "pulsecam_viewers{room=\"\"} 2",
        "pulsecam_streams{room=\"\"} 1",
        "pulsecam_joins_total{kind=\"native\"} 2",
        "pulsecam_messages_received_total{room=\"\",type=\"video\"} 1",
        "pulsecam_messages_sent_total{room=\"\",type=\"video\"} 1",
        "pulsecam_heartbeats_total 2",
        "pulsecam_http_requests_total{endpoint=\"/metrics\",code=\"404\"} 1",
        "process_max_fds ",
    ] {
        assert!(text.contains(sample), "{sample} in {text}");
    }
}

#[tokio::test]
async fn a_token_opens_the_operators_interface_at_the_public_port() {
    let token = "the operators' token";
    let config = with_web().with(|config| {
        config.web =
            Some(web::Config::default().with(|web| web.admin_token = Some(Key::new(token).unwrap())));
    });
    let server = Server::start(config).await;
    let with = |token: &str| format!("Authorization: Bearer {token}\r\n");
    assert_eq!(get_with(server.addr, "/metrics", &with(token)).await.status, 200);
    assert_eq!(get_with(server.addr, "/api/v1/info", &with(token)).await.status, 200);
    for lines in ["", &with("another token, a wrong one"), &with("")] {
        assert_eq!(get_with(server.addr, "/metrics", lines).await.status, 401);
    }
    server.stop().await;
}

#[tokio::test]
async fn the_state_has_the_shape_of_ustreamers() {
    let server = Server::start(with_web()).await;
    let mut sender = Bare::connect(server.addr).await;
    sender.send(&numbered_frame(1, 100)).await;
    sender.ask().await;
    let state = json(server.addr, "/state").await;
    assert_eq!(state["ok"], true);
    assert_eq!(state["result"]["source"]["online"], true);
    assert!(state["result"]["source"]["captured_fps"].is_u64());
    assert_eq!(state["result"]["stream"]["clients"], 0);
    assert_eq!(state["result"]["streams"][0]["client"], 1);
    assert_eq!(state["result"]["streams"][0]["width"], Value::Null, "it is no JPEG");
    server.stop().await;
}

/// A frame of this size: the headers of a JPEG, with a thumbnail of another size in them.
fn sized(width: u16, height: u16) -> Message {
    let header = |width: u16, height: u16| {
        let ([h1, h0], [w1, w0]) = (height.to_be_bytes(), width.to_be_bytes());
        [0xff, 0xc0, 0, 11, 8, h1, h0, w1, w0, 1, 1, 0x11, 0]
    };
    let thumbnail = [&[0xff, 0xd8], &header(160, 120)[..], &[0xff, 0xd9]].concat();
    let exif = [&[0xff, 0xe1, 0, 2 + u8::try_from(thumbnail.len()).unwrap()], &thumbnail[..]].concat();
    let jpeg =
        [&[0xff, 0xd8], &exif[..], &header(width, height), &[0xff, 0xda, 0, 2, 7, 7, 0xff, 0xd9]].concat();
    let info = FrameInfo::default().with_stream("door");
    Message::video(jpeg.into(), &info).unwrap()
}

#[tokio::test]
async fn a_stream_has_the_size_of_its_newest_picture() {
    let (addr, admin, _stop) = with_admin().await;
    let mut sender = Bare::connect(addr).await;
    for (width, height) in [(1280, 720), (720, 1280)] {
        // Not every frame is looked at: a stream of thousands a second would cost too much.
        let seen = async {
            loop {
                sender.send(&sized(width, height)).await;
                sender.ask().await;
                let streams = json(admin, "/api/v1/streams").await;
                if streams[0]["width"] == width {
                    break streams;
                }
            }
        };
        let streams = timeout(PATIENCE, seen).await.expect("the new size is seen");
        assert_eq!(streams[0]["height"], height);
        let state = json(addr, "/state").await;
        let resolution = serde_json::json!({"width": width, "height": height});
        assert_eq!(state["result"]["source"]["resolution"], resolution);
        assert_eq!(state["result"]["streams"][0]["width"], width);
        assert_eq!(state["result"]["streams"][0]["height"], height);
    }
}

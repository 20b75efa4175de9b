//! Tests of what clients and operators learn across relays: ages, reports, the end of a relay, and what is connected.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use common::{
    cluster::{about, key, place, relay},
    links::{connect, texts_until, viewers},
    server::{Bare, PATIENCE, Server},
};
use pulsecam_net::{
    auth::Key,
    link::{self, Inbox, Link, Received, Role, State},
    relay::{
        self, Keyring, RoomKey,
        cluster::{Board, Config, GossipConfig, Members, RelayId, Status},
    },
    wire::{
        FrameInfo, Heartbeat, Message, MessageKind, Origin, Side,
        timestamp::{Timestamp, set_wall_clock},
    },
};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    time::{sleep, timeout},
};

/// How far the clock of one relay is ahead, in microseconds.
const AHEAD: i64 = 5_000_000;

async fn client(server: SocketAddr, role: Role) -> (Link, Inbox) {
    connect(link::Config::new(server.to_string()).with(|config| config.role = role)).await
}

/// Sends frames until this is dropped.
async fn filming(sender: &Link) {
    for seq in 0.. {
        let info = FrameInfo::default().with_seq(seq).with_captured(Timestamp::now());
        sender.send_frame(info, Bytes::from_static(b"jpeg"));
        sleep(Duration::from_millis(10)).await;
    }
}

/// The first thing in an inbox for which `find` has an answer, while a sender sends frames.
async fn seen<T>(sender: &Link, inbox: &mut Inbox, find: impl Fn(Received) -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = find(inbox.recv().await.unwrap().item) {
                return found;
            }
        }
    };
    tokio::select! {
        () = filming(sender) => unreachable!("it never ends"),
        found = timeout(PATIENCE, looking) => found.expect("it comes"),
    }
}

/// A relay on a thread of its own, whose clock is ahead. It runs until the end of the test.
async fn relay_ahead(board: &Board, number: u64) -> SocketAddr {
    let (tell, told) = oneshot::channel();
    let board = board.clone();
    std::thread::spawn(move || {
        set_wall_clock(Some(|| Timestamp::from(SystemTime::now()).offset(AHEAD)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let cluster = Some(place(&board, number).await);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let config = relay::Config::default().with(|config| config.cluster = cluster);
            relay::run(listener, config, std::future::pending()).await
        })
    });
    told.await.unwrap()
}

/// The clients that join a relay without any others, one after the other, each at a new relay.
const FIRST_CLIENTS: u64 = 20;

#[tokio::test]
async fn the_first_text_at_a_relay_without_clients_is_heard_at_the_others() {
    let board = Board::default();
    let a = relay(&board, 1).await;
    let (_viewer, mut inbox) = client(a.addr, Role::Viewer).await;
    // Until all relays know that there is somebody at the first one.
    let observer = RelayId::from_bits(2);
    let mut known = board.join(observer, about().await).roster();
    let has_clients = |relay: &relay::cluster::Relay| relay.about.as_ref().is_ok_and(|a| !a.rooms.is_empty());
    timeout(PATIENCE, known.wait_for(|known| known.iter().any(|(_, relay)| has_clients(relay))))
        .await
        .expect("it tells so")
        .unwrap();
    // It agrees to nobody's numbers, and each new relay would wait for that.
    board.set_alive(observer, false);
    board.forget(observer);
    let mut others = Vec::new();
    for number in 0..FIRST_CLIENTS {
        let other = relay(&board, 10 + number).await;
        let mut client = Bare::connect_unseen(other.addr).await;
        let words = number.to_string();
        let text = Message::text(&words, &Origin::default()).unwrap();
        let beat = Heartbeat::default().to_message(Side::Client);
        // In one write, so that the text is there when the relay begins to read.
        client.send_bytes(&[beat, text].map(|message| common::wire_bytes(&message)).concat()).await;
        drop(client);
        assert_eq!(texts_until(&mut inbox, &words).await, [words]);
        others.push(other); // all stay
    }
}

#[tokio::test]
async fn ages_at_another_relay_are_right_though_its_clock_is_not() {
    let board = Board::default();
    let a = relay(&board, 1).await;
    let b = relay_ahead(&board, 2).await;
    let (sender, _inbox) = client(a.addr, Role::Sender).await;
    let (viewer, mut inbox) = client(b, Role::Viewer).await;
    viewers(&sender, 1).await;
    let info = seen(&sender, &mut inbox, |received| received.info.filter(|info| info.offset.is_some())).await;
    let State::Up { offset: Some(own), .. } = *viewer.state().borrow() else { panic!("it is up") };
    assert!(info.offset.unwrap() > AHEAD / 2, "{info:?}");
    // Sender and viewer have the same clock.
    let by_viewer = info.captured_at_relay().unwrap().offset(-own.micros);
    let error = by_viewer.micros_since(info.captured.unwrap()).unsigned_abs();
    let within = info.within.unwrap() + own.uncertainty;
    assert!(error <= within, "{error} µs, and not within {within}: {info:?} {own:?}");
}

#[tokio::test]
async fn an_old_peer_gets_the_times_as_they_came() {
    let board = Board::default();
    let [a, b] = [relay(&board, 1).await, relay(&board, 2).await];
    let (probe, _ignored) = client(a.addr, Role::Sender).await;
    let (_ours, mut inbox) = client(b.addr, Role::Viewer).await;
    let mut viewer = Bare::connect(b.addr).await;
    viewers(&probe, 2).await;
    let mut sender = Bare::connect(a.addr).await;
    let captured = Some(Timestamp::from_micros(100));
    let info = FrameInfo::default().with(|info| {
        (info.captured, info.offset, info.within) = (captured, Some(30), Some(2));
    });
    let frame = Message::video(Bytes::from_static(b"jpeg"), &info).unwrap();
    let sending = async {
        loop {
            sender.send(&frame).await;
            sleep(Duration::from_millis(10)).await;
        }
    };
    let watching = async {
        assert_eq!(viewer.receive().await, frame);
        loop {
            let received = inbox.recv().await.unwrap().item;
            if let Some(info) = received.info.filter(|info| info.offset.is_some()) {
                return info;
            }
        }
    };
    tokio::select! {
        () = sending => {}
        info = timeout(PATIENCE, watching) => {
            let info = info.expect("a frame comes");
            assert_eq!((info.captured, info.peer.is_some()), (captured, true));
            let (shift, error) = (info.offset.unwrap() - 30, info.within.unwrap() - 2);
            assert!(shift.unsigned_abs() <= error, "both relays have the same clock: {info:?}");
        }
    }
}

#[tokio::test]
async fn a_sender_is_told_how_viewers_at_another_relay_get_its_frames() {
    let board = Board::default();
    let [a, b] = [relay(&board, 1).await, relay(&board, 2).await];
    let config = link::Config::new(a.addr.to_string()).with(|config| {
        (config.role, config.report) = (Role::Sender, Some(Duration::from_millis(50)));
    });
    let (sender, _inbox) = connect(config).await;
    let (_viewer, mut inbox) = client(b.addr, Role::Viewer).await;
    viewers(&sender, 1).await;
    let mut reports = sender.reports();
    // Nobody views at its own relay, so what it is told comes from the other one.
    let told = reports.wait_for(|report| report.is_some_and(|report| report.late > Duration::ZERO));
    tokio::select! {
        () = filming(&sender) => {}
        () = async { while inbox.recv().await.is_some() {} } => panic!("the viewer's link ends"),
        told = timeout(PATIENCE, told) => {
            assert!(told.is_ok_and(|told| told.is_ok()), "no report says that frames are late");
        }
    }
}

#[tokio::test]
async fn streams_of_a_relay_that_is_gone_end() {
    let board = Board::default();
    let [a, b] = [relay(&board, 1).await, relay(&board, 2).await];
    let (sender, _ignored) = client(a.addr, Role::Sender).await;
    let (_viewer, mut inbox) = client(b.addr, Role::Viewer).await;
    viewers(&sender, 1).await;
    let shown = seen(&sender, &mut inbox, |received| received.sender).await;
    a.stop().await;
    let ended = async {
        loop {
            let received = inbox.recv().await.unwrap().item;
            if received.message.kind() == MessageKind::Heartbeat {
                return received.sender.unwrap();
            }
        }
    };
    assert_eq!(timeout(PATIENCE, ended).await.expect("its stream ends").id, shown.id);
}

#[tokio::test]
async fn a_key_that_is_removed_ends_the_links_to_its_room() {
    let board = Board::default();
    let rooms = |text: &str| vec![RoomKey::new("lab", Key::new(&text.repeat(20)).unwrap())];
    let start = async |number| {
        let (keys, cluster) = (Arc::new(Keyring::new(rooms("a"))), Some(place(&board, number).await));
        let own = Some(Arc::clone(&keys));
        let config = relay::Config::default().with(|config| (config.keys, config.cluster) = (own, cluster));
        (Server::start(config).await, keys)
    };
    let ((a, _), (b, keys)) = (start(1).await, start(2).await);
    let enter = async |server: &Server| {
        let config = link::Config::new(server.addr.to_string()).with(|config| {
            (config.role, config.key) = (Role::Both, Some(Key::new(&"a".repeat(20)).unwrap()));
        });
        connect(config).await
    };
    let [(here, _), (_there, _)] = [enter(&a).await, enter(&b).await];
    viewers(&here, 1).await;
    a.told(&["link_up", "\"room\":\"lab\""]).await;
    keys.replace(rooms("b"));
    a.told(&["link_down", "\"room\":\"lab\""]).await;
}

#[tokio::test]
async fn a_relay_that_joins_gives_no_numbers_of_others() {
    let config = async |join: &[SocketAddr]| {
        let gossip = GossipConfig::new(([127, 0, 0, 1], 0).into()).with(|config| {
            config.key = Some(key());
            config.join = join.iter().map(|address| address.to_string().parse().unwrap()).collect();
        });
        let cluster = Config::gossiping(gossip, None).await.unwrap();
        (cluster.address(), relay::Config::default().with(|config| config.cluster = Some(cluster)))
    };
    let (address, first) = config(&[]).await;
    let first = Server::start(first).await;
    let (_, second) = config(&[address]).await;
    let second = Server::start(second).await;
    for (server, block) in [(&second, 1), (&first, 0)] {
        let (sender, _ignored) = client(server.addr, Role::Sender).await;
        let (_viewer, mut inbox) = client(server.addr, Role::Viewer).await;
        let peer = seen(&sender, &mut inbox, |received| received.info.and_then(|info| info.peer)).await;
        assert_eq!(peer / 1000, block);
    }
    first.told(&["relay_came", "\"addr\":\"127.0.0.1:"]).await;
    second.stop().await;
    first.told(&["relay_gone"]).await;
}

#[tokio::test]
async fn relays_and_links_are_known_to_those_who_watch() {
    let board = Board::default();
    let newest = Arc::new(Mutex::new(None::<Status>));
    let watched = Arc::clone(&newest);
    let cluster = Some(place(&board, 1).await);
    let a = Server::start(relay::Config::default().with(|config| {
        config.cluster = cluster;
        config.watcher = Some(Arc::new(move |stats| *watched.lock().unwrap() = stats.cluster));
    }))
    .await;
    let b = relay(&board, 2).await;
    let (sender, _ignored) = client(a.addr, Role::Both).await;
    let (viewer, _inbox) = client(b.addr, Role::Both).await;
    viewers(&sender, 1).await;
    let known = async {
        loop {
            sleep(Duration::from_millis(10)).await;
            let status = newest.lock().unwrap().clone();
            let Some(link) = status.and_then(|status| status.relays.first()?.links.first().cloned()) else {
                continue;
            };
            if link.sent.frames > 0 && link.received.frames > 0 && link.late.is_some() {
                return link;
            }
        }
    };
    let link = tokio::select! {
        () = filming(&sender) => unreachable!("it never ends"),
        () = filming(&viewer) => unreachable!("it never ends"),
        link = timeout(PATIENCE, known) => link.expect("both send"),
    };
    assert_eq!((link.up, link.viewers, link.waiting, link.dropped), (true, 1, (0, 0), 0));
    b.stop().await;
    viewers(&sender, 0).await;
    board.set_alive(RelayId::from_bits(2), false);
    a.told(&["relay_gone"]).await;
}

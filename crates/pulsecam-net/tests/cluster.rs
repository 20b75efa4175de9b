//! Tests of several relays as one, in this process: real sockets, real links, and clients of ours and bare ones. Who is
//! there is scripted, except where it is gossip.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use common::{
    cluster::{key, serve},
    links::{connect, next, texts_until, viewers},
    server::{Bare, PATIENCE, Server},
};
use pulsecam_net::{
    auth::Key,
    link::{self, Inbox, Link, Role},
    relay::{
        self, Keyring, RoomKey,
        cluster::{About, Board, ClusterKey, Config, Door, GossipConfig, RelayId},
    },
    tls::{self, Fingerprint},
    wire::{FrameInfo, Message, MessageKind, Origin},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// The texts that are sent while the cable is cut again and again.
const COUNT: usize = 400;

const KEY: &str = "the key of a cluster in a test";

/// A relay's part on the board; its door has this address and certificate.
async fn place(board: &Board, number: u64, key: ClusterKey) -> (Config, SocketAddr, Fingerprint) {
    let door = Door::open(([127, 0, 0, 1], 0).into()).await.unwrap();
    let (address, certificate) = (door.address().unwrap(), door.certificate());
    let about = About::starting(address, certificate).unwrap();
    let place = board.join(RelayId::from_bits(number), about.clone());
    (Config::new(Arc::new(place), key, about, door), address, certificate)
}

/// Starts a relay on the board, whose door others reach through what `via` makes of its address.
async fn relay_via<F: Future<Output = SocketAddr>>(
    board: &Board,
    number: u64,
    via: impl FnOnce(SocketAddr) -> F,
) -> Server {
    let door = Door::open(([127, 0, 0, 1], 0).into()).await.unwrap();
    let link = via(door.address().unwrap()).await;
    let about = About::starting(link, door.certificate()).unwrap();
    let place = board.join(RelayId::from_bits(number), about.clone());
    serve(Config::new(Arc::new(place), key(), about, door)).await
}

async fn relay(board: &Board, number: u64) -> Server {
    relay_via(board, number, async |door| door).await
}

async fn client(server: &Server, role: Role) -> (Link, Inbox) {
    let config = link::Config::new(server.addr.to_string()).with(|config| {
        // These tests are about relays: a client whose relay stops does not go to another.
        (config.role, config.others) = (role, false);
    });
    connect(config).await
}

fn text(words: &str) -> Message {
    // Without an id, a client shows each copy that arrives.
    Message::text(words, &Origin::default()).unwrap()
}

#[tokio::test]
async fn what_a_client_says_at_one_relay_is_heard_once_at_all() {
    let board = Board::default();
    let [a, b, c] = [relay(&board, 1).await, relay(&board, 2).await, relay(&board, 3).await];
    let mut clients =
        [client(&a, Role::Both).await, client(&b, Role::Both).await, client(&c, Role::Both).await];
    for (link, _) in &clients {
        viewers(link, 2).await;
    }
    for (number, (link, _)) in clients.iter().enumerate() {
        for count in 0..5 {
            link.send(text(&format!("{number} {count}"))).unwrap();
        }
    }
    for (own, (_, inbox)) in clients.iter_mut().enumerate() {
        let mut heard = Vec::new();
        while heard.len() < 10 {
            let received = next(inbox).await;
            heard.extend(received.message.text_content().map(|text| text.to_text_lossy()));
        }
        for other in (0..3).filter(|other| *other != own) {
            let from_other: Vec<_> =
                heard.iter().filter(|text| text.starts_with(&other.to_string())).cloned().collect();
            let expected: Vec<_> = (0..5).map(|count| format!("{other} {count}")).collect();
            assert_eq!(from_other, expected);
        }
    }
    // Anything that came twice would come before this.
    for number in 0..3 {
        clients[number].0.send(text("end")).unwrap();
        let receiver = (number + 1) % 3;
        let heard = texts_until(&mut clients[receiver].1, "end").await;
        assert_eq!(heard.last().map(String::as_str), Some("end"));
        assert!(heard.iter().all(|text| text == "end"), "{heard:?}");
    }
}

/// Waits until what is sent at the one relay goes to the other, and nobody views there.
async fn linked(sender: &Link, other: &Server) {
    let (viewer, _inbox) = client(other, Role::Viewer).await;
    viewers(sender, 1).await;
    drop(viewer);
    viewers(sender, 0).await;
}

#[tokio::test]
async fn no_frame_crosses_while_nobody_views_there() {
    let board = Board::default();
    let [a, b] = [relay(&board, 1).await, relay(&board, 2).await];
    let (sender, _inbox) = client(&a, Role::Sender).await;
    let (_idle, mut heard) = client(&b, Role::Sender).await;
    linked(&sender, &b).await;
    for seq in 0..20 {
        sender.send_frame(FrameInfo::default().with_seq(seq), Bytes::from_static(b"jpeg"));
        sleep(Duration::from_millis(1)).await;
    }
    sender.settled().await;
    sender.send(text("after the frames")).unwrap();
    assert_eq!(texts_until(&mut heard, "after the frames").await.len(), 1);
    let (there, here) = (b.stop().await, a.stop().await);
    assert_eq!((here.messages_in, there.messages_in), (21, 1));
}

#[tokio::test]
async fn frames_cross_if_somebody_views_there_and_viewers_count_everywhere() {
    let board = Board::default();
    let [a, b] = [relay(&board, 1).await, relay(&board, 2).await];
    let (sender, _inbox) = client(&a, Role::Sender).await;
    let (other, _ignored) = client(&b, Role::Sender).await;
    let (viewer, mut inbox) = client(&b, Role::Viewer).await;
    viewers(&sender, 1).await;
    viewers(&other, 1).await;
    let (_second, _unread) = client(&b, Role::Viewer).await;
    viewers(&sender, 2).await;
    let frame = async {
        let mut seq = 100;
        loop {
            let info = FrameInfo::default().with_seq(seq);
            sender.send_frame(info, Bytes::from_static(b"jpeg"));
            seq += 1;
            sleep(Duration::from_millis(10)).await;
        }
    };
    let seen = async {
        loop {
            let received = inbox.recv().await.unwrap().item;
            if let Some(info) = received.info {
                return (info.seq, received.message);
            }
        }
    };
    tokio::select! {
        () = frame => {}
        seen = timeout(PATIENCE, seen) => {
            let (seq, message) = seen.expect("a frame comes");
            assert!(seq >= Some(100));
            assert_eq!(message.payload().map(|jpeg| &jpeg[..]), Some(&b"jpeg"[..]));
        }
    }
    drop(viewer);
    viewers(&sender, 1).await;
    b.stop().await;
    viewers(&sender, 0).await;
}

#[tokio::test]
async fn an_old_peer_at_another_relay_gets_the_bytes_as_they_came() {
    let board = Board::default();
    let [a, b] = [relay(&board, 1).await, relay(&board, 2).await];
    let (_link, mut inbox) = client(&b, Role::Viewer).await;
    let mut viewer = Bare::connect(b.addr).await;
    let (probe, _unread) = client(&a, Role::Sender).await;
    viewers(&probe, 2).await;
    let mut sender = Bare::connect(a.addr).await;
    let odd = Message::new(MessageKind::Other(7), "any; link=1,2; peer=3".into(), None).unwrap();
    let null =
        Message::new(MessageKind::Text, pulsecam_net::wire::QString::NULL, Some(Bytes::new())).unwrap();
    let image = Message::image(Bytes::from(vec![7; 300_000]), &Origin::default()).unwrap();
    let messages = [text("你好"), odd, null, image];
    for message in &messages {
        sender.send(message).await;
    }
    for message in &messages {
        let received = timeout(PATIENCE, viewer.receive()).await.unwrap();
        assert_eq!(received, *message);
        assert_eq!(received.description().is_null(), message.description().is_null());
    }
    let received = next(&mut inbox).await;
    assert_eq!(received.message, messages[0]);
    assert!(received.sender.is_some_and(|sender| sender.peer.is_some()), "clients of ours get the number");
}

#[tokio::test]
async fn nameless_senders_have_the_same_numbers_everywhere() {
    let board = Board::default();
    let servers = [relay(&board, 1).await, relay(&board, 2).await, relay(&board, 3).await];
    let mut all = Vec::new();
    for server in &servers {
        let (viewer, inbox) = client(server, Role::Viewer).await;
        let (sender, ignored) = client(server, Role::Sender).await;
        all.push((viewer, inbox, sender, ignored));
    }
    for (_, _, sender, _) in &all {
        viewers(sender, 3).await;
    }
    let senders: Vec<_> = all.iter().map(|(_, _, sender, _)| sender.clone()).collect();
    let sending = tokio::spawn(async move {
        for seq in 0.. {
            for (number, sender) in senders.iter().enumerate() {
                let info = FrameInfo::default().with_seq(seq);
                sender.send_frame(info, Bytes::from(vec![number as u8; 100]));
            }
            sleep(Duration::from_millis(10)).await;
        }
    });
    let mut seen = Vec::new();
    for (_, inbox, ..) in &mut all {
        let mut numbers = [None; 3];
        while numbers.contains(&None) {
            let received = next(inbox).await;
            let sender = usize::from(received.message.payload().unwrap()[0]);
            numbers[sender] = received.info.unwrap().peer;
        }
        seen.push(numbers);
    }
    sending.abort();
    assert_eq!((seen[0], seen[0]), (seen[1], seen[2]));
    let mut numbers = seen[0].map(Option::unwrap);
    numbers.sort_unstable();
    assert_eq!(numbers.map(|number| number / 1000), [0, 1, 2]);
}

#[tokio::test]
async fn who_has_another_cluster_key_or_only_a_rooms_enters_nothing() {
    let board = Board::default();
    let (config, door, certificate) = place(&board, 1, key()).await;
    let (a, b) = (serve(config).await, relay(&board, 2).await);
    let other = ClusterKey::new("the key of another cluster").unwrap();
    let stranger = serve(place(&board, 3, other).await.0).await;
    let (outside, _inbox) = client(&stranger, Role::Both).await;
    let (here, _ignored) = client(&a, Role::Both).await;
    let (_there, mut heard) = client(&b, Role::Both).await;
    viewers(&here, 1).await;
    outside.send(text("let me in")).unwrap();
    outside.flushed().await.unwrap();
    let tls = tls::Connector::new(&tls::Trust::Pinned(certificate)).unwrap();
    let posing = link::Config::new(door.to_string()).with(|config| {
        (config.tls, config.key) = (Some(tls), Some(Key::new(KEY).unwrap()));
    });
    let (posing, _nothing) = link::connect(posing).await.unwrap();
    common::links::down(&posing).await;
    here.send(text("end")).unwrap();
    assert_eq!(texts_until(&mut heard, "end").await, ["end"]);
    viewers(&here, 1).await;
    viewers(&outside, 0).await;
}

#[tokio::test]
async fn a_key_opens_the_same_room_at_all_relays_whatever_it_is_called() {
    let board = Board::default();
    let start = async |number, rooms: &[(&str, &str)]| {
        let rooms = rooms.iter().map(|(room, text)| RoomKey::new(*room, Key::new(&text.repeat(20)).unwrap()));
        let keys = Some(Arc::new(Keyring::new(rooms.collect())));
        let cluster = Some(place(&board, number, key()).await.0);
        let config = relay::Config::default().with(|config| (config.keys, config.cluster) = (keys, cluster));
        Server::start(config).await
    };
    let a = start(1, &[("lab", "a"), ("office", "b")]).await;
    let b = start(2, &[("office", "c"), ("Labor", "a"), ("second", "b")]).await;
    let enter = async |server: &Server, text: &str| {
        let config = link::Config::new(server.addr.to_string()).with(|config| {
            (config.role, config.key) = (Role::Both, Some(Key::new(&text.repeat(20)).unwrap()));
        });
        let entered = link::connect(config).await.unwrap();
        common::links::up(&entered.0).await;
        entered
    };
    let [(lab, mut from_labor), (office, mut from_second)] = [enter(&a, "a").await, enter(&a, "b").await];
    let [(labor, _), (second, _), (other, _)] =
        [enter(&b, "a").await, enter(&b, "b").await, enter(&b, "c").await];
    for link in [&lab, &office, &labor, &second] {
        viewers(link, 1).await;
    }
    other.send(text("from a room of b's own")).unwrap();
    other.flushed().await.unwrap();
    labor.send(text("from the lab")).unwrap();
    second.send(text("from the office")).unwrap();
    assert_eq!(texts_until(&mut from_labor, "from the lab").await, ["from the lab"]);
    assert_eq!(texts_until(&mut from_second, "from the office").await, ["from the office"]);
    viewers(&other, 0).await;
}

#[tokio::test]
async fn viewers_at_another_relay_are_told_that_a_sender_has_left() {
    let (_servers, _cable, (sender, _ignored), (_viewer, mut inbox)) = apart().await;
    sender.send_frame(FrameInfo::default(), Bytes::from_static(b"jpeg"));
    let shown = next(&mut inbox).await.sender.unwrap();
    drop(sender);
    loop {
        let received = next(&mut inbox).await;
        if received.message.kind() == MessageKind::Heartbeat {
            assert_eq!(received.sender.map(|sender| sender.id), Some(shown.id));
            break;
        }
    }
}

/// A way to a relay that can be cut.
#[derive(Clone, Default)]
struct Cable {
    cut: Arc<Mutex<CancellationToken>>,
    /// While it is true, nothing passes, and nobody is told.
    stalled: Arc<AtomicBool>,
}

impl Cable {
    async fn to(address: SocketAddr) -> (Self, SocketAddr) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let own = listener.local_addr().unwrap();
        let cable = Self::default();
        let plugged = cable.clone();
        tokio::spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let cut = plugged.cut.lock().unwrap().clone();
                if plugged.stalled.load(Relaxed) {
                    // It keeps the connection, so that this looks like a network that swallows everything.
                    tokio::spawn(cut.run_until_cancelled_owned(async move {
                        let _here = here;
                        std::future::pending::<()>().await;
                    }));
                    continue;
                }
                let stalled = Arc::clone(&plugged.stalled);
                tokio::spawn(cut.run_until_cancelled_owned(async move {
                    let mut there = TcpStream::connect(address).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut here, &mut there) => {}
                        () = until(&stalled) => std::future::pending().await,
                    }
                }));
            }
        });
        (cable, own)
    }

    /// Ends all connections, with what is under way on them.
    fn cut(&self) {
        std::mem::take(&mut *self.cut.lock().unwrap()).cancel();
    }
}

async fn until(flag: &AtomicBool) {
    while !flag.load(Relaxed) {
        sleep(Duration::from_millis(1)).await;
    }
}

/// Two relays, the way from the first to the second, a sender at the first, and a viewer at the second.
async fn apart() -> ([Server; 2], Cable, (Link, Inbox), (Link, Inbox)) {
    let (board, mut cable) = (Board::default(), None);
    let a = relay(&board, 1).await;
    let b = relay_via(&board, 2, async |door| {
        let (made, address) = Cable::to(door).await;
        cable = Some(made);
        address
    })
    .await;
    let (sender, viewer) = (client(&a, Role::Both).await, client(&b, Role::Viewer).await);
    viewers(&sender.0, 1).await;
    ([a, b], cable.unwrap(), sender, viewer)
}

/// Nobody is told of it, as when a cable is pulled: only silence shows it.
#[tokio::test]
async fn texts_come_once_and_in_order_after_a_silent_outage() {
    let (_servers, cable, (sender, _inbox), (_viewer, mut inbox)) = apart().await;
    sender.send(text("before")).unwrap();
    assert_eq!(texts_until(&mut inbox, "before").await, ["before"]);
    cable.stalled.store(true, Relaxed);
    for number in 0..50 {
        sender.send(text(&format!("{number}"))).unwrap();
    }
    sender.flushed().await.unwrap();
    viewers(&sender, 0).await;
    cable.stalled.store(false, Relaxed);
    cable.cut();
    sender.send(text("end")).unwrap();
    let expected: Vec<_> = (0..50).map(|number| number.to_string()).chain(["end".to_owned()]).collect();
    assert_eq!(texts_until(&mut inbox, "end").await, expected);
    viewers(&sender, 1).await;
}

#[tokio::test]
async fn texts_come_once_and_in_order_across_cuts() {
    let (_servers, cable, (sender, _inbox), (_viewer, mut inbox)) = apart().await;
    let mut random = fastrand::Rng::with_seed(7);
    for number in 0..COUNT {
        // Some are long enough to be cut in the middle.
        let filler = "x".repeat(if random.u32(..4) == 0 { 20_000 } else { 3 });
        sender.send(text(&format!("{number} {filler}"))).unwrap();
        if number % 40 == 20 {
            cable.cut();
        }
        sleep(Duration::from_millis(random.u64(..4))).await;
    }
    sender.send(text("end")).unwrap();
    let heard = texts_until(&mut inbox, "end").await;
    let numbers: Vec<usize> = heard.iter().filter_map(|text| text.split(' ').next()?.parse().ok()).collect();
    assert_eq!(numbers, (0..COUNT).collect::<Vec<_>>());
}

#[tokio::test]
async fn relays_that_found_each_other_by_gossip_are_one() {
    let config = async |join: &[SocketAddr]| {
        let gossip = GossipConfig::new(([127, 0, 0, 1], 0).into()).with(|config| {
            config.key = Some(key());
            config.join = join.iter().map(|address| address.to_string().parse().unwrap()).collect();
        });
        Config::gossiping(gossip, None).await.unwrap()
    };
    let first = config(&[]).await;
    let second = config(&[first.address()]).await;
    let [a, b] = [serve(first).await, serve(second).await];
    let [(here, mut from_there), (there, mut from_here)] =
        [client(&a, Role::Both).await, client(&b, Role::Both).await];
    viewers(&here, 1).await;
    viewers(&there, 1).await;
    here.send(text("hello")).unwrap();
    assert_eq!(texts_until(&mut from_here, "hello").await, ["hello"]);
    there.send(text("hello yourself")).unwrap();
    assert_eq!(texts_until(&mut from_there, "hello yourself").await, ["hello yourself"]);
    b.stop().await;
    viewers(&here, 0).await;
}

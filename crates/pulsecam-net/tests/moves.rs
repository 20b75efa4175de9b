//! Tests of clients that know several relays: real relays in this process, which die, stop, and lie. Alone:
//! `make test-relay`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{cell::Cell, fs, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use common::{
    cluster::{place, relay},
    links::{connect, texts_until},
    server::{Bare, PATIENCE, Server},
};
use pulsecam_net::{
    address::Address,
    auth::Key,
    clock::Timestamp,
    link::{self, Down, Inbox, Link, Peer, Role, State},
    relay::{
        self, Keyring, RoomKey,
        cluster::{About, Board, Door, RelayId},
    },
    tls::{self, Certificate, Connector, Trust},
    wire::{FrameInfo, Heartbeat, Message, Origin, OtherRelays, Side, unique_id},
};
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};

/// The time of several heartbeats, in which a client has learnt of others. If it has not, the test fails.
const LEARNING: Duration = Duration::from_millis(300);

/// Short timeouts and pauses, so that tests are fast.
fn config(hosts: &str, role: Role) -> link::Config {
    link::Config::new(hosts).with(|config| {
        config.interval = Duration::from_millis(50);
        config.timeout = Duration::from_millis(400);
        config.max_backoff = Duration::from_millis(200);
        config.role = role;
    })
}

/// Waits until the link is up at this relay.
async fn up_at(link: &Link, relay: SocketAddr) {
    let (mut state, at) = (link.state(), link.relay());
    let there = || at.borrow().as_ref() == relay.to_string();
    let up = timeout(PATIENCE, state.wait_for(|state| matches!(state, State::Up { .. }) && there())).await;
    assert!(up.is_ok(), "{:?} at {:?}", link.state().borrow(), at.borrow());
}

/// Waits until the link was down for this reason.
async fn failed(link: &Link, wanted: impl Fn(&Down) -> bool) {
    let mut seen = Vec::new();
    let looking = async {
        loop {
            let why = link.last_down();
            if why.as_ref().is_some_and(&wanted) {
                return;
            }
            if seen.last() != Some(&why) {
                seen.push(why);
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    let found = timeout(PATIENCE, looking).await;
    assert!(found.is_ok(), "{seen:?}");
}

fn text(words: &str) -> Message {
    Message::text(words, &Origin::named("ann").with_id(unique_id())).unwrap()
}

/// Sends frames until one of them has come; returns its sender.
async fn stream(sender: &Link, inbox: &mut Inbox, numbers: &mut std::ops::RangeFrom<u64>) -> Peer {
    let first = numbers.start;
    let sending = async {
        for seq in numbers {
            let (stream, captured) = (Some("ann".to_owned()), Some(Timestamp::now()));
            let info = FrameInfo::default().with(|info| {
                (info.stream, info.captured, info.seq) = (stream, captured, Some(seq));
            });
            sender.send_frame(info, Bytes::from_static(b"jpeg"));
            sleep(Duration::from_millis(10)).await;
        }
    };
    let seen = async {
        loop {
            let received = inbox.recv().await.unwrap().item;
            let is_one_of_them = received.info.is_some_and(|info| info.seq >= Some(first));
            if let Some(sender) = received.sender.filter(|_| is_one_of_them) {
                return sender;
            }
        }
    };
    tokio::select! {
        () = sending => panic!("there are more numbers"),
        seen = timeout(PATIENCE, seen) => seen.expect("a frame comes"),
    }
}

/// A port without a listener.
async fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Puts a stranger on the board, as if it were a relay of the cluster.
async fn pretend(board: &Board, number: u64, public: SocketAddr) {
    let door = Door::open(([127, 0, 0, 1], 0).into()).await.unwrap();
    let mut about = About::starting(door.address().unwrap(), door.certificate()).unwrap();
    about.public = Some(Address::from(public));
    drop(board.join(RelayId::from_bits(number), about));
}

/// What a relay tells clients of ours about others.
async fn told(relay: SocketAddr) -> Option<OtherRelays> {
    let mut client = Bare::connect(relay).await;
    client
        .send(&Heartbeat::default().with(|beat| beat.t1 = Some(Timestamp::now())).to_message(Side::Client))
        .await;
    OtherRelays::of(client.receive().await.description())
}

/// Waits until a relay tells of this one.
async fn tells(relay: SocketAddr, other: SocketAddr) {
    let looking = async {
        while told(relay).await.is_none_or(|others| others.iter().all(|told| told != other.to_string())) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, looking).await.expect("it tells");
}

#[tokio::test]
async fn of_several_hosts_the_first_that_answers_is_used() {
    let (dead, alive) = (free_port().await, Server::start(relay::Config::default()).await);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hosts = format!("{dead},{},{}", silent.local_addr().unwrap(), alive.addr);
    let (link, _inbox) = connect(config(&hosts, Role::Viewer)).await;
    up_at(&link, alive.addr).await;
    assert_eq!(link.host(), hosts);
    let missing = format!("no such host,{}", alive.addr);
    let (link, _inbox) = connect(config(&missing, Role::Viewer)).await;
    up_at(&link, alive.addr).await;
    assert!(link::connect(config("no such host,nor this", Role::Viewer)).await.is_err());
}

#[tokio::test]
async fn without_a_cluster_clients_with_several_hosts_meet_at_the_next_one() {
    let [a, b] =
        [Server::start(relay::Config::default()).await, Server::start(relay::Config::default()).await];
    let (hosts, mut numbers) = (format!("{},{}", a.addr, b.addr), 0..);
    let (sender, _ignored) = connect(config(&hosts, Role::Sender)).await;
    let (viewer, mut inbox) = connect(config(&hosts, Role::Viewer)).await;
    up_at(&sender, a.addr).await;
    up_at(&viewer, a.addr).await;
    let before = stream(&sender, &mut inbox, &mut numbers).await;
    assert_eq!(told(a.addr).await, None, "a relay without a cluster says nothing");
    a.kill().await;
    // The relay keeps nothing, so that a text is only seen by those that are there.
    up_at(&viewer, b.addr).await;
    sender.send(text("it waited")).unwrap();
    assert_eq!(texts_until(&mut inbox, "it waited").await, ["it waited"]);
    up_at(&sender, b.addr).await;
    let after = stream(&sender, &mut inbox, &mut numbers).await;
    assert_eq!((after.id, after.name), (before.id, before.name), "the same stream");
}

#[tokio::test]
async fn clients_of_a_cluster_learn_of_other_relays_and_streams_go_on() {
    let board = Board::default();
    let [a, b] = [relay(&board, 1).await, relay(&board, 2).await];
    tells(a.addr, b.addr).await;
    tells(b.addr, a.addr).await;
    let (sender, _ignored) = connect(config(&a.addr.to_string(), Role::Sender)).await;
    let (moving, mut here) = connect(config(&a.addr.to_string(), Role::Viewer)).await;
    let (_staying, mut there) = connect(config(&b.addr.to_string(), Role::Viewer)).await;
    let mut numbers = 0..;
    let before =
        [stream(&sender, &mut here, &mut numbers).await, stream(&sender, &mut there, &mut numbers).await];
    sender.send(text("before")).unwrap();
    assert_eq!(texts_until(&mut here, "before").await, ["before"]);
    assert_eq!(texts_until(&mut there, "before").await, ["before"]);
    a.kill().await;
    board.set_alive(RelayId::from_bits(1), false);
    sender.send(text("meanwhile")).unwrap();
    up_at(&sender, b.addr).await;
    up_at(&moving, b.addr).await;
    sender.send(text("after")).unwrap();
    assert_eq!(texts_until(&mut there, "after").await, ["meanwhile", "after"]);
    let after =
        [stream(&sender, &mut here, &mut numbers).await, stream(&sender, &mut there, &mut numbers).await];
    assert_eq!(after, before, "the same streams, with the same numbers and names");
}

#[tokio::test]
async fn a_relay_that_stops_sends_its_clients_to_the_others() {
    let board = Board::default();
    let [a, b] = [relay(&board, 1).await, relay(&board, 2).await];
    tells(a.addr, b.addr).await;
    let (link, _inbox) = connect(config(&a.addr.to_string(), Role::Viewer)).await;
    let (steady, _ignored) =
        connect(config(&a.addr.to_string(), Role::Viewer).with(|config| config.others = false)).await;
    a.stop().await;
    up_at(&link, b.addr).await;
    assert_eq!(link.last_down(), Some(Down::Stopping));
    failed(&steady, |why| *why == Down::Refused).await;
    assert_eq!(steady.relay().borrow().as_ref(), steady.host());
}

#[tokio::test]
async fn an_old_client_hears_nothing_of_other_relays() {
    let board = Board::default();
    let [a, b] = [relay(&board, 1).await, relay(&board, 2).await];
    tells(a.addr, b.addr).await;
    let mut old = Bare::connect(a.addr).await;
    assert_eq!(old.ask().await, Heartbeat::default().to_message(Side::Relay));
    a.stop().await;
    old.end().await;
}

/// A relay with this key that tells of another, which is not what it says.
async fn among_strangers(room: &Key, stranger: SocketAddr, at: &str) -> Server {
    let board = Board::default();
    let cluster = Some(place(&board, 1).await);
    pretend(&board, 2, stranger).await;
    let keys = Keyring::new(vec![RoomKey::new("lab", room.clone())]);
    let config = relay::Config::default().with(|config| {
        (config.cluster, config.keys) = (cluster, Some(Arc::new(keys)));
    });
    Server::start_on(at, config).await
}

#[tokio::test]
async fn a_relay_that_others_tell_of_must_know_the_key() {
    let room = Key::new("the key of a room in a test").unwrap();
    let stranger = Server::start(relay::Config::default()).await;
    let true_one = among_strangers(&room, stranger.addr, "127.0.0.1:0").await;
    let (address, key) = (true_one.addr, Some(room.clone()));
    let (link, _inbox) =
        connect(config(&address.to_string(), Role::Sender).with(|config| config.key = key)).await;
    sleep(LEARNING).await;
    true_one.kill().await;
    let receipt = link.send(text("a secret")).unwrap();
    failed(&link, |why| *why == Down::NoKeyAsked).await;
    let again = among_strangers(&room, stranger.addr, &address.to_string()).await;
    timeout(PATIENCE, receipt.delivered()).await.expect("it arrives at last").unwrap();
    assert_eq!(again.stop().await.messages_in, 1);
    assert_eq!(stranger.stop().await.messages_in, 0);
}

#[tokio::test]
async fn a_relay_that_others_tell_of_must_show_the_pinned_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let server = |name: &str| {
        let made = Certificate::for_relay(vec!["localhost".to_owned()]).unwrap();
        let [certificate, key] = ["cert", "key"].map(|kind| folder.path().join(format!("{name}.{kind}")));
        fs::write(&certificate, made.certificate).unwrap();
        fs::write(&key, made.key).unwrap();
        (Arc::new(tls::Acceptor::load(&certificate, &key).unwrap()), made.fingerprint)
    };
    let ((own, pin), (others, _)) = (server("own"), server("others"));
    let start = async |tls, cluster| {
        Server::start(relay::Config::default().with(|config| {
            (config.tls, config.cluster) = (tls, cluster);
        }))
        .await
    };
    let board = Board::default();
    let [plain, other] = [start(None, None).await, start(Some(others), None).await];
    let cluster = Some(place(&board, 1).await);
    pretend(&board, 2, plain.addr).await;
    pretend(&board, 3, other.addr).await;
    let relay = start(Some(own), cluster).await;
    let tls = Some(Connector::new(&Trust::Pinned(pin)).unwrap());
    let (link, _inbox) =
        connect(config(&relay.addr.to_string(), Role::Sender).with(|config| config.tls = tls)).await;
    sleep(LEARNING).await;
    relay.kill().await;
    link.send(text("a secret")).unwrap();
    // In any order. Those that retries do not help come again only after a while.
    let (untrusted, no_tls) = (Cell::new(false), Cell::new(false));
    failed(&link, |why| {
        let says = |words| matches!(why, Down::Tls(what) if what.contains(words));
        untrusted.set(untrusted.get() || says("another fingerprint"));
        no_tls.set(no_tls.get() || says("does not speak TLS"));
        untrusted.get() && no_tls.get()
    })
    .await;
    failed(&link, |why| *why == Down::Refused).await;
    for stranger in [plain, other] {
        assert_eq!(stranger.stop().await.messages_in, 0);
    }
}

//! Tests of the numbers by which all relays know senders without names: relays start at the same time, with clocks that
//! differ, and each has a sender at once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    cell::Cell,
    collections::BTreeSet,
    net::{SocketAddr, UdpSocket},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use common::{
    cluster::{key, serve},
    late_place::LatePlace,
    links::{connect, viewers},
    server::{PATIENCE, Server},
};
use pulsecam_net::{
    link::{self, Inbox, Link, Role},
    relay::{
        self,
        cluster::{About, Board, Config, Door, GossipConfig, RelayId},
    },
    wire::{
        FrameInfo,
        timestamp::{Timestamp, set_wall_clock},
    },
};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    time::{sleep, timeout},
};

/// How far the clocks of three relays are ahead, in microseconds.
const AHEAD: [i64; 3] = [5_000_000, 0, -3_000_000];

/// The time that the others need to hear what a relay says.
const LATE: Duration = Duration::from_millis(300);

thread_local! {
    /// How far the clock of this thread is ahead.
    static CLOCK: Cell<i64> = const { Cell::new(0) };
}

/// A relay on a thread with a clock of its own, which finds others by gossip. It runs until the end of the test.
async fn gossiping(own: SocketAddr, join: &[SocketAddr], ahead: i64) -> SocketAddr {
    let join: Vec<_> = join.iter().map(|address| address.to_string().parse().unwrap()).collect();
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        CLOCK.set(ahead);
        set_wall_clock(Some(|| Timestamp::from(SystemTime::now()).offset(CLOCK.get())));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let gossip =
                GossipConfig::new(own).with(|config| (config.key, config.join) = (Some(key()), join));
            let cluster = Some(Config::gossiping(gossip, None).await.unwrap());
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let config = relay::Config::default().with(|config| config.cluster = cluster);
            relay::run(listener, config, std::future::pending()).await
        })
    });
    told.await.unwrap()
}

/// An address that is free for UDP and TCP.
fn free() -> SocketAddr {
    loop {
        let address = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

async fn client(server: SocketAddr, role: Role) -> (Link, Inbox) {
    connect(link::Config::new(server.to_string()).with(|config| config.role = role)).await
}

/// A sender without a name, and a viewer at the same relay, which knows the sender by this number.
async fn number_at(server: SocketAddr) -> u64 {
    let (sender, _ignored) = client(server, Role::Sender).await;
    let (_viewer, mut inbox) = client(server, Role::Viewer).await;
    let filming = async {
        for seq in 0.. {
            sender.send_frame(FrameInfo::default().with_seq(seq), Bytes::from_static(b"jpeg"));
            sleep(Duration::from_millis(10)).await;
        }
    };
    let looking = async {
        loop {
            let peer = inbox.recv().await.unwrap().item.info.and_then(|info| info.peer);
            if let Some(peer) = peer {
                return peer;
            }
        }
    };
    tokio::select! {
        () = filming => unreachable!("it never ends"),
        number = timeout(PATIENCE, looking) => number.expect("a frame comes"),
    }
}

#[tokio::test]
async fn relays_that_start_together_give_no_number_twice_whatever_their_clocks_say() {
    let own = [free(), free(), free()];
    let start = async |which: usize| {
        // One after the other, sooner than the gossip tells.
        sleep(Duration::from_millis(100) * which as u32).await;
        let server = gossiping(own[which], &own, AHEAD[which]).await;
        number_at(server).await
    };
    let (a, b, c) = tokio::join!(start(0), start(1), start(2));
    let blocks: BTreeSet<_> = [a, b, c].map(|number| number / 1000).into();
    assert_eq!(blocks, [0, 1, 2].into(), "{a}, {b}, {c}");
}

/// A relay whose clock is ahead, and that is heard late.
async fn late(board: &Board, number: u64, ahead: i64) -> Server {
    let door = Door::open(([127, 0, 0, 1], 0).into()).await.unwrap();
    let mut about = About::starting(door.address().unwrap(), door.certificate()).unwrap();
    about.started = about.started.offset(ahead);
    let place = LatePlace::new(board.join(RelayId::from_bits(number), about.clone()), LATE);
    serve(Config::new(Arc::new(place), key(), about, door)).await
}

/// The second one is the elder by its clock, and starts before it can have heard that the first one gives numbers.
#[tokio::test]
async fn a_relay_that_starts_late_with_a_clock_that_is_behind_gives_no_numbers_of_others() {
    let board = Board::default();
    let a = late(&board, 1, 0).await;
    assert_eq!(number_at(a.addr).await, 1);
    let b = late(&board, 2, -AHEAD[0]).await;
    assert_eq!(number_at(b.addr).await, 1001);
    assert_eq!(number_at(a.addr).await / 1000, 0, "the first one keeps its numbers");
}

/// Nobody answers on its behalf: what it wants is not agreed to, and clients come in all the same.
#[tokio::test]
async fn a_relay_that_is_not_agreed_with_gives_numbers_that_nobody_else_has() {
    let board = Board::default();
    let silent = About::starting(([127, 0, 0, 1], 1).into(), "00".repeat(32).parse().unwrap()).unwrap();
    let _silent = board.join(RelayId::from_bits(1), silent);
    let server = late(&board, 2, 0).await;
    let number = number_at(server.addr).await;
    assert!((1 << 51..1 << 52).contains(&number), "{number}");
    let (sender, _ignored) = client(server.addr, Role::Sender).await;
    viewers(&sender, 0).await;
}

//! Tests of the gossip, on real sockets of this machine.

use std::collections::BTreeSet;

use tokio::time::timeout;

use super::*;
use crate::relay::cluster::{Claim, RoomTag};

/// Time limit for anything that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

fn about(link: SocketAddr) -> About {
    About {
        link,
        certificate: "ab".repeat(32).parse().unwrap(),
        public: Some("desk.lan:6868".parse().unwrap()),
        ..About::of_test(7)
    }
}

fn at() -> SocketAddr {
    ([127, 0, 0, 1], 6869).into()
}

async fn relay(key: Option<&str>, join: &[&Gossip]) -> Gossip {
    // A relay has the same port for links.
    let free = std::net::UdpSocket::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let config = GossipConfig::new(free).with(|config| {
        config.key = key.map(|key| ClusterKey::new(key).unwrap());
        config.join = join.iter().map(|other| other.address().to_string().parse().unwrap()).collect();
    });
    Gossip::start(config, about(free)).await.unwrap()
}

async fn until(relay: &Gossip, what: impl Fn(&Roster) -> bool) {
    let mut roster = relay.roster();
    timeout(PATIENCE, roster.wait_for(|roster| what(roster))).await.expect("it becomes known").unwrap();
}

fn sees(roster: &Roster, others: &[&Gossip]) -> bool {
    let living: BTreeSet<_> = roster.living().map(|(id, _)| id).collect();
    living == others.iter().map(|other| other.id()).collect()
}

#[tokio::test]
async fn relays_find_each_other_and_know_what_each_says_about_itself() {
    let key = Some("the key of this test's cluster");
    let one = relay(key, &[]).await;
    let other = relay(key, &[&one]).await;
    let third = relay(key, &[&other]).await;
    until(&one, |roster| sees(roster, &[&other, &third])).await;
    until(&third, |roster| sees(roster, &[&one, &other])).await;
    let room = RoomTag::from_bits(5);
    let mut said = about(one.address());
    (said.claim.slot, said.rooms) = (3, [room].into());
    said.agreed.insert(other.id(), Claim::default());
    one.tell(said.clone());
    until(&third, |roster| roster.living().any(|(id, about)| id == one.id() && *about == said)).await;
    said.rooms.clear();
    said.agreed.clear();
    one.tell(said.clone());
    until(&third, |roster| roster.living().any(|(id, about)| id == one.id() && *about == said)).await;
    drop(other);
    until(&one, |roster| sees(roster, &[&third]) && roster.known().count() == 2).await;
    until(&third, |roster| sees(roster, &[&one])).await;
}

#[tokio::test]
async fn a_relay_with_another_key_sees_nobody_and_is_not_seen() {
    let [one, friend] = {
        let one = relay(Some("the key of the one cluster"), &[]).await;
        let friend = relay(Some("the key of the one cluster"), &[&one]).await;
        [one, friend]
    };
    let stranger = relay(Some("the key of another cluster"), &[&one, &friend]).await;
    let keyless = relay(None, &[&one]).await;
    until(&one, |roster| sees(roster, &[&friend])).await;
    let hears = async {
        while one.refused().unsealed < 4 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, hears).await.expect("it hears them");
    for relay in [&stranger, &keyless] {
        assert_eq!(**relay.roster().borrow(), Roster::default());
    }
    assert!(sees(&one.roster().borrow(), &[&friend]));
}

#[tokio::test]
async fn without_a_key_a_relay_that_others_can_reach_does_not_start() {
    let config = GossipConfig::new(([0, 0, 0, 0], 0).into());
    assert!(matches!(Gossip::start(config, about(at())).await, Err(Error::NoKey(_))));
    let one = relay(None, &[]).await;
    let other = relay(None, &[&one]).await;
    until(&one, |roster| sees(roster, &[&other])).await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let one = relay(None, &[]).await;
    let config = GossipConfig::new(one.address());
    assert!(matches!(Gossip::start(config, about(at())).await, Err(Error::Socket(_))));
}

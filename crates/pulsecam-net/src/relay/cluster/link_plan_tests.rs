//! Tests of the plan of links.

use proptest::prelude::*;

use super::*;
use crate::relay::cluster::{Relay, Unusable};

const LAB: RoomTag = RoomTag::from_bits(1);
const OFFICE: RoomTag = RoomTag::from_bits(2);
const SECOND: Duration = Duration::from_secs(1);

fn id(bits: u64) -> RelayId {
    RelayId::from_bits(bits)
}

fn about(started: u64, rooms: &[RoomTag]) -> About {
    About { rooms: rooms.iter().copied().collect(), ..About::of_test(started) }
}

fn relay(alive: bool, started: u64, rooms: &[RoomTag]) -> Relay {
    Relay { alive, about: Ok(about(started, rooms)) }
}

fn roster(relays: &[(u64, Relay)]) -> Roster {
    relays.iter().map(|(bits, relay)| (id(*bits), relay.clone())).collect()
}

fn key(relay: u64, room: RoomTag) -> LinkKey {
    LinkKey { relay: id(relay), room }
}

/// The plan of relay 9, with clients in the lab.
fn plan() -> LinkPlan {
    let mut plan = LinkPlan::new(Timestamp::from_micros(50), id(9));
    plan.occupied([LAB].into());
    plan
}

#[test]
fn relays_are_linked_for_the_rooms_in_which_both_have_clients() {
    let (mut plan, now) = (plan(), Instant::now());
    let known = roster(&[
        (1, relay(true, 1, &[LAB, OFFICE])),
        (2, relay(true, 2, &[OFFICE])),
        (3, relay(false, 3, &[LAB])),
        (4, Relay { alive: true, about: Err(Unusable::Version(2)) }),
    ]);
    assert_eq!(plan.poll(&known, now), [LinkStep::Open(key(1, LAB))]);
    assert_eq!(plan.poll(&known, now), []);
    plan.occupied([LAB, OFFICE].into());
    assert_eq!(plan.poll(&known, now), [LinkStep::Open(key(1, OFFICE)), LinkStep::Open(key(2, OFFICE))]);
    assert_eq!(plan.due(), None);
}

#[test]
fn a_relay_that_was_started_again_is_not_waited_for_under_its_old_name() {
    let (mut plan, now) = (plan(), Instant::now());
    plan.poll(&roster(&[(1, relay(true, 1, &[LAB])), (2, relay(true, 2, &[LAB]))]), now);
    let gone = [(1, relay(false, 1, &[LAB])), (2, relay(true, 2, &[LAB]))];
    assert_eq!(plan.poll(&roster(&gone), now), [], "it may be back");
    let mut again = relay(true, 1, &[LAB]);
    if let Ok(about) = &mut again.about {
        about.started = Timestamp::from_micros(70);
    }
    let [first, second] = gone;
    let known = roster(&[first, second, (3, again)]);
    assert_eq!(plan.poll(&known, now), [LinkStep::Forget(key(1, LAB)), LinkStep::Open(key(3, LAB))]);
}

#[test]
fn a_link_stays_for_a_while_after_the_last_client_has_left_at_either_end() {
    let start = Instant::now();
    let here = roster(&[(1, relay(true, 1, &[LAB]))]);
    let left = roster(&[(1, relay(true, 1, &[]))]);
    for end in [true, false] {
        let mut plan = plan();
        plan.poll(&here, start);
        plan.occupied(if end { [LAB].into() } else { [].into() });
        let known = if end { &left } else { &here };
        assert_eq!(plan.poll(known, start), []);
        assert_eq!(plan.due(), Some(start + LINGER));
        plan.occupied([LAB].into());
        assert_eq!((plan.poll(&here, start + 20 * SECOND), plan.due()), (vec![], None), "somebody is back");
        plan.occupied(if end { [LAB].into() } else { [].into() });
        plan.poll(known, start + 25 * SECOND);
        assert_eq!(plan.poll(known, start + 54 * SECOND), []);
        assert_eq!(plan.poll(known, start + 55 * SECOND), [LinkStep::Close(key(1, LAB))]);
        assert_eq!(plan.due(), None);
    }
}

#[test]
fn a_link_from_another_relay_is_answered_before_the_gossip_says_why() {
    let (mut plan, start) = (plan(), Instant::now());
    let known = roster(&[(1, relay(true, 1, &[]))]);
    plan.invited(key(1, OFFICE), start);
    assert_eq!(plan.poll(&known, start), [], "nobody is here in that room");
    plan.invited(key(1, LAB), start);
    assert_eq!(plan.poll(&known, start), [LinkStep::Open(key(1, LAB))]);
    assert_eq!(plan.due(), Some(start + INVITED));
    assert_eq!(plan.poll(&known, start + INVITED), [], "the gossip never said it");
    assert_eq!(plan.poll(&known, start + INVITED + LINGER), [LinkStep::Close(key(1, LAB))]);
    plan.invited(key(7, LAB), start + 40 * SECOND);
    assert_eq!(plan.poll(&known, start + 40 * SECOND), [], "where it is, only the gossip can say");
}

#[test]
fn a_link_to_a_relay_that_may_be_back_stays_and_hurries_when_it_is() {
    let (mut plan, start) = (plan(), Instant::now());
    let [here, lost] = [true, false].map(|alive| roster(&[(1, relay(alive, 1, &[LAB]))]));
    plan.poll(&here, start);
    let later = |minutes: u32| start + minutes * 60 * SECOND;
    assert_eq!(plan.poll(&lost, later(1)), []);
    assert_eq!(plan.poll(&lost, later(9)), []);
    assert_eq!(plan.poll(&here, later(10)), [LinkStep::Hurry(key(1, LAB))]);
    assert_eq!(plan.poll(&here, later(10)), []);
    plan.poll(&lost, later(11));
    assert_eq!(plan.poll(&roster(&[]), later(26)), [LinkStep::Forget(key(1, LAB))]);
    assert_eq!(plan.poll(&here, later(27)), [LinkStep::Open(key(1, LAB))], "it was only cut off");
}

#[test]
fn of_a_crowd_the_eldest_are_linked_and_all_agree_who_that_is() {
    let now = Instant::now();
    let count = MAX_RELAYS as u64 + 6;
    let all: Vec<_> = (0..count).map(|number| (number, relay(true, (number * 37) % count, &[LAB]))).collect();
    let mut pairs = BTreeSet::new();
    for (own, this) in &all {
        let started = this.about.as_ref().unwrap().started;
        let mut plan = LinkPlan::new(started, id(*own));
        plan.occupied([LAB].into());
        let others: Vec<_> = all.iter().filter(|(other, _)| other != own).cloned().collect();
        let known = roster(&others);
        let steps = plan.poll(&known, now);
        assert_eq!(plan.is_left_out(LAB, &known), started >= Timestamp::from_micros(MAX_RELAYS as u64));
        assert_eq!(steps.len(), if plan.is_left_out(LAB, &known) { 0 } else { MAX_RELAYS - 1 });
        for step in steps {
            let LinkStep::Open(link) = step else { panic!("{step:?}") };
            pairs.insert((id(*own), link.relay));
        }
    }
    assert!(pairs.iter().all(|(one, other)| pairs.contains(&(*other, *one))));
}

/// Something that happens to a plan.
#[derive(Clone, Debug)]
enum Happening {
    Rooms(BTreeSet<RoomTag>),
    Invited(u64, bool),
    Relays(Vec<(u64, bool, bool, bool)>),
    Time(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let relays = proptest::collection::vec((0_u64..4, any::<bool>(), any::<bool>(), any::<bool>()), 0..4);
    prop_oneof![
        prop::sample::subsequence(vec![LAB, OFFICE], 0..=2)
            .prop_map(|rooms| Happening::Rooms(rooms.into_iter().collect())),
        (0_u64..4, any::<bool>()).prop_map(|(relay, lab)| Happening::Invited(relay, lab)),
        relays.prop_map(Happening::Relays),
        (1_u64..40).prop_map(Happening::Time),
    ]
}

proptest! {
    /// Whatever happens, the steps make sense in their order, and whoever follows them has exactly the needed links.
    #[test]
    fn steps_lead_from_any_state_to_the_needed_links(happenings in proptest::collection::vec(happening(), 0..60)) {
        let room = |lab| if lab { LAB } else { OFFICE };
        let mut plan = LinkPlan::new(Timestamp::from_micros(2), id(9));
        let (mut known, mut open, mut now) = (Roster::default(), BTreeSet::new(), Instant::now());
        for happening in happenings {
            match happening {
                Happening::Rooms(rooms) => plan.occupied(rooms),
                Happening::Invited(relay, lab) => plan.invited(key(relay, room(lab)), now),
                Happening::Relays(relays) => {
                    known = relays
                        .into_iter()
                        .map(|(bits, alive, lab, office)| {
                            let rooms: Vec<_> = [(lab, LAB), (office, OFFICE)].into_iter().filter(|(has, _)| *has).map(|(_, room)| room).collect();
                            (id(bits), relay(alive, bits, &rooms))
                        })
                        .collect();
                }
                Happening::Time(seconds) => now += Duration::from_secs(seconds),
            }
            for step in plan.poll(&known, now) {
                let fits = match step {
                    LinkStep::Open(link) => known.is_alive(link.relay) && open.insert(link),
                    LinkStep::Hurry(link) => known.is_alive(link.relay) && open.contains(&link),
                    LinkStep::Close(link) => known.is_alive(link.relay) && open.remove(&link),
                    LinkStep::Forget(link) => known.relay(link.relay).is_none() && open.remove(&link),
                };
                prop_assert!(fits, "{:?}", step);
            }
            prop_assert_eq!(&plan.needed(&known) - &open, BTreeSet::new());
            prop_assert!(open.iter().all(|link| known.relay(link.relay).is_some()));
            prop_assert!(plan.due().is_none_or(|due| due > now), "it is done");
            prop_assert_eq!(plan.poll(&known, now), []);
        }
        // After a while without clients and with all alive, no link is left.
        plan.occupied(BTreeSet::new());
        known = (0..4).map(|bits| (id(bits), relay(true, bits, &[LAB, OFFICE]))).collect();
        plan.poll(&known, now);
        plan.poll(&known, now + LINGER);
        prop_assert!(plan.links.is_empty());
    }
}

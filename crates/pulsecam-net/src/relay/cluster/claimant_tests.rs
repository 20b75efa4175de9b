//! Tests of how relays agree on blocks of numbers.

use proptest::prelude::*;

use super::*;
use crate::relay::cluster::Relay;

const GOSSIPING: Patience = Patience { alone: Duration::from_secs(2), steady: Duration::from_millis(600) };
const MS: Duration = Duration::from_millis(1);

fn id(bits: u64) -> RelayId {
    RelayId::from_bits(bits)
}

/// The relay with this name, which started then.
fn claimant(name: u64, started: u64, patience: Patience, now: Instant) -> Claimant {
    Claimant::new(Timestamp::from_micros(started), id(name), patience, now)
}

fn told(by: &Claimant) -> About {
    About {
        started: by.own.0,
        claim: by.claim(),
        has_slot: by.has_it(),
        agreed: by.agreed().clone(),
        ..About::of_test(1)
    }
}

fn alive(by: &Claimant) -> (RelayId, Relay) {
    (by.own.1, Relay { alive: true, about: Ok(told(by)) })
}

fn dead(by: &Claimant) -> (RelayId, Relay) {
    (by.own.1, Relay { alive: false, about: Ok(told(by)) })
}

fn roster<const N: usize>(relays: [(RelayId, Relay); N]) -> Roster {
    relays.into_iter().collect()
}

#[test]
fn a_relay_that_nobody_answers_has_the_first_block_after_a_while() {
    let now = Instant::now();
    let mut lone = claimant(1, 5, GOSSIPING, now);
    let mut looks = vec![now];
    lone.poll(&Roster::default(), now);
    while let Some(due) = lone.due() {
        assert!(!lone.has_it());
        looks.push(due);
        lone.poll(&Roster::default(), due);
    }
    assert_eq!((lone.has_it(), lone.claim().slot, looks.last()), (true, 0, Some(&(now + GOSSIPING.alone))));
    assert!(looks.windows(2).all(|pair| pair[1] - pair[0] <= LOOK));
    let mut at_once = claimant(1, 5, Patience::default(), now);
    at_once.poll(&Roster::default(), now);
    assert!(at_once.has_it());
}

/// The clock of the one that came later says that it is the elder.
#[test]
fn who_has_a_block_keeps_it_whatever_the_clock_of_the_next_one_says() {
    let now = Instant::now();
    let mut first = claimant(1, 100, Patience::default(), now);
    first.poll(&Roster::default(), now);
    let mut next = claimant(2, 5, Patience::default(), now);
    next.poll(&roster([alive(&first)]), now);
    assert_eq!((next.has_it(), next.claim().slot), (false, 1));
    first.poll(&roster([alive(&next)]), now);
    assert_eq!((first.has_it(), first.claim().slot), (true, 0));
    next.poll(&roster([alive(&first)]), now);
    assert!(next.has_it(), "the first one has agreed");
}

#[test]
fn of_two_that_start_together_the_younger_one_yields_and_consent_to_its_earlier_claim_does_not_count() {
    let now = Instant::now();
    let [mut one, mut other] =
        [(1, 5), (2, 5)].map(|(name, began)| claimant(name, began, Patience::default(), now));
    let [sees_other, sees_one] = [&other, &one].map(|relay| roster([alive(relay)]));
    one.poll(&sees_other, now);
    assert_eq!((one.has_it(), one.claim().slot), (false, 0));
    other.poll(&sees_one, now);
    assert_eq!((other.claim(), other.has_it()), (Claim { slot: 1, turn: 1 }, false));
    assert_eq!(other.agreed().get(&id(1)), Some(&Claim::default()));
    one.poll(&roster([alive(&other)]), now);
    assert!(one.has_it());
    let mut third = claimant(3, 1, Patience::default(), now);
    let earlier = About { agreed: [(id(3), Claim { slot: 2, turn: 0 })].into(), ..told(&one) };
    third.claim = Claim { slot: 2, turn: 1 };
    third.poll(&roster([(id(1), Relay { alive: true, about: Ok(earlier) })]), now);
    assert!(!third.has_it());
}

#[test]
fn nobody_takes_the_block_of_a_dead_one_or_one_that_was_promised_to_somebody_unheard_of() {
    let now = Instant::now();
    let mut gone = claimant(1, 9, Patience::default(), now);
    gone.poll(&Roster::default(), now);
    let mut next = claimant(2, 5, Patience::default(), now);
    next.poll(&roster([dead(&gone)]), now);
    assert_eq!((next.has_it(), next.claim().slot), (true, 1));
    let mut third = claimant(6, 1, Patience::default(), now);
    let other = claimant(7, 9, Patience::default(), now);
    third.poll(&roster([dead(&other)]), now);
    assert_eq!((third.has_it(), third.claim().slot), (true, 0), "that one only starts, or never had a block");
    let mut third = claimant(6, 1, Patience::default(), now);
    third.poll(&roster([alive(&other)]), now);
    third.poll(&roster([dead(&other)]), now);
    assert_eq!(third.claim().slot, 1, "that one may have got it, unheard of");
    // The helper has promised block 0 to a third one.
    let mut helper = claimant(3, 1, Patience::default(), now);
    helper.claim.slot = 7;
    helper.poll(&roster([alive(&claimant(4, 8, Patience::default(), now))]), now);
    assert_eq!(helper.agreed().keys().copied().collect::<Vec<_>>(), [id(4)]);
    let mut late = claimant(5, 2, Patience::default(), now);
    late.poll(&roster([alive(&helper)]), now);
    assert_eq!(late.claim().slot, 1);
}

#[test]
fn a_relay_waits_for_those_of_which_it_knows_nothing_yet_and_not_for_ever() {
    let now = Instant::now();
    let mut relay = claimant(1, 5, Patience::default(), now);
    let silent = roster([(id(2), Relay { alive: true, about: Err(Unusable::Missing("slot")) })]);
    relay.poll(&silent, now);
    assert!(!relay.has_it() && !relay.may_begin(now));
    assert_eq!(relay.due(), Some(now + LOOK));
    assert!(relay.may_begin(now + LONGEST) && !relay.has_it());
    let of_tomorrow = roster([(id(2), Relay { alive: true, about: Err(Unusable::Version(2)) })]);
    relay.poll(&of_tomorrow, now);
    assert!(relay.has_it());
}

#[test]
fn a_change_of_those_that_are_heard_of_and_a_pause_of_the_whole_program_begin_the_wait_again() {
    let now = Instant::now();
    let mut relay = claimant(1, 5, GOSSIPING, now);
    let mut other = claimant(2, 1, GOSSIPING, now);
    other.claim.slot = 3;
    other.agreed.insert(id(1), Claim::default());
    let both = roster([alive(&other)]);
    relay.poll(&Roster::default(), now);
    relay.poll(&both, now + 300 * MS);
    relay.poll(&both, now + 600 * MS);
    assert_eq!((relay.has_it(), relay.due()), (false, Some(now + 900 * MS)));
    relay.poll(&both, now + 4000 * MS);
    assert!(!relay.has_it(), "what it knows is old");
    relay.poll(&both, now + 4600 * MS);
    assert!(relay.has_it());
}

#[test]
fn of_two_that_took_the_same_block_while_apart_the_younger_one_yields() {
    let now = Instant::now();
    let [mut elder, mut younger] =
        [(1, 5), (2, 6)].map(|(name, began)| claimant(name, began, Patience::default(), now));
    elder.poll(&Roster::default(), now);
    younger.poll(&Roster::default(), now);
    let before = roster([alive(&younger)]);
    younger.poll(&roster([alive(&elder)]), now);
    elder.poll(&before, now);
    assert_eq!((elder.has_it(), elder.claim().slot), (true, 0));
    assert_eq!((younger.has_it(), younger.claim().slot), (false, 1));
    elder.poll(&roster([alive(&younger)]), now);
    younger.poll(&roster([alive(&elder)]), now);
    assert!(younger.has_it());
}

/// Relays that hear of each other in any order, and late; what each knows of each other one.
struct World {
    relays: Vec<Claimant>,
    heard: Vec<BTreeMap<RelayId, About>>,
    now: Instant,
}

impl World {
    /// All have heard of the first one, and nothing else.
    fn new(ages: &[u64]) -> Self {
        let now = Instant::now();
        let relays: Vec<_> =
            (0_u64..).zip(ages).map(|(name, age)| claimant(name, *age, Patience::default(), now)).collect();
        let first: BTreeMap<_, _> = [(id(0), told(&relays[0]))].into();
        let mut heard = vec![first; relays.len()];
        heard[0].clear();
        Self { relays, heard, now }
    }

    fn hear(&mut self, who: usize, whom: usize) {
        if who != whom {
            self.heard[who].insert(self.relays[whom].own.1, told(&self.relays[whom]));
        }
    }

    fn poll(&mut self, who: usize) {
        let relay = |(id, about): (&RelayId, &About)| (*id, Relay { alive: true, about: Ok(about.clone()) });
        let roster: Roster = self.heard[who].iter().map(relay).collect();
        // The first one begins once it has heard of another, or each could be alone at first.
        if who > 0 || !self.heard[0].is_empty() {
            self.relays[who].poll(&roster, self.now);
        }
    }

    fn owners(&self) -> Vec<u32> {
        self.relays.iter().filter(|relay| relay.has_it()).map(|relay| relay.claim().slot).collect()
    }
}

proptest! {
    #[test]
    fn no_two_ever_have_the_same_block_and_each_gets_one(
        ages in proptest::collection::vec(0_u64..5, 2..8),
        steps in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>()), 0..150),
    ) {
        let mut world = World::new(&ages);
        for (who, whom, hears) in steps {
            let (who, whom) = (who.index(ages.len()), whom.index(ages.len()));
            if hears { world.hear(who, whom) } else { world.poll(who) }
            let owners = world.owners();
            prop_assert_eq!(owners.iter().collect::<BTreeSet<_>>().len(), owners.len(), "{:?}", owners);
        }
        let before: BTreeMap<_, _> =
            world.relays.iter().filter(|relay| relay.has_it()).map(|relay| (relay.own.1, relay.claim())).collect();
        // From now on, each hears of each in each round.
        for _ in 0..3 * ages.len() + 3 {
            for who in 0..ages.len() {
                (0..ages.len()).for_each(|whom| world.hear(who, whom));
            }
            (0..ages.len()).for_each(|who| world.poll(who));
        }
        prop_assert_eq!(world.owners().len(), ages.len(), "{:?}", world.relays);
        prop_assert_eq!(world.owners().iter().collect::<BTreeSet<_>>().len(), ages.len());
        for relay in &world.relays {
            prop_assert!(before.get(&relay.own.1).is_none_or(|claim| *claim == relay.claim()), "it has changed");
        }
    }
}

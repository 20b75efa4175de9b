use proptest::prelude::*;

use super::*;

const MAX: Duration = Duration::from_secs(5);
const MS: Duration = Duration::from_millis(1);

fn hosts(named: &str) -> Hosts {
    Hosts::new(&named.parse().unwrap(), MAX)
}

fn address(name: &str) -> Address {
    name.parse().unwrap()
}

fn host(name: &str) -> Host {
    Host::named(address(name))
}

fn learn(hosts: &mut Hosts, names: &[&str]) {
    hosts.learn(names.iter().map(|name| host(name)));
}

/// The next one, and the pause before it.
fn next(hosts: &Hosts, now: Instant) -> (String, Duration) {
    let Next { host, at } = hosts.next(0.0, now).unwrap();
    (host.address.host(), at - now)
}

fn after(name: &str, pause: Duration) -> (String, Duration) {
    (name.to_owned(), pause)
}

/// A list of relays of which the first named is up and well.
fn up_at(first: &str, named: &str) -> Hosts {
    let mut hosts = hosts(named);
    hosts.up(&host(first));
    hosts.well(&address(first));
    hosts
}

#[test]
fn after_a_refused_connection_the_next_one_is_tried_at_once() {
    let (mut hosts, now) = (hosts("a,b"), Instant::now());
    assert_eq!(next(&hosts, now), after("a", Duration::ZERO));
    assert!(hosts.is_any_untried());
    hosts.ended(&address("a"), Ending::Failed, 0.0, now);
    assert_eq!(next(&hosts, now), after("b", AT_ONCE));
    hosts.ended(&address("b"), Ending::Failed, 0.0, now + AT_ONCE);
    assert!(!hosts.is_any_untried(), "all have failed");
    assert_eq!(next(&hosts, now + AT_ONCE), after("a", AT_ONCE));
    hosts.up(&host("b"));
    hosts.well(&address("b"));
    assert_eq!(next(&hosts, now + AT_ONCE), after("b", AT_ONCE), "where it is");
}

#[test]
fn a_relay_that_closed_may_restart_and_a_silent_one_may_be_gone() {
    let now = Instant::now();
    for (ending, first) in [(Ending::Closed, "b"), (Ending::Silent, "a"), (Ending::Failed, "a")] {
        let mut hosts = up_at("b", "a,b");
        hosts.ended(&address("b"), ending, 0.0, now);
        assert_eq!(next(&hosts, now), after(first, AT_ONCE), "{ending:?}");
    }
    let mut hosts = hosts("a,b");
    hosts.ended(&address("b"), Ending::Failed, 0.0, now);
    hosts.up(&host("b"));
    hosts.ended(&address("b"), Ending::Closed, 0.0, now);
    assert_eq!(next(&hosts, now), after("a", AT_ONCE), "it accepts and closes");
}

#[test]
fn clients_that_move_are_spread_and_those_that_stay_are_not() {
    let now = Instant::now();
    let mut hosts = up_at("a", "a,b");
    hosts.ended(&address("a"), Ending::Closed, 0.0, now);
    let at = |hosts: &Hosts, random| hosts.next(random, now).unwrap().at - now;
    assert_eq!([0.0, 1.0].map(|random| at(&hosts, random)), [AT_ONCE; 2]);
    hosts.ended(&address("a"), Ending::Failed, 0.0, now);
    assert_eq!(
        [0.0, 0.5, 1.0, 9.0].map(|random| at(&hosts, random)),
        [AT_ONCE, AT_ONCE + SPREAD / 2, AT_ONCE + SPREAD, AT_ONCE + SPREAD]
    );
    assert!(2 * (AT_ONCE + SPREAD) < Duration::from_secs(1));
}

#[test]
fn relays_that_are_learnt_are_used_and_forgotten() {
    let (mut hosts, now) = (hosts("a"), Instant::now());
    learn(&mut hosts, &["a", "b", "b"]);
    assert_eq!(hosts.learnt, [host("b")]);
    hosts.ended(&address("a"), Ending::Failed, 0.0, now);
    hosts.up(&host("b"));
    learn(&mut hosts, &["c"]);
    assert_eq!(next(&hosts, now).0, "b", "it is there still");
    hosts.ended(&address("b"), Ending::Silent, 0.0, now);
    assert_eq!(next(&hosts, now).0, "c");
    hosts.up(&host("c"));
    assert!(!hosts.is_known(&address("b")));
    let many: Vec<_> = (0..100).map(|number| format!("h{number}")).collect();
    learn(&mut hosts, &many.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(hosts.learnt.len(), MAX_LEARNT);
    assert!(hosts.troubles.keys().all(|address| hosts.is_known(address)));
}

#[test]
fn it_stays_where_it_is_when_the_preferred_one_is_back() {
    let (mut hosts, now) = (up_at("a", "a,b"), Instant::now());
    hosts.ended(&address("a"), Ending::Silent, 0.0, now);
    hosts.up(&host("b"));
    hosts.well(&address("b"));
    let later = now + 100 * MAX;
    hosts.ended(&address("b"), Ending::Closed, 0.0, later);
    assert_eq!(next(&hosts, later), after("b", AT_ONCE));
    hosts.ended(&address("b"), Ending::Failed, 0.0, later);
    assert_eq!(next(&hosts, later), after("a", AT_ONCE));
}

#[test]
fn patience_is_short_if_there_are_others_unless_the_way_is_slow() {
    const S: Duration = Duration::from_secs(1);
    let (mut hosts, now, usual) = (hosts("a"), Instant::now(), (3 * S, 10 * S));
    assert_eq!(hosts.patience(usual, None), usual);
    learn(&mut hosts, &["b"]);
    assert_eq!(hosts.patience(usual, None), (INTERVAL, SILENCE));
    assert_eq!(hosts.patience((MS, 5 * MS), None), (MS, 5 * MS), "of one that is less patient, as before");
    assert_eq!(hosts.patience(usual, Some(2 * S)), (INTERVAL, 8 * S));
    assert_eq!(hosts.patience(usual, Some(20 * S)), (INTERVAL, 10 * S));
    let silences: Vec<_> = (0..40)
        .map(|_| {
            hosts.ended(&address("a"), Ending::Silent, 0.0, now);
            hosts.patience(usual, None).1
        })
        .collect();
    assert_eq!(silences[..3], [6 * S, 10 * S, 10 * S]);
    assert_eq!(silences[39], 10 * S);
    hosts.well(&address("a"));
    assert_eq!(hosts.patience(usual, None), (INTERVAL, SILENCE));
}

#[test]
fn a_lasting_failure_is_one_only_if_all_have_it() {
    let (mut hosts, now) = (hosts("a,b"), Instant::now());
    hosts.ended(&address("a"), Ending::Lasting, 0.0, now);
    assert!(hosts.may_succeed());
    hosts.ended(&address("b"), Ending::Lasting, 0.0, now);
    assert!(!hosts.may_succeed());
    assert_eq!(next(&hosts, now).1, 6 * MAX);
    hosts.ended(&address("b"), Ending::Failed, 0.0, now);
    assert!(hosts.may_succeed());
    let of = |why: &Down, up| Ending::of(why, up);
    assert_eq!(of(&Down::KeyRefused, true), Ending::Lasting);
    assert_eq!(of(&Down::Closed, true), Ending::Closed);
    assert_eq!(of(&Down::Closed, false), Ending::Failed);
    assert_eq!(of(&Down::Stopping, true), Ending::Failed);
    assert_eq!(of(&Down::SentAway("full".into()), true), Ending::Failed);
}

#[test]
fn a_single_relay_is_tried_as_ever() {
    let (mut hosts, now) = (up_at("a", "a"), Instant::now());
    let mut pause = |ending| {
        hosts.ended(&address("a"), ending, 0.0, now);
        next(&hosts, now).1.as_millis()
    };
    assert_eq!(pause(Ending::Closed), 50);
    assert_eq!([(); 6].map(|()| pause(Ending::Failed)), [250, 500, 1000, 2000, 4000, 5000]);
    let mut hosts = Hosts::new(&"a".parse().unwrap(), 20 * MS);
    hosts.ended(&address("a"), Ending::Failed, 1.0, now);
    assert_eq!(next(&hosts, now), after("a", 20 * MS));
}

proptest! {
    /// Whatever has failed before, a relay that answers is found before any is tried twice.
    #[test]
    fn one_that_lives_is_found(
        failed in proptest::collection::vec((0_usize..5, 0.0_f64..1.0, 0_u64..3000), 0..40),
        living in 0_usize..5,
    ) {
        let names = ["a", "b", "c", "d", "e"];
        let (mut hosts, mut now) = (hosts("a,b"), Instant::now());
        learn(&mut hosts, &names[2..]);
        for (which, random, pause) in failed {
            let ending = [Ending::Closed, Ending::Silent, Ending::Failed][which % 3];
            hosts.ended(&address(names[which]), ending, random, now);
            now += Duration::from_millis(pause);
        }
        let begun = now;
        for attempt in 0.. {
            let Next { host, at } = hosts.next(1.0, now).unwrap();
            prop_assert!(at - begun <= MAX + MAX, "{attempt}");
            now = at;
            if host.address == address(names[living]) {
                break;
            }
            hosts.ended(&host.address, Ending::Failed, 0.0, now);
        }
    }
}

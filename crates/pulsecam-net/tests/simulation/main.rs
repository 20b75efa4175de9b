//! Tests of link and relay in a simulated network. Hundreds of runs have cut, one-way, held and slow
//! connections, and relays and clients that are killed and restarted; some with one relay, some with a cluster
//! of three. Each run is determined by its seed, and is reproducible.
//!
//! The promises are in `invariants.rs` and `together.rs`, the faults in `faults.rs`. Everything is the program's own code except
//! the network (turmoil's TCP, which does not retransmit what is sent into a cut connection), the monotonic
//! clock and the wall clocks.
//!
//! Needs: nothing. Alone: `make test-simulation`, with `SEEDS=n` for more or fewer seeds than 300. A failing
//! seed is printed; `PULSECAM_SEED=n make test-simulation` repeats it and prints all that happened. The runs with
//! three relays alone: `make test-simulation-cluster`, with 100 seeds.

#![allow(missing_docs, unreachable_pub, reason = "a test's own parts")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failing test says where, and which seed"
)]

mod client;
mod faults;
mod invariants;
mod journal;
#[path = "../common/late_place.rs"]
mod late_place;
mod relay;
mod together;
mod uplink;
mod world;

use std::{env, panic};

use world::Run;

/// The number of seeds without `PULSECAM_SEEDS`.
const SEEDS: u64 = 300;

/// The same of runs with three relays.
const CLUSTER_SEEDS: u64 = 100;

/// The number of tests that share the seeds, for machines with several cores.
const SHARES: u64 = 4;

fn number(variable: &str) -> Option<u64> {
    let value = env::var(variable).ok().filter(|value| !value.is_empty())?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is no number: {value}")))
}

/// A kind of run.
#[derive(Clone, Copy)]
struct Kind {
    run: fn(u64) -> Run,
    seeds: u64,
    target: &'static str,
}

const ALONE: Kind = Kind { run: world::run, seeds: SEEDS, target: "test-simulation" };

const CLUSTER: Kind =
    Kind { run: world::run_cluster, seeds: CLUSTER_SEEDS, target: "test-simulation-cluster" };

/// Runs every fourth seed.
fn share(kind: Kind, of: u64) {
    let one = number("PULSECAM_SEED");
    let seeds = 0..number("PULSECAM_SEEDS").unwrap_or(kind.seeds);
    let mine: Vec<u64> = one.map_or(seeds.collect(), |one| vec![one]);
    let mut failed = Vec::new();
    for seed in mine.into_iter().filter(|seed| seed % SHARES == of) {
        let run = panic::catch_unwind(|| (kind.run)(seed)).unwrap_or_else(|_| Run {
            trace: Vec::new(),
            in_pieces: 0,
            torn: 0,
            receipts: 0,
            credits: 0,
            broken: vec!["a host's program ended with what is printed above".into()],
        });
        if one.is_some() {
            println!("{}", run.trace.join("\n"));
        }
        for broken in &run.broken {
            println!("seed {seed}: {broken}");
        }
        if !run.broken.is_empty() {
            println!("again: PULSECAM_SEED={seed} make {}", kind.target);
            failed.push(seed);
        }
    }
    assert!(failed.is_empty(), "promises were broken with these seeds: {failed:?}");
}

#[test]
fn promises_hold_in_the_first_quarter_of_the_seeds() {
    share(ALONE, 0);
}

#[test]
fn promises_hold_in_the_second_quarter_of_the_seeds() {
    share(ALONE, 1);
}

#[test]
fn promises_hold_in_the_third_quarter_of_the_seeds() {
    share(ALONE, 2);
}

#[test]
fn promises_hold_in_the_fourth_quarter_of_the_seeds() {
    share(ALONE, 3);
}

#[test]
fn three_relays_are_one_in_the_first_quarter_of_the_seeds() {
    share(CLUSTER, 0);
}

#[test]
fn three_relays_are_one_in_the_second_quarter_of_the_seeds() {
    share(CLUSTER, 1);
}

#[test]
fn three_relays_are_one_in_the_third_quarter_of_the_seeds() {
    share(CLUSTER, 2);
}

#[test]
fn three_relays_are_one_in_the_fourth_quarter_of_the_seeds() {
    share(CLUSTER, 3);
}

#[test]
fn a_seed_comes_out_the_same_way_again() {
    for (seed, run) in (1000..1010).map(|seed| (seed, if seed % 5 == 0 { CLUSTER.run } else { ALONE.run })) {
        let (once, again) = (run(seed).trace, run(seed).trace);
        assert!(once.len() > 100, "hardly anything happened with seed {seed}");
        for (number, (a, b)) in once.iter().zip(&again).enumerate() {
            assert_eq!(a, b, "seed {seed}, line {number}");
        }
        assert_eq!(once.len(), again.len(), "seed {seed}");
    }
}

#[test]
fn frames_are_passed_on_while_they_arrive_and_some_are_torn() {
    let runs: Vec<_> = (2000..2020).map(world::run).collect();
    let (in_pieces, torn): (Vec<_>, Vec<_>) = runs.iter().map(|run| (run.in_pieces, run.torn)).unzip();
    assert!(in_pieces.iter().sum::<u64>() > 100, "{in_pieces:?}");
    assert!(torn.iter().sum::<u64>() > 0, "{torn:?}");
}

#[test]
fn slow_links_are_paced() {
    let receipts: Vec<_> = (2000..2010).map(|seed| world::run(seed).receipts).collect();
    assert!(receipts.iter().sum::<u64>() > 100, "{receipts:?}");
}

#[test]
fn slow_viewers_limit_what_they_are_sent() {
    let credits: Vec<_> = (2000..2010).map(|seed| world::run(seed).credits).collect();
    assert!(credits.iter().sum::<u64>() > 100, "{credits:?}");
}

#[test]
fn seeds_differ() {
    assert_ne!(world::run(1).trace, world::run(2).trace);
}

//! Soak test: a relay, senders, viewers and texts for some minutes, while other clients come, go, stall and
//! die and links break.
//!
//! Asserted at the end: the permanent programs are the same processes, hold as many files and threads as
//! after the warm-up and little more memory; each numbered text arrived once and in order at the permanent
//! viewer; no frame it showed was far behind the newest.
//!
//! Needs: Linux, the built program (another one: `PULSECAM_BIN`). Alone: `make soak MINUTES=30`; CI runs two
//! minutes. The choices are random: `PULSECAM_SEED` repeats those of a run. If `SOAK_JSON` is set, figures
//! are written there as JSON.

#![cfg(target_os = "linux")]
#![allow(missing_docs, unreachable_pub, reason = "a test's own parts")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]
#![allow(clippy::print_stdout, reason = "progress and figures are what it is run for")]

#[path = "../common/mod.rs"]
mod common;
mod plan;
mod process;
mod proxy;
mod report;
mod scenario;
mod transient_clients;
mod watch;

use std::{
    env, thread,
    time::{Duration, Instant},
};

use plan::Plan;
use report::Report;
use scenario::Scenario;

/// Duration without `MINUTES`: as in CI.
const MINUTES: f64 = 2.0;

/// Share of the time for caches and pools to fill; after it, nothing may grow.
const WARM_UP: f64 = 0.25;

/// Interval of progress lines.
const PROGRESS: Duration = Duration::from_secs(60);

fn wished<T: std::str::FromStr>(name: &str, otherwise: T) -> T {
    let Ok(given) = env::var(name) else { return otherwise };
    given.parse().unwrap_or_else(|_| panic!("{name}={given} is no number"))
}

#[test]
#[ignore = "takes minutes: make soak MINUTES=2"]
fn endurance() {
    let minutes: f64 = wished("MINUTES", MINUTES);
    let seed = wished("PULSECAM_SEED", fastrand::u64(..));
    println!("{minutes} minutes; repeat its choices: PULSECAM_SEED={seed}");
    let time = Duration::from_secs_f64(minutes * 60.0);
    let (began, mut plan) = (Instant::now(), Plan::new(seed));
    let mut stage = Scenario::new();
    let mut told = began;
    let mut until = |end: Duration, stage: &mut Scenario, plan: &mut Plan| {
        while began.elapsed() < end {
            let step = plan.next();
            let due = Instant::now() + step.pause;
            stage.act(&step);
            while Instant::now() < due {
                stage.look();
                thread::sleep(scenario::LOOK.min(due.saturating_duration_since(Instant::now())));
            }
            if told.elapsed() >= PROGRESS {
                told += PROGRESS;
                println!("{}", stage.progress(began.elapsed()));
            }
        }
    };
    until(time.mul_f64(WARM_UP), &mut stage, &mut plan);
    let warm = stage.still();
    until(time, &mut stage, &mut plan);
    let end = stage.still();
    let outcome = stage.finish();
    let report = Report::new(minutes, seed, &warm, &end, &outcome);
    println!("{report}");
    if let Ok(path) = env::var("SOAK_JSON") {
        std::fs::write(&path, report.json()).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    assert!(report.failures().is_empty(), "PULSECAM_SEED={seed}: {:#?}", report.failures());
}

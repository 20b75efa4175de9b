//! Several relays as one: the acceptance tests of docs/cluster.md, on three hosts, which are network namespaces at a
//! switch, with the built program as relays and real Qt programs beside clients of ours.
//!
//! Needs Linux, root, iproute2, Qt and the built program. Alone: `make test-cluster`. Ignored by default because it
//! needs root; CI runs it. `make soak-cluster` takes longer: more and longer outages, more relays. Each test prints its
//! figures; only what is promised without a time is asserted exactly, times with generous limits.

#![cfg(all(target_os = "linux", feature = "client", feature = "cluster"))]
#![allow(missing_docs, unreachable_pub, dead_code, reason = "a test's own parts, and those of others")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]
#![allow(clippy::print_stdout, reason = "the figures are what it is run for")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../net/hosts.rs"]
mod hosts;

// The cable of `make bench-links`.
#[path = "../../crates/pulsecam-bench/examples/links/child.rs"]
mod child;
#[path = "../../crates/pulsecam-bench/examples/links/failure.rs"]
mod failure;
#[path = "../../crates/pulsecam-bench/examples/links/job.rs"]
mod job;
#[path = "../../crates/pulsecam-bench/examples/links/network.rs"]
mod network;
#[path = "../../crates/pulsecam-bench/examples/links/trace.rs"]
mod trace;

mod client;
mod clocks;
mod crossing;
mod everywhere;
mod lan;
mod many;
mod outages;
mod slow;
mod strangers;
mod wire;

use failure::Failure;

/// Whether this is `make soak-cluster`.
fn is_soak() -> bool {
    std::env::var_os("SOAK_CLUSTER").is_some()
}

//! Slow and far links: the age of frames over cables with a rate, a delay and a queue, on either hop.
//!
//! Each trial has network namespaces of its own, joined by [`network`], with a real relay, and senders and
//! viewers that use the program's link. Linux and root only: `make bench-links`.

#![cfg_attr(not(target_os = "linux"), allow(unused))]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program, not a library")]

#[cfg(target_os = "linux")]
mod bulk;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod clients;
#[cfg(target_os = "linux")]
mod failure;
#[cfg(target_os = "linux")]
mod job;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod rows;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod trace;
#[cfg(target_os = "linux")]
mod trial;

#[cfg(target_os = "linux")]
pub(crate) use self::failure::Failure;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    run::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("network namespaces and TUN devices are Linux's");
}

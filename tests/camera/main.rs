//! The program on real V4L2 devices: the kernel's `vivid` driver, and the stock `uvcvideo` driver on USB webcams that are
//! simulated over USB/IP. Needs a kernel with those drivers and root, which the virtual machine of `run.sh` gives:
//! `make test-camera`, or one test alone with `make test-camera CAMERA_TEST=unplug`.
//!
//! Each test plugs its own cameras, and they are gone when it ends, however it ends.
#![cfg(target_os = "linux")]
#![allow(missing_docs, unreachable_pub, reason = "a test's own parts")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a failing test says where")]

mod controls;
mod endurance;
mod faults;
mod frames;
mod listing;
mod mjpeg;
mod model;
mod node;
mod outages;
mod program;
mod raw;
mod state;
mod thrift;
mod usbip;
mod uvc;
mod viewer;
mod vivid;

/// No test waits longer than this for anything: past it, it hangs. The emulated processor is slow.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

//! Tests of the program on real V4L2 devices. They are the kernel's `vivid` driver, and the stock `uvcvideo`
//! driver on USB webcams simulated over USB/IP. Needs root and a kernel with those drivers, as in the virtual
//! machine of `run.sh`: `make test-camera`, or a single test with `make test-camera CAMERA_TEST=unplug`.
//!
//! Each test plugs in its own cameras, which are removed when it ends, even if it fails.
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
mod skipping;
mod state;
mod usbip;
mod ustreamer;
mod uvc;
mod viewer;
mod vivid;

/// Time limit for everything that tests wait for. The emulated processor is slow.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

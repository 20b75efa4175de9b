//! `pulsecam bench`: measurements, one per file: its arguments and its output.

mod busy;
#[cfg(unix)]
mod camera;
mod codec;
mod congestion;
#[cfg(target_os = "linux")]
mod crowd;
mod export;
#[cfg(target_os = "linux")]
mod fanout;
mod freshness;
mod glass;
mod histogram;
mod latency;
mod report;
mod scene;
#[cfg(target_os = "linux")]
mod window;

use std::io::{self, IsTerminal};

use super::Error;
use crate::app::output;

const EXAMPLES: &str = "\
Examples:
  pulsecam bench latency
  pulsecam bench latency --size 1920x1080 --fps 30 --for 20s --json
  pulsecam bench latency --via desk.local --window
  pulsecam bench glass
  pulsecam bench freshness --link 500kB
  pulsecam bench congestion --round-trips 40 --for 20s
  pulsecam bench fanout --viewers 1,16,256
  pulsecam bench latency --csv latency.csv --plots plots
  pulsecam bench window
  pulsecam bench codec --size 1920x1080
  pulsecam bench codec --busy 1
  pulsecam bench report --out benchmarks.md --images images";

/// Measure latency, cost and freshness
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Measure the age of a frame when its pixels are decoded, step by step
    Latency(latency::Args),
    /// Measure the latency from light to light, with a camera that films the window
    Glass(Box<glass::Args>),
    /// Measure the age of frames behind a link that carries only a fraction of them
    Freshness(freshness::Args),
    /// Measure quality and age on distant and slow links, with a sender that adapts
    Congestion(congestion::Args),
    /// Measure the cost of relaying to many viewers, against a bare copy loop
    #[cfg(target_os = "linux")]
    Fanout(fanout::Args),
    /// Measure how a stalled viewer, or a thousand clients that come and go, affect others
    #[cfg(target_os = "linux")]
    Crowd(crowd::Args),
    /// Run the bare copy loop that `fanout` measures against
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    Floor,
    /// Keep a core busy, for `--busy`
    #[command(hide = true)]
    Busy,
    /// Measure encoding and decoding, on one thread and in strips
    Codec(codec::Args),
    /// Measure the processor time of a camera's frame, against a floor
    #[cfg(unix)]
    Camera(camera::Args),
    /// Measure the cost of several streams in one window, and the time to the first picture
    #[cfg(target_os = "linux")]
    Window(window::Args),
    /// Write the pictures used by the measurements to a file, for other programs
    #[command(hide = true)]
    Scene(scene::Args),
    /// Run all measurements and write a page with tables and plots
    Report(report::Args),
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    match &args.what {
        What::Latency(args) => latency::run(args),
        What::Glass(args) => glass::run(args),
        What::Freshness(args) => freshness::run(args),
        What::Congestion(args) => congestion::run(args),
        #[cfg(target_os = "linux")]
        What::Fanout(args) => fanout::run(args),
        #[cfg(target_os = "linux")]
        What::Crowd(args) => crowd::run(args),
        #[cfg(target_os = "linux")]
        What::Floor => fanout::floor(),
        What::Busy => busy::run(),
        What::Codec(args) => codec::run(args),
        #[cfg(unix)]
        What::Camera(args) => camera::run(args),
        #[cfg(target_os = "linux")]
        What::Window(args) => window::run(args),
        What::Scene(args) => scene::run(args),
        What::Report(args) => report::run(args),
    }
}

/// Shows a progress bar on a terminal, nothing in a log.
fn show_progress(done: f64) {
    if io::stderr().is_terminal() {
        let filled = (done * 30.0) as usize;
        let end = if done >= 1.0 { "\r\x1b[K" } else { "" };
        let bar = format!("\rmeasuring [{:30}] {:3.0} %{end}", "=".repeat(filled.min(30)), done * 100.0);
        output::log().send(bar.as_bytes());
    }
}

/// Says what is being measured, also in a log: minutes of silence would look like a hang.
fn say(what: &str) {
    output::log().send(format!("{what}\n").as_bytes());
}

//! `pulsecam bench`: measure. One file a measurement: its arguments and how its report is shown.

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
  pulsecam bench freshness --link 500kB
  pulsecam bench congestion --round-trips 40 --for 20s
  pulsecam bench fanout --viewers 1,16,256
  pulsecam bench latency --csv latency.csv --plots plots
  pulsecam bench window
  pulsecam bench codec --size 1920x1080
  pulsecam bench report --out benchmarks.md --images images";

/// Measure.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// How old a frame is when its pixels are there, step by step
    Latency(latency::Args),
    /// How old a frame is behind a link that carries a fraction of them
    Freshness(freshness::Args),
    /// What becomes of a picture on links that are far, slow or both, as the sender adapts
    Congestion(congestion::Args),
    /// What passing a stream on to many viewers costs, against a bare copy loop
    #[cfg(target_os = "linux")]
    Fanout(fanout::Args),
    /// What viewers notice of one that stalls, and of a thousand clients that come and go
    #[cfg(target_os = "linux")]
    Crowd(crowd::Args),
    /// The bare copy loop that `fanout` measures against
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    Floor,
    /// What encoding and decoding take, on one thread and in strips
    Codec(codec::Args),
    /// What a camera's frame costs in processor time, against the least that it could
    #[cfg(unix)]
    Camera(camera::Args),
    /// What several streams in one window cost, and how soon there is a picture
    #[cfg(target_os = "linux")]
    Window(window::Args),
    /// Write the pictures that are measured with, for other programs
    #[command(hide = true)]
    Scene(scene::Args),
    /// All of it, as a page with tables and plots
    Report(report::Args),
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    match &args.what {
        What::Latency(args) => latency::run(args),
        What::Freshness(args) => freshness::run(args),
        What::Congestion(args) => congestion::run(args),
        #[cfg(target_os = "linux")]
        What::Fanout(args) => fanout::run(args),
        #[cfg(target_os = "linux")]
        What::Crowd(args) => crowd::run(args),
        #[cfg(target_os = "linux")]
        What::Floor => fanout::floor(),
        What::Codec(args) => codec::run(args),
        #[cfg(unix)]
        What::Camera(args) => camera::run(args),
        #[cfg(target_os = "linux")]
        What::Window(args) => window::run(args),
        What::Scene(args) => scene::run(args),
        What::Report(args) => report::run(args),
    }
}

/// A bar on a terminal, nothing in a log.
fn show_progress(done: f64) {
    if io::stderr().is_terminal() {
        let filled = (done * 30.0) as usize;
        let end = if done >= 1.0 { "\r\x1b[K" } else { "" };
        let bar = format!("\rmeasuring [{:30}] {:3.0} %{end}", "=".repeat(filled.min(30)), done * 100.0);
        output::log().send(bar.as_bytes());
    }
}

/// What is being done now, in a log too: minutes of silence look like a hang.
fn say(what: &str) {
    output::log().send(format!("{what}\n").as_bytes());
}

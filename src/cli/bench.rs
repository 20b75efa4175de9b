//! `pulsecam bench`: measure.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use serde::Serialize;

use super::{
    Error,
    output::{Output, print},
    runtime, values,
};
#[cfg(unix)]
use crate::bench::camera;
use crate::bench::{
    Percentiles,
    latency::{self, Plan, Report},
};

const EXAMPLES: &str = "\
Examples:
  pulsecam bench latency
  pulsecam bench latency --size 1920x1080 --fps 30 --for 20s --json";

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
    Latency(LatencyArgs),
    /// What a camera's frame costs in processor time, against the least that it could
    #[cfg(unix)]
    Camera(CameraArgs),
}

/// Capture → encode → relay → decode on this machine, from the frame's own timestamps.
#[derive(Debug, clap::Args)]
struct LatencyArgs {
    /// Size in pixels
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = values::picture_size, env = "PULSECAM_SIZE")]
    size: (usize, usize),
    /// Frames a second
    #[arg(long, value_name = "N", default_value = "30", value_parser = values::frame_rate, env = "PULSECAM_FPS")]
    fps: f64,
    /// JPEG quality from 1 to 100
    #[arg(long, value_name = "Q", default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: u8,
    /// How long to measure; half of it again goes to the floor
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    /// Print one JSON object
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

/// Driver's buffer → socket, with a camera that is played from memory.
#[cfg(unix)]
#[derive(Debug, clap::Args)]
struct CameraArgs {
    /// Frames a second
    #[arg(long, value_name = "N", default_value = "30", value_parser = clap::value_parser!(u32).range(1..=1000), env = "PULSECAM_FPS")]
    fps: u32,
    /// How long to measure, in all
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    /// Print one JSON object a case
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "latency")]
struct LatencyEvent<'a> {
    #[serde(flatten)]
    report: &'a Report,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    match &args.what {
        What::Latency(args) => latency(args),
        #[cfg(unix)]
        What::Camera(args) => camera(args),
    }
}

#[cfg(unix)]
fn camera(args: &CameraArgs) -> Result<(), Error> {
    let plan = camera::Plan { fps: args.fps, time: args.time };
    let costs = runtime(1)?
        .block_on(camera::run(plan, show_progress))
        .map_err(|error| Error::Bench(error.to_string()))?;
    let output = Output::new(args.json);
    if !output.is_json() {
        print(&format!(
            "{:28}{:>10}{:>10}{:>10}{:>8}",
            "µs of processor time a frame", "kB", "ours", "floor", "ratio"
        ));
    }
    for cost in costs {
        let camera::Cost { width, height, format, bytes, ours_us, floor_us, ratio } = cost;
        let name = format!("{format} {width}x{height}");
        let line = format!("{name:28}{:>10}{ours_us:>10.0}{floor_us:>10.0}{ratio:>8.2}", bytes / 1000);
        output.event(&cost, Some(&line));
    }
    Ok(())
}

fn latency(args: &LatencyArgs) -> Result<(), Error> {
    let (width, height) = args.size;
    let plan = Plan { width, height, fps: args.fps, quality: args.quality, time: args.time };
    let report = runtime(2)?
        .block_on(latency::run(plan, show_progress))
        .map_err(|error| Error::Bench(error.to_string()))?;
    let output = Output::new(args.json);
    output.event(&LatencyEvent { report: &report }, None);
    if !output.is_json() {
        table(&report);
    }
    Ok(())
}

/// A bar on a terminal, nothing in a log.
fn show_progress(done: f64) {
    let mut err = io::stderr();
    if err.is_terminal() {
        let filled = (done * 30.0) as usize;
        let end = if done >= 1.0 { "\r\x1b[K" } else { "" };
        let _ = write!(err, "\rmeasuring [{:30}] {:3.0} %{end}", "=".repeat(filled.min(30)), done * 100.0);
        let _ = err.flush();
    }
}

fn table(report: &Report) {
    let Plan { width, height, fps, quality, .. } = report.plan;
    print(&format!(
        "{width}x{height} at {fps}/s, quality {quality}: {} frames of {} kB, {} replaced by newer ones\n",
        report.frames,
        report.bytes_per_frame / 1000,
        report.replaced
    ));
    print(&format!("{:34}{:>9}{:>9}{:>9}{:>9}", "milliseconds", "p50", "p95", "p99", "max"));
    let row = |name: &str, p: &Percentiles| {
        print(&format!("{name:34}{:9.2}{:9.2}{:9.2}{:9.2}", p.p50, p.p95, p.p99, p.max));
    };
    row("captured to encoded", &report.encode_ms);
    row("waiting for the socket", &report.queue_ms);
    row("two hops and the relay", &report.network_ms);
    row("received to decoded", &report.decode_ms);
    row("captured to decoded, the whole", &report.whole_ms);
    row("encode and decode alone, the floor", &report.floor_ms);
    print(&format!(
        "\nadded at p50: {:.2} ms ({:.2} of the floor of the same run)",
        report.added_p50_ms, report.ratio_p50
    ));
}

//! `pulsecam bench latency`.

use std::time::Duration;

use serde::Serialize;

use super::{
    super::{
        Error,
        codec::CodecArgs,
        output::{Output, print},
        runtime, values,
    },
    show_progress,
};
use crate::bench::{
    Percentiles,
    latency::{self, Plan, Report},
};

/// Capture → encode → relay → decode on this machine, from the frame's own timestamps.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Size in pixels
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = values::picture_size, env = "PULSECAM_SIZE")]
    size: (usize, usize),
    /// Frames a second
    #[arg(long, value_name = "N", default_value = "30", value_parser = values::frame_rate, env = "PULSECAM_FPS")]
    fps: f64,
    /// JPEG quality from 1 to 100
    #[arg(long, value_name = "Q", default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: u8,
    #[command(flatten)]
    codec: CodecArgs,
    /// How long to measure; half of it again goes to the floor
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    /// Print one JSON object
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
    let (width, height) = args.size;
    let plan = Plan {
        width,
        height,
        fps: args.fps,
        quality: args.quality,
        strips: args.codec.strips,
        time: args.time,
    };
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

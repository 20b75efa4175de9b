//! `pulsecam bench codec`.

use std::time::Duration;

use serde::Serialize;

use super::{
    super::{
        Error,
        output::{Output, print},
        values,
    },
    show_progress,
};
use crate::bench::codec::{self, Cost, Plan, Way};

/// What is measured unless a size is asked for.
const SIZES: [(usize, usize); 3] = [(640, 480), (1280, 720), (1920, 1080)];

/// Encode and decode for each sampling and format: turbojpeg's bare calls, one thread, strips.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Size in pixels; can be given several times [default: 640x480, 1280x720, 1920x1080]
    #[arg(long, value_name = "WxH", value_parser = values::picture_size, env = "PULSECAM_SIZE")]
    size: Vec<(usize, usize)>,
    /// JPEG quality from 1 to 100
    #[arg(long, value_name = "Q", default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: u8,
    /// How long to measure, in all
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    /// Print one JSON object a case
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "codec")]
struct CodecEvent {
    #[serde(flatten)]
    cost: Cost,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let sizes = if args.size.is_empty() { SIZES.to_vec() } else { args.size.clone() };
    let plan = Plan { sizes, quality: args.quality, time: args.time };
    let output = Output::new(args.json);
    if !output.is_json() {
        print(&format!(
            "{:30}{:>6}{:>8}{:>8}{:>8}{:>11}{:>12}{:>9}",
            "milliseconds, medians", "kB", "bare", "one", "strips", "one ÷ bare", "strips ÷ one", "PSNR"
        ));
    }
    let tell = |cost: Cost| output.event(&CodecEvent { cost }, Some(&line(&cost)));
    codec::run(&plan, tell, show_progress).map_err(|error| Error::Bench(error.to_string()))
}

fn line(cost: &Cost) -> String {
    let Cost { width, height, format, bytes, one_ratio, strips_ratio, .. } = cost;
    let (way, half) = match cost.way {
        Way::Encode => ("encode", ""),
        Way::Decode => ("decode", ""),
        Way::DecodeHalf => ("decode", " to half"),
    };
    let name = format!("{way} {width}x{height} {format}{half}");
    let [bare, one, strips] = [cost.bare_ms, cost.one_ms, cost.strips_ms].map(|times| times.median);
    let psnr = match (cost.way, cost.psnr_db) {
        (Way::Encode, _) => String::new(),
        (_, Some(psnr)) => format!("{psnr:.1} dB"),
        (_, None) => "same".into(),
    };
    let kilobytes = bytes / 1000;
    format!(
        "{name:30}{kilobytes:>6}{bare:>8.2}{one:>8.2}{strips:>8.2}{one_ratio:>11.2}{strips_ratio:>12.2}{psnr:>9}"
    )
}

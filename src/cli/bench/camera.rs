//! `pulsecam bench camera`.

use std::time::Duration;

use super::{
    super::{
        Error,
        output::{Output, print},
        runtime, values,
    },
    show_progress,
};
use crate::bench::camera;

/// Driver's buffer → socket, with a camera that is played from memory.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
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

pub(super) fn run(args: &Args) -> Result<(), Error> {
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

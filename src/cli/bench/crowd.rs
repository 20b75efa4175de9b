//! `pulsecam bench crowd`.

use std::time::Duration;

use super::{
    super::{
        Error,
        output::{Output, print},
        values,
    },
    show_progress,
};
use crate::bench::crowd::{self, Beside, Plan};

/// Four viewers of a stream, undisturbed and disturbed in turn.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Bytes of a frame
    #[arg(long, value_name = "SIZE", default_value = "100kB", value_parser = values::bytes)]
    bytes: u64,
    /// Frames a second
    #[arg(long, value_name = "N", default_value = "300", value_parser = values::frame_rate, env = "PULSECAM_FPS")]
    fps: f64,
    /// How long to measure, in all
    #[arg(long = "for", value_name = "TIME", default_value = "45s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    /// Print one JSON object a case
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let output = Output::new(args.json);
    let plan = Plan {
        bytes: usize::try_from(args.bytes).unwrap_or(usize::MAX),
        rate: args.fps,
        time: args.time,
        program: std::env::current_exe()?,
    };
    let found = crowd::run(&plan, show_progress).map_err(|error| Error::Bench(error.to_string()))?;
    if !output.is_json() {
        print(&format!(
            "{:38}{:>9}{:>9}{:>9}{:>11}{:>11}{:>8}",
            "four viewers beside", "p50 ms", "p99 ms", "max ms", "p99 ratio", "replaced", "MB"
        ));
    }
    for figures in found {
        let beside = match figures.beside {
            Beside::Nothing => "nothing".into(),
            Beside::Stalled => "a viewer that never reads".into(),
            Beside::ComeAndGo => {
                format!("1000 clients, {:.0} a second come and go", figures.churn_per_s)
            }
        };
        let line = format!(
            "{beside:38}{:>9.2}{:>9.2}{:>9.2}{:>11.2}{:>10.1}%{:>8.1}",
            figures.age_ms.p50,
            figures.age_ms.p99,
            figures.age_ms.max,
            figures.p99_ratio,
            figures.replaced * 100.0,
            figures.memory as f64 / 1e6
        );
        output.event(&figures, Some(&line));
    }
    Ok(())
}

//! `pulsecam bench crowd`.

use std::time::Duration;

use serde::Serialize;

use super::{
    super::{Error, values},
    export::Export,
    fanout, show_progress,
};
use crate::bench::{
    Table,
    crowd::{self, Disturbance, Figures, Plan},
};

/// Four viewers of a stream, undisturbed and disturbed in turn.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Size of a frame
    #[arg(long, value_name = "SIZE", default_value = "100kB", value_parser = values::bytes)]
    bytes: u64,
    /// Frames per second
    #[arg(long, value_name = "N", default_value = "300", value_parser = values::frame_rate, env = "PULSECAM_FPS")]
    fps: f64,
    /// Total time to measure
    #[arg(long = "for", value_name = "TIME", default_value = "45s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    #[command(flatten)]
    export: Export,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "crowd")]
struct CrowdEvent<'a> {
    #[serde(flatten)]
    figures: &'a Figures,
    noisy: &'a [String],
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let exporter = args.export.begin()?;
    let bytes = usize::try_from(args.bytes).unwrap_or(usize::MAX);
    let found = measure(bytes, args.fps, args.time)?;
    let noisy = exporter.noisy();
    let events: Vec<_> = found.iter().map(|figures| CrowdEvent { figures, noisy: &noisy }).collect();
    let title = format!("four viewers of {} frames per second of {} kB", args.fps, bytes / 1000);
    let table = Table::new(title).setting("bytes", &bytes).setting("fps", &args.fps);
    exporter.finish(&events, &self::table(table, &found), "", &[])
}

/// Measures this program's relay.
pub(super) fn measure(bytes: usize, rate: f64, time: Duration) -> Result<Vec<Figures>, Error> {
    let plan = Plan::new(fanout::relay()?, bytes, rate, time);
    crowd::run(&plan, show_progress).map_err(|error| Error::Bench(error.to_string()))
}

pub(super) fn table(table: Table, found: &[Figures]) -> Table {
    let mut table = table.column("disturbance", "");
    for percentile in ["p50", "p95", "p99", "max"] {
        table = table.column(percentile, "ms");
    }
    let mut table = table
        .column("p95 ÷ undisturbed", "")
        .column("p99 ÷ undisturbed", "")
        .column("replaced", "%")
        .column("relay memory", "MB");
    for figures in found {
        let Figures { age_ms, .. } = figures;
        let beside = match figures.beside {
            Disturbance::Nothing => "none".into(),
            Disturbance::Stalled => "a viewer that never reads".into(),
            Disturbance::ComeAndGo => {
                format!("{} clients, {:.0} replaced per second", crowd::PRESENT, figures.churn_per_s)
            }
        };
        table.row([
            beside.into(),
            (age_ms.p50, 2).into(),
            (age_ms.p95, 2).into(),
            (age_ms.p99, 2).into(),
            (age_ms.max, 2).into(),
            (figures.p95_ratio, 2).into(),
            (figures.p99_ratio, 2).into(),
            (figures.replaced * 100.0, 2).into(),
            (figures.memory as f64 / 1e6, 1).into(),
        ]);
    }
    table
}

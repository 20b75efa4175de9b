//! `pulsecam bench freshness`.

use std::time::Duration;

use serde::Serialize;

use super::{
    super::{Error, values},
    export::Export,
    show_progress,
};
use crate::{
    app::runtime,
    bench::{
        Plot, Table,
        freshness::{self, Figures, Hop, Plan},
        plot,
    },
};

/// Frames that a slow link cannot carry, through sender, relay and viewer; nothing adapts.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Capacity of the slow link in bytes per second
    #[arg(long, value_name = "SIZE", default_value = "1500kB", value_parser = values::bytes)]
    link: u64,
    /// Size of a frame
    #[arg(long, value_name = "SIZE", default_value = "100kB", value_parser = values::bytes)]
    bytes: u64,
    /// Frames per second
    #[arg(long, value_name = "N", default_value = "60", value_parser = values::frame_rate, env = "PULSECAM_FPS")]
    fps: f64,
    /// Time to measure, for both hops together
    #[arg(long = "for", value_name = "TIME", default_value = "20s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    #[command(flatten)]
    export: Export,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "freshness")]
struct FreshnessEvent<'a> {
    #[serde(flatten)]
    figures: &'a Figures,
    noisy: &'a [String],
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX).max(1);
    let plan = Plan::new(size(args.link), size(args.bytes), args.fps, args.time);
    let exporter = args.export.begin()?;
    let found = measure(plan)?;
    let noisy = exporter.noisy();
    let events: Vec<_> = found.iter().map(|figures| FreshnessEvent { figures, noisy: &noisy }).collect();
    let table = Table::new(title(&plan))
        .setting("link", &plan.link)
        .setting("bytes", &plan.bytes)
        .setting("fps", &plan.fps);
    exporter.finish(&events, &self::table(table, &found), "", &[("freshness", ages(&found))])
}

/// Measures on its own runtime, as each run of the program has.
pub(super) fn measure(plan: Plan) -> Result<Vec<Figures>, Error> {
    runtime(2)?.block_on(freshness::run(plan, show_progress)).map_err(|error| match error {
        freshness::Error::Nothing => Error::Bench(format!("{error} (--for, --link)")),
        error => Error::Bench(error.to_string()),
    })
}

fn title(plan: &Plan) -> String {
    let (kilobytes, megabytes) = (plan.bytes as f64 / 1e3, plan.link as f64 / 1e6);
    format!("frames of {kilobytes:.0} kB, {} per second, over a link of {megabytes} MB/s", plan.fps)
}

pub(super) fn table(table: Table, found: &[Figures]) -> Table {
    let mut table = table
        .column("slow hop", "")
        .column("arrived", "1/s")
        .column("link used", "%")
        .column("time of one frame", "ms");
    for percentile in ["p50", "p95", "p99", "max"] {
        table = table.column(format!("age {percentile}"), "ms");
    }
    let mut table = table.column("p95 ÷ time of one frame", "");
    for figures in found {
        let Figures { age_ms, .. } = figures;
        table.row([
            name(figures.hop).into(),
            (figures.came_per_s, 1).into(),
            (figures.used * 100.0, 0).into(),
            (figures.frame_ms, 1).into(),
            (age_ms.p50, 1).into(),
            (age_ms.p95, 1).into(),
            (age_ms.p99, 1).into(),
            (age_ms.max, 1).into(),
            (figures.p95_ratio, 2).into(),
        ]);
    }
    table
}

pub(super) const fn name(hop: Hop) -> &'static str {
    match hop {
        Hop::SenderToRelay => "sender to relay",
        Hop::RelayToViewer => "relay to viewer",
    }
}

/// Plots the ages against the time of one frame.
pub(super) fn ages(found: &[Figures]) -> Plot {
    let run = |figures: &Figures| {
        plot::Run::new(name(figures.hop), vec![figures.age_ms.p95]).with_mark(figures.frame_ms)
    };
    let steps = plot::Steps::default().with(|plot| {
        plot.title = "Age of a frame behind a slow link".into();
        plot.setting = found.first().map(|figures| title(&figures.plan)).unwrap_or_default();
        plot.unit = "milliseconds".into();
        plot.steps = vec!["age at p95".into()];
        plot.mark = Some("time of one frame on the link".into());
        plot.runs = found.iter().map(run).collect();
    });
    steps.into()
}

//! `pulsecam bench camera`.

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
        Cell, Plot, Table,
        camera::{self, Cost, Plan},
        plot,
    },
};

/// Driver's buffer → socket, with a synthetic camera.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Frames per second
    #[arg(long, value_name = "N", default_value = "30", value_parser = clap::value_parser!(u32).range(1..=1000), env = "PULSECAM_FPS")]
    fps: u32,
    /// Total time to measure
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    #[command(flatten)]
    export: Export,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "camera")]
struct CameraEvent<'a> {
    #[serde(flatten)]
    cost: &'a Cost,
    noisy: &'a [String],
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let exporter = args.export.begin()?;
    let plan = Plan { fps: args.fps, time: args.time };
    let costs = measure(plan)?;
    let noisy = exporter.noisy();
    let events = costs.each_ref().map(|cost| CameraEvent { cost, noisy: &noisy });
    let mut table =
        columns(Table::new(format!("processor time per frame, {}/s", plan.fps)).setting("fps", &plan.fps));
    for cost in &costs {
        table.row(row(cost));
    }
    exporter.finish(&events, &table, "", &[("camera-cost", ratios(&costs, plan.fps))])
}

/// Measures on its own runtime, as each run of the program has.
pub(super) fn measure(plan: Plan) -> Result<[Cost; 2], Error> {
    runtime(1)?.block_on(camera::run(plan, show_progress)).map_err(|error| match error {
        camera::Error::TooFast { .. } => Error::Bench(format!("{error} (--fps)")),
        error => Error::Bench(error.to_string()),
    })
}

/// The columns of [`row`].
pub(super) fn columns(table: Table) -> Table {
    table
        .column("case", "")
        .column("frame", "kB")
        .column("ours", "µs")
        .column("floor", "µs")
        .column("ours ÷ floor", "")
}

pub(super) fn row(cost: &Cost) -> [Cell; 5] {
    let Cost { bytes, ours_us, floor_us, ratio, .. } = *cost;
    [
        name(cost).into(),
        (bytes as f64 / 1000.0, 0).into(),
        (ours_us, 0).into(),
        (floor_us, 0).into(),
        (ratio, 2).into(),
    ]
}

fn name(cost: &Cost) -> String {
    format!("{} {}x{}", cost.format, cost.width, cost.height)
}

/// Plots ratios, because the times of the cases are too far apart for one scale.
pub(super) fn ratios(costs: &[Cost], fps: u32) -> Plot {
    let run = |cost: &Cost| plot::Run::new(name(cost), vec![cost.ratio]).with_mark(1.0);
    let steps = plot::Steps::default().with(|plot| {
        plot.title = "Cost of a camera's frame, against the floor".into();
        plot.setting =
            format!("processor time from the driver's buffer to the socket, {fps} frames per second");
        plot.unit = "times the floor".into();
        plot.steps = vec!["ours".into()];
        plot.mark = Some("the floor".into());
        plot.runs = costs.iter().map(run).collect();
    });
    steps.into()
}

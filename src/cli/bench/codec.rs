//! `pulsecam bench codec`.

use std::time::Duration;

use serde::Serialize;

use super::{
    super::{Error, values},
    busy::{self, BusyArgs},
    export::Export,
    show_progress,
};
use crate::bench::{
    Plot, Table,
    codec::{self, Cost, Plan, Way},
    plot,
};

/// Default sizes.
pub(super) const SIZES: [(usize, usize); 3] = [(640, 480), (1280, 720), (1920, 1080)];

/// Encode and decode for each sampling and format: turbojpeg's bare calls, one thread, strips.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Size in pixels; can be repeated [default: 640x480, 1280x720, 1920x1080]
    #[arg(long, value_name = "WxH", value_parser = values::picture_size, env = "PULSECAM_SIZE")]
    size: Vec<(usize, usize)>,
    /// JPEG quality from 1 to 100
    #[arg(long, value_name = "Q", default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: u8,
    /// Total time to measure
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    #[command(flatten)]
    busy: BusyArgs,
    #[command(flatten)]
    export: Export,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "codec")]
struct CodecEvent<'a> {
    #[serde(flatten)]
    cost: Cost,
    busy: usize,
    noisy: &'a [String],
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let exporter = args.export.begin()?;
    let sizes = if args.size.is_empty() { SIZES.to_vec() } else { args.size.clone() };
    let busy = args.busy.cores();
    let costs = measure(&Plan::new(sizes, args.quality, args.time).with_busy(busy))?;
    let noisy = exporter.noisy();
    let events: Vec<_> = costs.iter().map(|cost| CodecEvent { cost: *cost, busy, noisy: &noisy }).collect();
    let title = format!("milliseconds, medians; quality {}", args.quality);
    let empty = Table::new(title).setting("quality", &args.quality);
    let table = if busy > 0 { beside(empty.setting("busy", &busy), &costs) } else { table(empty, &costs) };
    exporter.finish(&events, &table, "", &[("codec-strips", strips(&costs))])
}

/// Measures.
pub(super) fn measure(plan: &Plan) -> Result<Vec<Cost>, Error> {
    let _busy = busy::start(plan.busy)?;
    let mut costs = Vec::new();
    codec::run(plan, |cost| costs.push(cost), show_progress)
        .map_err(|error| Error::Bench(error.to_string()))?;
    Ok(costs)
}

pub(super) fn table(table: Table, costs: &[Cost]) -> Table {
    let mut table = table
        .column("what", "")
        .column("frame", "kB")
        .column("bare calls", "ms")
        .column("one thread", "ms")
        .column("strips", "ms")
        .column("one ÷ bare", "")
        .column("strips ÷ one", "")
        .column("PSNR", "dB");
    for cost in costs {
        table.row([
            name(cost).into(),
            ((cost.bytes / 1000) as u64).into(),
            (cost.bare_ms.median, 2).into(),
            (cost.one_ms.median, 2).into(),
            (cost.strips_ms.median, 2).into(),
            (cost.one_ratio, 2).into(),
            (cost.strips_ratio, 2).into(),
            match (cost.way, cost.psnr_db) {
                (Way::Encode, _) => "".into(),
                (_, Some(psnr)) => (psnr, 1).into(),
                (_, None) => "same".into(),
            },
        ]);
    }
    table
}

/// The table of a run beside busy cores.
pub(super) fn beside(table: Table, costs: &[Cost]) -> Table {
    let mut table = table
        .column("what", "")
        .column("one thread p50", "ms")
        .column("strips p50", "ms")
        .column("one thread p99", "ms")
        .column("strips p99", "ms")
        .column("strips ÷ one at p50", "")
        .column("strips ÷ one at p99", "");
    for cost in costs {
        table.row([
            name(cost).into(),
            (cost.one_ms.median, 2).into(),
            (cost.strips_ms.median, 2).into(),
            (cost.one_ms.p99, 2).into(),
            (cost.strips_ms.p99, 2).into(),
            (cost.strips_ratio, 2).into(),
            (cost.strips_ratio_p99, 2).into(),
        ]);
    }
    table
}

fn name(cost: &Cost) -> String {
    let Cost { width, height, format, .. } = cost;
    let (way, half) = match cost.way {
        Way::Encode => ("encode", ""),
        Way::Decode => ("decode", ""),
        Way::DecodeHalf => ("decode", " to half"),
    };
    format!("{way} {width}x{height} {format}{half}")
}

/// Plots the times of 4:2:0 pictures, in strips and on one thread.
pub(super) fn strips(costs: &[Cost]) -> Plot {
    let usual = costs.iter().filter(|cost| cost.format == "4:2:0" && cost.way != Way::DecodeHalf);
    let run =
        |cost: &Cost| plot::Run::new(name(cost), vec![cost.strips_ms.median]).with_mark(cost.one_ms.median);
    let steps = plot::Steps::default().with(|plot| {
        plot.title = "Time of a frame in strips, each on its own core".into();
        plot.setting = format!("medians, {} strips", costs.first().map_or(0, |cost| cost.strips));
        plot.unit = "milliseconds".into();
        plot.steps = vec!["strips".into()];
        plot.mark = Some("one thread".into());
        plot.runs = usual.map(run).collect();
    });
    steps.into()
}

//! `pulsecam bench latency`.

use std::{sync::mpsc, thread, time::Duration};

use serde::Serialize;

use super::{
    super::{Error, codec::CodecArgs, values},
    busy::{self, BusyArgs},
    export::Export,
    show_progress,
};
use crate::{
    address::Address,
    app::{frame_sink, runtime},
    bench::{
        Percentiles, Plot, Table,
        latency::{self, NullViewer, Plan, Report, Route},
        plot,
    },
    picture::Canvas,
    pipeline::{Arrival, Viewer},
    view::{self, Options, Update, WindowHandle},
};

/// Capture → encode → relay → decode on this machine, from the frame's own timestamps.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Size in pixels
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = values::picture_size, env = "PULSECAM_SIZE")]
    size: (usize, usize),
    /// Frames per second
    #[arg(long, value_name = "N", default_value = "30", value_parser = values::frame_rate, env = "PULSECAM_FPS")]
    fps: f64,
    /// JPEG quality from 1 to 100
    #[arg(long, value_name = "Q", default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: u8,
    #[command(flatten)]
    codec: CodecArgs,
    /// Time to measure; half as long again goes to the floor
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    /// Use this running relay instead of starting one
    #[arg(long, value_name = "HOST[:PORT]", env = "PULSECAM_VIA")]
    via: Option<Address>,
    /// Show the frames in a window, and measure until they are on the display
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_BENCH_WINDOW")]
    window: bool,
    #[command(flatten)]
    busy: BusyArgs,
    #[command(flatten)]
    export: Export,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "latency")]
struct LatencyEvent<'a> {
    #[serde(flatten)]
    report: &'a Report,
    noisy: Vec<String>,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let (width, height) = args.size;
    let plan = Plan {
        width,
        height,
        fps: args.fps,
        quality: args.quality,
        strips: args.codec.strips,
        busy: args.busy.cores(),
        time: args.time,
    };
    let exporter = args.export.begin()?;
    let via = args.via.as_ref().map(ToString::to_string);
    let report = if args.window { measure_shown(plan, via) } else { measure(plan, via) }?;
    let noisy = exporter.noisy();
    let closing = closing(&report, args.via.is_some());
    let plots = [
        ("latency-distribution", distribution(&report)),
        ("latency-steps", steps(std::slice::from_ref(&report))),
    ];
    exporter.finish(&[LatencyEvent { report: &report, noisy }], &table(&report), &closing, &plots)
}

/// Measures on its own runtime, as each run of the program has.
pub(super) fn measure(plan: Plan, via: Option<String>) -> Result<Report, Error> {
    run_way(plan, Route { via, viewer: NullViewer::default(), presented: None })
}

fn run_way<V: Viewer>(plan: Plan, way: Route<V>) -> Result<Report, Error> {
    let _busy = busy::start(plan.busy)?;
    let run = latency::run(plan, way, show_progress);
    runtime(2)?.block_on(run).map_err(|error| match error {
        latency::Error::TooFew(_) => Error::Bench(format!("{error} (--for)")),
        error => Error::Bench(error.to_string()),
    })
}

/// Measures with a window, which must be on this thread.
fn measure_shown(plan: Plan, via: Option<String>) -> Result<Report, Error> {
    let (tell, presented) = mpsc::channel();
    let (handle, inbox) = view::inbox();
    let options = Options {
        title: "pulsecam bench latency".into(),
        host: via.clone().unwrap_or_else(|| "this machine".into()),
        size: Some((plan.width, plan.height)),
        presented: Some(tell),
        ..Options::default()
    };
    let way = Route { via, viewer: Window(handle.clone()), presented: Some(presented) };
    // If the window fails, this thread is not joined.
    let measured = thread::spawn(move || {
        let report = run_way(plan, way);
        handle.push(Update::Stop);
        report
    });
    // If it is closed too early, the report lacks its last step.
    view::run(&options, &inbox, &mut |_| None)?;
    drop(inbox);
    measured.join().map_err(|_| Error::Bench("the measurement failed unexpectedly".into()))?
}

/// Passes the frames to the window.
struct Window(WindowHandle);

impl Viewer for Window {
    fn take(&mut self, arrival: Arrival) -> bool {
        if let Some(update) = frame_sink::update(arrival, 0, |_| None) {
            self.0.push(update);
        }
        true
    }

    fn spare(&mut self) -> Canvas {
        self.0.spare()
    }
}

fn closing(report: &Report, is_far: bool) -> String {
    let mut lines = vec![format!(
        "added at p50: {:.2} ms, at p99: {:.2} ms ({:.2} of the floor of the same run at p50, {:.2} at p99)",
        report.added_p50_ms, report.added_p99_ms, report.ratio_p50, report.ratio_p99
    )];
    if let (Some(ours), Some(floor)) = (report.cpu_ms_per_frame, report.floor_cpu_ms_per_frame) {
        lines.push(format!(
            "processor time per frame, sender{} and viewer together: {ours:.2} ms, the floor {floor:.2} ms",
            if is_far { "" } else { ", relay" }
        ));
    }
    lines.extend(report.relay_clock_within_ms.map(|within| {
        format!("\"relayed\" is by the relay's clock, which is known to within {within:.2} ms")
    }));
    lines.join("\n")
}

/// `1280x720, 30/s`.
pub(super) fn name(plan: &Plan) -> String {
    format!("{}x{}, {}/s", plan.width, plan.height, plan.fps)
}

fn table(report: &Report) -> Table {
    let plan = report.plan;
    let title = format!(
        "{}x{} at {}/s, quality {}: {} frames of {} kB, {} replaced by newer ones",
        plan.width,
        plan.height,
        plan.fps,
        plan.quality,
        report.frames,
        report.bytes_per_frame / 1000,
        report.replaced
    );
    let mut table = Table::new(title)
        .setting("size", &format!("{}x{}", plan.width, plan.height))
        .setting("fps", &plan.fps)
        .setting("quality", &plan.quality)
        .setting("frames", &report.frames)
        .setting("replaced", &report.replaced)
        .column("step", "");
    for percentile in ["p50", "p95", "p99", "max"] {
        table = table.column(percentile, "ms");
    }
    let mut row = |name: &str, p: Percentiles| {
        table.row([name.into(), (p.p50, 2).into(), (p.p95, 2).into(), (p.p99, 2).into(), (p.max, 2).into()]);
    };
    for (name, step) in &report.steps {
        row(name, *step);
    }
    row("captured to decoded, the whole", report.whole_ms);
    if let Some(presented) = report.presented_ms {
        row("captured to presented", presented);
    }
    row("encode and decode alone, the floor", report.floor_ms);
    table
}

/// Plots latency by percentile, of one run.
pub(super) fn distribution(report: &Report) -> Plot {
    let (name, quality) = (name(&report.plan), report.plan.quality);
    let distribution = plot::Distribution::default().with(|plot| {
        plot.title = "Age of a frame when its pixels are decoded".into();
        plot.setting = format!("{name}, quality {quality}, over a relay on one machine");
        plot.series = vec![
            ("captured to decoded, the whole".into(), report.whole_distribution.clone()),
            ("encode and decode alone, the floor".into(), report.floor_distribution.clone()),
        ];
    });
    distribution.into()
}

/// Plots latency by step, of any number of runs at one quality.
pub(super) fn steps(reports: &[Report]) -> Plot {
    let names = reports.first().map(|report| report.steps.as_slice()).unwrap_or_default();
    let quality =
        reports.first().map(|report| format!(", quality {}", report.plan.quality)).unwrap_or_default();
    let run = |report: &Report| {
        let medians = report.steps.iter().map(|(_, step)| step.p50).collect();
        plot::Run::new(name(&report.plan), medians).with_mark(report.floor_ms.p50)
    };
    let steps = plot::Steps::default().with(|plot| {
        plot.title = "Where a frame's time goes".into();
        plot.setting = format!("the median of each step{quality}, over a relay on one machine");
        plot.unit = "milliseconds".into();
        plot.steps = names.iter().map(|(name, _)| name.clone()).collect();
        plot.mark = Some("the floor".into());
        plot.runs = reports.iter().map(run).collect();
    });
    steps.into()
}

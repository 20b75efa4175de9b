//! `pulsecam bench window`.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    super::{Error, values},
    export::Export,
};
use crate::{
    app::{frame_sink, runtime},
    bench::{
        Table,
        window::{self, Figures, Plan},
    },
    view::{self, Options, Total, Update},
};

/// Number of program starts to measure the time to the first picture.
const STARTS: usize = 5;

/// Several streams in one window: cost of decoding and drawing, time to the first picture. Needs a display.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Number of streams
    #[arg(long, value_name = "N", default_value = "4")]
    streams: usize,
    /// Size of each stream and of the window in pixels
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = values::picture_size, env = "PULSECAM_SIZE")]
    size: (usize, usize),
    /// Frames per second of each stream
    #[arg(long, value_name = "N", default_value = "30", value_parser = values::frame_rate, env = "PULSECAM_FPS")]
    fps: f64,
    /// Time to measure each way of decoding
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    #[command(flatten)]
    export: Export,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "window")]
struct WindowEvent {
    #[serde(flatten)]
    plan: Plan,
    #[serde(flatten)]
    figures: Figures,
    shown: u64,
    replaced: u64,
    lost: u64,
    first_picture_ms: f64,
    noisy: Vec<String>,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let (width, height) = args.size;
    let plan = Plan { streams: args.streams, width, height, fps: args.fps, time: args.time };
    let exporter = args.export.begin()?;
    let mut found = Vec::new();
    let mut starts = Vec::new();
    for reduced in [true, false] {
        let (figures, totals, started) = measure(plan, reduced)?;
        found.push((figures, totals));
        starts.extend(started);
    }
    starts.sort_unstable();
    let first = starts.get(starts.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e3;
    let noisy = exporter.noisy();
    let sum = |totals: &[Total], of: fn(&Total) -> u64| totals.iter().map(of).sum::<u64>();
    let events: Vec<_> = found
        .iter()
        .map(|(figures, totals)| WindowEvent {
            plan,
            figures: *figures,
            shown: sum(totals, |total| total.counts.shown),
            replaced: sum(totals, |total| total.counts.replaced),
            lost: sum(totals, |total| total.counts.lost + total.counts.left_out),
            first_picture_ms: first,
            noisy: noisy.clone(),
        })
        .collect();
    let title =
        format!("{} streams of {width}x{height} at {}/s in a window of that size", plan.streams, plan.fps);
    let mut table = Table::new(title)
        .setting("streams", &plan.streams)
        .column("decoded", "")
        .column("decode", "% of a core")
        .column("draw", "% of a core")
        .column("both", "% of a core")
        .column("shown", "")
        .column("replaced", "")
        .column("lost", "");
    for event in &events {
        let Figures { reduced, decode, draw, .. } = event.figures;
        table.row([
            if reduced { "at the size shown" } else { "full size" }.into(),
            (decode * 100.0, 1).into(),
            (draw * 100.0, 1).into(),
            (event.figures.all() * 100.0, 1).into(),
            (event.shown as f64, 0).into(),
            (event.replaced as f64, 0).into(),
            (event.lost as f64, 0).into(),
        ]);
    }
    let ratio = match &found[..] {
        [(reduced, _), (whole, _)] => reduced.all() / whole.all(),
        _ => f64::NAN,
    };
    let closing = format!(
        "decoded at the size shown ÷ full size: {ratio:.2}; from the program's start to its first picture: {first:.0} ms (median of {})",
        starts.len()
    );
    exporter.finish(&events, &table, &closing, &[])
}

/// Measures one way of decoding, and the time to the first picture of programs started meanwhile.
fn measure(plan: Plan, reduced: bool) -> Result<(Figures, Vec<Total>, Vec<Duration>), Error> {
    let runtime = runtime(2)?;
    let (handle, inbox) = view::inbox();
    let stage = window::stage(plan, reduced, runtime.handle(), handle.clone(), |arrival| {
        frame_sink::update(arrival, 0, |_| None)
    })?;
    let options = Options {
        title: "pulsecam bench window".into(),
        host: stage.host.clone(),
        size: (plan.width, plan.height),
        ..Options::default()
    };
    let measuring = thread::spawn(move || {
        let figures = window::measure(plan, &stage, reduced);
        // While the relay streams, and only once: both ways of decoding start alike.
        let starts =
            if reduced { (0..STARTS).map(|_| first_picture(&stage.host)).collect() } else { Vec::new() };
        handle.push(Update::Stop);
        (figures, starts)
    });
    let summary = view::run(&options, &inbox, &mut |_| None)?;
    drop(inbox);
    let (figures, starts) =
        measuring.join().map_err(|_| Error::Bench("the measurement failed unexpectedly".into()))?;
    let starts = starts.into_iter().collect::<std::io::Result<Vec<_>>>()?;
    Ok((figures?, summary.totals, starts))
}

/// Time from the start of the program until its first picture is on the display.
fn first_picture(host: &str) -> std::io::Result<Duration> {
    let begin = Instant::now();
    let mut child = Command::new(std::env::current_exe()?)
        .args(["view", host, "--json", "--quiet", "--for", "10s"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = child.stdout.take().map(|out| BufReader::new(out).lines());
    let is_it = |line: &String| line.contains(r#""event":"shown""#);
    let found = lines.into_iter().flatten().map_while(Result::ok).find(is_it).map(|_| begin.elapsed());
    let _ = child.kill(); // it may have ended already
    let _ = child.wait();
    found.ok_or_else(|| std::io::Error::other("the window showed no picture"))
}

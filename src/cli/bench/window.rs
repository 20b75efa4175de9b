//! `pulsecam bench window`.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::Ordering::Relaxed, mpsc},
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    super::{Error, values},
    export::Export,
};
use crate::{
    app::{Runtime, frame_sink, runtime},
    bench::{
        Table,
        window::{self, Condition, Counts, Figures, Plan},
    },
    view::{self, Options, StreamCounts, Update},
};

/// The window's title, by which it is found.
const TITLE: &str = "pulsecam bench window";

/// Number of program starts to measure the time to the first picture.
const STARTS: usize = 9;

/// Longest wait for a first picture.
const LONGEST_START: &str = "10s";

/// Longest time of an idle window, which is closed after the measurement.
const LONGEST_IDLE: &str = "1h";

/// Several streams in one window: cost while it is seen, minimised, covered and paused, while nothing happens in
/// it, and time to the first picture. Needs an X11 display.
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
    /// Time to measure each condition
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
    all: f64,
    first_picture_ms: f64,
    idle: Idle,
    replaced: u64,
    lost: u64,
    noisy: Vec<String>,
}

/// Shares of one core that the program takes while nothing happens in its window.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Idle {
    /// Nobody streams.
    empty: f64,
    /// One stream whose picture stands still.
    still: f64,
}

/// What was measured.
pub(super) struct Found {
    pub(super) figures: Vec<Figures>,
    /// Time from the program's start to its first picture, the median.
    first_picture: Duration,
    idle: Idle,
    /// Frames of the whole run that newer ones replaced in the viewer.
    replaced: u64,
    /// Frames of the whole run that did not arrive.
    lost: u64,
}

impl Found {
    /// The whole viewer's share of one core under a condition.
    pub(super) fn all(&self, condition: Condition) -> f64 {
        let figures = self.figures.iter().find(|figures| figures.window == condition);
        figures.map_or(f64::NAN, Figures::all)
    }

    pub(super) fn table(&self, table: Table) -> Table {
        let mut table = table
            .column("window", "")
            .column("received", "1/s")
            .column("decoded", "1/s")
            .column("shown", "1/s")
            .column("receive", "% of a core")
            .column("decode", "% of a core")
            .column("draw", "% of a core")
            .column("all", "% of a core");
        for figures in &self.figures {
            table.row([
                condition(figures.window).into(),
                (figures.received_per_s, 0).into(),
                (figures.decoded_per_s, 0).into(),
                (figures.shown_per_s, 0).into(),
                (figures.receive * 100.0, 1).into(),
                (figures.decode * 100.0, 1).into(),
                (figures.draw * 100.0, 1).into(),
                (figures.all() * 100.0, 1).into(),
            ]);
        }
        table
    }

    pub(super) fn closing(&self) -> String {
        format!(
            "decoded at the size shown ÷ at full size: {:.2}; in the whole run, {} frames replaced in the viewer, {} lost on the way; from the program's start to its first picture: {:.0} ms (median of {STARTS}); the whole program while nobody streams: {:.2} % of a core, with one stream whose picture stands still: {:.2} %",
            self.all(Condition::Seen) / self.all(Condition::FullSize),
            self.replaced,
            self.lost,
            self.first_picture.as_secs_f64() * 1e3,
            self.idle.empty * 100.0,
            self.idle.still * 100.0
        )
    }
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let (width, height) = args.size;
    let plan = Plan { streams: args.streams, width, height, fps: args.fps, time: args.time };
    let exporter = args.export.begin()?;
    let found = measure(plan)?;
    let noisy = exporter.noisy();
    let event = |figures: &Figures| WindowEvent {
        plan,
        figures: *figures,
        all: figures.all(),
        first_picture_ms: found.first_picture.as_secs_f64() * 1e3,
        idle: found.idle,
        replaced: found.replaced,
        lost: found.lost,
        noisy: noisy.clone(),
    };
    let events: Vec<_> = found.figures.iter().map(event).collect();
    let title =
        format!("{} streams of {width}x{height} at {}/s in a window of that size", plan.streams, plan.fps);
    let table = found.table(Table::new(title).setting("streams", &plan.streams));
    exporter.finish(&events, &table, &found.closing(), &[])
}

fn condition(condition: Condition) -> &'static str {
    match condition {
        Condition::Seen => "seen",
        Condition::FullSize => "seen, decoded at full size",
        Condition::Minimised => "minimised",
        Condition::Covered => "covered",
        Condition::Paused => "paused",
    }
}

/// Measures each condition, and the time to the first picture of programs started after that.
pub(super) fn measure(plan: Plan) -> Result<Found, Error> {
    let runtime = runtime(2)?;
    let (handle, inbox) = view::inbox();
    let counts = Arc::<Counts>::default();
    let stage = window::stage(plan, runtime.handle(), handle.clone(), &counts, |arrival| {
        frame_sink::update(arrival, 0, |_| None)
    })?;
    let (tell, presented) = mpsc::channel();
    thread::spawn(move || {
        for _ in presented {
            counts.shown.fetch_add(1, Relaxed);
        }
    });
    let options = Options {
        title: TITLE.into(),
        host: stage.host().to_owned(),
        size: Some((plan.width, plan.height)),
        presented: Some(tell),
        ..Options::default()
    };
    let measuring = thread::spawn(move || {
        let figures = window::measure(plan, &stage, TITLE);
        // While the relay streams.
        let starts = (0..STARTS).map(|_| first_picture(stage.host())).collect();
        handle.push(Update::Stop);
        (figures, starts)
    });
    let totals = view::run(&options, &inbox, &mut |_| None)?.totals;
    drop(inbox);
    let (figures, starts): (_, std::io::Result<Vec<_>>) =
        measuring.join().map_err(|_| Error::Bench("the measurement failed unexpectedly".into()))?;
    let mut starts = starts?;
    starts.sort_unstable();
    let first_picture = starts.get(starts.len() / 2).copied().unwrap_or_default();
    let idle = |is_streamed| idle(plan, &runtime, is_streamed);
    let idle = Idle { empty: idle(false)?, still: idle(true)? };
    let sum = |of: fn(&StreamCounts) -> u64| totals.iter().map(|total| of(&total.counts)).sum();
    Ok(Found {
        figures: figures?,
        first_picture,
        idle,
        replaced: sum(|counts| counts.replaced),
        lost: sum(|counts| counts.lost + counts.left_out),
    })
}

/// The program's share of one core while nothing happens in its window.
fn idle(plan: Plan, runtime: &Runtime, is_streamed: bool) -> std::io::Result<f64> {
    let stage = window::still(plan, runtime.handle(), is_streamed)?;
    let mut child = viewer(&stage.host, LONGEST_IDLE)?;
    let idle = window::idle(child.id(), plan.time);
    let _ = child.kill(); // it may have ended already
    let _ = child.wait();
    idle
}

/// Starts the program with a window, for at most this time.
fn viewer(host: &str, limit: &str) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["view", host, "--json", "--quiet", "--for", limit])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
}

/// Time from the start of the program until its first picture is on the display.
fn first_picture(host: &str) -> std::io::Result<Duration> {
    let begin = Instant::now();
    let mut child = viewer(host, LONGEST_START)?;
    let lines = child.stdout.take().map(|out| BufReader::new(out).lines());
    let is_it = |line: &String| line.contains(r#""event":"shown""#);
    let found = lines.into_iter().flatten().map_while(Result::ok).find(is_it).map(|_| begin.elapsed());
    let _ = child.kill(); // it may have ended already
    let _ = child.wait();
    found.ok_or_else(|| std::io::Error::other("the window showed no picture"))
}

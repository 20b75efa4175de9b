//! `pulsecam bench glass`.

use std::time::Duration;

use serde::Serialize;

use super::{
    super::{
        Error,
        codec::CodecArgs,
        source::{CameraArgs, spec},
        values,
    },
    export::Export,
    histogram::histogram,
    say,
};
use crate::{
    address::Address,
    app::runtime,
    bench::{
        Cell, Percentiles, Plot, Table,
        glass::{self, Camera, Check, Compared, Open, Plan, Report, Route},
        plot,
    },
    capture::{Settings, Spec, Which},
    i18n::{Language, Translations},
};

const EXAMPLES: &str = "\
Examples:
  pulsecam bench glass                           point the camera at the window that opens
  pulsecam bench glass --set exposure=100        with a short exposure
  pulsecam bench glass --via desk.local          through a relay elsewhere
  pulsecam bench glass --via desk.local --remote    the camera is at a machine that runs: pulsecam send desk.local
  pulsecam bench glass --simulate 80ms           check the measurement with a simulated camera
  pulsecam bench glass --film phone.mjpeg        compare this window with another program's, in a film of both";

/// Latency from light to light: point a camera at the window. Needs a display.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Source of the pictures: camera[:N|:NAME|:/dev/videoN], or - for MJPEG on standard input
    #[arg(long, value_name = "S", value_parser = spec(), env = "PULSECAM_SOURCE")]
    source: Option<Spec>,
    /// Size in pixels; a camera uses its nearest mode
    #[arg(long, value_name = "WxH", value_parser = values::picture_size, env = "PULSECAM_SIZE")]
    size: Option<(usize, usize)>,
    /// Frames per second; a camera uses its nearest mode
    #[arg(long, value_name = "N", value_parser = values::frame_rate, env = "PULSECAM_FPS")]
    fps: Option<f64>,
    /// JPEG quality from 1 to 100 [default: 80; a camera's JPEGs are sent unchanged]
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: Option<u8>,
    #[command(flatten)]
    camera: CameraArgs,
    #[command(flatten)]
    codec: CodecArgs,
    /// Time to measure, once the camera sees the window
    #[arg(long = "for", value_name = "TIME", default_value = "20s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    /// Longest time until the camera sees the window
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = values::some_time, env = "PULSECAM_SEARCH")]
    search: Duration,
    /// Use this running relay instead of starting one
    #[arg(long, value_name = "HOST[:PORT]", env = "PULSECAM_VIA")]
    via: Option<Address>,
    /// Measure the stream of another machine that runs pulsecam send, and whose camera sees this window
    #[arg(long, requires = "via", conflicts_with_all = ["source", "film"], value_parser = values::flag(), env = "PULSECAM_REMOTE")]
    remote: bool,
    /// Film the window with a simulated camera that has this delay, and report the error of the measurement
    #[cfg(all(unix, not(target_os = "macos")))]
    #[arg(long, value_name = "TIME", conflicts_with_all = ["source", "film", "remote"], value_parser = values::some_time, env = "PULSECAM_SIMULATE")]
    simulate: Option<Duration>,
    /// Open no window; read a film of this window and another program's, and report how much later that is
    #[arg(long, value_name = "S", conflicts_with = "source", value_parser = spec(), env = "PULSECAM_FILM")]
    film: Option<Spec>,
    /// Initial size of the window in pixels
    #[arg(long, value_name = "WxH", default_value = "880x700", value_parser = values::picture_size, env = "PULSECAM_WINDOW")]
    window: (usize, usize),
    /// Language of the window: en or zh [default: the system's]
    #[arg(long, value_name = "LANG", hide_possible_values = true, value_parser = values::suggested::<Language>(values::LANGUAGES), env = "PULSECAM_LANG")]
    lang: Option<Language>,
    #[command(flatten)]
    export: Export,
}

/// Size and rate of a simulated camera: what a common webcam has, and a busy machine can film.
#[cfg(all(unix, not(target_os = "macos")))]
const SIMULATED: ((usize, usize), f64) = ((640, 480), 15.0);

#[derive(Serialize)]
#[serde(tag = "event", rename = "glass")]
struct GlassEvent<'a> {
    #[serde(flatten)]
    report: &'a Report,
    noisy: Vec<String>,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "glass-film")]
struct FilmEvent {
    #[serde(flatten)]
    compared: Compared,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let exporter = args.export.begin()?;
    if let Some(film) = &args.film {
        let compared = glass::compare(opener(args, film.clone())).map_err(told)?;
        return exporter.finish(&[FilmEvent { compared }], &film_table(&compared), "", &[]);
    }
    let words = Translations::new(args.lang.unwrap_or_else(Language::system_default));
    let plan =
        Plan { quality: args.quality, strips: args.codec.strips, time: args.time, search: args.search };
    let way = Route {
        via: args.via.as_ref().map(ToString::to_string),
        camera: camera(args),
        window: args.window,
        words: &words,
    };
    say("point the camera at the window; it says what to do");
    let report = glass::run(plan, way, runtime(2)?.handle()).map_err(told)?;
    let noisy = exporter.noisy();
    let plots = [("glass-distribution", distribution(&report)), ("glass-steps", steps(&report))];
    exporter.finish(&[GlassEvent { report: &report, noisy }], &table(&report), &closing(&report), &plots)
}

fn told(error: glass::Error) -> Error {
    match error {
        glass::Error::View(error) => error.into(),
        glass::Error::NotFound { .. } => Error::Bench(format!("{error} (--search)")),
        glass::Error::Nothing => Error::Bench(format!("{error} (--for)")),
        error => Error::Bench(error.to_string()),
    }
}

fn camera(args: &Args) -> Camera {
    #[cfg(all(unix, not(target_os = "macos")))]
    if let Some(delay) = args.simulate {
        let (size, fps) = (args.size.unwrap_or(SIMULATED.0), args.fps.unwrap_or(SIMULATED.1));
        return Camera::Simulated(glass::Simulation { size, fps, delay });
    }
    if args.remote {
        return Camera::Remote;
    }
    // Without a camera there is nothing to measure: never the test picture instead.
    Camera::Here(opener(args, args.source.clone().unwrap_or(Spec::Camera(Which::First))))
}

fn opener(args: &Args, spec: Spec) -> Open {
    let settings =
        Settings::default().with_size(args.size).with_fps(args.fps).with_camera(args.camera.settings());
    Box::new(move || spec.open(&settings))
}

fn closing(report: &Report) -> String {
    let figures = &report.figures;
    let mut lines = vec![format!(
        "each stamp was the newest for {:.1} ms (p50): a frame's figure is known to half of that, the median far \
         better",
        figures.stamp_ms.p50
    )];
    lines.push(format!(
        "the sheet was read in {} captured and {} delivered pictures of {}{}",
        figures.read_captured,
        figures.read_delivered,
        figures.pictures,
        match figures.disagreeing {
            0 => String::new(),
            count => format!("; {count} times not the same, which do not count"),
        }
    ));
    lines.extend(report.clock_within_ms.map(|within| {
        format!("\"captured\" is by another machine's clock, which is known to within {within:.2} ms")
    }));
    if let Some(Check { error_ms, outside, .. }) = figures.check {
        lines.push(format!(
            "the measurement was wrong by {:+.2} ms at p50, frame by frame; {outside} of {} frames cannot have been \
             lit by the stamp that was read",
            error_ms.p50, figures.frames
        ));
    }
    lines.push(format!("\nlight to light, frames:\n{}", histogram(&figures.whole)));
    lines.join("\n")
}

/// The columns of all tables.
fn columns(table: Table) -> Table {
    ["p50", "p95", "p99", "max"]
        .into_iter()
        .fold(table.column("step", ""), |table, name| table.column(name, "ms"))
}

fn row(name: &str, p: Percentiles) -> [Cell; 5] {
    [name.into(), (p.p50, 2).into(), (p.p95, 2).into(), (p.p99, 2).into(), (p.max, 2).into()]
}

fn table(report: &Report) -> Table {
    let Report { camera, width, height, figures, steps, .. } = report;
    let title = format!("{camera}; {width}x{height} delivered, {} frames", figures.frames);
    let table = Table::new(title)
        .setting("camera", camera)
        .setting("size", &format!("{width}x{height}"))
        .setting("frames", &figures.frames);
    let mut table = columns(table);
    if let Some(before) = figures.before_ms {
        table.row(row("light to captured: display and camera", before));
    }
    for (name, step) in steps {
        table.row(row(name, *step));
    }
    if let Some(own) = figures.own_ms {
        table.row(row("captured to presented: our own part", own));
    }
    table.row(row("light to light, the whole", figures.whole_ms));
    if let Some(other) = figures.other_ms {
        table.row(row("light to light in another window", other));
    }
    if let Some(Check { known_ms, error_ms, .. }) = figures.check {
        table.row(row("light to captured, as the camera knows it", known_ms));
        table.row(row("error of the measurement", error_ms));
    }
    table
}

fn film_table(compared: &Compared) -> Table {
    let title =
        format!("{} of {} pictures show the sheet in two windows", compared.frames, compared.pictures);
    let mut table = columns(Table::new(title).setting("frames", &compared.frames));
    table.row(row("light to light in another window", compared.other_ms));
    table
}

/// Plots latency by percentile.
fn distribution(report: &Report) -> Plot {
    let names = ["light to light, the whole", "display and camera", "our own part"];
    let series =
        names.into_iter().zip(&report.figures.distributions).filter(|(_, points)| !points.is_empty());
    let distribution = plot::Distribution::default().with(|plot| {
        plot.title = "Latency from light to light".into();
        plot.setting = format!("{}, {} frames", report.camera, report.figures.frames);
        plot.series = series.map(|(name, points)| (name.to_owned(), points.clone())).collect();
    });
    distribution.into()
}

/// Plots the median of each step.
fn steps(report: &Report) -> Plot {
    let before =
        report.figures.before_ms.map(|before| ("display and camera".to_owned(), before.p50.max(0.0)));
    let own = report.steps.iter().map(|(name, step)| (name.clone(), step.p50));
    let (steps, values) = before.into_iter().chain(own).unzip();
    let stack = plot::Steps::default().with(|plot| {
        plot.title = "Where the time goes from light to light".into();
        plot.setting = format!("the median of each step, {}", report.camera);
        plot.unit = "milliseconds".into();
        plot.steps = steps;
        plot.runs = vec![plot::Run::new(format!("{}x{}", report.width, report.height), values)];
    });
    stack.into()
}

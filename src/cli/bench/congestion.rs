//! `pulsecam bench congestion`.

use std::time::Duration;

use serde::Serialize;

use super::{
    super::{Error, values},
    export::Export,
    freshness, say, show_progress,
};
use crate::{
    app::runtime,
    bench::{
        Cell, Table,
        congestion::{self, Case, Figures, Plan},
        freshness::Hop,
    },
};

/// Maximum time that frames may spend in queues: the default of `pulsecam send`.
const MAX_QUEUED: Duration = Duration::from_millis(200);

/// A photograph with noise through sender, relay and viewer over shaped links, with the rate controller on.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Capacity of a slow link in bytes per second
    #[arg(long, value_name = "SIZE", default_value = "1500kB", value_parser = values::bytes)]
    link: u64,
    /// Round trips in milliseconds, for unlimited links that stall for a second and for slow links
    #[arg(long, value_name = "MS", default_value = "0,40,150,300", value_delimiter = ',')]
    round_trips: Vec<u64>,
    /// Size of the pictures in pixels
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = values::picture_size, env = "PULSECAM_SIZE")]
    size: (usize, usize),
    /// Frames per second
    #[arg(long, value_name = "N", default_value = "30", value_parser = values::frame_rate, env = "PULSECAM_FPS")]
    fps: f64,
    /// JPEG quality from 1 to 100
    #[arg(long, value_name = "Q", default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: u8,
    /// Time to measure each link, after half of it to settle
    #[arg(long = "for", value_name = "TIME", default_value = "30s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    #[command(flatten)]
    export: Export,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "congestion")]
struct CongestionEvent<'a> {
    #[serde(flatten)]
    figures: &'a Figures,
    noisy: &'a [String],
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let (width, height) = args.size;
    let plan = Plan { width, height, ..plan(args.fps, args.quality, args.time) };
    let exporter = args.export.begin()?;
    let found = measure(plan, &cases(args.link, &args.round_trips))?;
    let noisy = exporter.noisy();
    let events: Vec<_> = found.iter().map(|figures| CongestionEvent { figures, noisy: &noisy }).collect();
    let title = format!("{width}x{height}, {} frames per second, quality {}", plan.fps, plan.quality);
    let table = Table::new(title)
        .setting("size", &format!("{width}x{height}"))
        .setting("fps", &plan.fps)
        .setting("quality", &plan.quality);
    exporter.finish(&events, &self::table(table, &found), "", &[])
}

/// A plan with 1280x720 pictures and `time` for each link.
pub(super) const fn plan(fps: f64, quality: u8, time: Duration) -> Plan {
    Plan {
        width: 1280,
        height: 720,
        fps,
        quality,
        max_queued: MAX_QUEUED,
        settle: Duration::from_millis(time.as_millis() as u64 / 2),
        time,
        recovery: Duration::from_secs(15),
    }
}

/// Distant links without a limit, and slow ones at either hop.
pub(super) fn cases(link: u64, round_trips: &[u64]) -> Vec<Case> {
    let far = round_trips.iter().map(|&round_trip_ms| Case {
        hop: Hop::SenderToRelay,
        bytes_per_s: None,
        round_trip_ms,
        hiccup: true,
    });
    let slow = round_trips.iter().flat_map(|&round_trip_ms| {
        [Hop::SenderToRelay, Hop::RelayToViewer].map(|hop| Case {
            hop,
            bytes_per_s: Some(link),
            round_trip_ms,
            hiccup: false,
        })
    });
    far.chain(slow).collect()
}

/// Measures one link after the other.
pub(super) fn measure(plan: Plan, cases: &[Case]) -> Result<Vec<Figures>, Error> {
    let mut found = Vec::new();
    for (index, &case) in cases.iter().enumerate() {
        say(&format!("link {} of {}: {}", index + 1, cases.len(), name(&case)));
        let figures = runtime(2)?.block_on(congestion::measure(plan, case, show_progress));
        found.push(figures.map_err(|error| match error {
            congestion::Error::Nothing => Error::Bench(format!("{error} (--for, --link)")),
            error => Error::Bench(error.to_string()),
        })?);
    }
    Ok(found)
}

fn name(case: &Case) -> String {
    let rate = match case.bytes_per_s {
        Some(rate) => format!("{} MB/s", rate as f64 / 1e6),
        None => "no limit".into(),
    };
    let hiccup = if case.hiccup { ", stalled for 1 s" } else { "" };
    format!("{}, {rate}, {} ms round trip{hiccup}", freshness::name(case.hop), case.round_trip_ms)
}

pub(super) fn table(table: Table, found: &[Figures]) -> Table {
    let mut table = table
        .column("link", "")
        .column("arrived", "1/s")
        .column("link used", "%")
        .column("width", "px")
        .column("quality", "")
        .column("age p50", "ms")
        .column("age p95", "ms")
        .column("time of one frame", "ms")
        .column("(p95 − one way) ÷ time of one frame", "")
        .column("size changes", "")
        .column("changes", "")
        .column("recovered after", "s");
    let known =
        |figure: Option<f64>, decimals| figure.map_or("–".into(), |figure| (figure, decimals).into());
    for figures in found {
        let cells: [Cell; 12] = [
            name(&figures.case).into(),
            (figures.came_per_s, 1).into(),
            known(figures.used.map(|used| used * 100.0), 0),
            (figures.width as u64).into(),
            figures.quality.map_or("–".into(), |quality| u64::from(quality).into()),
            (figures.age_ms.p50, 1).into(),
            (figures.age_ms.p95, 1).into(),
            known(figures.frame_ms, 1),
            known(figures.p95_ratio, 2),
            figures.size_changes.into(),
            figures.changes.into(),
            known(figures.recovered_s, 1),
        ];
        table.row(cells);
    }
    table
}

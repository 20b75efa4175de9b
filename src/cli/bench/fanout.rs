//! `pulsecam bench fanout`, and `pulsecam bench floor`.

use std::{net::TcpListener, time::Duration};

use serde::Serialize;

use super::{
    super::{Error, values},
    export::Export,
    show_progress,
};
use crate::{
    app::{output::print, signal},
    bench::{
        Cell, Launch, Plot, Table,
        fanout::{self, Figures, Plan, Target},
        plot,
    },
};

/// Sender → relay → viewers over loopback sockets, with the relay as a separate process.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Numbers of viewers
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,4,16,64,256", value_parser = viewers)]
    viewers: Vec<usize>,
    /// Size of a frame
    #[arg(long, value_name = "SIZE", default_value = "100kB", value_parser = values::bytes)]
    bytes: u64,
    /// Total time to measure
    #[arg(long = "for", value_name = "TIME", default_value = "90s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    /// Also measure this running relay: name, address that takes messages, address that delivers them,
    /// process id
    #[arg(long, value_name = "NAME,IN,OUT,PID", value_parser = target)]
    against: Vec<Target>,
    #[command(flatten)]
    export: Export,
}

#[derive(Serialize)]
#[serde(tag = "event", rename = "fanout")]
struct FanoutEvent<'a> {
    #[serde(flatten)]
    figures: &'a Figures,
    noisy: &'a [String],
}

/// Maximum number of viewers: each is a socket here and in each relay, and the usual limit is 1024 per
/// process.
const MAX_VIEWERS: usize = 1000;

fn viewers(text: &str) -> Result<usize, String> {
    let number = text.trim().parse().ok().filter(|number| (1..=MAX_VIEWERS).contains(number));
    number.ok_or_else(|| format!("expected a number from 1 to {MAX_VIEWERS}"))
}

fn target(text: &str) -> Result<Target, String> {
    let wrong = || "expected NAME,IN_ADDRESS,OUT_ADDRESS,PID".to_owned();
    let parts: Vec<_> = text.split(',').collect();
    let [name, into, out_of, pid] = parts[..] else { return Err(wrong()) };
    let address = |text: &str| text.parse().map_err(|_| wrong());
    Ok(Target::new(name, address(into)?, address(out_of)?, pid.parse().map_err(|_| wrong())?))
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let exporter = args.export.begin()?;
    let bytes = usize::try_from(args.bytes).unwrap_or(usize::MAX);
    let found = measure(&args.viewers, bytes, args.time, &args.against)?;
    let noisy = exporter.noisy();
    let events: Vec<_> = found.iter().map(|figures| FanoutEvent { figures, noisy: &noisy }).collect();
    let title = format!("one sender, frames of {} kB", bytes / 1000);
    let table = table(Table::new(title).setting("bytes", &bytes), &found);
    exporter.finish(&events, &table, "", &[("fanout-cost", cost(&found)), ("fanout-speed", speed(&found))])
}

/// Measures this program's relay, its floor, and `against`.
pub(super) fn measure(
    viewers: &[usize],
    bytes: usize,
    time: Duration,
    against: &[Target],
) -> Result<Vec<Figures>, Error> {
    let floor = this_program(&["bench", "floor"])?;
    let plan = Plan::new(relay()?, floor, viewers.to_vec(), bytes, time).with_against(against.to_vec());
    fanout::run(&plan, show_progress).map_err(|error| Error::Bench(error.to_string()))
}

/// The relay of this program without limits.
pub(super) fn relay() -> Result<Launch, Error> {
    let arguments = "relay --listen 127.0.0.1:0 --json --client-timeout 1h --hello-time 1h --exit-with-input \
                     --max-clients 2000 --max-per-address 0 --max-joins 0 --max-messages 0 --max-deliveries 0 --max-rate 0";
    this_program(&arguments.split_whitespace().collect::<Vec<_>>())
}

fn this_program(arguments: &[&str]) -> Result<Launch, Error> {
    let arguments = arguments.iter().map(Into::into).collect();
    Ok(Launch::new(std::env::current_exe()?, arguments))
}

pub(super) fn table(table: Table, found: &[Figures]) -> Table {
    let mut table = table
        .column("relay", "")
        .column("viewers", "")
        .column("rate", "")
        .column("messages", "1/s")
        .column("moved", "GB/s")
        .column("processor", "s/GB")
        .column("÷ floor", "")
        .column("memory", "MB");
    for percentile in ["p50", "p95", "p99"] {
        table = table.column(format!("age {percentile}"), "ms");
    }
    for figures in found {
        let Figures { viewers, age_ms, .. } = figures;
        table.row([
            figures.relay.clone().into(),
            (*viewers as u64).into(),
            pace(figures).into(),
            (figures.messages_per_s, 0).into(),
            (figures.gb_per_s, 2).into(),
            (figures.cpu_s_per_gb, 3).into(),
            figures.ratio.map_or(Cell::Empty, |ratio| (ratio, 2).into()),
            (figures.memory as f64 / 1e6, 1).into(),
            (age_ms.p50, 2).into(),
            (age_ms.p95, 2).into(),
            (age_ms.p99, 2).into(),
        ]);
    }
    table
}

fn pace(figures: &Figures) -> String {
    figures.rate.map_or("full".into(), |rate| format!("{rate}/s"))
}

/// Plots the cost of a gigabyte by number of viewers.
pub(super) fn cost(found: &[Figures]) -> Plot {
    let unit = "processor seconds per delivered GB";
    scaling("Cost of relaying frames", unit, found, |figures| Some(figures.cpu_s_per_gb))
}

/// Plots the throughput at full speed by number of viewers.
pub(super) fn speed(found: &[Figures]) -> Plot {
    let full = |figures: &Figures| figures.rate.is_none().then_some(figures.gb_per_s);
    scaling("Throughput of a relay at full speed", "GB/s to all viewers together", found, full)
}

fn scaling(title: &str, unit: &str, found: &[Figures], figure: impl Fn(&Figures) -> Option<f64>) -> Plot {
    let mut series: Vec<(String, Vec<(u32, f64)>)> = Vec::new();
    for figures in found {
        let (Some(figure), Ok(viewers)) = (figure(figures), u32::try_from(figures.viewers)) else { continue };
        let name =
            format!("{}, {}", figures.relay, figures.rate.map_or("full speed".into(), |_| pace(figures)));
        match series.iter_mut().find(|(known, _)| *known == name) {
            Some((_, points)) => points.push((viewers, figure)),
            None => series.push((name, vec![(viewers, figure)])),
        }
    }
    for (_, points) in &mut series {
        points.sort_by_key(|(viewers, _)| *viewers);
    }
    let scaling = plot::Scaling::default().with(|plot| {
        plot.title = title.into();
        plot.setting = "one sender, relay and viewers on one machine, over loopback".into();
        plot.unit = unit.into();
        plot.series = series;
    });
    scaling.into()
}

/// Runs the floor until standard input ends.
pub(super) fn floor() -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    signal::exit_with_input();
    print(&format!("\"{}\"", listener.local_addr()?))?;
    match fanout::serve_floor(&listener)? {}
}

//! `pulsecam bench fanout`, and the floor that it measures against.

use std::{net::TcpListener, time::Duration};

use super::{
    super::{
        Error,
        output::{Output, print},
        values,
    },
    show_progress,
};
use crate::bench::fanout::{self, Figures, Plan, Target};

/// Sender → relay → viewers over loopback sockets, the relay in a process of its own.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Numbers of viewers
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,4,16,64,256", value_parser = viewers)]
    viewers: Vec<usize>,
    /// Bytes of a frame
    #[arg(long, value_name = "SIZE", default_value = "100kB", value_parser = values::bytes)]
    bytes: u64,
    /// How long to measure, in all
    #[arg(long = "for", value_name = "TIME", default_value = "90s", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Duration,
    /// Another relay that runs already: its name, where it takes messages, where it gives them, its process
    #[arg(long, value_name = "NAME,IN,OUT,PID", value_parser = target)]
    against: Vec<Target>,
    /// Print one JSON object a case
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

/// The most viewers: each is a socket here and one in each relay, and the usual limit is 1024 a process.
const MAX_VIEWERS: usize = 1000;

fn viewers(text: &str) -> Result<usize, String> {
    let number = text.trim().parse().ok().filter(|number| (1..=MAX_VIEWERS).contains(number));
    number.ok_or_else(|| format!("a number from 1 to {MAX_VIEWERS} is wanted"))
}

fn target(text: &str) -> Result<Target, String> {
    let wrong = || "NAME,IN_ADDRESS,OUT_ADDRESS,PID is wanted".to_owned();
    let parts: Vec<_> = text.split(',').collect();
    let [name, into, out_of, pid] = parts[..] else { return Err(wrong()) };
    Ok(Target {
        name: name.to_owned(),
        into: into.parse().map_err(|_| wrong())?,
        out_of: out_of.parse().map_err(|_| wrong())?,
        pid: pid.parse().map_err(|_| wrong())?,
    })
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let output = Output::new(args.json);
    let plan = Plan {
        viewers: args.viewers.clone(),
        bytes: usize::try_from(args.bytes).unwrap_or(usize::MAX),
        time: args.time,
        program: std::env::current_exe()?,
        against: args.against.clone(),
    };
    if !output.is_json() {
        print(&format!(
            "{:12}{:>8}{:>8}{:>12}{:>9}{:>12}{:>8}{:>10}{:>18}",
            "relay", "viewers", "rate", "messages/s", "GB/s", "CPU s/GB", "ratio", "MB", "age p50/p99 ms"
        ));
    }
    fanout::run(&plan, show_progress, |figures| output.event(figures, Some(&line(figures))))
        .map_err(|error| Error::Bench(error.to_string()))?;
    Ok(())
}

fn line(figures: &Figures) -> String {
    let rate = figures.rate.map_or("full".into(), |rate| format!("{rate}/s"));
    let ratio = figures.ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
    format!(
        "{:12}{:>8}{rate:>8}{:>12.0}{:>9.2}{:>12.3}{ratio:>8}{:>10.1}{:>18}",
        figures.relay,
        figures.viewers,
        figures.messages_per_s,
        figures.gb_per_s,
        figures.cpu_s_per_gb,
        figures.memory as f64 / 1e6,
        format!("{:.2} / {:.2}", figures.age_ms.p50, figures.age_ms.p99),
    )
}

/// Serves as the floor until it is killed.
pub(super) fn floor() -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    print(&format!("\"{}\"", listener.local_addr()?));
    match fanout::serve_floor(&listener)? {}
}

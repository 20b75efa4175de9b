//! The command line.

use std::{fs, io, path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use pulsecam_bench::NoiseProbe;

use crate::{
    Failure, bulk, child, clients,
    job::Job,
    network,
    report::{self, Result},
    rows, trial,
    trial::Variant,
};

/// Measure the age of frames over slow and far links (Linux, root)
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Measure with pacing, without, or both in turn
    #[arg(long, value_name = "WHICH", default_value = "both")]
    pacing: Pacing,
    /// Compare with viewers that take whole frames only, so that the relay passes nothing on while it arrives
    #[arg(long)]
    whole: bool,
    /// Another program whose relay to compare with, without pacing, in the same run and in turn
    #[arg(long, value_name = "FILE", env = "PULSECAM_BASELINE")]
    baseline: Option<PathBuf>,
    /// Measure only rows whose names contain one of these
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    rows: Vec<String>,
    /// Time of each trial, after 3 s to settle
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    time: Duration,
    /// How often each row is measured; figures are medians
    #[arg(long, value_name = "N", default_value_t = 1)]
    rounds: usize,
    /// Run the measured programs with real-time priority, on a machine that others use
    #[arg(long)]
    real_time: bool,
    /// Write a page to this file, made from --template
    #[arg(long, value_name = "FILE", requires = "template")]
    page: Option<PathBuf>,
    /// A page with {{date}}, {{machine}}, {{table}} and {{second hop}}
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Print JSON objects, one per line, instead of a table
    #[arg(long)]
    json: bool,
    /// Keep samples of each cable and each frame in this folder
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Pacing {
    On,
    Off,
    Both,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Do a part of a measurement
    #[command(hide = true)]
    Child {
        /// The job, as JSON
        job: String,
    },
}

pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.command {
        Some(Command::Child { job }) => begin(job),
        None => measure(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("links: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn begin(job: &str) -> std::result::Result<(), Failure> {
    match serde_json::from_str(job)? {
        Job::Network(job) => network::run(&job),
        Job::Relay { namespace, listen, pacing } => clients::relay(&namespace, listen, pacing),
        Job::Send(job) => clients::send(&job),
        Job::View(job) => clients::view(&job),
        Job::BulkSend { namespace, to } => bulk::send(&namespace, to),
        Job::BulkSink { namespace, listen, log } => bulk::sink(&namespace, listen, &log),
        Job::Hold { namespace, command } => child::hold(&namespace, &command),
    }
}

fn variants(arguments: &Arguments) -> std::result::Result<Vec<Variant>, Failure> {
    let own = |name, pacing| Variant { name, pacing, pieces: true, relay: None };
    let mut variants = Vec::new();
    if arguments.pacing != Pacing::Off {
        variants.push(own("paced", true));
    }
    if arguments.pacing != Pacing::On {
        variants.push(own("not paced", false));
    }
    if arguments.whole {
        let pacing = arguments.pacing != Pacing::Off;
        variants.push(Variant { pieces: false, ..own("whole frames", pacing) });
    }
    if let Some(baseline) = &arguments.baseline {
        let relay = Some(fs::canonicalize(baseline)?);
        variants.push(Variant { name: "baseline", pacing: false, pieces: true, relay });
    }
    Ok(variants)
}

fn measure(arguments: &Arguments) -> std::result::Result<(), Failure> {
    let watch = NoiseProbe::begin();
    let temporary = tempfile::tempdir()?;
    let folder = arguments.traces.as_deref().unwrap_or(temporary.path());
    let variants = variants(arguments)?;
    let scratch = arguments.traces.is_none().then(|| temporary.path().to_owned());
    let settings = trial::Settings { time: arguments.time, real_time: arguments.real_time, scratch };
    let wanted = |name: &str| {
        arguments.rows.is_empty() || arguments.rows.iter().any(|word| name.contains(word.as_str()))
    };
    let mut results = Vec::new();
    for row in rows::all().into_iter().filter(|row| wanted(&row.name)) {
        let mut found: Vec<_> = variants
            .iter()
            .map(|variant| Result { row: row.clone(), variant: variant.clone(), rounds: Vec::new() })
            .collect();
        for round in 0..arguments.rounds {
            for result in &mut found {
                eprintln!("{}, {}, round {}", row.name, result.variant.name, round + 1);
                let name = format!("{}-{}-{round}", row.name, result.variant.name).replace(' ', "-");
                let outcome = trial::run(&row, &result.variant, &settings, &folder.join(name))?;
                result.rounds.push(outcome);
            }
        }
        for result in &found {
            if arguments.json {
                println!("{}", serde_json::to_string(result)?);
            }
        }
        results.extend(found);
    }
    let noisy: Vec<_> = watch.warnings().iter().map(ToString::to_string).collect();
    if !arguments.json {
        println!("{}", report::table(&results).text());
        report::second_hop(&results).iter().chain(&noisy).for_each(|line| println!("{line}"));
    }
    if let (Some(page), Some(template)) = (&arguments.page, &arguments.template) {
        fs::write(page, report::page(&fs::read_to_string(template)?, &today()?, &results, &noisy))?;
    }
    Ok(())
}

/// The date as `2026-01-31`.
fn today() -> io::Result<String> {
    let output = std::process::Command::new("date").args(["-u", "+%F"]).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

//! `pulsecam bench report`: runs every measurement and writes a page. `make bench` runs it.
//!
//! Prose about the measurements is in a template; figures come only from runs. A measurement is a file here
//! and a line in [`SECTIONS`]: its result replaces `{{its name}}` in the page.

#[cfg(unix)]
mod camera;
mod codec;
mod congestion;
#[cfg(target_os = "linux")]
mod crowd;
#[cfg(target_os = "linux")]
mod fanout;
mod freshness;
mod latency;
mod template;
#[cfg(target_os = "linux")]
mod window;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use self::template::Template;
use super::{
    super::{Error, values},
    export::warned,
};
use crate::{
    app::output::print,
    bench::{Machine, NoiseProbe, Plot},
};

/// Measures, and returns Markdown.
type Section = fn(&Page<'_>) -> Result<String, Error>;

/// All measurements, in this order.
const SECTIONS: &[(&str, Section)] = &[
    ("latency", latency::section),
    ("freshness", freshness::section),
    ("congestion", congestion::section),
    #[cfg(target_os = "linux")]
    ("fanout", fanout::section),
    #[cfg(target_os = "linux")]
    ("crowd", crowd::section),
    ("codec", codec::section),
    #[cfg(unix)]
    ("camera", camera::section),
    #[cfg(target_os = "linux")]
    ("window", window::section),
];

/// Text of a section that was not measured.
const NOT_MEASURED: &str = "Not measured in this run.";

/// Measure everything and write a page about it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Page to write
    #[arg(long, value_name = "FILE", default_value = "docs/benchmarks.md", env = "PULSECAM_OUT")]
    out: PathBuf,
    /// Template of the page, with a placeholder for each measurement: {{latency}}
    #[arg(long, value_name = "FILE", default_value = "docs/benchmarks.in.md", env = "PULSECAM_TEMPLATE")]
    template: PathBuf,
    /// Folder for the page's plots
    #[arg(long, value_name = "DIR", default_value = "docs/images", env = "PULSECAM_IMAGES")]
    images: PathBuf,
    /// Time for each measurement [default: as long as each needs]
    #[arg(long = "for", value_name = "TIME", value_parser = values::some_time, env = "PULSECAM_FOR")]
    time: Option<Duration>,
    /// Run only this measurement; can be repeated
    #[arg(long, value_name = "NAME", value_parser = SECTIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>())]
    only: Vec<String>,
}

/// The page that is being written.
struct Page<'a> {
    args: &'a Args,
}

impl Page<'_> {
    /// Time to measure.
    fn time(&self, otherwise: Duration) -> Duration {
        self.args.time.unwrap_or(otherwise)
    }

    /// Saves the plot, and returns Markdown with the PNG, which every viewer shows, linked to the SVG.
    fn plot(&self, name: &str, plot: &Plot, alternative: &str) -> Result<String, Error> {
        let Args { out, images, .. } = self.args;
        plot.save(images, name).map_err(|error| Error::Bench(format!("the plots: {error}")))?;
        let beside = out.parent().unwrap_or(Path::new(""));
        let folder = images.strip_prefix(beside).unwrap_or(images).display();
        Ok(format!("[![{alternative}]({folder}/{name}.png)]({folder}/{name}.svg)\n\n"))
    }
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let failed = |path: &Path, reason: String| Error::File { path: path.to_owned(), reason };
    let template = fs::read_to_string(&args.template)
        .map_err(|error| error.to_string())
        .and_then(|page| Template::parse(&page, &PLACES))
        .map_err(|reason| failed(&args.template, reason))?;
    let page = Page { args };
    let mut watch = NoiseProbe::begin();
    let (mut measured, mut failure) = (Vec::new(), None);
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|only| only == name);
    for (name, section) in SECTIONS.iter().filter(|(name, _)| wanted(name)) {
        // The other results took minutes: keep them if one measurement fails.
        let text = section(&page).unwrap_or_else(|error| {
            let text = format!("{NOT_MEASURED} {error}.");
            failure = Some(error);
            text
        });
        let doubts = doubts(&warned(&watch.warnings()));
        measured.push((*name, format!("{}\n{doubts}", text.trim_end())));
        watch = NoiseProbe::again();
    }
    let filled = template.fill(|name| match name {
        "date" => today(),
        "machine" => Machine::here().to_string(),
        _ => {
            let found = measured.iter().find(|(measured, _)| *measured == name);
            found.map_or_else(|| NOT_MEASURED.to_owned(), |(_, text)| text.clone())
        }
    });
    fs::write(&args.out, filled).map_err(|error| failed(&args.out, error.to_string()))?;
    print(&args.out.display().to_string())?;
    failure.map_or(Ok(()), Err)
}

/// Placeholders that the template must have, including measurements that this system does not support.
const PLACES: [&str; 10] =
    ["date", "machine", "latency", "freshness", "congestion", "fanout", "crowd", "codec", "camera", "window"];

/// Markdown that warns readers of doubtful figures.
fn doubts(noisy: &[String]) -> String {
    let lines: String = noisy.iter().map(|text| format!("> - {text}\n")).collect();
    if lines.is_empty() { lines } else { format!("\n> **The machine was noisy:**\n{lines}") }
}

/// Today's date in UTC.
fn today() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    now.split('T').next().unwrap_or_default().to_owned()
}

/// Says whether an aim is reached.
fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "not reached" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_the_repository_has_a_place_for_each_section() {
        assert!(SECTIONS.iter().all(|(name, _)| PLACES.contains(name)));
        let page = include_str!("../../../../docs/benchmarks.in.md");
        Template::parse(page, &PLACES).unwrap();
    }

    #[test]
    fn days_are_written_as_everywhere() {
        let day = today();
        assert_eq!((day.len(), day.matches('-').count()), (10, 2), "{day}");
    }

    #[test]
    fn doubts_are_on_the_page() {
        assert_eq!(doubts(&[]), "");
        assert_eq!(doubts(&["a".into(), "b".into()]), "\n> **The machine was noisy:**\n> - a\n> - b\n");
    }
}

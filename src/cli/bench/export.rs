//! Where a measurement's results go, the same for all of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;
use tracing::warn;

use super::super::{Error, values};
use crate::{
    app::output::{print, print_json},
    bench::{Plot, Table, Warning, Watch},
};

/// Standard output, as a file's name.
const STDOUT: &str = "-";

/// How to report.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reporting")]
pub(super) struct Export {
    /// Print JSON objects, one a line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
    /// Write the table as CSV, with '-' to standard output
    #[arg(long, value_name = "FILE", env = "PULSECAM_CSV")]
    csv: Option<PathBuf>,
    /// Draw plots into this folder, as SVG and as PNG
    #[arg(long, value_name = "DIR", env = "PULSECAM_PLOTS")]
    plots: Option<PathBuf>,
}

impl Export {
    /// Looks whether the options go together, and begins to watch the machine: before the measurement.
    pub(super) fn begin(&self) -> Result<Exporter<'_>, Error> {
        if self.json && self.csv_on_stdout() {
            return Err(Error::Usage(
                "--json and --csv - both write to standard output: give --csv a file".into(),
            ));
        }
        Ok(Exporter { export: self, watch: Watch::begin() })
    }

    fn csv_on_stdout(&self) -> bool {
        self.csv.as_deref() == Some(Path::new(STDOUT))
    }
}

/// Takes what was measured.
pub(super) struct Exporter<'a> {
    export: &'a Export,
    watch: Watch,
}

impl Exporter<'_> {
    /// What made the figures doubtful, for the events; a person is warned. To be asked once, right after the measurement.
    pub(super) fn noisy(&self) -> Vec<String> {
        warned(&self.watch.warnings())
    }

    /// Gives everything out: the events to programs, table and closing words to people, the files to who asked for them.
    pub(super) fn finish<E: Serialize>(
        &self,
        events: &[E],
        table: &Table,
        closing: &str,
        plots: &[(&str, Plot)],
    ) -> Result<(), Error> {
        let Export { json, csv, plots: folder } = self.export;
        if let Some(folder) = folder {
            for (name, plot) in plots {
                plot.save(folder, name).map_err(|error| Error::Bench(format!("the plots: {error}")))?;
            }
        }
        match csv {
            Some(_) if self.export.csv_on_stdout() => print(table.csv().trim_end())?,
            Some(path) => fs::write(path, table.csv())
                .map_err(|error| Error::File { path: path.clone(), reason: error.to_string() })?,
            None => {}
        }
        if *json {
            events.iter().try_for_each(print_json)?;
        } else if !self.export.csv_on_stdout() {
            print(table.text().trim_end())?;
            if !closing.is_empty() {
                print(&format!("\n{closing}"))?;
            }
        }
        Ok(())
    }
}

/// Warns, and gives what was said.
pub(super) fn warned(warnings: &[Warning]) -> Vec<String> {
    let told: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    told.iter().for_each(|text| warn!("{text}"));
    told
}

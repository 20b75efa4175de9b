//! Output of results, the same for all measurements.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;
use tracing::warn;

use super::super::{Error, values};
use crate::{
    app::output::{print, print_json},
    bench::{NoiseProbe, Plot, Table, Warning},
};

/// The file name that means standard output.
const STDOUT: &str = "-";

/// Output options.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reporting")]
pub(super) struct Export {
    /// Print JSON objects, one per line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
    /// Write the table as CSV to this file, or to standard output with '-'
    #[arg(long, value_name = "FILE", env = "PULSECAM_CSV")]
    csv: Option<PathBuf>,
    /// Save plots in this folder, as SVG and PNG
    #[arg(long, value_name = "DIR", env = "PULSECAM_PLOTS")]
    plots: Option<PathBuf>,
}

impl Export {
    /// Checks the options, and starts to watch the machine; call it before the measurement.
    pub(super) fn begin(&self) -> Result<Exporter<'_>, Error> {
        if self.json && self.csv_on_stdout() {
            return Err(Error::Usage(
                "--json and --csv - both write to standard output: give --csv a file".into(),
            ));
        }
        Ok(Exporter { export: self, watch: NoiseProbe::begin() })
    }

    fn csv_on_stdout(&self) -> bool {
        self.csv.as_deref() == Some(Path::new(STDOUT))
    }
}

/// Takes the results.
pub(super) struct Exporter<'a> {
    export: &'a Export,
    watch: NoiseProbe,
}

impl Exporter<'_> {
    /// Returns why the figures are doubtful, for the events, and logs it as warnings.
    ///
    /// Call it once, right after the measurement.
    pub(super) fn noisy(&self) -> Vec<String> {
        warned(&self.watch.warnings())
    }

    /// Writes everything: events for programs, table and closing words for people, files as requested.
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

/// Logs the warnings, and returns their texts.
pub(super) fn warned(warnings: &[Warning]) -> Vec<String> {
    let told: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    told.iter().for_each(|text| warn!("{text}"));
    told
}

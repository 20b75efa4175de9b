//! The page's section on latency.

use std::time::Duration;

use super::{
    super::{super::Error, latency, say},
    Page,
};
use crate::bench::{
    Cell, Percentiles, Table,
    latency::{Plan, Report},
};
use crate::jpeg::Strips;

/// Sizes and rates.
const RUNS: [(usize, usize, f64); 3] = [(640, 480, 60.0), (1280, 720, 30.0), (1920, 1080, 30.0)];

/// Index of the run that has an aim, and whose distribution is drawn.
const AIMED: usize = 1;

/// Maximum that the program adds to the floor at p50 and at p99, in milliseconds.
const AIMS_MS: [f64; 2] = [0.5, 3.0];

/// Numbers of cores that other programs keep busy.
const BUSY: [usize; 2] = [1, 2];

const QUALITY: u8 = 80;

/// What the second table says.
const BESIDE: &str = "Beside other programs that keep cores busy at a low priority (`--busy`), also during the \
                      floor; \"off\" is the whole without strips:";

const TIME: Duration = Duration::from_secs(20);

pub(super) fn section(page: &Page<'_>) -> Result<String, Error> {
    let measured = RUNS.map(|(width, height, fps)| {
        let plan = plan(page, (width, height, fps));
        say(&format!("latency, {}", latency::name(&plan)));
        latency::measure(plan, None)
    });
    let reports = measured.into_iter().collect::<Result<Vec<_>, _>>()?;
    let steps = page.plot("bench-latency-steps", &latency::steps(&reports), "Latency by step")?;
    let mut text = format!("{}\n{}", table(&reports).markdown(), steps);
    if let Some(report) = reports.get(AIMED) {
        let distribution = latency::distribution(report);
        text += &page.plot("bench-latency-distribution", &distribution, "Latency distribution")?;
        text += &verdict(report);
    }
    text += &format!("\n{BESIDE}\n\n{}", beside(page)?.markdown());
    Ok(text)
}

fn plan(page: &Page<'_>, (width, height, fps): (usize, usize, f64)) -> Plan {
    let strips = Strips::default();
    Plan { width, height, fps, quality: QUALITY, strips, busy: 0, time: page.time(TIME) }
}

/// Measures beside cores that other programs keep busy, in strips and on one thread.
fn beside(page: &Page<'_>) -> Result<Table, Error> {
    let mut table = Table::new("")
        .column("size and rate", "")
        .column("busy cores", "")
        .column("strips", "")
        .column("the whole p50 / p99", "ms")
        .column("the floor p50 / p99", "ms")
        .column("whole ÷ floor at p50", "")
        .column("whole ÷ floor at p99", "");
    for run in RUNS {
        for (busy, strips) in
            BUSY.into_iter().flat_map(|busy| [(busy, Strips::default()), (busy, Strips::Off)])
        {
            let plan = Plan { busy, strips, ..plan(page, run) };
            say(&format!("latency, {}, beside {busy} busy cores", latency::name(&plan)));
            let report = latency::measure(plan, None)?;
            let pair = |p: Percentiles| format!("{:.2} / {:.2}", p.p50, p.p99);
            table.row([
                latency::name(&plan).into(),
                (busy as u64).into(),
                if strips == Strips::Off { "off" } else { "auto" }.into(),
                pair(report.whole_ms).into(),
                pair(report.floor_ms).into(),
                (report.ratio_p50, 2).into(),
                (report.ratio_p99, 2).into(),
            ]);
        }
    }
    Ok(table)
}

/// The steps of all runs, side by side.
fn table(reports: &[Report]) -> Table {
    let mut table = Table::new("Milliseconds, p50 / p99:").column("", "");
    for report in reports {
        table = table.column(latency::name(&report.plan), "");
    }
    let mut row = |name: &str, of: &dyn Fn(&Report) -> String| {
        table.row([Cell::from(name)].into_iter().chain(reports.iter().map(|report| of(report).into())));
    };
    let pair = |p: Percentiles| format!("{:.2} / {:.2}", p.p50, p.p99);
    row("bytes per frame", &|report| format!("{} kB", report.bytes_per_frame / 1000));
    for (name, _) in reports.first().map(|report| report.steps.as_slice()).unwrap_or_default() {
        let of =
            |report: &Report| report.steps.iter().find(|(step, _)| step == name).map(|(_, step)| pair(*step));
        row(name, &|report| of(report).unwrap_or_default());
    }
    row("**the whole**", &|report| format!("**{}**", pair(report.whole_ms)));
    row("the floor of the same run", &|report| pair(report.floor_ms));
    row("whole ÷ floor at p50", &|report| format!("{:.2}", report.ratio_p50));
    row("processor time per frame, ours / the floor's", &|report| {
        let ms = |time: Option<f64>| time.map_or("–".to_owned(), |ms| format!("{ms:.2}"));
        format!("{} / {}", ms(report.cpu_ms_per_frame), ms(report.floor_cpu_ms_per_frame))
    });
    row("frames replaced on the way", &|report| {
        format!("{} of {}", report.replaced, report.frames + report.replaced)
    });
    table
}

fn verdict(report: &Report) -> String {
    let of = |name: &str, added: f64, aim: f64| {
        let side = if added < 0.0 { "below" } else { "above" };
        format!("{name} {:.2} ms {side} it (aim {aim}), **{}**", added.abs(), super::verdict(added <= aim))
    };
    let [p50, p99] = AIMS_MS;
    format!(
        "{} against the floor: {}; {}.\n",
        latency::name(&report.plan),
        of("p50", report.added_p50_ms, p50),
        of("p99", report.added_p99_ms, p99)
    )
}

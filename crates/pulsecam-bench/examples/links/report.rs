//! Medians over the rounds, as tables and as JSON.

use pulsecam_bench::{Machine, Table, median};
use serde::Serialize;

use crate::{
    rows::{Hop, Row},
    trial::{Outcome, Variant},
};

/// All rounds of one row with one variant.
#[derive(Debug, Serialize)]
pub(crate) struct Result {
    #[serde(flatten)]
    pub(crate) row: Row,
    pub(crate) variant: Variant,
    pub(crate) rounds: Vec<Outcome>,
}

impl Result {
    fn median(&self, of: impl Fn(&Outcome) -> f64) -> f64 {
        median(self.rounds.iter().map(of))
    }

    fn seconds(outcome: &Outcome) -> f64 {
        (outcome.seen.to_us - outcome.seen.from_us) as f64 / 1e6
    }

    /// Age at the median and the 95th percentile, in milliseconds.
    fn age(&self) -> [f64; 2] {
        [self.median(|outcome| outcome.seen.age_ms.p50), self.median(|outcome| outcome.seen.age_ms.p95)]
    }
}

/// The table of all results.
pub(crate) fn table(results: &[Result]) -> Table {
    let mut table = Table::new("")
        .column("link", "")
        .column("variant", "")
        .column("frames", "1/s")
        .column("frames", "MB/s")
        .column("age p50", "ms")
        .column("p95", "ms")
        .column("p99", "ms")
        .column("max", "ms")
        .column("time of one frame", "ms")
        .column("(p95 − one way) ÷ one frame", "")
        .column("gap p95", "ms")
        .column("streams: most ÷ fewest", "")
        .column("queue p50/p95", "kB")
        .column("dropped", "packets")
        .column("bulk", "MB/s")
        .column("cable late p99/max", "ms");
    for result in results {
        let row = &result.row;
        let [p50, p95] = result.age();
        let queue = |index: usize| {
            result.median(|outcome| outcome.lanes.last().map_or(0.0, |lane| lane.queued_kb[index]))
        };
        let sum = |of: fn(&crate::trace::LaneUse) -> f64| {
            result.median(|outcome| outcome.lanes.iter().map(of).fold(0.0, f64::max))
        };
        let shares = |outcome: &Outcome| outcome.seen.most as f64 / outcome.seen.fewest.max(1) as f64;
        let fair = if row.streams == 1 {
            "".into()
        } else {
            let seen = result.rounds.iter().map(|outcome| outcome.seen.streams).min().unwrap_or_default();
            let missing = row.streams as u64 - seen.min(row.streams as u64);
            if missing == 0 {
                (result.median(shares), 2).into()
            } else {
                format!("{missing} without any").into()
            }
        };
        let bulk = if row.bulk {
            (result.median(|outcome| outcome.bulk_bytes_per_s.unwrap_or_default()) / 1e6, 2).into()
        } else {
            "".into()
        };
        table.row([
            row.name.as_str().into(),
            result.variant.name.into(),
            (result.median(|outcome| outcome.seen.frames as f64 / Result::seconds(outcome)), 1).into(),
            (result.median(|outcome| outcome.seen.bytes as f64 / Result::seconds(outcome) / 1e6), 2).into(),
            (p50, 1).into(),
            (p95, 1).into(),
            (result.median(|outcome| outcome.seen.age_ms.p99), 1).into(),
            (result.median(|outcome| outcome.seen.age_ms.max), 1).into(),
            (row.frame_ms(), 1).into(),
            ((p95 - row.one_way_ms()) / row.frame_ms(), 2).into(),
            (result.median(|outcome| outcome.seen.gap_ms.p95), 1).into(),
            fair,
            format!("{:.0}/{:.0}", queue(0), queue(1)).into(),
            (sum(|lane| lane.dropped as f64), 0).into(),
            bulk,
            format!("{:.1}/{:.1}", sum(|lane| lane.late_ms[0]), sum(|lane| lane.late_ms[1])).into(),
        ]);
    }
    table
}

/// What a second hop adds, as a share of a transfer: 1 for a relay that waits for each whole message.
pub(crate) fn second_hop(results: &[Result]) -> Vec<String> {
    let both = results.iter().filter(|result| result.row.hop == Hop::Both);
    let lines = both.filter_map(|both| {
        let one = results.iter().find(|one| {
            one.row.hop == Hop::Up
                && one.variant.name == both.variant.name
                && one.row.congestion == both.row.congestion
                && one.row.bytes == both.row.bytes
                && one.row.shape == both.row.shape
        })?;
        let ([one, _], [two, _]) = (one.age(), both.age());
        let added = two - one;
        let share = added / both.row.frame_ms();
        let (link, variant) = (&both.row.name, &both.variant.name);
        Some(format!("{link}, {variant}: the second hop adds {added:.1} ms at p50, {share:.2} of a transfer"))
    });
    lines.collect()
}

/// Fills in a page.
pub(crate) fn page(template: &str, date: &str, results: &[Result], noisy: &[String]) -> String {
    let list = |lines: &[String]| lines.iter().map(|line| format!("- {line}\n")).collect::<String>();
    let mut figures = table(results).markdown();
    if !noisy.is_empty() {
        figures += &format!("\n**The machine was noisy:**\n\n{}", list(noisy));
    }
    template
        .replace("{{date}}", date)
        .replace("{{machine}}", &Machine::here().to_string())
        .replace("{{table}}", figures.trim_end())
        .replace("{{second hop}}", list(&second_hop(results)).trim_end())
}

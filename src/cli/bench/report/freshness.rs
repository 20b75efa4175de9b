//! The page's section on freshness.

use std::time::Duration;

use super::{
    super::{super::Error, freshness, say},
    Page,
};
use crate::bench::{
    Table,
    freshness::{Figures, Plan},
};

const LINK: usize = 1_500_000;
const BYTES: usize = 100_000;
const FPS: f64 = 60.0;
const TIME: Duration = Duration::from_secs(40);

/// Maximum age at p95, as a multiple of the time of one frame on the link.
const AIM: f64 = 2.5;

pub(super) fn section(page: &Page<'_>) -> Result<String, Error> {
    say("freshness");
    let found = freshness::measure(Plan::new(LINK, BYTES, FPS, page.time(TIME)))?;
    let plot = page.plot("bench-freshness", &freshness::ages(&found), "Age behind a slow link")?;
    let table = freshness::table(Table::new(""), &found).markdown();
    Ok(format!("{table}\n{plot}{}", verdict(&found)))
}

fn verdict(found: &[Figures]) -> String {
    let worst = found.iter().map(|figures| figures.p95_ratio).max_by(f64::total_cmp).unwrap_or(f64::NAN);
    let reached = super::verdict(worst <= AIM);
    format!(
        "The aim is {AIM} times the time of one frame at p95: {worst:.2} at the worse hop, **{reached}**.\n"
    )
}

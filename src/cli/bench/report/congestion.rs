//! The page's section on congestion.

use std::time::Duration;

use super::{
    super::{super::Error, congestion, say},
    Page,
};
use crate::bench::{Table, congestion::Figures};

const LINK: u64 = 1_500_000;
const FPS: f64 = 30.0;
const QUALITY: u8 = 80;

/// Time for each link.
const TIME: Duration = Duration::from_secs(20);

/// Round trips in milliseconds.
const ROUND_TRIPS: [u64; 4] = [0, 40, 150, 300];

/// Minimum share of a slow link that is used.
const USED: f64 = 0.8;

/// Maximum age at p95 minus the one-way delay, as a multiple of the time of one frame on the link.
const AGE: f64 = 2.5;

pub(super) fn section(page: &Page<'_>) -> Result<String, Error> {
    say("congestion");
    let plan = congestion::plan(FPS, QUALITY, page.time(TIME));
    let found = congestion::measure(plan, &congestion::cases(LINK, &ROUND_TRIPS))?;
    let table = congestion::table(Table::new(""), &found).markdown();
    Ok(format!("{table}\n{}", verdict(&found)))
}

fn verdict(found: &[Figures]) -> String {
    let is_whole = |figures: &Figures| figures.quality == Some(QUALITY) && figures.size_changes == 0;
    let whole = found.iter().filter(|figures| figures.case.bytes_per_s.is_none()).all(is_whole);
    let slow = || found.iter().filter(|figures| figures.case.bytes_per_s.is_some());
    let used = slow().filter_map(|figures| figures.used).min_by(f64::total_cmp).unwrap_or(f64::NAN);
    let age = slow().filter_map(|figures| figures.p95_ratio).max_by(f64::total_cmp).unwrap_or(f64::NAN);
    let back = slow().all(|figures| figures.recovered_s.is_some());
    format!(
        "Distant links without a limit keep quality and size: **{}**. At least {:.0} % of a slow link is used: {:.0} % at worst, **{}**. The \
         age at p95 is at most {AGE} times the time of one frame beyond the one-way delay: {age:.2} at worst, **{}**. A link that recovers is used again within 15 s: **{}**.\n",
        super::verdict(whole),
        USED * 100.0,
        used * 100.0,
        super::verdict(used >= USED),
        super::verdict(age <= AGE),
        super::verdict(back),
    )
}

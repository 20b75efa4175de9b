//! The page's section on how clients affect other viewers.

use std::time::Duration;

use super::{
    super::{super::Error, crowd, say},
    Page,
};
use crate::bench::{
    Table,
    crowd::{Disturbance, Figures},
};

const BYTES: usize = 100_000;
const RATE: f64 = 300.0;
const TIME: Duration = Duration::from_secs(60);

/// Maximum 99th percentile beside a stalled viewer, over the undisturbed one.
const AIM: f64 = 1.1;

pub(super) fn section(page: &Page<'_>) -> Result<String, Error> {
    say("crowd");
    let found = crowd::measure(BYTES, RATE, page.time(TIME))?;
    Ok(format!("{}\n{}", crowd::table(Table::new(""), &found).markdown(), verdict(&found)))
}

fn verdict(found: &[Figures]) -> String {
    let stalled = found.iter().find(|figures| figures.beside == Disturbance::Stalled);
    stalled.map_or(String::new(), |Figures { p99_ratio, .. }| {
        let reached = super::verdict(*p99_ratio <= AIM);
        format!("The aim beside a viewer that never reads is {AIM} at p99: {p99_ratio:.2}, **{reached}**.\n")
    })
}

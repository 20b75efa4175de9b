//! The page's section on several streams in one window.

use std::time::Duration;

use super::{
    super::{super::Error, say, window},
    NOT_MEASURED, Page, verdict,
};
use crate::bench::{
    Table,
    window::{Condition, Plan},
};

const STREAMS: usize = 4;
const SIZE: (usize, usize) = (1280, 720);
const FPS: f64 = 30.0;
const TIME: Duration = Duration::from_secs(10);

/// The largest share of a core while the window is seen.
const AIM: f64 = 0.15;

/// The same while nobody sees its pictures change.
const UNSEEN_AIM: f64 = 0.02;

pub(super) fn section(page: &Page<'_>) -> Result<String, Error> {
    if std::env::var_os("DISPLAY").is_none_or(|display| display.is_empty()) {
        return Ok(format!("{NOT_MEASURED} There was no display.\n"));
    }
    say("window");
    let (width, height) = SIZE;
    let found = window::measure(Plan { streams: STREAMS, width, height, fps: FPS, time: page.time(TIME) })?;
    let table = found.table(Table::new("")).markdown();
    let seen = found.all(Condition::Seen);
    let unseen =
        [Condition::Minimised, Condition::Covered, Condition::Paused].map(|unseen| found.all(unseen));
    let worst = unseen.into_iter().fold(0.0, f64::max);
    Ok(format!(
        "{table}\n{}.\n\nThe aim is {:.0} % while it is seen: {:.1} %, **{}**; and {:.0} % while it is not: {:.1} % at worst, **{}**.\n",
        found.closing(),
        AIM * 100.0,
        seen * 100.0,
        verdict(seen <= AIM),
        UNSEEN_AIM * 100.0,
        worst * 100.0,
        verdict(worst <= UNSEEN_AIM)
    ))
}

//! The page's section on fan-out.

use std::time::Duration;

use super::{
    super::{super::Error, fanout, say},
    Page,
};
use crate::bench::{
    Table,
    fanout::{Figures, OURS},
};

const VIEWERS: [usize; 5] = [1, 4, 16, 64, 256];
const BYTES: usize = 100_000;
const TIME: Duration = Duration::from_secs(120);

/// Maximum cost of a gigabyte as a multiple of the floor, from [`AIM_FROM`] viewers on.
const AIM: f64 = 1.15;
const AIM_FROM: usize = 4;

pub(super) fn section(page: &Page<'_>) -> Result<String, Error> {
    say("fan-out");
    let found = fanout::measure(&VIEWERS, BYTES, page.time(TIME), &[])?;
    let cost = page.plot("bench-fanout-cost", &fanout::cost(&found), "Cost of relaying frames")?;
    let speed = page.plot("bench-fanout-speed", &fanout::speed(&found), "Throughput of a relay")?;
    let table = fanout::table(Table::new(""), &found).markdown();
    Ok(format!("{table}\n{cost}{speed}{}", verdict(&found)))
}

fn verdict(found: &[Figures]) -> String {
    let worst = |full: bool| {
        let aimed = |figures: &&Figures| {
            figures.relay == OURS && figures.viewers >= AIM_FROM && figures.rate.is_none() == full
        };
        let ratios = found.iter().filter(aimed).filter_map(|figures| figures.ratio);
        ratios.max_by(f64::total_cmp).unwrap_or_default()
    };
    let (full, paced) = (worst(true), worst(false));
    format!(
        "The aim from {AIM_FROM} viewers on is {AIM} of the floor's processor time per gigabyte. The worst at full speed was {full:.2}, **{}**; at \
         30 frames per second {paced:.2}, **{}**.\n",
        super::verdict(full <= AIM),
        super::verdict(paced <= AIM),
    )
}

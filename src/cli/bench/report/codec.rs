//! The page's section on the codec.

use std::time::Duration;

use super::{
    super::{super::Error, codec, say},
    Page,
};
use crate::bench::{
    Table,
    codec::{Cost, Plan, Way},
};

const QUALITY: u8 = 80;
const TIME: Duration = Duration::from_secs(60);

/// Maximum time of strips at this size, as a share of one thread's.
const AIM: f64 = 0.6;
const AIMED: (usize, usize) = (1920, 1080);

/// Numbers of cores that other programs keep busy.
const BUSY: [usize; 2] = [1, 2];

/// Maximum p99 of strips beside busy cores, as a share of one thread's.
const AIM_BESIDE: f64 = 1.15;

pub(super) fn section(page: &Page<'_>) -> Result<String, Error> {
    say("codec");
    let plan = Plan::new(codec::SIZES.to_vec(), QUALITY, page.time(TIME));
    let costs = codec::measure(&plan)?;
    let plot = page.plot("bench-codec-strips", &codec::strips(&costs), "Strips and one thread")?;
    let mut text = format!("{}\n{plot}{}", codec::table(Table::new(""), &costs).markdown(), verdict(&costs));
    for busy in BUSY {
        say(&format!("codec, beside {busy} busy cores"));
        let costs = codec::measure(&plan.clone().with_busy(busy))?;
        let cores = if busy == 1 { "core" } else { "cores" };
        text += &format!(
            "\nBeside {busy} busy {cores} (`--busy {busy}`), each call after a pause:\n\n{}\n{}",
            codec::beside(Table::new(""), &costs).markdown(),
            verdict_beside(&costs)
        );
    }
    Ok(text)
}

fn verdict_beside(costs: &[Cost]) -> String {
    let worst = costs.iter().map(|cost| cost.strips_ratio_p99).fold(0.0, f64::max);
    let reached = super::verdict(worst <= AIM_BESIDE);
    format!("The aim is at most {AIM_BESIDE} of one thread's p99: {worst:.2} at worst, **{reached}**.\n")
}

fn verdict(costs: &[Cost]) -> String {
    let of = |way| {
        let usual =
            |cost: &&Cost| (cost.width, cost.height) == AIMED && cost.format == "4:2:0" && cost.way == way;
        costs.iter().find(usual).map_or(f64::NAN, |cost| cost.strips_ratio)
    };
    let (encode, decode) = (of(Way::Encode), of(Way::Decode));
    format!(
        "The aim for {}x{} in 4:2:0 is {AIM} of one thread: encoding {encode:.2}, **{}**; decoding {decode:.2}, **{}**.\n",
        AIMED.0,
        AIMED.1,
        super::verdict(encode <= AIM),
        super::verdict(decode <= AIM),
    )
}

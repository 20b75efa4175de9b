//! The page's section on the codec.

use std::time::Duration;

use super::{
    super::{super::Error, codec, say},
    Page,
};
use crate::bench::{
    Table,
    codec::{Cost, Way},
};

const QUALITY: u8 = 80;
const TIME: Duration = Duration::from_secs(60);

/// Maximum time of strips at this size, as a share of one thread's.
const AIM: f64 = 0.6;
const AIMED: (usize, usize) = (1920, 1080);

pub(super) fn section(page: &Page<'_>) -> Result<String, Error> {
    say("codec");
    let costs = codec::measure(codec::SIZES.to_vec(), QUALITY, page.time(TIME))?;
    let plot = page.plot("bench-codec-strips", &codec::strips(&costs), "Strips and one thread")?;
    Ok(format!("{}\n{plot}{}", codec::table(Table::new(""), &costs).markdown(), verdict(&costs)))
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

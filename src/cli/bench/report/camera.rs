//! The page's section on what a camera's frame costs.

use std::time::Duration;

use super::{
    super::{super::Error, camera, say},
    Page,
};
use crate::bench::{Table, camera::Plan};

/// What the program may cost for each case, in floors: passing on, and encoding.
const AIMS: [f64; 2] = [1.3, 1.1];

const FPS: u32 = 30;
const TIME: Duration = Duration::from_secs(60);

pub(super) fn section(page: &Page<'_>) -> Result<String, Error> {
    say("camera");
    let costs = camera::measure(Plan { fps: FPS, time: page.time(TIME) })?;
    let mut table = camera::columns(Table::new("")).column("aim", "");
    for (cost, aim) in costs.iter().zip(AIMS) {
        let verdict = format!("{aim}, {}", super::verdict(cost.ratio <= aim));
        table.row(camera::row(cost).into_iter().chain([verdict.into()]));
    }
    let plot = page.plot("bench-camera", &camera::ratios(&costs, FPS), "What a camera's frame costs")?;
    Ok(format!("{}\n{plot}", table.markdown()))
}

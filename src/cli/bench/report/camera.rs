//! The page's section on the cost of a camera's frame.

use std::time::Duration;

use super::{
    super::{super::Error, camera, say},
    Page,
};
use crate::bench::{Table, camera::Plan};

/// Maximum cost as a multiple of the floor: passing JPEGs through, and encoding.
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
    let plot = page.plot("bench-camera", &camera::ratios(&costs, FPS), "Cost of a camera's frame")?;
    Ok(format!("{}\n{plot}", table.markdown()))
}

//! Counts the frames of each stream for ten seconds: `cargo run --example count_frames -- localhost`.
#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use std::{collections::BTreeMap, error::Error, time::Duration};

use pulsecam::link::{self, Config};
use tokio::time::{Instant, timeout_at};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let host = std::env::args().nth(1).ok_or("usage: count_frames HOST")?;
    let (_link, mut inbox) = link::connect(Config::new(host)).await?;
    let end = Instant::now() + Duration::from_secs(10);
    let mut counts = BTreeMap::<String, u32>::new();
    while let Ok(Some(taken)) = timeout_at(end, inbox.recv()).await {
        if let Some(info) = taken.item.info {
            *counts.entry(info.stream.unwrap_or_default()).or_default() += 1;
        }
    }
    for (stream, frames) in counts {
        println!("{frames:6} {stream}");
    }
    Ok(())
}

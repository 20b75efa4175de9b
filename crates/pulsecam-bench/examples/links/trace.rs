//! Samples of the cables over time: lines of CSV, which also show what TCP does to the queue.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

use pulsecam_bench::cable::LaneCounts;
use serde::Serialize;

/// A lane at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LaneSample {
    /// Bytes in the queue.
    pub(crate) queued: u64,
    pub(crate) counts: LaneCounts,
    /// The latest delivery since the sample before.
    pub(crate) late_us: u64,
}

/// Columns of a lane.
const FIELDS: usize = 5;

/// Writes a line: the time, then each lane's queue, bytes, packets, drops, lateness. Lanes come in pairs, a
/// cable's first end (what travels towards it) before its second.
pub(crate) fn write(
    to: &mut impl Write,
    time_us: u64,
    lanes: impl Iterator<Item = LaneSample>,
) -> io::Result<()> {
    write!(to, "{time_us}")?;
    for LaneSample { queued, counts, late_us } in lanes {
        write!(to, ",{queued},{},{},{},{late_us}", counts.bytes, counts.packets, counts.dropped)?;
    }
    writeln!(to)
}

/// What a lane did in a period.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct LaneUse {
    /// Bytes per second, headers included.
    pub(crate) bytes_per_s: f64,
    /// Kilobytes that waited, at the median and the 95th percentile.
    pub(crate) queued_kb: [f64; 2],
    pub(crate) dropped: u64,
    /// How late the cable itself delivered, at the 99th percentile of the samples and at worst: an error of the
    /// measurement.
    pub(crate) late_ms: [f64; 2],
}

/// Reads what the lane with this number did between two times.
pub(crate) fn lane_use(trace: &Path, lane: usize, from_us: u64, to_us: u64) -> io::Result<LaneUse> {
    let (mut first, mut last) = (None::<(u64, Vec<u64>)>, None);
    let (mut queued, mut late_us) = (Vec::new(), Vec::new());
    for line in BufReader::new(File::open(trace)?).lines() {
        let values: Vec<u64> = line?.split(',').map_while(|value| value.parse().ok()).collect();
        let Some((&time, lanes)) = values.split_first() else { continue };
        let Some(values) = lanes.get(lane * FIELDS..(lane + 1) * FIELDS) else { continue };
        if (from_us..=to_us).contains(&time) {
            queued.push(values[0]);
            late_us.push(values[4]);
            first.get_or_insert_with(|| (time, values.to_vec()));
            last = Some((time, values.to_vec()));
        }
    }
    let (Some((begin, first)), Some((end, last))) = (first, last) else { return Ok(LaneUse::default()) };
    queued.sort_unstable();
    late_us.sort_unstable();
    Ok(LaneUse {
        bytes_per_s: (last[1] - first[1]) as f64 / ((end - begin) as f64 / 1e6).max(1e-3),
        queued_kb: [at(&queued, 0.5), at(&queued, 0.95)],
        dropped: last[3] - first[3],
        late_ms: [at(&late_us, 0.99), at(&late_us, 1.0)],
    })
}

/// A thousandth of the value at this share of sorted ones.
fn at(sorted: &[u64], share: f64) -> f64 {
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index).or(sorted.last()).map_or(0.0, |value| *value as f64 / 1e3)
}

/// Bytes per second between two times, from lines `time,total`.
pub(crate) fn throughput(log: &Path, from_us: u64, to_us: u64) -> io::Result<f64> {
    let (mut first, mut last) = (None, None);
    for line in BufReader::new(File::open(log)?).lines() {
        let line = line?;
        let Some((time, total)) = line.split_once(',') else { continue };
        let (Ok(time), Ok(total)) = (time.parse::<u64>(), total.parse::<u64>()) else { continue };
        if (from_us..=to_us).contains(&time) {
            first.get_or_insert((time, total));
            last = Some((time, total));
        }
    }
    let (Some(first), Some(last)) = (first, last) else { return Ok(0.0) };
    Ok((last.1 - first.1) as f64 / ((last.0 - first.0) as f64 / 1e6).max(1e-3))
}

//! Position and time of each frame of a track, from the sample tables, read in place.
//!
//! The tables are not expanded. A table of a few bytes may claim billions of samples, so each sample is
//! looked up when it is needed.

use bytes::Bytes;

use super::atom::{u32_at, u64_at};

/// Bytes of a table before its entries: version, flags, and number of entries.
const TABLE_HEAD: usize = 8;

/// Bytes of an entry that says how many samples each chunk has, from some chunk on.
const RUN: usize = 12;

/// Bytes of an entry that says how long each of N samples takes.
const PACE: usize = 8;

/// A frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// Its position in the file.
    pub(super) at: u64,
    /// Its length in bytes.
    pub(super) size: u32,
    /// The time at which it is shown, in ticks.
    pub(super) ticks: u64,
}

/// The tables of one track.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    sizes: Sizes,
    /// Positions of the chunks.
    chunks: Bytes,
    /// Whether positions have 64 bits.
    wide: bool,
    runs: Bytes,
    paces: Bytes,
}

#[derive(Clone, Debug)]
enum Sizes {
    All { size: u32, count: u64 },
    Each { sizes: Bytes, bits: usize },
}

impl Sizes {
    fn count(&self) -> u64 {
        match self {
            Self::All { count, .. } => *count,
            Self::Each { sizes, bits } => (sizes.len() * 8 / bits) as u64,
        }
    }

    fn of(&self, sample: u64) -> Option<u32> {
        match self {
            Self::All { size, count } => (sample < *count).then_some(*size),
            Self::Each { sizes, bits } => {
                let index = usize::try_from(sample).ok()?;
                match bits {
                    4 => sizes
                        .get(index / 2)
                        .map(|pair| u32::from(if index % 2 == 0 { pair >> 4 } else { pair & 15 })),
                    8 => sizes.get(index).map(|size| u32::from(*size)),
                    16 => sizes.get(2 * index..)?.first_chunk().map(|size| u16::from_be_bytes(*size).into()),
                    _ => u32_at(sizes, index.checked_mul(4)?),
                }
            }
        }
    }
}

/// The entries of a table: as many as it claims, but no more than exist.
fn entries(table: &Bytes, head: usize, bytes: usize) -> Option<Bytes> {
    let claimed = (u32_at(table, head - 4)? as usize).saturating_mul(bytes);
    let there = table.len().saturating_sub(head) / bytes * bytes;
    Some(table.slice(head..head + claimed.min(there)))
}

impl Tables {
    /// Reads the tables. `atom` returns the atoms `stsz` or `stz2`, `stco` or `co64`, `stsc` and `stts`.
    /// `length`: length of the file, if known. `None` if one is missing.
    pub(super) fn new(atom: impl Fn(&[u8; 4]) -> Option<Bytes>, length: Option<u64>) -> Option<Self> {
        let sizes = match (atom(b"stsz"), atom(b"stz2")) {
            (Some(table), _) => match u32_at(&table, 4)? {
                0 => Sizes::Each { sizes: entries(&table, 12, 4)?, bits: 32 },
                // This count has no table that would limit it: the file must have the bytes.
                size => {
                    let possible = length.map_or(u64::MAX, |length| length / u64::from(size));
                    Sizes::All { size, count: u64::from(u32_at(&table, 8)?).min(possible) }
                }
            },
            (None, Some(table)) => {
                let bits = usize::from(*table.get(7)?);
                if ![4, 8, 16].contains(&bits) {
                    return None;
                }
                let count = u32_at(&table, 8)? as usize;
                let there = table.len().saturating_sub(12);
                Sizes::Each { sizes: table.slice(12..12 + there.min((count * bits).div_ceil(8))), bits }
            }
            (None, None) => return None,
        };
        let (chunks, wide) = match (atom(b"stco"), atom(b"co64")) {
            (Some(table), _) => (entries(&table, TABLE_HEAD, 4)?, false),
            (None, Some(table)) => (entries(&table, TABLE_HEAD, 8)?, true),
            (None, None) => return None,
        };
        let runs = entries(&atom(b"stsc")?, TABLE_HEAD, RUN)?;
        let paces = entries(&atom(b"stts")?, TABLE_HEAD, PACE)?;
        Some(Self { sizes, chunks, wide, runs, paces })
    }

    /// The most samples there can be.
    pub(super) fn count(&self) -> u64 {
        self.sizes.count()
    }

    /// The duration of all samples, in ticks.
    pub(super) fn ticks(&self) -> u64 {
        let (mut ticks, mut left) = (0u64, self.count());
        for entry in self.paces.chunks_exact(PACE) {
            let (Some(count), Some(delta)) = (u32_at(entry, 0), u32_at(entry, 4)) else { break };
            let count = left.min(count.into());
            ticks = ticks.saturating_add(count.saturating_mul(delta.into()));
            left -= count;
        }
        ticks
    }

    fn chunk(&self, chunk: usize) -> Option<u64> {
        if self.wide {
            u64_at(&self.chunks, chunk.checked_mul(8)?)
        } else {
            u32_at(&self.chunks, chunk.checked_mul(4)?).map(u64::from)
        }
    }

    /// The first chunk (counted from 1) of a run, and the samples per chunk.
    fn run(&self, run: usize) -> Option<(u32, u32)> {
        let at = run.checked_mul(RUN)?;
        Some((u32_at(&self.runs, at)?, u32_at(&self.runs, at + 4)?))
    }

    fn pace(&self, pace: usize) -> Option<(u32, u32)> {
        let at = pace.checked_mul(PACE)?;
        Some((u32_at(&self.paces, at)?, u32_at(&self.paces, at + 4)?))
    }
}

/// Iterates over samples.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursor {
    sample: u64,
    /// The next chunk.
    chunk: usize,
    run: usize,
    /// Samples left in the chunk before it.
    left: u32,
    /// Position of the next sample.
    at: u64,
    ticks: u64,
    pace: usize,
    /// Samples already counted in the current `pace` entry.
    paced: u32,
}

impl Cursor {
    /// The next sample; `None` at the end.
    pub(super) fn next(&mut self, tables: &Tables) -> Option<Sample> {
        let size = tables.sizes.of(self.sample)?;
        while self.left == 0 {
            self.at = tables.chunk(self.chunk)?;
            self.chunk += 1;
            while tables.run(self.run + 1).is_some_and(|(first, _)| first as usize <= self.chunk) {
                self.run += 1;
            }
            self.left = tables.run(self.run)?.1;
        }
        let sample = Sample { at: self.at, size, ticks: self.ticks };
        self.left -= 1;
        self.sample += 1;
        self.at = self.at.saturating_add(size.into());
        self.ticks = self.ticks.saturating_add(self.step(tables).into());
        Some(sample)
    }

    /// Ticks to the next sample. Beyond the end of the table the last entry is repeated.
    fn step(&mut self, tables: &Tables) -> u32 {
        while let Some((count, _)) = tables.pace(self.pace)
            && self.paced >= count
            && tables.pace(self.pace + 1).is_some()
        {
            self.pace += 1;
            self.paced = 0;
        }
        self.paced = self.paced.saturating_add(1);
        // Some writers store negative numbers here.
        tables.pace(self.pace).map_or(0, |(_, delta)| if delta > i32::MAX as u32 { 0 } else { delta })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(head: &[u32], entries: &[u32]) -> Bytes {
        head.iter().chain(entries).flat_map(|number| number.to_be_bytes()).collect()
    }

    fn tables(sizes: &Bytes, chunks: &[u32], runs: &[u32], paces: &[u32]) -> Tables {
        let atom = |kind: &[u8; 4]| match kind {
            b"stsz" => Some(sizes.clone()),
            b"stco" => Some(table(&[0, chunks.len() as u32], chunks)),
            b"stsc" => Some(table(&[0, runs.len() as u32 / 3], runs)),
            b"stts" => Some(table(&[0, paces.len() as u32 / 2], paces)),
            _ => None,
        };
        Tables::new(atom, Some(10_000)).unwrap()
    }

    fn samples(tables: &Tables) -> Vec<(u64, u32, u64)> {
        let mut cursor = Cursor::default();
        std::iter::from_fn(|| cursor.next(tables))
            .map(|sample| (sample.at, sample.size, sample.ticks))
            .collect()
    }

    #[test]
    fn samples_are_where_the_tables_say() {
        let sizes = table(&[0, 0, 5], &[10, 20, 30, 40, 50]);
        let tables = tables(&sizes, &[100, 500, 900], &[1, 2, 1, 3, 1, 1], &[2, 5, 3, 7]);
        let wanted = [(100, 10, 0), (110, 20, 5), (500, 30, 10), (530, 40, 17), (900, 50, 24)];
        assert_eq!(samples(&tables), wanted);
        assert_eq!(tables.ticks(), 31);
    }

    #[test]
    fn claims_are_bounded_by_what_is_there() {
        let all = tables(&table(&[0, 100, u32::MAX], &[]), &[0], &[1, u32::MAX, 1], &[u32::MAX, 1]);
        assert_eq!((all.count(), samples(&all).len()), (100, 100), "as many as 10,000 bytes have room for");
        let lying = table(&[0, 0, u32::MAX], &[1, 2]);
        assert_eq!(samples(&tables(&lying, &[7], &[1, 9, 1], &[])), [(7, 1, 0), (8, 2, 0)]);
        let empty = tables(&table(&[0, 0, 3], &[1, 1, 1]), &[1, 2, 3], &[1, 0, 1], &[]);
        assert_eq!(samples(&empty), []);
        let unordered =
            tables(&table(&[0, 0, 3], &[1, 1, 1]), &[9, 5, 7], &[5, 1, 1, 2, 2, 1], &[1, u32::MAX, 1, 3]);
        assert_eq!(samples(&unordered), [(9, 1, 0), (5, 1, 0), (6, 1, 3)]);
    }
}

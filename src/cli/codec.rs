//! How pictures are encoded and decoded, which all commands share that do either.

use crate::jpeg::{Limits, MAX_PIXELS, MAX_SCANS, Strips};

/// Pixels are counted by the million.
const MILLION: usize = 1_000_000;

/// How to work at pictures.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Codec")]
pub(super) struct CodecArgs {
    /// Encode and decode in strips on several cores: auto (where it pays), off, or so many
    #[arg(long, value_name = "N", default_value = "auto", env = "PULSECAM_STRIPS")]
    pub(super) strips: Strips,
    /// Pictures of more millions of pixels are not decoded
    #[arg(long, value_name = "N", default_value_t = (MAX_PIXELS / MILLION) as u64, value_parser = at_most(MAX_PIXELS / MILLION), env = "PULSECAM_MAX_MEGAPIXELS")]
    max_megapixels: u64,
    /// Nor are those that take more passes: a few kB of a progressive JPEG could ask for minutes of work
    #[arg(long, value_name = "N", default_value_t = MAX_SCANS as u64, value_parser = at_most(MAX_SCANS), env = "PULSECAM_MAX_SCANS")]
    max_scans: u64,
}

fn at_most(most: usize) -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=most as u64)
}

impl CodecArgs {
    /// What of others' pictures is decoded.
    pub(super) fn limits(self) -> Limits {
        let pixels = self.max_megapixels as usize * MILLION;
        Limits::default().with_pixels(pixels).with_scans(self.max_scans as usize)
    }
}

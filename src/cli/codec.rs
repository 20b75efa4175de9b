//! Options of encoding and decoding, shared by all commands that do either.

use super::advice;
use crate::{
    app::Codec,
    jpeg::{DecodeLimits, MAX_PIXELS, MAX_SCANS, Strips},
};

/// Pixels in a megapixel.
const MILLION: usize = 1_000_000;

/// How pictures are encoded and decoded.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Codec")]
pub(super) struct CodecArgs {
    /// Number of strips to encode and decode in parallel: auto (if it is faster), off, or 2 to 8
    #[arg(long, hide_short_help = true, value_name = "N", default_value = "auto", env = "PULSECAM_STRIPS")]
    pub(super) strips: Strips,
    /// Do not decode pictures of more than this many megapixels
    #[arg(long, hide_short_help = true, value_name = "N", default_value_t = (MAX_PIXELS / MILLION) as u64, value_parser = at_most(MAX_PIXELS / MILLION), env = "PULSECAM_MAX_MEGAPIXELS")]
    max_megapixels: u64,
    /// Do not decode JPEGs of more than this many scans: a few kB of progressive JPEG could take minutes
    #[arg(long, hide_short_help = true, value_name = "N", default_value_t = MAX_SCANS as u64, value_parser = at_most(MAX_SCANS), env = "PULSECAM_MAX_SCANS")]
    max_scans: u64,
}

fn at_most(most: usize) -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=most as u64)
}

impl CodecArgs {
    /// The options of the application.
    pub(super) fn codec(self) -> Codec {
        let pixels = self.max_megapixels as usize * MILLION;
        let limits = DecodeLimits::default().with_pixels(pixels).with_scans(self.max_scans as usize);
        Codec { strips: self.strips, limits, advice: advice::to_decode }
    }
}

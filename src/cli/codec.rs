//! How pictures are encoded and decoded, which all commands share that do either.

use crate::jpeg::Strips;

/// How to work at pictures.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Codec")]
pub(super) struct CodecArgs {
    /// Encode and decode in strips on several cores: auto (where it pays), off, or so many
    #[arg(long, value_name = "N", default_value = "auto", env = "PULSECAM_STRIPS")]
    pub(super) strips: Strips,
}

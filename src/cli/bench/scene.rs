//! `pulsecam bench scene`, hidden: writes the pictures of the measurements to a file.
//!
//! `benches/peers` uses it so that other programs do the same work.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};

use super::super::{Error, values};
use crate::bench::scene;

/// Writes the pictures of the measurements, one after the other.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Size in pixels
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = values::picture_size)]
    size: (usize, usize),
    /// Write JPEGs of this quality from our encoder; raw planar 4:2:0 if not given
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let (width, height) = args.size;
    File::create(&args.out)
        .map(BufWriter::new)
        .and_then(|mut out| {
            match args.quality {
                None => scene::write_raw(width, height, &mut out)?,
                Some(quality) => scene::write_jpegs(width, height, quality, &mut out)?,
            }
            out.flush()
        })
        .map_err(|error| Error::Bench(format!("{}: {error}", args.out.display())))
}

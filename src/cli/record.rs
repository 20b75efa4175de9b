//! `pulsecam record`: record what the others stream.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use super::{Error, advice, limit::LimitArgs, link::LinkArgs, values};
use crate::{
    app::record::{self, Destination},
    link::Role,
};

const EXAMPLES: &str = "\
Examples:
  pulsecam record desk.local --out talk.mkv            until Ctrl-C; further streams: files beside it
  pulsecam record desk.local --out talk.mkv --stream ann@desk --for 10m
  pulsecam record desk.local --out - | ffplay -        one stream to another program, live
  pulsecam play talk.mkv                               watch it
  pulsecam send desk.local --source talk.mkv           stream it with its original timing

Files are Matroska with Motion-JPEG, which VLC, mpv and ffmpeg play. Frames are stored unchanged,
with their capture times. If the program crashes or the disk fills up, at most the last second is
lost.";

/// Record what the others stream, without a window
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    link: LinkArgs,
    /// File for the first stream; it must not exist. Or -: one stream to standard output
    #[arg(long, value_name = "FILE", env = "PULSECAM_OUT")]
    out: PathBuf,
    /// Record only the stream with this name
    #[arg(long, value_name = "NAME", env = "PULSECAM_STREAM")]
    stream: Option<String>,
    #[command(flatten)]
    limit: LimitArgs,
    /// Print events as JSON, one object per line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

/// Extensions that promise another format.
const OTHER_FORMATS: [&str; 22] = [
    "mp4", "m4v", "mov", "qt", "avi", "webm", "ogv", "flv", "wmv", "asf", "mpg", "mpeg", "ts", "m2ts", "3gp",
    "gif", "jpg", "jpeg", "png", "webp", "mjpeg", "mjpg",
];

/// The name of standard output.
const STDOUT: &str = "-";

impl Args {
    /// Where to record to.
    fn destination(&self) -> Result<Destination, Error> {
        if self.out.as_os_str() == STDOUT {
            if self.json {
                return Err(Error::Usage(
                    "--json and --out - both write to standard output: record to a file".into(),
                ));
            }
            if io::stdout().is_terminal() {
                return Err(Error::Usage(
                    "standard output is a terminal: pipe --out - into another program, as in --out - | ffplay -"
                        .into(),
                ));
            }
            return Ok(Destination::Stdout);
        }
        let extension = self.out.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if OTHER_FORMATS.contains(&extension.as_str()) {
            let mkv = self.out.with_extension("mkv");
            let (mkv, out) = (mkv.display(), self.out.display());
            return Err(Error::Usage(format!(
                "recordings are Matroska: record to {mkv}, and convert it with ffmpeg -i {mkv} {out}"
            )));
        }
        Ok(Destination::File(self.out.clone()))
    }
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    record::run(&record::Options {
        out: args.destination()?,
        target: args.link.target(Role::Viewer)?,
        stream: args.stream.clone(),
        to_choose: advice::TO_CHOOSE,
        limit: args.limit.limit(),
        json: args.json,
    })
}

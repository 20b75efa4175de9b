//! `pulsecam record`: what the others stream, into files.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use super::{Error, limit::LimitArgs, link::LinkArgs, values};
use crate::{
    app::record::{self, Destination},
    link::Role,
};

const EXAMPLES: &str = "\
Examples:
  pulsecam record desk.local --out talk.mkv            until Ctrl-C; each further stream into a file beside it
  pulsecam record desk.local --out talk.mkv --stream ann@desk --for 10m
  pulsecam record desk.local --out - | ffplay -        one stream to another program, as it comes
  pulsecam play talk.mkv                               look at it
  pulsecam send desk.local --source talk.mkv           stream it, at its own timing

The files are Matroska with Motion-JPEG: VLC, mpv and ffmpeg play them. Frames are kept as they came, each at the time
at which it was taken. After a crash or on a full disk, all but the last second is there.";

/// Record what the others stream, without a window.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    link: LinkArgs,
    /// The file for the first stream; it must not be there yet. Or - for standard output, which takes one stream
    #[arg(long, value_name = "FILE", env = "PULSECAM_OUT")]
    out: PathBuf,
    /// Record only the stream of this name
    #[arg(long, value_name = "NAME", env = "PULSECAM_STREAM")]
    stream: Option<String>,
    #[command(flatten)]
    limit: LimitArgs,
    /// Print events as JSON, one object a line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

/// What names that promise another format end with.
const OTHER_FORMATS: [&str; 22] = [
    "mp4", "m4v", "mov", "qt", "avi", "webm", "ogv", "flv", "wmv", "asf", "mpg", "mpeg", "ts", "m2ts", "3gp",
    "gif", "jpg", "jpeg", "png", "webp", "mjpeg", "mjpg",
];

/// The name that means standard output.
const STDOUT: &str = "-";

impl Args {
    /// Where it goes, if it can be recorded there.
    fn destination(&self) -> Result<Destination, Error> {
        if self.out.as_os_str() == STDOUT {
            if self.json {
                return Err(Error::Usage(
                    "--json and the recording cannot both go to standard output".into(),
                ));
            }
            if io::stdout().is_terminal() {
                return Err(Error::Usage(
                    "standard output is a terminal: --out - is for another program, as in --out - | ffplay -"
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
                "recordings are Matroska: name it {mkv}, and convert it afterwards with ffmpeg -i {mkv} {out}"
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
        limit: args.limit.limit(),
        json: args.json,
    })
}

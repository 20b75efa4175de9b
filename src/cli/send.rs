//! `pulsecam send`: stream a source.

use super::{Error, codec::CodecArgs, limit::LimitArgs, link::LinkArgs, source::SourceArgs, values};
use crate::{app::send, link::Role};

const EXAMPLES: &str = "\
Examples:
  pulsecam send desk.local                                  the first camera
  pulsecam send desk1.lan,desk2.lan                         to the first relay that answers
  pulsecam send desk.local --source camera:C920 --size 1920x1080 --fps 30 --wait
  pulsecam send desk.local --set exposure=200 --set focus=0 (see pulsecam cameras --controls)
  pulsecam send desk.local --source pattern --size 640x480
  pulsecam send desk.local --source holiday/                photos, in motion
  pulsecam send desk.local --source clip.mjpeg --fps 25
  pulsecam send desk.local --source shots/%04d.png --start-number 100 --fps 10
  curl -sN http://camera/ | pulsecam send desk.local --source - --fps 15
  ffmpeg -re -i film.mkv -f mjpeg - | pulsecam send desk.local --source -";

/// Stream a camera, a pattern, photos, a file or a pipe
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    link: LinkArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    codec: CodecArgs,
    #[command(flatten)]
    limit: LimitArgs,
    /// Print events as JSON, one object per line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    send::run(&send::Options {
        target: args.link.target(Role::Sender)?,
        source: args.source.options(),
        strips: args.codec.codec().strips,
        limit: args.limit.limit(),
        json: args.json,
    })
}

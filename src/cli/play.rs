//! `pulsecam play`: a recording, here or to everybody at a relay.

use super::{
    Error,
    codec::CodecArgs,
    limit::LimitArgs,
    link::Reach,
    show::ShowArgs,
    source::{self, SourceArgs},
    values,
};
use crate::{
    address::Address,
    app::{demo, send},
    capture::Spec,
    link::Role,
};

const EXAMPLES: &str = "\
Examples:
  pulsecam play talk.mkv                         in a window here
  pulsecam play talk.mkv desk.local              to everybody at that relay, at its own timing
  pulsecam play talk.mkv desk.local --repeat --name \"the talk\"

Keys here: Space pauses and goes on, Left and Right move 5 seconds (with Shift 30), Home and End go to
the ends, h lists all. At the end the last picture stays.

PULSECAM_HOST does not count here: nothing is sent to others unless a relay is named.";

/// Play a film or a recording, here or to everybody at a relay.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The film: Motion-JPEG in Matroska (as `record` writes it), AVI, QuickTime or MP4, or anything else that --source takes; ./pattern is a file of that name
    #[arg(value_name = "FILE", value_parser = source::spec())]
    file: Spec,
    /// The relay: HOST or HOST:PORT; without one, it is shown here, also with PULSECAM_HOST set
    #[arg(value_name = "HOST[:PORT]")]
    relay: Option<Address>,
    /// The relay, instead of by position
    #[arg(long, value_name = "HOST[:PORT]", conflicts_with = "relay")]
    host: Option<Address>,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    show: ShowArgs,
    #[command(flatten)]
    codec: CodecArgs,
    #[command(flatten)]
    limit: LimitArgs,
    /// Print events as JSON, one object a line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let source = args.source.options_for(args.file.clone())?;
    match args.relay.as_ref().or(args.host.as_ref()) {
        Some(relay) => send::run(&send::Options {
            target: args.reach.target(relay, Role::Sender)?,
            source,
            strips: args.codec.codec().strips,
            limit: args.limit.limit(),
            json: args.json,
        }),
        None => demo::run(&demo::Options {
            source,
            show: args.show.options(args.codec, args.limit, args.json),
            target: args.reach.patience.here()?,
            ends: true,
        }),
    }
}

//! `pulsecam play`: play a recording, here or to everyone at a relay.

use super::{
    Error, advice,
    aliases::Aliases,
    link::Reach,
    show::ShowArgs,
    source::{self, SourceArgs},
    values,
};
use crate::{
    address::AddressList,
    app::{demo, send},
    capture::Spec,
    link::Role,
};

const EXAMPLES: &str = "\
Examples:
  pulsecam play talk.mkv                         in a window here
  pulsecam play talk.mkv desk.local              to everyone at that relay, original timing
  pulsecam play talk.mkv desk.local --repeat --name \"the talk\"

Keys in the window: Space pause or resume, Left and Right seek 5 s (with Shift 30 s), Home and End
seek to the start or end, h list all keys. At the end, the last picture stays.

PULSECAM_HOST is ignored: nothing is sent to others unless you name a relay.";

/// Play a film or a recording, here or to everyone at a relay
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The film: Motion-JPEG in Matroska (as written by `record`), AVI, QuickTime or MP4, or any other
    /// --source; write ./pattern for a file named pattern
    #[arg(value_name = "FILE", value_parser = source::spec())]
    file: Spec,
    /// The relay: HOST or HOST:PORT, or several with commas between them; without it, play here, even if
    /// PULSECAM_HOST is set
    #[arg(value_name = "HOST[:PORT],...")]
    relay: Option<AddressList>,
    /// The relay, as an option
    #[arg(long, value_name = "HOST[:PORT],...", conflicts_with = "relay")]
    host: Option<AddressList>,
    #[command(flatten)]
    aliases: Aliases,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    show: ShowArgs,
    /// Print events as JSON, one object per line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

impl Args {
    /// Whether the film is played here, without a relay that others use.
    pub(super) const fn is_here(&self) -> bool {
        self.relay.is_none() && self.host.is_none()
    }
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let source = args.source.options_for(args.file.clone())?;
    match args.relay.as_ref().or(args.host.as_ref()) {
        Some(relay) => send::run(&send::Options {
            target: args.reach.target(&args.aliases.resolve(relay)?, Role::Sender)?,
            source,
            strips: args.show.codec.codec().strips,
            limit: args.show.limit.limit(),
            json: args.json,
        }),
        None => demo::run(&demo::Options {
            source,
            show: args.show.options(args.json),
            target: args.reach.patience.here()?,
            setting_name: advice::to_set,
            purpose: demo::Purpose::Film,
        }),
    }
}

//! `pulsecam call`: send and view on one link.

use super::{
    Error,
    codec::CodecArgs,
    limit::Limit,
    link::LinkArgs,
    output::Output,
    runtime, send,
    show::{self, ShowArgs, Who},
    source::SourceArgs,
};
use crate::link::{Role, connect};

const EXAMPLES: &str = "\
Examples:
  pulsecam call desk.local
  pulsecam call desk.local --name Ann --source camera:1";

/// Send your camera and show the others, on one link.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    link: LinkArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    show: ShowArgs,
    #[command(flatten)]
    codec: CodecArgs,
    #[command(flatten)]
    limit: Limit,
    /// Print events as JSON, one object a line
    #[arg(long, value_parser = super::values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let output = Output::new(args.json);
    let runtime = runtime(1)?;
    let (link, inbox) = runtime.block_on(connect(args.source.reported(args.link.config(Role::Both)?)))?;
    // A call goes on until one hangs up: its limits are those of what comes in, not of what is sent.
    let outgoing = runtime.block_on(send::open(&args.source, args.codec, Limit::default(), &link))?;
    outgoing.begin();
    let title = format!("pulsecam: call at {}", args.link.host);
    let who = Who { title: &title, name: args.source.name() };
    show::run(&args.show, args.codec, who, output, args.limit, &runtime, (&link, inbox))
}

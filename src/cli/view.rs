//! `pulsecam view`: what the others stream.

use super::{
    Error,
    codec::CodecArgs,
    limit::Limit,
    link::{self, LinkArgs},
    output::Output,
    runtime,
    show::{self, ShowArgs, Who},
    signal, values,
};
use crate::link::Role;

const EXAMPLES: &str = "\
Examples:
  pulsecam view desk.local
  pulsecam view desk.local --no-window               lines instead of pictures
  pulsecam view desk.local --no-window --json --for 10s | jq .age_ms
  pulsecam view desk.local --save inbox/             keeps the images that people send

Keys: q quits, t writes a message, s saves a snapshot, r records, Space pauses, i shows the numbers,
h lists all.";

/// Show what the others stream, say and send.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    link: LinkArgs,
    /// Your name for the others when you write to them [default: user@host]
    #[arg(long, value_name = "NAME", env = "PULSECAM_NAME")]
    name: Option<String>,
    #[command(flatten)]
    show: ShowArgs,
    #[command(flatten)]
    codec: CodecArgs,
    #[command(flatten)]
    limit: Limit,
    /// Print events as JSON, one object a line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let output = Output::new(args.json);
    let runtime = runtime(1)?;
    let mut signal = signal::listen(&runtime);
    let (link, inbox) = runtime.block_on(link::open(args.link.config(Role::Viewer)?, &mut signal))?;
    let title = format!("pulsecam: {}", args.link.address()?);
    let name = args.name.clone().unwrap_or_else(values::own_name);
    let who = Who::new(&title, name, signal);
    show::run(&args.show, args.codec, who, output, args.limit, &runtime, (&link, inbox))
}

//! `pulsecam view`: show what the others stream.

#[cfg(feature = "discovery")]
use super::advice;
use super::{Error, link::LinkArgs, show::ShowArgs, values};
#[cfg(feature = "discovery")]
use crate::{address::Address, app::relays};
use crate::{
    app::{link::Target, view},
    link::Role,
};

const EXAMPLES: &str = "\
Examples:
  pulsecam view desk.local
  pulsecam view                                      the relay of this network that is announced
  pulsecam view desk1.lan,desk2.lan                  the first relay that answers, the next if it dies
  pulsecam view desk.local --no-window               lines instead of pictures
  pulsecam view desk.local --no-window --json --for 10s | jq 'select(.event == \"frame\").age_ms'
  pulsecam view desk.local --save inbox/             save the images that others send

Keys: q quit, t write a message, s save a snapshot, r record, Space pause, i show statistics,
h list all keys.";

/// Show what the others stream, write and send
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    link: LinkArgs,
    /// Your name, as shown to others when you write to them [default: user@host]
    #[arg(long, value_name = "NAME", env = "PULSECAM_NAME")]
    name: Option<String>,
    #[command(flatten)]
    show: ShowArgs,
    /// Print events as JSON, one object per line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

/// The relay to view: the one that is named, or else the one that is found.
#[cfg(feature = "discovery")]
fn target(args: &Args) -> Result<Target, Error> {
    if let Some(relay) = args.link.named()? {
        return args.link.target_at(&relay, Role::Viewer);
    }
    let found = relays::choose(advice::FOUND)?;
    let relay: Address =
        found.address.parse().map_err(|error| Error::Usage(format!("{:?}: {error}", found.address)))?;
    args.link.target_at(&relay.into(), Role::Viewer)
}

#[cfg(not(feature = "discovery"))]
fn target(args: &Args) -> Result<Target, Error> {
    args.link.target(Role::Viewer)
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    view::run(&view::Options {
        target: target(args)?,
        name: args.name.clone(),
        show: args.show.options(args.json),
    })
}

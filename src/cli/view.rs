//! `pulsecam view`: show what the others stream.

#[cfg(feature = "discovery")]
use super::advice;
use super::{
    Error,
    link::{Entered, LinkArgs},
    show::ShowArgs,
    start, values,
    virtual_camera::VirtualCameraArgs,
};
#[cfg(feature = "discovery")]
use crate::{address::Address, app::relays};
use crate::{
    app::{link::Target, view, virtual_camera},
    link::Role,
};

const EXAMPLES: &str = "\
Examples:
  pulsecam view desk.local
  pulsecam view                                      the relay of this network that is announced
  pulsecam view --ask                                choose a relay in a window
  pulsecam view desk1.lan,desk2.lan                  the first relay that answers, the next if it dies
  pulsecam view desk.local --no-window               lines instead of pictures
  pulsecam view desk.local --no-window --json --for 10s | jq 'select(.event == \"frame\").age_ms'
  pulsecam view desk.local --save inbox/             save the images that others send
  pulsecam view desk.local --to-device /dev/video9 --stream ann@desk
                                                     ann's picture as a camera for Zoom or a browser

Keys: q quit, t write a message, s save a snapshot, r record, Space pause, i show statistics,
h list all keys.";

/// Show what the others stream, write and send
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) link: LinkArgs,
    /// Ask in a window which relay to use, even if only one is found
    #[arg(
        long,
        value_parser = values::flag(),
        conflicts_with_all = ["no_window", "terminal"],
        env = "PULSECAM_ASK"
    )]
    ask: bool,
    /// Your name, as shown to others when you write to them [default: user@host]
    #[arg(long, value_name = "NAME", env = "PULSECAM_NAME")]
    name: Option<String>,
    #[command(flatten)]
    virtual_camera: VirtualCameraArgs,
    #[command(flatten)]
    pub(super) show: ShowArgs,
    /// Print events as JSON, one object per line
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_JSON")]
    pub(super) json: bool,
}

/// Finds the relay of this network, or asks for one.
#[cfg(feature = "discovery")]
fn find(args: &Args) -> Result<(), Error> {
    match relays::choose(advice::FOUND) {
        Ok(found) => {
            let relay: Address = found
                .address
                .parse()
                .map_err(|error| Error::Usage(format!("{:?}: {error}", found.address)))?;
            show(args, args.link.target_at(&relay.into(), Role::Viewer)?)
        }
        Err(error) if opens_window(args) => or_else(start::run(args), error),
        Err(error) => Err(error),
    }
}

#[cfg(not(feature = "discovery"))]
fn find(args: &Args) -> Result<(), Error> {
    let missing = args.link.target(Role::Viewer).and_then(|target| show(args, target));
    missing.or_else(|error| if opens_window(args) { or_else(start::run(args), error) } else { Err(error) })
}

/// The reason why somebody should be asked, if there is no window in which to do so.
fn or_else(asked: Result<(), Error>, reason: Error) -> Result<(), Error> {
    if let Err(Error::Window(crate::view::Error::NoDisplay(_))) = asked { Err(reason) } else { asked }
}

/// Whether what is asked for is a window.
fn opens_window(args: &Args) -> bool {
    args.show.opens_window() && !args.json && args.virtual_camera.to_device.is_none()
}

fn show(args: &Args, target: Target) -> Result<(), Error> {
    let VirtualCameraArgs { to_device, stream, size } = &args.virtual_camera;
    if let Some(device) = to_device {
        let show = args.show.options(args.json);
        return virtual_camera::run(&virtual_camera::Options {
            target,
            device: device.clone(),
            stream: stream.clone(),
            size: *size,
            lang: show.lang,
            codec: show.codec,
            limit: show.limit,
            json: show.json,
        });
    }
    view::run(&view::Options { target, name: args.name.clone(), show: args.show.options(args.json) })
}

/// Shows the relay that is named, with what was entered in a window.
pub(super) fn run_with(args: &Args, entered: Entered) -> Result<(), Error> {
    show(args, args.link.target_with(Role::Viewer, entered)?)
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    if args.ask {
        if args.link.is_named_here() {
            return Err(Error::Usage("--ask asks for a relay, but the command line names one".into()));
        }
        return start::run(args);
    }
    match args.link.named()? {
        Some(relay) => show(args, args.link.target_at(&relay, Role::Viewer)?),
        None => find(args),
    }
}

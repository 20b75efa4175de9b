//! `pulsecam call`: send and view on one link.

use std::sync::Arc;

use super::{
    Error,
    codec::CodecArgs,
    limit::Limit,
    link::{self, LinkArgs},
    output::Output,
    runtime, send,
    show::{self, ShowArgs, Who},
    signal,
    source::SourceArgs,
};
use crate::{
    link::Role,
    pipeline::{Job, Mirror, Reflection, Switch},
    view::{self, Handle, Own, Update},
};

/// One's own picture in the corner: large enough to see how one sits, too small to look at for long.
const MIRROR: (usize, usize) = (240, 180);

const EXAMPLES: &str = "\
Examples:
  pulsecam call desk.local
  pulsecam call desk.local --name Ann --source camera:1
  pulsecam call desk.local --camera-off                    only to listen at first

Your own picture is in the corner, as in a mirror; m switches the camera off and on, and the others see a card meanwhile.";

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
    /// Begin with the camera off; m switches it on
    #[arg(long, value_parser = super::values::flag(), env = "PULSECAM_CAMERA_OFF")]
    camera_off: bool,
    /// Print events as JSON, one object a line
    #[arg(long, value_parser = super::values::flag(), env = "PULSECAM_JSON")]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Error> {
    let output = Output::lasting(args.json);
    let runtime = runtime(1)?;
    let mut signal = signal::listen(&runtime);
    let config = args.source.reported(args.link.config(Role::Both)?);
    let (link, inbox) = runtime.block_on(link::open(config, &mut signal))?;
    let (handle, window) = view::inbox();
    let switch = Switch::new(!args.camera_off);
    // A call goes on until one hangs up: its limits are those of what comes in, not of what is sent.
    let job = Job {
        mirror: (!args.show.no_window).then(|| mirror(&handle)),
        switch: Some(switch.clone()),
        ..args.source.job(Limit::default(), args.codec.strips, &link)
    };
    let outgoing = runtime.block_on(async {
        tokio::select! {
            opened = send::open_job(&args.source, &job, None, &link) => opened,
            _ = &mut signal => Err(Error::Stopped),
        }
    })?;
    outgoing.begin();
    let title = format!("pulsecam: call at {}", args.link.address()?);
    let who = Who {
        title: &title,
        name: args.source.person(),
        camera: Some(switch),
        window: (handle, window),
        ..Who::new(&title, String::new(), signal)
    };
    show::run(&args.show, args.codec, who, output, args.limit, &runtime, (&link, inbox))
}

/// Shows one's own picture in the window's corner.
fn mirror(handle: &Handle) -> Mirror {
    let handle = handle.clone();
    let show = move |reflection| {
        let own = match reflection {
            Reflection::Picture(canvas) => Own::Picture(Arc::new(canvas)),
            Reflection::Off => Own::Off,
            Reflection::NoSignal(why) => Own::NoSignal(why),
        };
        handle.push(Update::Own(own)); // a window that is gone shows nothing
    };
    Mirror { room: MIRROR, show: Arc::new(show) }
}

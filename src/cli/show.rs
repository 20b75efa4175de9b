//! Showing what comes in: in a window where there is a display, else as lines.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{runtime::Runtime, sync::watch};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    Error,
    codec::CodecArgs,
    limit::Limit,
    link,
    output::Output,
    report::{self, Report},
    signal,
};
use crate::{
    jpeg::{Limits, Strips},
    link::{Inbox, Link, State},
    picture::Canvas,
    pipeline::{Arrival, Viewer, receive},
    view::{self, Action, Frame, Handle, Image, LinkState, Options, Update},
};

/// How to show.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Showing")]
pub(super) struct ShowArgs {
    /// Print what arrives instead of opening a window
    #[arg(long, value_parser = super::values::flag(), env = "PULSECAM_NO_WINDOW")]
    pub(super) no_window: bool,
    /// The window's size at first
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = super::values::picture_size, env = "PULSECAM_WINDOW")]
    window: (usize, usize),
    /// Begin with the numbers shown
    #[arg(long, value_parser = super::values::flag(), env = "PULSECAM_NUMBERS")]
    numbers: bool,
    /// Save every image that arrives here, and snapshots too [default for snapshots: where you are]
    #[arg(long, value_name = "DIR", env = "PULSECAM_SAVE")]
    save: Option<PathBuf>,
}

/// Shows what arrives until the limit, a signal or the window ends it; then sums up.
pub(super) fn run(
    args: &ShowArgs,
    codec: CodecArgs,
    title: &str,
    output: Output,
    limit: Limit,
    runtime: &Runtime,
    (link, inbox): (&Link, Inbox),
) -> Result<(), Error> {
    let stop = CancellationToken::new();
    let report = Arc::new(Mutex::new(Report::new(output, args.save.clone())));
    let (handle, window) = view::inbox();
    let window = (!args.no_window).then_some(window);
    let viewer = Showing {
        handle: handle.clone(),
        report: Arc::clone(&report),
        frames: limit.frames,
        codec,
        stop: stop.clone(),
    };
    receive(link, inbox, viewer)?;
    let reporting = runtime.block_on(async { link::report(link, output) });
    runtime.spawn(forward_state(link.state(), handle.clone()));
    runtime.spawn(end(limit, stop.clone(), handle));

    let mut shown = false;
    if let Some(window) = window {
        let options = Options {
            title: title.to_owned(),
            host: link.host().to_owned(),
            size: args.window,
            numbers: args.numbers,
            ..Options::default()
        };
        let folder = args.save.clone().unwrap_or_else(|| PathBuf::from("."));
        match view::run(&options, &window, &mut |action| Some(act(&action, &folder))) {
            Ok(_) => shown = true,
            Err(error @ view::Error::NoDisplay(_)) => {
                warn!("{error}: printing what arrives, as with --no-window");
            }
            Err(error) => return Err(error.into()),
        }
    }
    if !shown {
        runtime.block_on(stop.cancelled());
    }
    stop.cancel();
    drop(reporting);
    report.lock().unwrap_or_else(PoisonError::into_inner).summary();
    Ok(())
}

/// Completes the stop at the time limit or a signal, and tells the window.
async fn end(limit: Limit, stop: CancellationToken, handle: Handle) {
    tokio::select! {
        () = limit.time_is_over() => {}
        () = signal::stop() => {}
        () = stop.cancelled() => {}
    }
    stop.cancel();
    handle.push(Update::Stop);
}

async fn forward_state(mut state: watch::Receiver<State>, handle: Handle) {
    loop {
        let shown = match &*state.borrow_and_update() {
            State::Connecting => LinkState::Connecting,
            State::Up { rtt, .. } => LinkState::Up { rtt: *rtt },
            State::Down { why, retry_at } => LinkState::Down { why: why.to_string(), retry_at: *retry_at },
        };
        if !handle.push(Update::Link(shown)) || state.changed().await.is_err() {
            return;
        }
    }
}

/// Saves what a key asks for; what to say about it.
fn act(action: &Action, folder: &Path) -> String {
    let saved = match action {
        Action::Snapshot { stream, seq, jpeg, .. } => report::save(folder, stream, *seq, jpeg),
        Action::SaveImage { sender, jpeg } => {
            report::save(folder, sender.as_deref().unwrap_or("image"), None, jpeg)
        }
    };
    saved.map_or_else(|reason| reason, |path| format!("saved as {path}"))
}

/// The decoder's audience: the report, and the window where there is one.
struct Showing {
    handle: Handle,
    report: Arc<Mutex<Report>>,
    frames: Option<u64>,
    codec: CodecArgs,
    stop: CancellationToken,
}

impl Viewer for Showing {
    fn wants_pixels(&self) -> bool {
        self.handle.is_open()
    }

    fn strips(&self) -> Strips {
        self.codec.strips
    }

    fn limits(&self) -> Limits {
        self.codec.limits()
    }

    fn spare(&mut self) -> Canvas {
        self.handle.spare()
    }

    fn take(&mut self, arrival: Arrival) -> bool {
        if self.stop.is_cancelled() {
            return false;
        }
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        report.take(&arrival, !self.handle.is_open());
        let enough = self.frames.is_some_and(|frames| report.frames() >= frames);
        drop(report);
        if let Some(update) = update(arrival) {
            self.handle.push(update);
        }
        if enough {
            self.stop.cancel();
        }
        !enough
    }
}

pub(super) fn update(arrival: Arrival) -> Option<Update> {
    Some(match arrival {
        Arrival::Text { text, origin } => Update::Text { sender: origin.from, text },
        Arrival::Image { jpeg, canvas, origin, .. } => {
            Update::Image(Image { sender: origin.from, canvas: Arc::new(canvas?), jpeg })
        }
        Arrival::Damaged { stream, .. } => Update::Lost { stream, frames: 1 },
        Arrival::Frame(frame) => Update::Frame(Frame {
            stream: frame.stream,
            seq: frame.info.seq,
            canvas: Arc::new(frame.canvas?),
            size: (frame.header.width, frame.header.height),
            jpeg: frame.jpeg,
            age: frame.age,
            decoded: std::time::Instant::now(),
            decode: frame.decoding,
            replaced: 0,
            card: frame.info.card.is_some(),
        }),
    })
}

//! Sends and shows on one link.

use std::sync::Arc;

use super::{
    Error,
    camera_chooser::CameraChooser,
    limit::Limit,
    link::{self, Target},
    output::Output,
    recent_relays, runtime, send,
    show::{self, WindowTitle},
    signal, source, view_page,
};
use crate::{
    pipeline::{Job, SelfView, SelfViewUpdate, SourceSelector, Switch},
    view::{self, SelfViewState, Update, WindowHandle},
};

/// Size of the self-view: large enough to check one's position, too small to distract.
const MIRROR: (usize, usize) = (240, 180);

/// What to send and show, and over which relay.
pub(crate) struct Options {
    pub(crate) target: Target,
    pub(crate) source: source::Options,
    pub(crate) show: show::Options,
    /// Starts with the camera off.
    pub(crate) camera_off: bool,
}

/// Sends and shows until the window is closed, the limit is reached, or a signal comes.
///
/// # Errors
/// Those of [`send::run`] and [`show::run`].
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let Options { target, source, show, camera_off } = options;
    let output = Output::lasting(show.json);
    let runtime = runtime(1)?;
    let mut signal = signal::listen(&runtime);
    let config = source.reported(target.config.clone());
    let (link, inbox) = runtime.block_on(link::open(config, &mut signal))?;
    let tls = target.config.tls.is_some();
    if !show.no_window {
        recent_relays::remember(&link, tls, runtime.handle());
    }
    let (handle, window) = view::inbox();
    view_page::tell(&link, tls, output, handle.clone(), runtime.handle());
    let (switch, selector) = (Switch::new(!camera_off), SourceSelector::default());
    // The limits count received frames, not sent ones.
    let job = Job {
        self_view: (!show.no_window).then(|| mirror(&handle)),
        switch: Some(switch.clone()),
        selector: Some(selector.clone()),
        ..source.job(Limit::default(), show.codec.strips, &link)
    };
    let outgoing = runtime.block_on(async {
        tokio::select! {
            opened = send::open(source, &job, None, &link) => opened,
            _ = &mut signal => Err(Error::Stopped),
        }
    })?;
    outgoing.begin();
    let title = format!("pulsecam: call at {}", target.config.host);
    let who = WindowTitle {
        title: &title,
        name: source.person(),
        camera: Some(switch),
        cameras: Some(CameraChooser::new(selector, source.clone())),
        remembers: true,
        window: (handle, window),
        ..WindowTitle::new(&title, String::new(), signal)
    };
    show::run(show, who, output, target.advice, &runtime, (&link, inbox))
}

/// The self-view in the window's corner.
fn mirror(handle: &WindowHandle) -> SelfView {
    let handle = handle.clone();
    let show = move |reflection| {
        let own = match reflection {
            SelfViewUpdate::Picture(canvas) => SelfViewState::Picture(Arc::new(canvas)),
            SelfViewUpdate::Off => SelfViewState::Off,
            SelfViewUpdate::NoSignal(why) => SelfViewState::NoSignal(why),
        };
        handle.push(Update::Own(own)); // a window that is gone shows nothing
    };
    SelfView { room: MIRROR, show: Arc::new(show) }
}

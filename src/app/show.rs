//! Shows what arrives: in a window if there is a display, else as lines.

use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{runtime::Runtime, sync::watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    Codec, Error,
    action_handler::ActionHandler,
    camera_chooser::CameraChooser,
    frame_sink::FrameSink,
    limit::{EndReason, Limit},
    link::{self, Advice, Reached},
    link_words,
    notifier::{Notifier, Notify},
    output::Output,
    recording_session::RecordingSession,
    remembered_tiles::RememberedTiles,
    remembered_window,
    report::Report,
    save,
    screen::{self, Capability, Screen},
    show_events::{Played, first_pictures},
    signal::Stopping,
};
use crate::{
    i18n::{Language, Translations},
    link::{Inbox, Link, State},
    pipeline::{Switch, receive},
    view::{
        self, Action, Update, WindowHandle,
        terminal::{self, Graphics},
    },
};

/// How to show what arrives, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Prints what arrives instead of opening a window.
    pub(crate) no_window: bool,
    /// Draws in this terminal instead of a window.
    pub(crate) terminal: Option<Graphics>,
    /// Initial size of the window in pixels; without it, as the screen's density suggests.
    pub(crate) window: Option<(usize, usize)>,
    /// Shows statistics from the start.
    pub(crate) numbers: bool,
    /// Pixels per unit of the interface; without it, by the screen's density.
    pub(crate) ui_scale: Option<f32>,
    /// The window's language; without it, the system's.
    pub(crate) lang: Option<Language>,
    /// Folder for every image that arrives, and for what the window saves.
    pub(crate) save: Option<PathBuf>,
    pub(crate) codec: Codec,
    pub(crate) limit: Limit,
    /// When to show desktop notifications.
    pub(crate) notify: Notify,
    /// Prints events as JSON.
    pub(crate) json: bool,
}

/// The window's user, and what the window controls.
pub(crate) struct WindowTitle<'a> {
    /// The title bar's text.
    pub(crate) title: &'a str,
    /// The name under which texts are sent from it.
    pub(crate) name: String,
    /// Switches the user's camera, if there is one.
    pub(crate) camera: Option<Switch>,
    /// Changes to another camera, if one is sent.
    pub(crate) cameras: Option<CameraChooser>,
    /// Whether the order of the streams is remembered: not of a relay that is gone the next time.
    pub(crate) remembers: bool,
    /// The film that is played, if it can be paused.
    pub(crate) film: Option<view::FilmOptions>,
    /// Both ends of the window's updates.
    pub(crate) window: (WindowHandle, view::WindowInbox),
    /// Ends the window when it is cancelled, because there is nothing more to show.
    pub(crate) over: CancellationToken,
    /// Ends the window too.
    pub(crate) signal: Stopping,
}

impl<'a> WindowTitle<'a> {
    /// A user without a camera and a film.
    pub(crate) fn new(title: &'a str, name: String, signal: Stopping) -> Self {
        let over = CancellationToken::new();
        Self {
            title,
            name,
            camera: None,
            cameras: None,
            remembers: false,
            film: None,
            window: view::inbox(),
            over,
            signal,
        }
    }
}

/// Shows what arrives until the limit, a signal or the window ends it; then prints a summary.
///
/// # Errors
/// [`Error::Nothing`] if nothing arrived in time; [`Error::NotSaved`] if an image should have been saved and
/// was not.
pub(crate) fn run(
    options: &Options,
    who: WindowTitle<'_>,
    output: Output,
    advice: Advice,
    runtime: &Runtime,
    (link, inbox): (&Link, Inbox),
) -> Result<(), Error> {
    let Options { limit, codec, .. } = *options;
    if let Some(folder) = &options.save {
        save::check(folder)?;
    }
    if options.terminal.is_some() && !Screen::is_there() {
        return Err(Error::NoTerminalForStreams);
    }
    let draws = options.terminal.map(|graphics| can_draw(Some(graphics)));
    if draws == Some(false) {
        info!("this terminal is for plain lines: printing what arrives");
    }
    let stop = CancellationToken::new();
    let words = Arc::new(Translations::new(options.lang.unwrap_or_else(Language::system_default)));
    let report = Arc::new(Mutex::new(Report::new(output, options.save.clone(), codec.advice)));
    let (handle, window) = who.window;
    let window = (!options.no_window && draws != Some(false)).then_some(window);
    let recording = Arc::new(RecordingSession::new(handle.clone(), Arc::clone(&words)));
    let sink = FrameSink {
        recording: Arc::clone(&recording),
        handle: handle.clone(),
        report: Arc::clone(&report),
        frames: limit.frames,
        codec,
        stop: stop.clone(),
        damaged: HashMap::new(),
    };
    let (reached, sends) = (Reached::watch(link, runtime.handle(), advice), who.camera.is_some());
    receive(link, inbox, sink)?;
    let reporting = runtime.block_on(async { link::report_with_advice(link, output, advice) });
    runtime.spawn(forward_state(link.state(), link.relay(), handle.clone(), Arc::clone(&words)));
    let ending = runtime.spawn(end(limit, who.signal, who.over, stop.clone(), handle.clone()));

    let mut shown = false;
    if let Some(window) = window {
        let tiles = RememberedTiles::of(link.host()).filter(|_| who.remembers);
        let window_options = view::Options {
            title: who.title.to_owned(),
            host: link.host().to_owned(),
            size: options.window,
            place: remembered_window::recall(options.window),
            numbers: options.numbers,
            ui_scale: options.ui_scale,
            words: Arc::clone(&words),
            limits: codec.limits,
            presented: output.is_json().then(|| first_pictures(output)),
            arrangement: tiles.as_ref().map(RememberedTiles::recall).unwrap_or_default(),
            film: who.film.clone(),
        };
        let mut handler = ActionHandler {
            link: link.clone(),
            runtime: runtime.handle().clone(),
            handle,
            words,
            name: who.name,
            recording: Arc::clone(&recording),
            camera: who.camera,
            cameras: who.cameras,
            tiles,
            notifier: options.notify.is_wanted(|name| std::env::var_os(name)).then(Notifier::start).flatten(),
            folder: folder(options.save.as_deref()),
        };
        let mut act = move |action| match action {
            Action::Played(progress) => {
                output.event(&Played::new(&progress), None);
                None
            }
            other => handler.run(other),
        };
        let mut graphics = options.terminal;
        if graphics.is_none() {
            match view::run(&window_options, &window, &mut act) {
                Ok(summary) => {
                    remembered_window::remember(options.window, summary.place);
                    shown = true;
                }
                Err(error @ view::Error::NoDisplay(_))
                    if Screen::is_there() && !output.is_json() && can_draw(None) =>
                {
                    info!("{error}: drawing in the terminal instead");
                    graphics = Some(Graphics::Auto);
                }
                Err(error @ view::Error::NoDisplay(_)) => {
                    warn!("{error}: printing what arrives instead");
                }
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(graphics) = graphics {
            Screen::force_colours();
            let painted = screen::on_a_thread("terminal", &stop, move |mut screen| {
                terminal::run(&mut screen.terminal, graphics, &window_options, &window, &mut act)
            })?;
            painted.transpose()?;
            shown = true;
        }
    }
    if let Some(film) = who.film.filter(|_| !shown) {
        film.controls.release();
    }
    if !shown {
        // If nothing is saved or sent, there is nothing to do once the reader of the output is gone.
        let idle = options.save.is_none() && !sends;
        runtime.block_on(async {
            tokio::select! {
                () = stop.cancelled() => {}
                () = output.over().cancelled(), if idle => {}
            }
        });
    }
    let asked = shown && !stop.is_cancelled();
    stop.cancel();
    drop(reporting);
    for told in recording.end() {
        info!("{told}");
    }
    let report = report.lock().unwrap_or_else(PoisonError::into_inner);
    report.summary(link.counters().messages_skipped);
    if let Some(reason) = report.unsaved() {
        return Err(Error::NotSaved(reason.to_owned()));
    }
    let asked = asked || runtime.block_on(ending).is_ok_and(|end| end == EndReason::Asked);
    if asked || output.over().is_cancelled() {
        return Ok(());
    }
    let nobody = || (!sends && report.is_empty()).then(|| "nobody streamed or wrote anything".to_owned());
    let why = reached.failure(link).or_else(nobody);
    why.map_or(Ok(()), |why| Err(Error::Nothing(format!("nothing arrived: {why}"))))
}

/// Whether pictures can be drawn in the terminal. Without colours they are noise, so `NO_COLOR` forbids them, unless
/// the user asks for a way of drawing.
fn can_draw(asked: Option<Graphics>) -> bool {
    match Capability::of_terminal() {
        Capability::Colour => true,
        Capability::Text => asked.is_some_and(|graphics| graphics != Graphics::Auto),
        Capability::Lines => false,
    }
}

/// The folder for what the window saves, with its whole path, which messages name.
fn folder(save: Option<&Path>) -> PathBuf {
    let folder = save.unwrap_or_else(|| Path::new("."));
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    whole.components().filter(|part| *part != Component::CurDir).collect()
}

/// Stops the window at the time limit, a signal or the end of what is shown.
async fn end(
    limit: Limit,
    mut signal: Stopping,
    over: CancellationToken,
    stop: CancellationToken,
    handle: WindowHandle,
) -> EndReason {
    let done = async {
        tokio::select! {
            () = over.cancelled() => {}
            () = stop.cancelled() => {}
        }
    };
    let end = limit.end(&mut signal, done).await;
    stop.cancel();
    handle.push(Update::Stop);
    end
}

/// Shows the window the state of the link, and to which of several relays it leads.
async fn forward_state(
    mut state: watch::Receiver<State>,
    mut relay: watch::Receiver<Arc<str>>,
    handle: WindowHandle,
    words: Arc<Translations>,
) {
    relay.mark_changed();
    loop {
        if relay.has_changed().unwrap_or(false) {
            handle.push(Update::Host(relay.borrow_and_update().to_string()));
        }
        let shown = link_words::shown(&state.borrow_and_update(), &words);
        if !handle.push(Update::Link(shown)) || state.changed().await.is_err() {
            return;
        }
    }
}

//! Showing what comes in: in a window where there is a display, else as lines.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use serde::Serialize;
use tokio::{runtime::Runtime, sync::watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    Error,
    audience::Audience,
    codec::CodecArgs,
    errands::Errands,
    limit::{End, Limit},
    link::{self, Reached},
    output::Output,
    reason,
    report::Report,
    screen::{self, Screen},
    signal::Stopping,
    tape::Tape,
};
use crate::{
    fresh,
    language::{Language, Words},
    link::{Inbox, Link, State},
    pipeline::{Switch, receive},
    playback::Progress,
    view::{
        self, Action, Handle, Options, Presented, Update,
        terminal::{self, Graphics},
    },
};

/// How to show.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Showing")]
pub(super) struct ShowArgs {
    /// Print what arrives instead of opening a window
    #[arg(long, value_parser = super::values::flag(), env = "PULSECAM_NO_WINDOW")]
    pub(super) no_window: bool,
    /// Draw in this terminal instead of a window: auto, or by blocks, kitty or sixel; what is done anyway where there is no display
    #[arg(
        long,
        value_name = "HOW",
        num_args = 0..=1,
        default_missing_value = "auto",
        require_equals = true,
        conflicts_with_all = ["no_window", "json"],
        env = "PULSECAM_TERMINAL"
    )]
    terminal: Option<Graphics>,
    /// The window's size at first
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = super::values::picture_size, env = "PULSECAM_WINDOW")]
    window: (usize, usize),
    /// Begin with the numbers shown
    #[arg(long, value_parser = super::values::flag(), env = "PULSECAM_NUMBERS")]
    numbers: bool,
    /// How large letters and buttons are: 2 for a dense screen, auto for what the screen says
    #[arg(long, value_name = "N", default_value = "auto", value_parser = ui_scale, env = "PULSECAM_UI_SCALE")]
    ui_scale: UiScale,
    /// The language of the window: en or zh [default: the system's]
    #[arg(long, value_name = "LANG", env = "PULSECAM_LANG")]
    lang: Option<Language>,
    /// Save every image that arrives here, snapshots and recordings too [default for what you save: where you are]
    #[arg(long, value_name = "DIR", env = "PULSECAM_SAVE")]
    save: Option<PathBuf>,
}

/// Whose window it is.
pub(super) struct Who<'a> {
    /// In the title bar.
    pub(super) title: &'a str,
    /// The name under which texts are sent from it.
    pub(super) name: String,
    /// Switches the own camera, where there is one.
    pub(super) camera: Option<Switch>,
    /// The film that is played, where one can be paused.
    pub(super) film: Option<view::Film>,
    /// Both ends of what the window is told.
    pub(super) window: (Handle, view::Inbox),
    /// Ends it when it is cancelled: what was to be shown is over.
    pub(super) over: CancellationToken,
    /// Ends it too.
    pub(super) signal: Stopping,
}

impl<'a> Who<'a> {
    /// One without a camera.
    pub(super) fn new(title: &'a str, name: String, signal: Stopping) -> Self {
        let over = CancellationToken::new();
        Self { title, name, camera: None, film: None, window: view::inbox(), over, signal }
    }
}

/// Pixels to a unit of the interface, or whatever suits the screen. A type of its own: clap takes an `Option` for an argument that may
/// be missing.
#[derive(Clone, Copy, Debug)]
struct UiScale(Option<f32>);

/// Below a half nothing can be read, above four a window holds nothing.
const UI_SCALES: std::ops::RangeInclusive<f32> = 0.5..=4.0;

fn ui_scale(text: &str) -> Result<UiScale, String> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(UiScale(None));
    }
    let scale = text.parse().ok().filter(|scale| UI_SCALES.contains(scale));
    scale.map(|scale| UiScale(Some(scale))).ok_or_else(|| "auto, or a number from 0.5 to 4".into())
}

/// Shows what arrives until the limit, a signal or the window ends it; then sums up.
///
/// # Errors
/// [`Error::Nothing`] if nothing came in its time, [`Error::NotSaved`] if an image that was to be saved was not.
pub(super) fn run(
    args: &ShowArgs,
    codec: CodecArgs,
    who: Who<'_>,
    output: Output,
    limit: Limit,
    runtime: &Runtime,
    (link, inbox): (&Link, Inbox),
) -> Result<(), Error> {
    if args.terminal.is_some() && !Screen::is_there() {
        return Err(Error::Usage("--terminal needs one: run it in a terminal, or take --no-window".into()));
    }
    let stop = CancellationToken::new();
    let words = Arc::new(Words::new(args.lang.unwrap_or_else(Language::of_the_system)));
    let report = Arc::new(Mutex::new(Report::new(output, args.save.clone())));
    let (handle, window) = who.window;
    let window = (!args.no_window).then_some(window);
    let tape = Arc::new(Tape::new(handle.clone(), Arc::clone(&words)));
    let audience = Audience {
        tape: Arc::clone(&tape),
        handle: handle.clone(),
        report: Arc::clone(&report),
        frames: limit.frames,
        codec,
        stop: stop.clone(),
        damaged: HashMap::new(),
    };
    let (reached, sends) = (Reached::watch(link, runtime.handle()), who.camera.is_some());
    receive(link, inbox, audience)?;
    let reporting = runtime.block_on(async { link::report_with_advice(link, output) });
    runtime.spawn(forward_state(link.state(), handle.clone(), Arc::clone(&words)));
    let ending = runtime.spawn(end(limit, who.signal, who.over, stop.clone(), handle.clone()));

    let mut shown = false;
    if let Some(window) = window {
        let options = Options {
            title: who.title.to_owned(),
            host: link.host().to_owned(),
            size: args.window,
            numbers: args.numbers,
            ui_scale: args.ui_scale.0,
            words: Arc::clone(&words),
            limits: codec.limits(),
            presented: output.is_json().then(|| first_pictures(output)),
            film: who.film.clone(),
        };
        let mut errands = Errands {
            link: link.clone(),
            runtime: runtime.handle().clone(),
            handle,
            words,
            name: who.name,
            tape: Arc::clone(&tape),
            camera: who.camera,
            folder: args.save.clone().unwrap_or_else(|| PathBuf::from(".")),
        };
        let mut act = move |action| match action {
            Action::Played(progress) => {
                output.event(&PlayedEvent::new(&progress), None);
                None
            }
            other => errands.run(other),
        };
        let mut graphics = args.terminal;
        if graphics.is_none() {
            match view::run(&options, &window, &mut act) {
                Ok(_) => shown = true,
                Err(error @ view::Error::NoDisplay(_)) if Screen::is_there() && !output.is_json() => {
                    info!("{error}: drawing in the terminal instead");
                    graphics = Some(Graphics::Auto);
                }
                Err(error @ view::Error::NoDisplay(_)) => {
                    warn!("{error}: printing what arrives, as with --no-window");
                }
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(graphics) = graphics {
            let painted = screen::on_a_thread("terminal", &stop, move |mut screen| {
                terminal::run(&mut screen.terminal, graphics, &options, &window, &mut act)
            })?;
            painted.transpose()?;
            shown = true;
        }
    }
    if let Some(film) = who.film.filter(|_| !shown) {
        film.controls.release();
    }
    if !shown {
        // What is saved is a duty, and what is sent; else there is nothing to do for a reader that is gone.
        let idle = args.save.is_none() && !sends;
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
    for told in tape.end() {
        info!("{told}");
    }
    let report = report.lock().unwrap_or_else(PoisonError::into_inner);
    report.summary(link.counters().messages_skipped);
    if let Some(reason) = report.unsaved() {
        return Err(Error::NotSaved(reason.to_owned()));
    }
    let asked = asked || runtime.block_on(ending).is_ok_and(|end| end == End::Asked);
    if asked || output.over().is_cancelled() {
        return Ok(());
    }
    let nobody = || (!sends && report.is_empty()).then(|| "nobody streamed or said anything".to_owned());
    let why = reached.failure(link).or_else(nobody);
    why.map_or(Ok(()), |why| Err(Error::Nothing(format!("nothing came: {why}"))))
}

/// A stream's first picture is on the display.
#[derive(Serialize)]
#[serde(tag = "event", rename = "shown")]
struct ShownEvent<'a> {
    stream: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<u64>,
    seq: Option<u64>,
}

/// The film that is played was paused, goes on, was moved in, or has ended.
#[derive(Serialize)]
#[serde(tag = "event", rename = "played")]
struct PlayedEvent {
    state: &'static str,
    position_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    length_ms: Option<u64>,
}

impl PlayedEvent {
    fn new(progress: &Progress) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let state = match progress {
            Progress { ended: true, .. } => "ended",
            Progress { paused: true, .. } => "paused",
            _ => "playing",
        };
        Self { state, position_ms: millis(progress.position), length_ms: progress.length.map(millis) }
    }
}

/// Tells programs of the first picture of each stream that is on the display.
fn first_pictures(output: Output) -> mpsc::Sender<Presented> {
    let (tell, told) = mpsc::channel::<Presented>();
    thread::spawn(move || {
        let mut seen = HashSet::new();
        for Presented { stream, name, peer, seq, .. } in told {
            if seen.len() < fresh::MAX_KEYS && seen.insert(stream) {
                output.event(&ShownEvent { stream: &name, peer, seq }, None);
            }
        }
    });
    tell
}

/// Completes the stop at the time limit, a signal or the end of what was to be shown, and tells the window.
async fn end(
    limit: Limit,
    mut signal: Stopping,
    over: CancellationToken,
    stop: CancellationToken,
    handle: Handle,
) -> End {
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

async fn forward_state(mut state: watch::Receiver<State>, handle: Handle, words: Arc<Words>) {
    loop {
        let shown = reason::shown(&state.borrow_and_update(), &words);
        if !handle.push(Update::Link(shown)) || state.changed().await.is_err() {
            return;
        }
    }
}

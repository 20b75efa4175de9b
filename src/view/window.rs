//! The window itself: a thin shell of minifb around the model.
//!
//! The thread sleeps until something is pushed, a key may have been pressed, or a countdown changes; it
//! paints only if something has changed. minifb's own pacing is switched off: it would sleep while a frame
//! waits.

use std::{
    ffi::OsString,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use minifb::{ScaleMode, Window, WindowOptions};

use super::{
    action::Action,
    clipboard::Clipboard,
    dpi,
    film::FilmState,
    inbox::WindowInbox,
    keys::Keys,
    model::Model,
    options::{End, Error, Options, Presented, Summary},
    paint::paint,
    pointer::Pointer,
    render_context::{RenderContext, WindowContext},
    rescaler::Rescaler,
    update::{Update, VideoFrame},
};
use crate::{
    clock::Timestamp,
    jpeg::Strips,
    picture::Canvas,
    sanitize::{CharClass, char_class},
};

/// Interval at which input is polled; 20 ms is not noticeable, and each poll costs one round trip to the
/// display.
const INPUT_POLL: Duration = Duration::from_millis(20);

/// The same for an idle window: one that is left open all day should cost next to nothing.
const IDLE_POLL: Duration = Duration::from_millis(50);

/// Time without input after which a window counts as idle.
const IDLE_AFTER: Duration = Duration::from_secs(5);

/// Longest pause after presenting, which costs milliseconds: the pause is as long as that took, so that
/// frames of several streams that arrive close together share one, and half a processor is enough.
const LONGEST_REST: Duration = Duration::from_millis(8);

/// Pause with several streams: at most about sixty pictures per second, as a screen shows.
const REST_OF_MANY: Duration = Duration::from_millis(14);

/// Interval of repeated presenting: minifb does not report that a covered window is uncovered.
const REPEAT: Duration = Duration::from_secs(1);

/// The same while the window opens: what is sent before it is mapped is lost.
const REPEAT_AT_FIRST: Duration = Duration::from_millis(100);

/// Time that a window may take to open.
const OPENING: Duration = Duration::from_millis(1_500);

/// Interval at which to check whether fonts have been found.
const FONT_POLL: Duration = Duration::from_millis(50);

/// Sides of a window in pixels: below, nothing can be read; above, X11 fails.
const SIDES: std::ops::RangeInclusive<usize> = 120..=16_384;

/// Shows what arrives in the inbox in a window, until a key, the title bar or [`Update::Stop`] ends it.
///
/// Call it on the main thread: macOS allows no other. `act` handles what a key requests beyond the window;
/// the text it returns is shown for some seconds ("saved to …"). It runs on the window's thread and should be
/// quick; slow work can report through [`Update::Notice`].
///
/// # Errors
/// [`Error::NoDisplay`] if no window can be opened, [`Error::Lost`] if the display fails later. (An X server
/// that exits ends the process; Xlib allows nothing else.)
pub fn run(
    options: &Options,
    inbox: &WindowInbox,
    act: &mut dyn FnMut(Action) -> Option<String>,
) -> Result<Summary, Error> {
    let mut shell = Shell::open(options, inbox)?;
    loop {
        shell.rest();
        let updates = inbox.wait(shell.patience(Instant::now()));
        let now = Instant::now();
        let mut end = None;
        shell.dirty |= !updates.is_empty();
        for update in updates {
            if matches!(update, Update::Stop) {
                end = Some(End::Stopped);
            }
            if let Some(canvas) = shell.model.apply(update, now) {
                inbox.recycle(canvas);
            }
        }
        let film = shell.model.film_changes();
        shell.dirty |= film.is_visible && shell.model.has_buttons(now);
        shell.show(inbox, now)?;
        for action in shell.input(now).into_iter().chain(film.report.map(Action::Played)) {
            if let Action::Copy(jpeg) = action {
                shell.clipboard.copy(jpeg, options.limits, &options.words);
            } else if let Some(notice) = act(action) {
                shell.model.apply(Update::Notice(notice), now);
            }
        }
        if shell.quits {
            end = Some(End::Quit);
        }
        if !shell.window.is_open() {
            end = Some(End::Closed);
        }
        if let Some(end) = end {
            return Ok(Summary { end, totals: shell.model.totals() });
        }
    }
}

pub(super) struct Shell {
    pub(super) window: Window,
    pub(super) keys: Keys,
    pub(super) pointer: Pointer,
    pub(super) clipboard: Clipboard,
    fitting: Option<Rescaler>,
    active: bool,
    pub(super) quits: bool,
    /// When a key or the pointer was last used.
    pub(super) touched: Instant,
    pub(super) model: Model,
    pub(super) context: RenderContext,
    canvas: Canvas,
    pub(super) dirty: bool,
    opened: Instant,
    presented: Option<Instant>,
    /// Duration of the last painting and presenting.
    took: Duration,
    listener: Option<mpsc::Sender<Presented>>,
    /// The newest content reported to the listener.
    reported: u64,
    next_change: Option<Instant>,
}

impl Shell {
    fn open(options: &Options, inbox: &WindowInbox) -> Result<Self, Error> {
        let mut window = open(&options.title, options.size)?;
        let keys = Keys::default();
        window.set_input_callback(Box::new(keys.clone()));
        let mut model = Model::new(&options.host, Arc::clone(&options.words), Instant::now());
        model.numbers = options.numbers;
        model.film = options.film.as_ref().map(|film| FilmState::new(film, Instant::now()));
        let clipboard = Clipboard::open(inbox.handle());
        let fitting = Rescaler::start(inbox.handle(), options.limits, Strips::default());
        let window_context = WindowContext { clipboard: clipboard.works() };
        let scale = options.ui_scale.unwrap_or_else(dpi::guess);
        Ok(Self {
            window,
            keys,
            pointer: Pointer::default(),
            clipboard,
            fitting: fitting.inspect_err(|error| tracing::warn!("no picture scaling: {error}")).ok(),
            active: false,
            quits: false,
            touched: Instant::now(),
            model,
            context: RenderContext::new(scale, window_context),
            canvas: Canvas::default(),
            dirty: true,
            opened: Instant::now(),
            presented: None,
            took: Duration::ZERO,
            listener: options.presented.clone(),
            reported: 0,
            next_change: None,
        })
    }

    /// Pauses after the last picture, so that several frames share the next one.
    fn rest(&self) {
        let many = self.model.streams.len() > 1;
        let rest = if many { REST_OF_MANY } else { self.took.min(LONGEST_REST) };
        if let Some(left) = self.presented.and_then(|last| rest.checked_sub(last.elapsed())) {
            thread::sleep(left);
        }
    }

    /// How long to wait for an update.
    fn patience(&self, now: Instant) -> Duration {
        if self.dirty {
            return Duration::ZERO;
        }
        let idle = now.duration_since(self.touched) >= IDLE_AFTER;
        let poll = if idle { IDLE_POLL } else { INPUT_POLL };
        let change = self.next_change.map(|at| at.saturating_duration_since(now));
        change.unwrap_or(poll).min(poll)
    }

    /// Updates the window, and receives its input events.
    fn show(&mut self, inbox: &WindowInbox, now: Instant) -> Result<(), Error> {
        let (width, height) = self.window.get_size();
        if (width, height) != (self.canvas.width, self.canvas.height) {
            self.canvas = Canvas { width, height, pixels: std::mem::take(&mut self.canvas.pixels) };
            self.canvas.pixels.resize(width * height, 0);
            self.dirty = true;
        }
        let begin = Instant::now();
        self.dirty |= self.context.painter.refresh() || self.next_change.is_some_and(|at| at <= now);
        if self.dirty && width > 0 && height > 0 {
            self.model.expire(now);
            paint(&mut self.context, &self.model, &mut self.canvas, now);
            inbox.set_tile_sizes(self.context.tile_sizes.drain(..));
            if let Some(fitting) = &mut self.fitting {
                self.context.rescale_requests.drain(..).for_each(|wanted| fitting.ask(wanted));
            }
            let fonts = self.context.painter.searching().then(|| now + FONT_POLL);
            self.next_change = self.model.next_change(now).into_iter().chain(fonts).min();
        }
        let repeat = if now.duration_since(self.opened) < OPENING { REPEAT_AT_FIRST } else { REPEAT };
        let due = self.presented.is_none_or(|last| now.duration_since(last) >= repeat);
        if (self.dirty || due) && width > 0 && height > 0 {
            self.dirty = false;
            let Self { window, canvas, .. } = self;
            let shown = guarded(|| window.update_with_buffer(&canvas.pixels, width, height));
            shown.unwrap_or(Ok(())).map_err(|error| Error::Lost(error.to_string()))?;
            (self.presented, self.took) = (Some(Instant::now()), begin.elapsed());
            self.report_presented();
        } else {
            let window = &mut self.window;
            guarded(|| window.update());
        }
        let active = self.window.is_active();
        if self.active && !active {
            self.keys.release();
        }
        self.active = active;
        Ok(())
    }
}

impl Shell {
    /// Reports the frames that are new on the display.
    fn report_presented(&mut self) {
        let Some(listener) = &self.listener else { return };
        let at = Timestamp::now();
        for stream in self.model.streams.iter().filter(|stream| stream.stamp > self.reported) {
            let VideoFrame { stream, name, peer, seq, .. } = &stream.frame;
            let presented = Presented { stream: *stream, name: Arc::clone(name), peer: *peer, seq: *seq, at };
            let _ = listener.send(presented); // the listener may be gone
        }
        self.reported = self.model.streams.iter().map(|stream| stream.stamp).max().unwrap_or(self.reported);
    }
}

/// Opens a window that can be resized and does not pace its caller.
pub(crate) fn open(title: &str, (width, height): (usize, usize)) -> Result<Window, Error> {
    if let Some(reason) = no_display(|name| std::env::var_os(name)) {
        return Err(Error::NoDisplay(reason));
    }
    let side = |side: usize| side.clamp(*SIDES.start(), *SIDES.end());
    // A NUL would make minifb print a message, and a line end would break the title bar.
    let title: String = title.chars().filter(|&c| char_class(c) == CharClass::Shown).collect();
    // The canvas always has the window's size: the mode that scales nothing copies fastest.
    let how = WindowOptions { resize: true, scale_mode: ScaleMode::UpperLeft, ..Default::default() };
    let mut window = Window::new(&title, side(width), side(height), how)
        .map_err(|error| Error::NoDisplay(refusal(&error, std::env::var("DISPLAY").ok())))?;
    window.set_target_fps(0);
    Ok(window)
}

/// Calls into the window system. minifb panics if an input method commits more than 31 bytes at once; only
/// that event is lost.
fn guarded<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call))
        .inspect_err(|_| tracing::warn!("an input event of the window system was lost"))
        .ok()
}

/// Why there can be no window, judging by the environment. Checked first, because libraries print messages of
/// their own when they fail.
fn no_display(variable: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let set = |name| variable(name).is_some_and(|value| !value.is_empty());
    let needs_one = cfg!(all(unix, not(target_os = "macos")));
    (needs_one && !set("DISPLAY") && !set("WAYLAND_DISPLAY"))
        .then(|| "neither DISPLAY nor WAYLAND_DISPLAY is set".to_owned())
}

/// minifb's reason, with the display it is about.
fn refusal(error: &minifb::Error, display: Option<String>) -> String {
    let reason = match error {
        minifb::Error::WindowCreate(reason) => reason.clone(),
        other => other.to_string(),
    };
    match display.filter(|display| !display.is_empty()) {
        Some(display) => format!("{reason} (DISPLAY is {display:?})"),
        None => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_display() {
        let error = minifb::Error::WindowCreate("XOpenDisplay failed".into());
        let shown = refusal(&error, Some(":77".into()));
        assert_eq!(shown, "XOpenDisplay failed (DISPLAY is \":77\")");
        assert_eq!(refusal(&error, None), "XOpenDisplay failed");
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn a_machine_without_a_display_gets_the_reason() {
        let with = |name: &'static str, value: &'static str| {
            move |asked: &str| (asked == name).then(|| OsString::from(value))
        };
        assert!(no_display(with("HOME", "/")).is_some());
        assert!(no_display(with("DISPLAY", "")).is_some(), "an empty value counts as none");
        assert!(no_display(with("DISPLAY", ":0")).is_none());
        assert!(no_display(with("WAYLAND_DISPLAY", "wayland-0")).is_none());
        let error = Error::NoDisplay("why".into()).to_string();
        assert_eq!(error, "no window can be opened: why");
    }
}

//! The window itself: a thin shell of minifb around the model.
//!
//! The thread sleeps until something is pushed, a key may have been pressed, or a countdown changes; it
//! paints only if something has changed. minifb's own pacing is switched off: it would sleep while a frame
//! waits.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use minifb::Window;

use super::{
    action::Action,
    clipboard::Clipboard,
    damage::Damage,
    film::FilmState,
    inbox::{WindowHandle, WindowInbox},
    keys::Keys,
    model::Model,
    news::News,
    opened::Opened,
    options::{End, Error, Options, Presented, Summary},
    paint::paint,
    pointer::Pointer,
    reframe::Grip,
    render_context::{Hit, RenderContext, WindowContext},
    rescaler::Rescaler,
    stream::Stream,
    surface::Surface,
    update::{Update, VideoFrame},
    visibility::Visibility,
    window_system::guarded,
};
use crate::{clock::Timestamp, drawing::Rect, jpeg::Strips, picture::Canvas};

/// Interval at which input is polled; 20 ms is not noticeable, and each poll costs one round trip to the
/// display.
const INPUT_POLL: Duration = Duration::from_millis(20);

/// The same for an idle window: one that is left open all day should cost next to nothing. Only the first key or click
/// after a pause waits that long.
const IDLE_POLL: Duration = Duration::from_millis(100);

/// Time without input after which a window counts as idle.
const IDLE_AFTER: Duration = Duration::from_secs(5);

/// Longest pause after presenting, which costs milliseconds: the pause is as long as that took, so that
/// frames of several streams that arrive close together share one, and half a processor is enough.
const LONGEST_REST: Duration = Duration::from_millis(8);

/// Pause with several streams: at most about sixty pictures per second, as a screen shows.
const REST_OF_MANY: Duration = Duration::from_millis(14);

/// Interval of repeated presenting if the window system does not report that a covered window is uncovered.
const REPEAT: Duration = Duration::from_secs(1);

/// The same while the window opens: what is sent before it is mapped is lost.
const REPEAT_AT_FIRST: Duration = Duration::from_millis(100);

/// Time that a window may take to open.
const OPENING: Duration = Duration::from_millis(1_500);

/// Interval at which to check whether fonts have been found.
const FONT_POLL: Duration = Duration::from_millis(50);

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
        inbox.drawn();
        let updates = inbox.wait(shell.patience(Instant::now()));
        let now = Instant::now();
        let mut end = None;
        for update in updates {
            shell.damage.add(Damage::of(&update), true);
            if matches!(update, Update::Stop) {
                end = Some(End::Stopped);
            }
            let streams = shell.model.streams.len();
            let said = News::said(&update);
            let name = if let Update::Frame(frame) = &update { Some(Arc::clone(&frame.name)) } else { None };
            if let Some(canvas) = shell.model.apply(update, now) {
                inbox.recycle(canvas);
            }
            let joined = name.filter(|_| shell.model.streams.len() > streams);
            let joined = joined.map(|name| News::Joined { name: name.to_string() });
            if let Some(news) = said.or(joined).filter(|_| shell.wants_attention(now)) {
                shell.surface.set_urgent(true);
                act(Action::Attention(news));
            }
        }
        let film = shell.model.film_changes();
        shell.damage.add(Damage::All, film.is_visible && shell.model.has_buttons(now));
        shell.show(inbox, now)?;
        for action in shell.input(now).into_iter().chain(film.report.map(Action::Played)) {
            match action {
                Action::Copy { name, file } => {
                    shell.clipboard.copy(name, file, options.limits, &options.words);
                }
                Action::CopyText(text) => shell.clipboard.copy_text(text, &options.words),
                action => {
                    if let Some(notice) = act(action) {
                        shell.model.apply(Update::Notice(notice), now);
                    }
                }
            }
        }
        if shell.model.quits {
            end = Some(End::Quit);
        }
        if !shell.window.is_open() {
            end = Some(End::Closed);
        }
        if let Some(end) = end {
            return Ok(Summary { end, place: shell.surface.place(), totals: shell.model.totals() });
        }
    }
}

pub(super) struct Shell {
    pub(super) window: Window,
    pub(super) keys: Keys,
    pub(super) pointer: Pointer,
    pub(super) clipboard: Clipboard,
    pub(super) handle: WindowHandle,
    fitting: Option<Rescaler>,
    active: bool,
    /// The picture that the pointer moves.
    pub(super) grip: Option<Grip>,
    /// What the last click was on.
    pub(super) clicked: Option<Hit>,
    /// When a key or the pointer was last used.
    pub(super) touched: Instant,
    pub(super) model: Model,
    pub(super) context: RenderContext,
    canvas: Canvas,
    pub(super) damage: Damage,
    pub(super) surface: Surface,
    pub(super) visibility: Visibility,
    /// Whether the decoders know that someone sees the window.
    is_seen: bool,
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
        let Opened { window, surface, keys, scale } =
            Opened::new(&options.title, options.size, options.place, options.ui_scale)?;
        let mut model = Model::new(&options.host, Arc::clone(&options.words), Instant::now());
        model.numbers = options.numbers;
        model.images.keeps = true;
        model.streams.arrangement = options.arrangement.clone();
        model.film = options.film.as_ref().map(|film| FilmState::new(film, Instant::now()));
        let clipboard = Clipboard::open(inbox.handle());
        let fitting = Rescaler::start(inbox.handle(), options.limits, Strips::default());
        let window_context = WindowContext { clipboard: clipboard.works(), states: surface.has_states() };
        Ok(Self {
            window,
            keys,
            pointer: Pointer::default(),
            clipboard,
            handle: inbox.handle(),
            fitting: fitting.inspect_err(|error| tracing::warn!("no picture scaling: {error}")).ok(),
            active: false,
            grip: None,
            clicked: None,
            touched: Instant::now(),
            model,
            context: RenderContext::new(scale, window_context),
            canvas: Canvas::default(),
            damage: Damage::All,
            surface,
            visibility: Visibility::default(),
            is_seen: true,
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
        if !self.is_seen {
            let is_opening = now.duration_since(self.opened) < OPENING;
            return if is_opening { INPUT_POLL } else { IDLE_POLL };
        }
        if self.damage > Damage::Nothing {
            return Duration::ZERO;
        }
        let idle = now.duration_since(self.touched) >= IDLE_AFTER;
        let poll = if idle { IDLE_POLL } else { INPUT_POLL };
        let change = self.next_change.map(|at| at.saturating_duration_since(now));
        change.unwrap_or(poll).min(poll)
    }

    /// Updates the window, and receives its input events.
    fn show(&mut self, inbox: &WindowInbox, now: Instant) -> Result<(), Error> {
        let is_lost = self.surface.watch(&mut self.visibility, now);
        let (width, height) = self.window.get_size();
        self.see(inbox, self.visibility.is_seen() && width > 0 && height > 0);
        if self.is_seen {
            self.paint(inbox, is_lost, now)?;
        } else {
            self.model.expire(now);
            let Self { window, surface, .. } = self;
            guarded(|| surface.update(window));
        }
        let active = self.window.is_active();
        if self.active && !active {
            self.keys.release();
        }
        if active {
            self.surface.set_urgent(false);
        }
        self.active = active;
        Ok(())
    }

    /// Whether to tell the user that someone came or wrote: the window does not have the focus.
    fn wants_attention(&self, now: Instant) -> bool {
        !self.active && now.duration_since(self.opened) >= OPENING
    }

    /// Notes whether anyone sees the window, and tells the decoders.
    fn see(&mut self, inbox: &WindowInbox, is_seen: bool) {
        if std::mem::replace(&mut self.is_seen, is_seen) == is_seen {
            return;
        }
        if is_seen {
            self.model.is_seen_again();
            self.damage = Damage::All;
        } else {
            inbox.set_unseen();
        }
    }

    /// Paints and presents what has changed; all of it if the display has lost its pixels.
    fn paint(&mut self, inbox: &WindowInbox, is_lost: bool, now: Instant) -> Result<(), Error> {
        let (width, height) = self.window.get_size();
        if (width, height) != (self.canvas.width, self.canvas.height) {
            self.canvas = Canvas { width, height, pixels: std::mem::take(&mut self.canvas.pixels) };
            self.canvas.pixels.resize(width * height);
            self.damage = Damage::All;
        }
        let begin = Instant::now();
        let is_due = self.next_change.is_some_and(|at| at <= now);
        self.damage.add(Damage::All, self.context.painter.refresh() || is_due);
        let mut areas = Vec::new();
        if self.damage > Damage::Nothing {
            self.model.expire(now);
            let damage = std::mem::take(&mut self.damage);
            areas = paint(&mut self.context, &self.model, &mut self.canvas, damage, now);
            inbox.set_demands(self.context.demands());
            if let Some(fitting) = &mut self.fitting {
                self.context.rescale_requests.drain(..).for_each(|wanted| fitting.ask(wanted));
            }
            let fonts = self.context.painter.searching().then(|| now + FONT_POLL);
            self.next_change = self.model.next_change(now).into_iter().chain(fonts).min();
        }
        if is_lost || self.is_repeat_due(now) {
            areas = vec![Rect::new(0, 0, width, height)];
        }
        let Self { window, surface, canvas, .. } = self;
        if areas.is_empty() {
            guarded(|| surface.update(window));
            return Ok(());
        }
        let shown = guarded(|| surface.present(window, canvas, &areas));
        shown.unwrap_or(Ok(())).map_err(|error| Error::Lost(error.to_string()))?;
        (self.presented, self.took) = (Some(Instant::now()), begin.elapsed());
        self.report_presented();
        Ok(())
    }

    /// Whether all pixels have to be sent again, since nobody reports whether they were lost.
    fn is_repeat_due(&self, now: Instant) -> bool {
        let repeat = if now.duration_since(self.opened) < OPENING { REPEAT_AT_FIRST } else { REPEAT };
        let is_due = self.presented.is_none_or(|last| now.duration_since(last) >= repeat);
        is_due && !self.surface.reports_losses()
    }

    /// Reports the frames that are new on the display.
    fn report_presented(&mut self) {
        let Some(listener) = &self.listener else { return };
        let at = Timestamp::now();
        let is_new = |stream: &&Stream| stream.stamp > self.reported && !stream.is_stale();
        for stream in self.model.streams.iter().filter(is_new) {
            let VideoFrame { stream, name, peer, seq, .. } = &stream.frame;
            let presented = Presented { stream: *stream, name: Arc::clone(name), peer: *peer, seq: *seq, at };
            let _ = listener.send(presented); // the listener may be gone
        }
        self.reported = self.model.streams.iter().map(|stream| stream.stamp).max().unwrap_or(self.reported);
    }
}

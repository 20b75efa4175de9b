//! The window itself: minifb, the painted form, and events for it.

use std::time::{Duration, Instant};

use minifb::Window;

use super::{
    Choice, Options, Search,
    form::{Form, Notice, Step},
    paint::{Painted, paint},
};
use crate::{
    drawing::{Rect, TextPainter},
    i18n::Phrase,
    picture::Canvas,
    view::{
        clipboard::Clipboard,
        entry::Edit,
        inbox::WindowInbox,
        keys::Keys,
        opened::Opened,
        options::Error,
        placement::Placement,
        pointer::{Pointer, PointerEvent},
        presses::merged,
        surface::Surface,
        theme::Metrics,
        update::Update,
        visibility::Visibility,
        window_system::guarded,
    },
};

/// Interval at which input and the search are polled, and the same for an idle window.
const POLL: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(50));

/// Time without input after which a window counts as idle.
const IDLE_AFTER: Duration = Duration::from_secs(5);

/// Interval of repeated presenting if the window system does not report lost pixels.
const REPEAT: Duration = Duration::from_millis(200);

/// Text of the title bar.
const TITLE: &str = "pulsecam";

/// Asks for a relay until one is accepted, or the window is closed.
///
/// `search` returns the state of the search if it has changed. `accept` takes the user's choice, or says why it is
/// none. Returns where the window was at last, if known.
///
/// # Errors
/// Those of [`view::run`](crate::view::run).
pub(crate) fn run(
    options: &Options,
    inbox: &WindowInbox,
    search: &mut dyn FnMut() -> Option<Search>,
    accept: &mut dyn FnMut(Choice) -> Result<(), String>,
) -> Result<Option<Placement>, Error> {
    let mut shell = Shell::open(options, inbox)?;
    loop {
        for update in inbox.wait(shell.patience()) {
            match update {
                Update::Pasted(text) => shell.pasted(text),
                Update::PastedImage(_) => shell.say(Notice::Phrase(Phrase::StartNoImage)),
                Update::Stop => return Ok(shell.surface.place()),
                _ => {}
            }
        }
        if let Some(search) = search() {
            shell.form.found(search);
            shell.is_changed = true;
        }
        shell.show()?;
        for step in shell.input() {
            match step {
                Step::Nothing => {}
                Step::Paste => shell.clipboard.paste(),
                Step::Close => return Ok(shell.surface.place()),
                Step::Choose(choice) => match accept(choice) {
                    Ok(()) => return Ok(shell.surface.place()),
                    Err(reason) => shell.say(Notice::Text(reason)),
                },
            }
        }
        if !shell.window.is_open() {
            return Ok(shell.surface.place());
        }
    }
}

struct Shell<'a> {
    options: &'a Options,
    window: Window,
    keys: Keys,
    pointer: Pointer,
    clipboard: Clipboard,
    surface: Surface,
    visibility: Visibility,
    painter: TextPainter,
    metrics: Metrics,
    canvas: Canvas,
    form: Form,
    painted: Painted,
    at: Option<(usize, usize)>,
    is_changed: bool,
    presented: Option<Instant>,
    touched: Instant,
}

impl<'a> Shell<'a> {
    fn open(options: &'a Options, inbox: &WindowInbox) -> Result<Self, Error> {
        let Opened { window, surface, keys, scale } =
            Opened::new(TITLE, options.size, options.place, options.ui_scale)?;
        Ok(Self {
            options,
            window,
            keys,
            pointer: Pointer::default(),
            clipboard: Clipboard::open(inbox.handle()),
            surface,
            visibility: Visibility::default(),
            painter: TextPainter::new(),
            metrics: Metrics::new(scale),
            canvas: Canvas::default(),
            form: Form::new(&options.address, options.known.clone(), options.notice.clone()),
            painted: Painted::default(),
            at: None,
            is_changed: true,
            presented: None,
            touched: Instant::now(),
        })
    }

    fn patience(&self) -> Duration {
        let is_idle = self.touched.elapsed() >= IDLE_AFTER;
        if self.is_changed {
            Duration::ZERO
        } else if is_idle {
            POLL.1
        } else {
            POLL.0
        }
    }

    fn say(&mut self, notice: Notice) {
        (self.form.notice, self.is_changed) = (Some(notice), true);
    }

    fn pasted(&mut self, text: String) {
        self.form.edit(&Edit::Put(text));
        self.is_changed = true;
    }

    /// Paints what has changed, and receives the window's events.
    fn show(&mut self) -> Result<(), Error> {
        let is_lost = self.surface.watch(&mut self.visibility, Instant::now());
        let (width, height) = self.window.get_size();
        if (width, height) != (self.canvas.width, self.canvas.height) {
            self.canvas = Canvas { width, height, pixels: std::mem::take(&mut self.canvas.pixels) };
            self.canvas.pixels.resize(width * height);
            self.is_changed = true;
        }
        self.is_changed |= self.painter.refresh();
        let is_repeated = !self.surface.reports_losses()
            && self.presented.is_none_or(|presented| presented.elapsed() >= REPEAT);
        let Self { window, surface, canvas, .. } = self;
        if width == 0 || height == 0 || !(self.is_changed || is_lost || is_repeated) {
            guarded(|| surface.update(window));
            return Ok(());
        }
        if std::mem::take(&mut self.is_changed) {
            let words = &self.options.words;
            self.painted = paint(&mut self.painter, self.metrics, words, &self.form, canvas, self.at);
        }
        let shown = guarded(|| surface.present(window, canvas, &[Rect::new(0, 0, width, height)]));
        shown.unwrap_or(Ok(())).map_err(|error| Error::Lost(error.to_string()))?;
        self.presented = Some(Instant::now());
        Ok(())
    }

    /// What keys and clicks ask for.
    fn input(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        if !self.window.is_active() {
            self.keys.release();
        }
        for stroke in merged(self.surface.presses(), self.keys.strokes()) {
            steps.push(self.form.stroke(&stroke));
            (self.touched, self.is_changed) = (Instant::now(), true);
        }
        let events = self.surface.pointer_events();
        for event in events.unwrap_or_else(|| self.pointer.poll(&self.window)) {
            self.touched = Instant::now();
            let pressed = match event {
                PointerEvent::Click(x, y) => self.painted.hit((x, y)).map(|press| (press, false)),
                PointerEvent::DoubleClick(x, y) => self.painted.hit((x, y)).map(|press| (press, true)),
                PointerEvent::Wheel(lines) => {
                    self.form.scroll(lines);
                    self.is_changed = true;
                    None
                }
                PointerEvent::Moved(x, y) | PointerEvent::Dragged(x, y) => {
                    self.is_changed |= self.painted.hit_area(self.at) != self.painted.hit_area(Some((x, y)));
                    self.at = Some((x, y));
                    None
                }
                PointerEvent::Left => {
                    self.is_changed |= self.at.take().is_some();
                    None
                }
                PointerEvent::Released | PointerEvent::RightClick(..) | PointerEvent::Zoom(_) => None,
            };
            if let Some((press, is_second)) = pressed {
                steps.push(self.form.click(press, is_second));
                self.is_changed = true;
            }
        }
        steps
    }
}

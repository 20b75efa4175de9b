//! The same model in a terminal, for machines without a display: pictures in the terminal's own graphics if
//! it has any (kitty, sixel, iTerm2), or else in half blocks.
//!
//! A terminal takes frames far slower than a window, so each is drawn only after the previous one has arrived, and
//! always the newest.

mod canvas;
mod confirmation;
mod footer;
mod keys;
mod pace;
mod paint;
mod panels;
mod text;

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyCode, KeyEventKind},
};

use self::{
    canvas::Pictures,
    confirmation::Confirmation,
    keys::{Meaning, command, writing},
    pace::Pace,
    paint::View,
};
use super::{
    action::Action,
    command::Command,
    film::FilmState,
    inbox::WindowInbox,
    model::Model,
    options::{End, Error, Options, Summary},
    rescaler::Rescaler,
    update::Update,
};
use crate::jpeg::Strips;

pub use self::canvas::Graphics;

/// How long to wait for updates before keys are polled: the longest delay of a key.
const POLL_INTERVAL: Duration = Duration::from_millis(30);

/// Shows what arrives in the inbox on this terminal, until a key or [`Update::Stop`] ends it.
///
/// The terminal must have been set up by `ratatui::init`. `act` is as for [`run`](super::run).
///
/// # Errors
/// [`Error::Lost`] if the terminal is gone.
pub fn run(
    terminal: &mut DefaultTerminal,
    graphics: Graphics,
    options: &Options,
    inbox: &WindowInbox,
    act: &mut dyn FnMut(Action) -> Option<String>,
) -> Result<Summary, Error> {
    let lost = |error: std::io::Error| Error::Lost(error.to_string());
    let mut model = Model::new(&options.host, Arc::clone(&options.words), Instant::now());
    model.numbers = options.numbers;
    model.film = options.film.as_ref().map(|film| FilmState::new(film, Instant::now()));
    let mut view = View { pictures: Pictures::new(graphics), help_top: 0 };
    let mut fitting = Rescaler::start(inbox.handle(), options.limits, Strips::default()).ok();
    let (mut dirty, mut next_change) = (true, None::<Instant>);
    let (mut pace, mut confirmation) = (Pace::new(), Confirmation::default());
    loop {
        let mut end = None;
        for update in inbox.wait(POLL_INTERVAL) {
            dirty = true;
            if matches!(update, Update::Stop) {
                end = Some(End::Stopped);
            }
            if let Some(canvas) = model.apply(update, Instant::now()) {
                inbox.recycle(canvas);
            }
        }
        while event::poll(Duration::ZERO).map_err(lost)? {
            dirty = true;
            let outcome = execute(&event::read().map_err(lost)?, &mut model, &mut view);
            end = outcome.end.or(end);
            if outcome.redraw {
                clear(terminal).map_err(lost)?;
            }
            for action in outcome.actions {
                if let Some(notice) = act(action) {
                    model.apply(Update::Notice(notice), Instant::now());
                }
            }
        }
        let film = model.film_changes();
        dirty |= film.is_visible;
        if let Some(progress) = film.report {
            act(Action::Played(progress));
        }
        if let Some(end) = end {
            if end == End::Quit && pace.awaits_answer() {
                // An answer that comes later would appear as typed text.
                confirmation.wait(terminal).map_err(lost)?;
            }
            return Ok(Summary { end, totals: model.totals() });
        }
        let now = Instant::now();
        dirty |= next_change.is_some_and(|at| at <= now);
        if dirty && pace.is_free(now) {
            dirty = false;
            model.expire(now);
            terminal.draw(|frame| paint::paint(frame, &model, &mut view, now)).map_err(lost)?;
            let pictures = &mut view.pictures;
            inbox.set_demands(pictures.tiles.drain(..).map(|tile| (tile.stream, tile.demand(None))));
            for wanted in pictures.rescale_requests.drain(..) {
                if let Some(fitting) = &mut fitting {
                    fitting.ask(wanted);
                }
            }
            pace.drawn(now, Instant::now());
            confirmation.next();
            next_change = model.next_change(now);
        } else if dirty && !pace.awaits_answer() {
            thread::sleep(POLL_INTERVAL);
        }
        if pace.awaits_answer() {
            if confirmation.wait(terminal).map_err(lost)? {
                pace.answered(Instant::now());
            } else {
                pace.unanswered(Instant::now());
            }
        }
    }
}

/// Clears the screen, so that everything is drawn again.
fn clear(terminal: &mut DefaultTerminal) -> std::io::Result<()> {
    // `Terminal::clear` would ask for the cursor's position, which not every terminal answers.
    let area = terminal.get_frame().area();
    terminal.resize(area)
}

/// What a key asks for beyond the model.
#[derive(Default)]
struct Outcome {
    actions: Vec<Action>,
    end: Option<End>,
    redraw: bool,
}

impl Outcome {
    fn actions(actions: impl IntoIterator<Item = Action>) -> Self {
        Self { actions: actions.into_iter().collect(), ..Self::default() }
    }

    fn end() -> Self {
        Self { end: Some(End::Quit), ..Self::default() }
    }
}

fn execute(event: &Event, model: &mut Model, view: &mut View) -> Outcome {
    let now = Instant::now();
    let key = match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key,
        Event::Paste(text) => {
            model.apply(Update::Pasted(text.clone()), now);
            return Outcome::default();
        }
        _ => return Outcome::default(),
    };
    let meaning = if model.chat.entry.is_some() {
        writing(key)
    } else if key.code == KeyCode::Enter && model.asks_to_leave(now) {
        Meaning::Command(Command::Quit)
    } else {
        command(key, model.film().is_some())
    };
    match meaning {
        Meaning::End => Outcome::end(),
        // It never ends the program: one Escape too many must not end a call.
        Meaning::Close => {
            model.close();
            Outcome::default()
        }
        Meaning::Command(Command::Quit) => {
            model.execute(Command::Quit, now);
            if model.quits { Outcome::end() } else { Outcome::default() }
        }
        Meaning::Redraw => {
            view.pictures.forget();
            Outcome { redraw: true, ..Outcome::default() }
        }
        // Up is towards the beginning of the list.
        Meaning::Command(Command::Scroll(rows)) if model.help => {
            view.help_top = view.help_top.saturating_add_signed(-rows);
            Outcome::default()
        }
        Meaning::Command(command) => Outcome::actions(model.execute(command, now)),
        Meaning::Writing(writing) => Outcome::actions(model.write(&writing, now)),
        Meaning::Nothing => Outcome::default(),
    }
}

#[cfg(test)]
mod tests;

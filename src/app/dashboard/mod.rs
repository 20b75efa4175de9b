//! A relay's dashboard: clients, what they send and which are slow, full screen in a terminal.

mod columns;
mod header;
mod model;
mod paint;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use self::{
    model::DashboardModel,
    paint::{Facts, LOG_LINES, paint},
};
use super::{
    Error,
    screen::{self, Capability, Screen},
};
use crate::{
    i18n::{Language, Translations},
    relay::{RelayStats, StatsHandler},
};

/// Interval between checks for keys while nothing else happens: not noticeable, and hardly any processor
/// time.
const LOOK: Duration = Duration::from_millis(100);

/// Longest time between two repaints, because of the clock.
const REPAINT: Duration = Duration::from_secs(1);

/// Time to wait at the end for a terminal that takes no output: it may be held (Ctrl-S).
const END_LIMIT: Duration = Duration::from_millis(500);

/// Rows in a page.
const PAGE: isize = 10;

/// The dashboard, shown until it is dropped.
pub(super) struct Dashboard {
    newest: Newest,
    facts: Arc<Mutex<Option<Facts>>>,
    closed: CancellationToken,
    ended: mpsc::Receiver<()>,
}

/// The newest census, until it is painted: they must not pile up while a terminal is held.
type Newest = Arc<Mutex<Option<RelayStats>>>;

impl Dashboard {
    /// Takes the screen and starts painting, on a thread of its own. `None`: the terminal cannot be drawn on.
    pub(super) fn open(language: Option<Language>) -> Result<Option<Self>, Error> {
        if !Screen::is_there() {
            return Err(Error::NoTerminalForDashboard);
        }
        if Capability::of_terminal() == Capability::Lines {
            warn!("this terminal is for plain lines: there is only the log");
            return Ok(None);
        }
        let words = Translations::new(language.unwrap_or_else(Language::system_default));
        let screen = Screen::take()?;
        let newest = Newest::default();
        let (end, ended) = mpsc::channel();
        let (facts, closed) = (Arc::<Mutex<Option<Facts>>>::default(), CancellationToken::new());
        thread::Builder::new().name("dashboard".into()).spawn({
            let (newest, facts, closed) = (Arc::clone(&newest), Arc::clone(&facts), closed.clone());
            move || {
                show(screen, &newest, &facts, &closed, &words);
                let _ = end.send(()); // an error: no longer waited for
            }
        })?;
        Ok(Some(Self { newest, facts, closed, ended }))
    }

    /// The receiver of the relay's censuses.
    pub(super) fn watcher(&self) -> StatsHandler {
        let newest = Arc::clone(&self.newest);
        Arc::new(move |census| *newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(census))
    }

    /// Shows that the relay listens.
    pub(super) fn begin(&self, addr: SocketAddr, keys: bool, tls: bool) {
        *self.facts.lock().unwrap_or_else(PoisonError::into_inner) = Some(Facts { addr, keys, tls });
    }

    /// Completes when a key closes the dashboard.
    pub(super) async fn closed(&self) {
        self.closed.cancelled().await;
    }
}

impl Drop for Dashboard {
    /// Restores the screen.
    fn drop(&mut self) {
        self.closed.cancel();
        if let Err(mpsc::RecvTimeoutError::Timeout) = self.ended.recv_timeout(END_LIMIT) {
            screen::give_up();
        }
    }
}

fn show(
    mut screen: Screen,
    newest: &Mutex<Option<RelayStats>>,
    facts: &Mutex<Option<Facts>>,
    closed: &CancellationToken,
    words: &Translations,
) {
    let began = Instant::now();
    let mut model = DashboardModel::default();
    let mut painted: Option<Instant> = None;
    while !closed.is_cancelled() {
        let mut news = painted.is_none_or(|painted| painted.elapsed() >= REPAINT);
        let census = newest.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(census) = census {
            model.take(census, Instant::now());
            news = true;
        }
        if news {
            painted = Some(Instant::now());
            let facts = facts.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let log = screen::last_lines(LOG_LINES.into());
            let draw = screen.terminal.draw(|frame| {
                paint(frame, &model, facts.as_ref(), began.elapsed(), &log, words);
            });
            if draw.is_err() {
                closed.cancel(); // the terminal is gone
            }
        }
        match event::poll(LOOK).and_then(|there| if there { event::read().map(Some) } else { Ok(None) }) {
            Ok(Some(event)) => {
                painted = None;
                if obey(&event, &mut model, closed) && screen.clear().is_err() {
                    closed.cancel();
                }
            }
            Ok(None) => {}
            Err(_) => closed.cancel(),
        }
    }
}

/// Does what a key asks for; returns whether it asks for a whole new picture.
fn obey(event: &Event, model: &mut DashboardModel, closed: &CancellationToken) -> bool {
    let Event::Key(key) = event else { return false };
    if key.kind == KeyEventKind::Release {
        return false;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        // Raw keys: the terminal sends no signal.
        KeyCode::Char('c' | 'd') if control => closed.cancel(),
        KeyCode::Char('l') if control => return true,
        KeyCode::Char('q') => closed.cancel(),
        KeyCode::Esc if model.help => model.help = false,
        KeyCode::Char('h' | '?') => model.help = !model.help,
        KeyCode::Char('s') => model.turn(),
        KeyCode::Down => model.scroll(1),
        KeyCode::Up => model.scroll(-1),
        KeyCode::PageDown => model.scroll(PAGE),
        KeyCode::PageUp => model.scroll(-PAGE),
        _ => {}
    }
    false
}

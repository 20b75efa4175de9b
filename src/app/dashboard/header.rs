//! The lines about the relay, and the graph of its traffic beside them.

use std::time::Duration;

use ratatui::{
    Frame,
    layout::Rect,
    style::Stylize,
    text::{Line, Span},
    widgets::{Paragraph, Sparkline},
};

use super::{model::DashboardModel, paint::Facts};
use crate::{
    cells,
    i18n::{Phrase, Translations, size},
};

/// Rows, at most.
const MOST_ROWS: usize = 4;

/// Rows in a terminal of fewer rows than [`LOW`].
const FEW_ROWS: usize = 3;

/// Rows of a low terminal.
const LOW: u16 = 16;

/// Columns of the graph; with fewer than [`LEAST_GRAPH`] it shows nothing.
const GRAPH: usize = 24;
const LEAST_GRAPH: usize = 10;

/// Columns between text and graph.
const GAP: usize = 2;

/// What stands between two figures.
const BETWEEN: &str = " · ";

/// Lines of figures, fitted into a terminal.
#[derive(Debug)]
pub(super) struct Header {
    rows: Vec<String>,
}

impl Header {
    /// Fits the figures into a terminal of this size.
    pub(super) fn new(
        model: &DashboardModel,
        facts: Option<&Facts>,
        up: Duration,
        words: &Translations,
        (columns, rows): (u16, u16),
    ) -> Self {
        let (columns, most) = (usize::from(columns), if rows < LOW { FEW_ROWS } else { MOST_ROWS });
        let figures = figures(model, facts, up, words);
        // Beside the graph, if nothing has to be left out for it.
        let all = figures.iter().map(|(_, text)| text.as_str());
        let beside = flowing(all, columns.saturating_sub(GRAPH + GAP));
        let rows = if columns > 2 * GRAPH && beside.len() <= most {
            beside
        } else {
            fitted(&figures, columns, most)
        };
        Self { rows }
    }

    /// The rows that it takes.
    pub(super) fn height(&self) -> u16 {
        u16::try_from(self.rows.len()).unwrap_or(u16::MAX)
    }

    /// Paints it, with a graph where no text is.
    pub(super) fn paint(&self, frame: &mut Frame<'_>, area: Rect, model: &DashboardModel) {
        let lines = self.rows.iter().enumerate().map(|(row, text)| {
            let name = text.split(BETWEEN).next().unwrap_or_default();
            match text.strip_prefix(name) {
                Some(rest) if row == 0 => Line::from(vec![Span::from(name).bold(), Span::from(rest)]),
                _ => Line::from(text.as_str()),
            }
        });
        frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), area);
        let Some((columns, height)) = self.graph(area.width.into()) else { return };
        let (columns, height) = (u16::try_from(columns).unwrap_or(0), u16::try_from(height).unwrap_or(0));
        let spot = Rect { x: area.right() - columns, width: columns, height, ..area };
        let newest = model.history.len().saturating_sub(columns.into());
        frame.render_widget(Sparkline::default().data(model.history.iter().skip(newest).copied()), spot);
    }

    /// The size of the graph: the first rows whose text leaves room, at least two of them.
    fn graph(&self, columns: usize) -> Option<(usize, usize)> {
        (2..=self.rows.len()).rev().find_map(|height| {
            let text = self.rows.iter().take(height).map(|row| cells::width(row)).max()?;
            let room = columns.saturating_sub(text + GAP).min(GRAPH);
            (room >= LEAST_GRAPH).then_some((room, height))
        })
    }
}

/// The figures in their order, each with its rank: those of a higher rank give way first.
fn figures(
    model: &DashboardModel,
    facts: Option<&Facts>,
    up: Duration,
    words: &Translations,
) -> Vec<(u8, String)> {
    let locks = facts.map(|facts| {
        words.text(match (facts.keys, facts.tls) {
            (true, true) => Phrase::DashboardKeyAndTls,
            (true, false) => Phrase::DashboardKey,
            (false, true) => Phrase::DashboardTls,
            (false, false) => Phrase::DashboardOpen,
        })
    });
    let with = |phrase, name, value: String| words.format(phrase, [(name, value)]);
    let rate = |bytes: f64| format!("{}/s", size(bytes as u64));
    let own = [
        Some((0, "pulsecam relay".to_owned())),
        facts.map(|facts| (0, facts.addr.to_string())),
        locks.map(|locks| (2, locks)),
    ];
    let cluster = model.cluster.map(|cluster| {
        let ratio = |phrase, name, (some, all): (usize, usize)| {
            (1, words.format(phrase, [(name, some.to_string()), ("all", all.to_string())]))
        };
        [
            ratio(Phrase::DashboardRelays, "there", cluster.relays),
            ratio(Phrase::DashboardLinks, "up", cluster.links),
        ]
    });
    let counters = [
        (0, with(Phrase::DashboardClients, "count", model.clients().to_string())),
        (4, with(Phrase::DashboardUptime, "up", clock(up))),
        (1, with(Phrase::DashboardIn, "in", rate(model.comes.bytes))),
        (1, with(Phrase::DashboardOut, "out", rate(model.goes.bytes))),
        (5, with(Phrase::DashboardMessages, "messages", format!("{:.0}", model.goes.frames))),
        (1, with(Phrase::DashboardFramesLost, "lost", model.totals.frames_lost.to_string())),
        (3, with(Phrase::DashboardRefused, "refused", model.totals.refused.to_string())),
    ];
    own.into_iter().flatten().chain(cluster.into_iter().flatten()).chain(counters).collect()
}

/// Puts figures into at most this many rows; those of the highest rank are left out until they fit.
fn fitted(figures: &[(u8, String)], columns: usize, most: usize) -> Vec<String> {
    let highest = figures.iter().map(|(rank, _)| *rank).max().unwrap_or(0);
    let to_rank = |rank: u8| {
        flowing(figures.iter().filter(|(own, _)| *own <= rank).map(|(_, text)| text.as_str()), columns)
    };
    let fits = |rows: &Vec<String>| rows.len() <= most;
    let mut rows = (0..=highest).rev().map(to_rank).find(fits).unwrap_or_else(|| to_rank(0));
    rows.truncate(most);
    rows
}

/// Figures one after the other, in as many rows as they take.
fn flowing<'a>(figures: impl Iterator<Item = &'a str>, columns: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for figure in figures {
        let figure = cells::shorten_end(figure, columns);
        match rows.last_mut() {
            Some(row) if cells::width(row) + cells::width(BETWEEN) + cells::width(&figure) <= columns => {
                row.push_str(BETWEEN);
                row.push_str(&figure);
            }
            _ => rows.push(figure.into_owned()),
        }
    }
    rows
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_left_out_whole() {
        let figures = [(0, "clients: 3"), (2, "uptime 1:02:05"), (1, "in 9.0 MB/s")]
            .map(|(rank, text)| (rank, text.to_owned()));
        assert_eq!(fitted(&figures, 80, 3), ["clients: 3 · uptime 1:02:05 · in 9.0 MB/s"]);
        assert_eq!(fitted(&figures, 30, 3), ["clients: 3 · uptime 1:02:05", "in 9.0 MB/s"]);
        assert_eq!(fitted(&figures, 30, 1), ["clients: 3 · in 9.0 MB/s"]);
        assert_eq!(fitted(&figures, 12, 1), ["clients: 3"]);
        assert_eq!(fitted(&figures, 5, 1), ["clie…"]);
    }

    #[test]
    fn the_graph_never_covers_text() {
        let header = |rows: &[usize]| Header { rows: rows.iter().map(|row| "x".repeat(*row)).collect() };
        assert_eq!(header(&[40, 50, 30]).graph(80), Some((24, 3)));
        assert_eq!(header(&[40, 50, 75]).graph(80), Some((24, 2)));
        assert_eq!(header(&[40, 60, 75]).graph(80), Some((18, 2)));
        assert_eq!(header(&[75, 30, 30]).graph(80), None);
        assert_eq!(header(&[10]).graph(80), None);
    }
}

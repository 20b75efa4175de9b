//! Paints the dashboard: lines about the relay, a table of clients, the last lines of the log.

use std::{net::SocketAddr, time::Duration};

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style, Stylize},
    text::{Line, Span},
    widgets::{Block, Cell, Clear, Paragraph, Row as Cells, Sparkline, Table},
};

use super::model::{DashboardModel, Order, Row};
use crate::{
    i18n::{Phrase, Translations, size},
    sanitize,
};

/// Lines of the log that are shown if there is room.
pub(super) const LOG_LINES: u16 = 5;

/// Facts about the relay that do not change while it runs.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) addr: SocketAddr,
    pub(super) keys: bool,
    pub(super) tls: bool,
}

/// Paints the dashboard. `up`: how long the relay has run.
pub(super) fn paint(
    frame: &mut Frame<'_>,
    model: &DashboardModel,
    facts: Option<&Facts>,
    up: Duration,
    log: &[String],
    words: &Translations,
) {
    let area = frame.area();
    let log_height = if area.height >= 16 { LOG_LINES + 1 } else { 0 };
    let [head, table, lines, keys] = Layout::vertical([
        Constraint::Length(3),
        Constraint::Min(3),
        Constraint::Length(log_height),
        Constraint::Length(1),
    ])
    .areas(area);
    header(frame, head, model, facts, up, words);
    clients(frame, table, model, words);
    if log_height > 0 {
        let block =
            Block::bordered().borders(ratatui::widgets::Borders::TOP).title(words.text(Phrase::DashboardLog));
        let shown: Vec<_> = log.iter().map(|line| Line::raw(sanitize::line(line).into_owned())).collect();
        frame.render_widget(Paragraph::new(shown).block(block), lines);
    }
    frame.render_widget(Paragraph::new(words.text(Phrase::DashboardKeys)).dim(), keys);
    if model.help {
        help(frame, area, words);
    }
}

fn header(
    frame: &mut Frame<'_>,
    area: Rect,
    model: &DashboardModel,
    facts: Option<&Facts>,
    up: Duration,
    words: &Translations,
) {
    let [left, right] = Layout::horizontal([Constraint::Min(40), Constraint::Length(24)]).areas(area);
    let addr = facts.map_or(String::new(), |facts| facts.addr.to_string());
    let locks = facts.map(|facts| match (facts.keys, facts.tls) {
        (true, true) => words.text(Phrase::DashboardKeyAndTls),
        (true, false) => words.text(Phrase::DashboardKey),
        (false, true) => words.text(Phrase::DashboardTls),
        (false, false) => words.text(Phrase::DashboardOpen),
    });
    let first = Line::from(vec![
        Span::from("pulsecam relay  ").bold(),
        Span::from(format!("{addr}  ")),
        Span::from(locks.unwrap_or_default()),
    ]);
    let count = model.rows.len();
    let up = clock(up);
    let second = words.format(Phrase::DashboardClients, [("count", count.to_string()), ("up", up)]);
    let third = words.format(
        Phrase::DashboardTraffic,
        [
            ("in", format!("{}/s", size(model.comes.bytes as u64))),
            ("out", format!("{}/s", size(model.goes.bytes as u64))),
            ("messages", format!("{:.0}", model.goes.frames)),
            ("lost", model.totals.frames_lost.to_string()),
            ("refused", model.totals.refused.to_string()),
        ],
    );
    frame.render_widget(Paragraph::new(vec![first, Line::raw(second), Line::raw(third)]), left);
    let graph = Sparkline::default().data(model.history.iter().copied());
    frame.render_widget(graph, right);
}

fn clients(frame: &mut Frame<'_>, area: Rect, model: &DashboardModel, words: &Translations) {
    let heads = [
        Phrase::DashboardClient,
        Phrase::DashboardName,
        Phrase::DashboardSends,
        Phrase::Age,
        Phrase::DashboardGets,
        Phrase::DashboardLost,
        Phrase::DashboardState,
    ];
    let header = Cells::new(heads.map(|head| Cell::from(words.text(head))))
        .style(Style::new().add_modifier(Modifier::REVERSED));
    let widths = [
        Constraint::Length(22),
        Constraint::Min(12),
        Constraint::Length(16),
        Constraint::Length(8),
        Constraint::Length(16),
        Constraint::Length(10),
        Constraint::Length(10),
    ];
    let rows: Vec<_> = model.rows.iter().skip(model.scrolled).map(|row| cells(row, words)).collect();
    let sorted = words.text(match model.order {
        Order::Came => Phrase::DashboardByCame,
        Order::Sends => Phrase::DashboardBySends,
        Order::Lost => Phrase::DashboardByLost,
    });
    let block = Block::bordered().borders(ratatui::widgets::Borders::TOP).title(sorted);
    if rows.is_empty() {
        frame.render_widget(Paragraph::new(words.text(Phrase::DashboardNobody)).block(block), area);
        return;
    }
    frame.render_widget(Table::new(rows, widths).header(header).column_spacing(1).block(block), area);
}

fn cells(row: &Row, words: &Translations) -> Cells<'static> {
    let resident = &row.resident;
    let room = if resident.room.is_empty() { String::new() } else { format!(" {}", resident.room) };
    let rate = |rate: super::model::TrafficRate| {
        if rate.frames > 0.0 || rate.bytes > 0.0 {
            format!("{:>3.0}/s {:>9}", rate.frames, size(rate.bytes as u64))
        } else {
            "–".to_owned()
        }
    };
    // To the median viewer.
    let age = resident.age.map(|age| age + resident.late.unwrap_or_default());
    let (state, style) = if row.slow {
        (words.text(Phrase::DashboardSlow), Style::new().yellow().bold())
    } else if row.sends.frames > 0.0 && resident.views {
        (words.text(Phrase::DashboardBoth), Style::new())
    } else if row.sends.frames > 0.0 {
        (words.text(Phrase::DashboardSending), Style::new())
    } else if resident.views {
        (words.text(Phrase::DashboardViewing), Style::new())
    } else {
        (words.text(Phrase::DashboardIdle), Style::new().dim())
    };
    Cells::new([
        Cell::from(format!("{} {}{room}", resident.client, resident.addr)),
        Cell::from(sanitize::line(&row.name).into_owned()),
        Cell::from(rate(row.sends)),
        Cell::from(age.map_or("–".to_owned(), |age| format!("{:.0} ms", age.as_secs_f64() * 1e3))),
        Cell::from(rate(row.gets)),
        Cell::from(if row.loses >= 1.0 {
            format!("{} +{:.0}/s", resident.lost, row.loses)
        } else {
            resident.lost.to_string()
        }),
        Cell::from(state).style(style),
    ])
}

fn help(frame: &mut Frame<'_>, area: Rect, words: &Translations) {
    let lines: Vec<_> =
        words.text(Phrase::DashboardHelp).lines().map(|line| Line::raw(line.to_owned())).collect();
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let width = 60.min(area.width);
    let place = Rect::new((area.width - width) / 2, (area.height - height) / 2, width, height);
    frame.render_widget(Clear, place);
    frame
        .render_widget(Paragraph::new(lines).block(Block::bordered().title(words.text(Phrase::Keys))), place);
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use ratatui::{Terminal, backend::TestBackend};

    use super::*;
    use crate::{app::dashboard::model::tests::census, i18n::Language};

    fn painted(width: u16, height: u16, model: &DashboardModel, language: Language) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let facts = Facts { addr: ([0, 0, 0, 0], 6868).into(), keys: true, tls: false };
        let log = ["client 3 (192.168.1.3:40000) is slow\x1b[2J".to_owned()];
        let words = Translations::new(language);
        terminal
            .draw(|frame| paint(frame, model, Some(&facts), Duration::from_secs(3_725), &log, &words))
            .unwrap();
        let buffer = terminal.backend().buffer().clone();
        let row = |y: u16| -> String {
            let mut text = String::new();
            let mut x = 0;
            while x < width {
                let symbol = buffer[(x, y)].symbol();
                text.push_str(symbol);
                // Wide characters take two cells, of which the second is empty.
                x += u16::try_from(Line::raw(symbol.to_owned()).width()).unwrap().max(1);
            }
            text
        };
        (0..height).map(row).collect::<Vec<_>>().join("\n")
    }

    fn busy() -> DashboardModel {
        let mut model = DashboardModel::default();
        let start = Instant::now();
        model.take(census(10), start);
        model.take(census(11), start + Duration::from_secs(1));
        model
    }

    #[test]
    fn all_clients_are_shown_with_their_rates() {
        let shown = painted(110, 24, &busy(), Language::English);
        for wanted in [
            "0.0.0.0:6868",
            "1:02:05",
            "小明的摄像头 🎥",
            "ann@desk",
            "60/s",
            "6.0 MB",
            "15 ms",
            "slow",
            "18.0 MB/s",
            "is slow",
        ] {
            assert!(shown.contains(wanted), "no {wanted:?} in\n{shown}");
        }
        assert!(!shown.contains('\x1b'), "{shown}");
    }

    #[test]
    fn it_fits_small_terminals_and_other_languages() {
        let model = busy();
        assert!(painted(80, 24, &model, Language::English).contains("ann@desk"));
        let chinese = painted(80, 24, &model, Language::Chinese);
        assert!(chinese.contains("慢") && chinese.contains("ann@desk"), "{chinese}");
        for (width, height) in [(1, 1), (10, 3), (40, 8), (200, 2)] {
            painted(width, height, &model, Language::English);
        }
    }

    #[test]
    fn an_empty_relay_says_so_and_help_lists_the_keys() {
        let mut model = DashboardModel::default();
        model.help = true;
        assert!(painted(100, 24, &model, Language::English).contains("sorts by"));
        model.help = false;
        assert!(painted(100, 24, &model, Language::English).contains("Nobody is here"));
    }
}

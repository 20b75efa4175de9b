//! Paints the dashboard: lines about the relay, a table of clients, the last lines of the log.

use std::{net::SocketAddr, time::Duration};

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style, Stylize},
    text::Line,
    widgets::{Block, Borders, Cell, Clear, Paragraph, Row as Cells, Table},
};

use super::{
    columns::{self, Column},
    header::Header,
    model::{DashboardModel, Order},
};
use crate::{
    cells,
    i18n::{Phrase, Translations},
    sanitize,
};

/// Columns of the help, if they fit.
const HELP_WIDTH: u16 = 64;

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
    let header = Header::new(model, facts, up, words, (area.width, area.height));
    let [head, table, lines, keys] = Layout::vertical([
        Constraint::Length(header.height()),
        Constraint::Min(3),
        Constraint::Length(log_height),
        Constraint::Length(1),
    ])
    .areas(area);
    header.paint(frame, head, model);
    clients(frame, table, model, words);
    if log_height > 0 {
        let block = Block::bordered().borders(Borders::TOP).title(words.text(Phrase::DashboardLog));
        let brief = |line: &String| {
            let line = sanitize::line(&time_only(line)).into_owned();
            Line::raw(cells::shorten_end(&line, area.width.into()).into_owned())
        };
        frame.render_widget(Paragraph::new(log.iter().map(brief).collect::<Vec<_>>()).block(block), lines);
    }
    frame.render_widget(Paragraph::new(words.text(Phrase::DashboardKeys)).dim(), keys);
    if model.help {
        help(frame, area, words);
    }
}

/// A line of the log without its date and the parts of a second.
fn time_only(line: &str) -> String {
    let stamp = line.split_once('Z').filter(|(stamp, _)| stamp.len() >= 19 && stamp.as_bytes()[10] == b'T');
    let short = stamp.and_then(|(stamp, rest)| Some(format!("{}{rest}", stamp.get(11..19)?)));
    short.unwrap_or_else(|| line.to_owned())
}

fn clients(frame: &mut Frame<'_>, area: Rect, model: &DashboardModel, words: &Translations) {
    let sorted = words.text(match model.order {
        Order::Came => Phrase::DashboardByCame,
        Order::Sends => Phrase::DashboardBySends,
        Order::Lost => Phrase::DashboardByLost,
    });
    let block = Block::bordered().borders(Borders::TOP).title(sorted);
    if model.rows.is_empty() {
        frame.render_widget(Paragraph::new(words.text(Phrase::DashboardNobody)).block(block), area);
        return;
    }
    // Only what is visible counts for the widths.
    let visible = model.rows.get(model.scrolled..).unwrap_or_default();
    let visible = visible.get(..area.height.into()).unwrap_or(visible);
    let fitted = columns::fit(visible, area.width.into(), words);
    let heads = fitted.columns.iter().map(|(column, _)| Cell::from(column.head(words)));
    let header = Cells::new(heads).style(Style::new().add_modifier(Modifier::REVERSED));
    let widths = fitted.columns.iter().map(|(_, width)| Constraint::Length(*width as u16));
    let rows = fitted.rows.into_iter().zip(visible).map(|(cells, row)| {
        let style = |column| if column == Column::State { columns::state(row).1 } else { Style::new() };
        let cells = cells.into_iter().zip(&fitted.columns);
        Cells::new(cells.map(|(text, (column, _))| Cell::from(text).style(style(*column))))
    });
    let table = Table::new(rows, widths).header(header).column_spacing(columns::SPACING as u16).block(block);
    frame.render_widget(table, area);
}

fn help(frame: &mut Frame<'_>, area: Rect, words: &Translations) {
    let width = HELP_WIDTH.min(area.width);
    let text = words.text(Phrase::DashboardHelp);
    let columns = usize::from(width.saturating_sub(2));
    let lines: Vec<_> = text.lines().flat_map(|line| cells::wrap(line, columns)).map(Line::raw).collect();
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let place = Rect::new((area.width - width) / 2, (area.height - height) / 2, width, height);
    frame.render_widget(Clear, place);
    frame
        .render_widget(Paragraph::new(lines).block(Block::bordered().title(words.text(Phrase::Keys))), place);
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use ratatui::{Terminal, backend::TestBackend};

    use super::*;
    use crate::{
        app::dashboard::model::{ClusterCount, tests::census},
        i18n::Language,
    };

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
    fn no_figure_is_cut_in_small_terminals() {
        let model = busy();
        let shown = painted(80, 24, &model, Language::English);
        for wanted in
            ["60/s   6.0 MB", "15 ms", "9.0 MB/s", "18.0 MB/s", "frames lost: 99", "refused: 1", "99 +9/s"]
        {
            assert!(shown.contains(wanted), "no {wanted:?} in\n{shown}");
        }
        let shown = painted(40, 12, &model, Language::English);
        for wanted in
            ["0.0.0.0:6868", "clients: 3", "60/s", "15 ms", "slow", "ann@desk", "18.0 MB/s", "h help"]
        {
            assert!(shown.contains(wanted), "no {wanted:?} in\n{shown}");
        }
    }

    #[test]
    fn the_relays_of_a_cluster_are_counted() {
        let mut model = busy();
        assert!(!painted(110, 24, &model, Language::English).contains("relays"), "on its own");
        model.cluster = Some(ClusterCount { relays: (2, 3), links: (1, 4) });
        let shown = painted(110, 24, &model, Language::English);
        assert!(shown.contains("relays: 2 of 3 · links: 1 of 4"), "{shown}");
        let chinese = painted(110, 24, &model, Language::Chinese);
        assert!(chinese.contains("中继在线：2/3"), "{chinese}");
    }

    #[cfg(feature = "cluster")]
    #[test]
    fn guests_and_links_are_shown_as_what_they_are() {
        use crate::app::dashboard::model::tests::clustered;

        let painted_with = |up, width, language| {
            let mut model = DashboardModel::default();
            let start = Instant::now();
            model.take(clustered(10, true), start);
            model.take(clustered(11, up), start + Duration::from_secs(1));
            painted(width, 24, &model, language)
        };
        let shown = painted_with(true, 110, Language::English);
        for wanted in ["clients: 3", "at 10.0.0.2", "bob", "remote", "relay", "desk2.lan:6868", "slow"] {
            assert!(shown.contains(wanted), "no {wanted:?} in\n{shown}");
        }
        let shown = painted_with(false, 80, Language::English);
        assert!(shown.contains("desk2.lan:6868") && shown.contains("link down"), "{shown}");
        let chinese = painted_with(false, 110, Language::Chinese);
        assert!(chinese.contains("链路中断") && chinese.contains("远端"), "{chinese}");
    }

    #[test]
    fn a_line_of_the_log_has_its_time_only() {
        assert_eq!(time_only("2026-11-26T10:04:19.931126Z  INFO listening"), "10:04:19  INFO listening");
        assert_eq!(time_only("joined: ZOË"), "joined: ZOË");
        assert_eq!(time_only(""), "");
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

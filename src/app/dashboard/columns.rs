//! The table of clients: which columns fit, and what is in them.
//!
//! A figure is shown whole or not at all. If the terminal is too narrow, columns give way in a fixed order; only
//! names are shortened, in their middle.

use ratatui::style::Style;

use super::model::{Row, RowKind, TrafficRate};
use crate::{
    cells,
    i18n::{Phrase, Translations, size},
    sanitize,
};

/// The columns of a name that are kept before another column gives way.
const LEAST_NAME: usize = 16;

/// Space between two columns.
pub(super) const SPACING: usize = 1;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Number, address and room.
    Client,
    /// The number alone.
    Number,
    /// The stream's name; without the address elsewhere, that of a client that has none.
    Name,
    Sends,
    /// Frames alone.
    SendsFrames,
    Age,
    Gets,
    GetsFrames,
    /// The number of lost frames, and how many per second.
    Lost,
    LostNumber,
    State,
}

/// What is shown, from the widest to the narrowest.
const LEVELS: [&[Column]; 10] = {
    use Column::{Age, Client, Gets, GetsFrames, Lost, LostNumber, Name, Number, Sends, SendsFrames, State};
    [
        &[Client, Name, Sends, Age, Gets, Lost, State],
        &[Number, Name, Sends, Age, Gets, Lost, State],
        &[Number, Name, Sends, Age, Gets, LostNumber, State],
        &[Number, Name, Sends, Age, GetsFrames, LostNumber, State],
        &[Number, Name, SendsFrames, Age, GetsFrames, LostNumber, State],
        &[Number, Name, SendsFrames, Age, LostNumber, State],
        &[Number, Name, SendsFrames, Age, State],
        &[Number, Name, SendsFrames, Age],
        &[Number, Name, Age],
        &[Name],
    ]
};

/// A table that fits.
#[derive(Debug)]
pub(super) struct Fitted {
    /// The columns with their widths.
    pub(super) columns: Vec<(Column, usize)>,
    /// The cells of each row.
    pub(super) rows: Vec<Vec<String>>,
}

/// Fits the rows into this width.
pub(super) fn fit(rows: &[Row], width: usize, words: &Translations) -> Fitted {
    let level = |columns: &&[Column]| table(rows, columns, width, words);
    let narrowest = || Fitted { columns: Vec::new(), rows: Vec::new() };
    LEVELS.iter().find_map(level).unwrap_or_else(narrowest)
}

/// The table with these columns, if they fit.
fn table(rows: &[Row], columns: &[Column], width: usize, words: &Translations) -> Option<Fitted> {
    let with_address = columns.contains(&Column::Client);
    let mut cells: Vec<Vec<_>> = rows
        .iter()
        .map(|row| columns.iter().map(|column| column.cell(row, with_address, words)).collect())
        .collect();
    let mut widths: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let head = cells::width(&column.head(words));
            cells.iter().map(|row| cells::width(&row[at])).max().unwrap_or(0).max(head)
        })
        .collect();
    let name = columns.iter().position(|column| *column == Column::Name)?;
    let others: usize = widths.iter().sum::<usize>() - widths[name] + SPACING * (columns.len() - 1);
    let room = width.saturating_sub(others);
    if room < widths[name].min(LEAST_NAME) && columns.len() > 1 {
        return None;
    }
    widths[name] = widths[name].min(room);
    for row in &mut cells {
        row[name] = cells::shorten_middle(&row[name], room).into_owned();
    }
    Some(Fitted { columns: columns.iter().copied().zip(widths).collect(), rows: cells })
}

impl Column {
    /// Its heading.
    pub(super) fn head(self, words: &Translations) -> String {
        words.text(match self {
            Self::Client => Phrase::DashboardClient,
            Self::Number => return "#".to_owned(),
            Self::Name => Phrase::DashboardName,
            Self::Sends | Self::SendsFrames => Phrase::DashboardSends,
            Self::Age => Phrase::Age,
            Self::Gets | Self::GetsFrames => Phrase::DashboardGets,
            Self::Lost | Self::LostNumber => Phrase::DashboardLost,
            Self::State => Phrase::DashboardState,
        })
    }

    fn cell(self, row: &Row, with_address: bool, words: &Translations) -> String {
        let client = &row.resident;
        match self {
            Self::Client => {
                let room = if client.room.is_empty() { String::new() } else { format!(" {}", client.room) };
                match row.kind {
                    RowKind::Client => format!("{} {}{room}", client.client, client.addr),
                    // Where its relay comes from; the port says nothing.
                    RowKind::Guest => {
                        let relay = [("relay", client.addr.ip().to_string())];
                        words.format(Phrase::DashboardGuestAt, relay) + &room
                    }
                    RowKind::Link { .. } => words.text(Phrase::DashboardRelay) + &room,
                }
            }
            Self::Number if row.kind == RowKind::Client => client.client.to_string(),
            Self::Number => "–".to_owned(),
            Self::Name if row.name.is_empty() && !with_address => client.addr.to_string(),
            Self::Name => sanitize::line(&row.name).into_owned(),
            Self::Sends => traffic(row.sends),
            Self::SendsFrames => frames(row.sends),
            Self::Gets => traffic(row.gets),
            Self::GetsFrames => frames(row.gets),
            Self::Age => {
                // To the median viewer.
                let age = client.age.map(|age| age + client.late.unwrap_or_default());
                age.map_or("–".to_owned(), |age| format!("{:.0} ms", age.as_secs_f64() * 1e3))
            }
            Self::Lost if row.loses >= 1.0 => format!("{} +{:.0}/s", client.lost, row.loses),
            Self::Lost | Self::LostNumber => client.lost.to_string(),
            Self::State => words.text(state(row).0),
        }
    }
}

fn traffic(rate: TrafficRate) -> String {
    if rate.frames > 0.0 || rate.bytes > 0.0 {
        format!("{:>3.0}/s {:>8}", rate.frames, size(rate.bytes as u64))
    } else {
        "–".to_owned()
    }
}

fn frames(rate: TrafficRate) -> String {
    if rate.frames > 0.0 || rate.bytes > 0.0 { format!("{:.0}/s", rate.frames) } else { "–".to_owned() }
}

/// What a client does, and how that is marked.
pub(super) fn state(row: &Row) -> (Phrase, Style) {
    let (sends, views) = (row.sends.frames > 0.0, row.resident.views);
    match row.kind {
        RowKind::Client => {}
        RowKind::Guest => return (Phrase::DashboardGuest, Style::new().dim()),
        RowKind::Link { is_up: false } => return (Phrase::DashboardLinkDown, Style::new().yellow().bold()),
        RowKind::Link { is_up: true } if row.slow => {}
        RowKind::Link { is_up: true } => return (Phrase::DashboardLinkUp, Style::new().dim()),
    }
    match (row.slow, sends, views) {
        (true, ..) => (Phrase::DashboardSlow, Style::new().yellow().bold()),
        (false, true, true) => (Phrase::DashboardBoth, Style::new()),
        (false, true, false) => (Phrase::DashboardSending, Style::new()),
        (false, false, true) => (Phrase::DashboardViewing, Style::new()),
        (false, false, false) => (Phrase::DashboardIdle, Style::new().dim()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::{
        app::dashboard::model::{DashboardModel, tests::census},
        i18n::Language,
    };

    /// Two senders whose long names differ at their end, and a slow viewer.
    fn rows() -> Vec<Row> {
        let mut model = DashboardModel::default();
        let start = Instant::now();
        for second in [10, 11] {
            let mut census = census(second);
            for (client, number) in census.clients.iter_mut().zip([10, 14]) {
                if let Some(info) = &mut client.stream {
                    info.stream = Some(format!("the camera with the number {number}"));
                }
            }
            model.take(census, start + Duration::from_secs(second));
        }
        model.rows
    }

    #[test]
    fn figures_are_whole_in_every_width() {
        let (rows, words) = (rows(), Translations::new(Language::English));
        for width in 0..160 {
            let fitted = fit(&rows, width, &words);
            let used: usize = fitted.columns.iter().map(|(_, width)| width + SPACING).sum();
            assert!(used.saturating_sub(SPACING) <= width, "{width}: {fitted:?}");
            for ((column, room), cell) in fitted.rows.iter().flat_map(|row| fitted.columns.iter().zip(row)) {
                assert!(cells::width(cell) <= *room, "{width}: {column:?} is cut: {cell}");
                assert!(*column == Column::Name || !cell.contains('…'), "{width}: {cell}");
            }
        }
    }

    #[test]
    fn columns_give_way_in_their_order() {
        let (rows, words) = (rows(), Translations::new(Language::English));
        let columns = |width| fit(&rows, width, &words).columns.into_iter().map(|(column, _)| column);
        assert_eq!(columns(130).next(), Some(Column::Client));
        let at_80: Vec<_> = columns(80).collect();
        assert_eq!(at_80, LEVELS[1]);
        let at_40: Vec<_> = columns(40).collect();
        assert!(at_40.contains(&Column::Age) && at_40.contains(&Column::SendsFrames), "{at_40:?}");
    }

    #[test]
    fn shortened_names_stay_different() {
        let (rows, words) = (rows(), Translations::new(Language::English));
        for width in [100, 80, 60, 40, 20] {
            let fitted = fit(&rows, width, &words);
            let name = fitted.columns.iter().position(|(column, _)| *column == Column::Name).unwrap();
            assert!(fitted.rows[0][name].ends_with("10"), "{width}: {fitted:?}");
            assert!(fitted.rows[1][name].ends_with("14"), "{width}: {fitted:?}");
        }
    }
}

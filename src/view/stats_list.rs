//! The list of all streams in the statistics: one row for each, of which one is selected.

use super::{
    command::Command,
    model::Model,
    render_context::RenderContext,
    state::millis,
    theme::{FAINT, Metrics, RAISED, TEXT},
};
use crate::{
    drawing::{Rect, Style, rounded},
    i18n::{Phrase, size},
    picture::Canvas,
};

/// Columns: number, name, and figures of falling importance.
const COLUMNS: usize = 6;

/// The column of names.
const NAME: usize = 1;

/// Least and largest width of a name, in heights of the text.
const NAME_WIDTH: (f32, f32) = (5.0, 14.0);

/// The list, measured.
#[derive(Debug)]
pub(super) struct StatsList {
    head: [String; COLUMNS],
    rows: Vec<[String; COLUMNS]>,
    /// Widths of the columns that have room: figures are whole or left out, names are cut.
    columns: Vec<usize>,
    gap: usize,
    text: f32,
    /// Height of a row.
    line: usize,
}

impl StatsList {
    /// Measures the list in text of this size; it may be `room` pixels wide.
    pub(super) fn new(context: &mut RenderContext, model: &Model, text: f32, room: usize) -> Self {
        let words = &model.words;
        let head = [
            String::new(),
            words.text(Phrase::ColumnStream),
            words.text(Phrase::Age),
            words.text(Phrase::ColumnRate),
            words.text(Phrase::Received),
            words.text(Phrase::ColumnLost),
        ];
        let unknown = || "–".to_owned();
        let row = |stream: &super::stream::Stream| {
            let (figures, counts) = (&stream.stats.figures, stream.counts());
            let name = Some(stream.name().to_owned()).filter(|name| !name.is_empty());
            [
                stream.number.to_string(),
                name.unwrap_or_else(|| words.text(Phrase::Somebody)),
                figures.age.map_or_else(unknown, |age| millis(age.time)),
                figures.fps.map_or_else(unknown, |fps| format!("{fps:.0}")),
                format!("{}/s", size(figures.bytes_per_second)),
                counts.lost.saturating_add(counts.left_out).to_string(),
            ]
        };
        let rows: Vec<_> = model.streams.iter().map(row).collect();
        let gap = context.metrics.margin;
        let style = Style::line(text * 0.93, TEXT, room);
        let mut widest = |column: usize| {
            let cells = std::iter::once(&head[column]).chain(rows.iter().map(|row| &row[column]));
            cells.map(|cell| context.painter.measure(cell, style).0).max().unwrap_or_default()
        };
        let widths: [usize; COLUMNS] = std::array::from_fn(&mut widest);
        let least = widths[NAME].min((text * NAME_WIDTH.0) as usize);
        let with = |name: usize, columns: usize| {
            let mut widths = widths[..columns].to_vec();
            widths[NAME] = name;
            widths
        };
        let total = |widths: &[usize]| widths.iter().sum::<usize>() + gap * (widths.len() - 1);
        let shown = (NAME + 1..=COLUMNS).rev().find(|columns| total(&with(least, *columns)) <= room);
        let shown = shown.unwrap_or(NAME + 1);
        let spare = room.saturating_sub(total(&with(0, shown)));
        let name = widths[NAME].min((text * NAME_WIDTH.1) as usize).min(spare);
        Self { head, columns: with(name, shown), rows, gap, text, line: (text * 1.6) as usize }
    }

    pub(super) fn width(&self) -> usize {
        self.columns.iter().sum::<usize>() + self.gap * (self.columns.len() - 1)
    }

    /// The first of this number of rows that are shown: the selected one is among them.
    fn first(&self, shown: usize, selected: usize) -> usize {
        first(selected, shown, self.rows.len())
    }

    /// Paints the line above the list and as many rows as fit, with the selected one among them.
    pub(super) fn paint(
        &self,
        context: &mut RenderContext,
        canvas: &mut Canvas,
        area: Rect,
        selected: usize,
    ) {
        let Metrics { margin, .. } = context.metrics;
        let shown = (area.height / self.line.max(1)).saturating_sub(1).min(self.rows.len());
        let first = self.first(shown, selected);
        let mut head = self.head.clone();
        let after = self.rows.len() - first - shown;
        for (sign, more) in [("▲", first), ("▼", after)] {
            if more > 0 {
                head[NAME] = format!("{}  {sign} {more}", head[NAME]);
            }
        }
        self.row(context, canvas, area, &head, FAINT);
        for (place, row) in self.rows.iter().enumerate().skip(first).take(shown) {
            let y = area.y + (place - first + 1) * self.line;
            let at = Rect { y, height: self.line, ..area };
            let around = Rect::new(at.x.saturating_sub(margin / 2), y, at.width + margin, self.line);
            if place == selected {
                rounded(canvas, around, margin as f32 * 0.4, RAISED, 255);
            }
            context.clickable(around, Some(Command::Inspect(place)));
            self.row(context, canvas, at, row, TEXT);
        }
    }

    fn row(
        &self,
        context: &mut RenderContext,
        canvas: &mut Canvas,
        at: Rect,
        cells: &[String; COLUMNS],
        colour: u32,
    ) {
        // Names have the room that the figures leave.
        let extra = at.width.saturating_sub(self.width());
        let mut x = at.x;
        for (column, (cell, width)) in cells.iter().zip(&self.columns).enumerate() {
            let colour = if column == 0 { FAINT } else { colour };
            if column == NAME {
                let style = Style::line(self.text * 0.93, colour, width + extra);
                context.painter.draw(canvas, cell, x, at.y, style);
                x += extra;
            } else {
                let style = Style::line(self.text * 0.93, colour, *width);
                let (own, _) = context.painter.measure(cell, style);
                context.painter.draw(canvas, cell, x + width.saturating_sub(own), at.y, style);
            }
            x += width + self.gap;
        }
    }
}

/// The first of `shown` rows of a list of `all`, so that the selected one is among them.
pub(super) fn first(selected: usize, shown: usize, all: usize) -> usize {
    selected.saturating_sub(shown / 2).min(all.saturating_sub(shown))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::view::{render_context::WindowContext, samples::fed};

    const LONG: &str = "a very long name of a stream that does not fit, not even nearly";

    fn list(room: usize) -> StatsList {
        let model = fed(&[(LONG, 64, 36), ("ann", 64, 36), ("", 64, 36)], Instant::now());
        StatsList::new(&mut RenderContext::new(1.0, WindowContext::default()), &model, 16.0, room)
    }

    #[test]
    fn names_are_cut_and_figures_left_out_whole() {
        let all = list(2_000);
        assert_eq!(all.columns.len(), COLUMNS);
        assert_eq!(all.columns[NAME], 224, "no name is wider");
        let narrow = list(all.width() - 100);
        assert_eq!((narrow.columns.len(), narrow.width()), (COLUMNS, all.width() - 100));
        let least = list(200);
        assert!(least.columns.len() < COLUMNS && least.width() <= 200, "{:?}", least.columns);
        assert!(list(0).columns.len() == NAME + 1);
        assert_eq!(all.rows[2][NAME], "unnamed");
    }

    #[test]
    fn the_selected_row_is_in_sight() {
        let mut all = list(600);
        all.rows = vec![all.rows[0].clone(); 25];
        let firsts: Vec<_> = [0, 4, 12, 24].into_iter().map(|selected| all.first(7, selected)).collect();
        assert_eq!(firsts, [0, 1, 9, 18]);
        assert_eq!(all.first(30, 24), 0);
    }
}

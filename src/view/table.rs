//! Tables of two columns on a panel.

use super::{
    render_context::RenderContext,
    theme::{FAINT, Metrics, PANEL, TEXT},
};
use crate::{
    drawing::{Rect, Style, rounded},
    picture::Canvas,
};

/// The smallest part of the usual text size at which a table is still painted whole.
pub(super) const SMALLEST: f32 = 0.5;

/// The smallest size of a text in pixels, on a screen of any density.
const LEGIBLE: f32 = 11.0;

/// Rows of two columns, measured. A row without a second column is a heading.
pub(super) struct Table<'a> {
    rows: &'a [[String; 2]],
    text: f32,
    /// Widths of the columns.
    columns: (usize, usize),
    gap: usize,
    /// Height of a row.
    pub(super) line: usize,
}

impl<'a> Table<'a> {
    /// Measures rows in text of this size that may be `room` pixels wide; longer texts are cut.
    pub(super) fn new(context: &mut RenderContext, rows: &'a [[String; 2]], text: f32, room: usize) -> Self {
        let gap = 2 * context.metrics.margin;
        let room = room.saturating_sub(gap);
        let mut widest = |column: usize, most: usize| {
            let cells = rows.iter().filter(|row| !row[1].is_empty()).map(|row| &row[column]);
            let style = Style::line(text * 0.93, TEXT, most);
            cells.map(|cell| context.painter.measure(cell, style).0).max().unwrap_or_default()
        };
        let first = widest(0, room * 2 / 3);
        let second = widest(1, room.saturating_sub(first));
        Self { rows, text, columns: (first, second), gap, line: (text * 1.6) as usize }
    }

    pub(super) const fn width(&self) -> usize {
        self.columns.0 + self.gap + self.columns.1
    }

    /// Paints the rows with their upper left corner here.
    pub(super) fn paint(&self, context: &mut RenderContext, canvas: &mut Canvas, x: usize, y: usize) {
        let plain = |colour, width| Style::line(self.text * 0.93, colour, width);
        let (first, second) = self.columns;
        for (row, y) in self.rows.iter().zip((y..).step_by(self.line.max(1))) {
            let (colour, width) = if row[1].is_empty() { (TEXT, self.width()) } else { (FAINT, first) };
            context.painter.draw(canvas, &row[0], x, y, plain(colour, width));
            context.painter.draw(canvas, &row[1], x + first + self.gap, y, plain(TEXT, second));
        }
    }
}

/// Most tables beside each other.
const MOST_BLOCKS: usize = 3;

/// Divides rows into tables beside each other, in the largest text in which all of them are in sight.
fn blocks<'a>(
    context: &mut RenderContext,
    rows: &'a [[String; 2]],
    (width, height): (usize, usize),
) -> Vec<Table<'a>> {
    let Metrics { text, margin, .. } = context.metrics;
    let mut divided = |blocks: usize, text: f32, room: usize| -> Vec<Table<'a>> {
        let each = rows.len().div_ceil(blocks).max(1);
        rows.chunks(each).map(|rows| Table::new(context, rows, text, room)).collect()
    };
    let mut best = (1, 0.0);
    for blocks in 1..=MOST_BLOCKS {
        let tables = divided(blocks, text, Style::UNLIMITED);
        let lines = (tables.first().map_or(0, |table| table.rows.len()) + 1) as f32 * 1.6 * text;
        let share = (height as f32 / (lines + 2.5 * margin as f32))
            .min(width as f32 / across(&tables, margin) as f32);
        if share.min(1.0) > best.1 {
            best = (blocks, share.min(1.0));
        }
    }
    let (blocks, share) = best;
    // Widths of letters are rounded.
    let share = if share < 1.0 { share * 0.98 } else { share };
    let text = text * share.max(SMALLEST.min(LEGIBLE / text));
    let whole = divided(blocks, text, Style::UNLIMITED);
    if across(&whole, margin) <= width {
        return whole;
    }
    divided(blocks, text, width.saturating_sub(2 * margin * (blocks - 1)) / blocks)
}

/// The width of tables beside each other.
fn across(tables: &[Table<'_>], margin: usize) -> usize {
    let gaps = 2 * margin * tables.len().saturating_sub(1);
    tables.iter().map(Table::width).sum::<usize>() + gaps
}

/// Paints a table under a title on a panel; returns its place. It hides what is behind it. A table that is too high
/// for the window is in several parts beside each other, and has smaller text.
pub(super) fn paint(
    context: &mut RenderContext,
    canvas: &mut Canvas,
    title: &str,
    rows: &[[String; 2]],
    place: impl Fn(usize, usize) -> Rect,
) -> Rect {
    let margin = context.metrics.margin;
    let tables = blocks(context, rows, (canvas.width.saturating_sub(5 * margin), canvas.height));
    let Some(first) = tables.first() else { return Rect::default() };
    let (line, text) = (first.line, first.text);
    let title_line = line + margin / 2;
    let inner = across(&tables, margin);
    let panel = place(inner + 3 * margin, title_line + first.rows.len() * line + 2 * margin);
    let panel = panel.within(canvas.width, canvas.height);
    rounded(canvas, panel, margin as f32, PANEL, 255);
    let (mut x, y) = (panel.x + margin * 3 / 2, panel.y + margin);
    context.painter.draw(canvas, title, x, y, Style::line(text * 1.1, TEXT, inner));
    for table in &tables {
        table.paint(context, canvas, x, y + title_line);
        x += table.width() + 2 * margin;
    }
    panel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::render_context::WindowContext;

    /// A colour that nothing is painted in.
    const UNPAINTED: u32 = 0x00ff_00ff;

    #[test]
    fn many_rows_are_in_parts_beside_each_other() {
        let rows: Vec<_> = (0..30).map(|row| ["key".to_owned(), format!("what it does, {row}")]).collect();
        let mut context = RenderContext::new(1.0, WindowContext::default());
        let mut parts =
            |size| blocks(&mut context, &rows, size).iter().map(|table| table.text).collect::<Vec<_>>();
        assert_eq!(parts((1_200, 900)), [16.0]);
        assert_eq!(parts((1_200, 500)), [16.0; 2]);
        let small = parts((580, 360));
        assert!(small.len() > 1 && small[0] > 12.0, "{small:?}");
        assert_eq!(parts((100, 100))[0], 8.0);
        // On a dense screen, the text may be smaller than half of the usual size.
        let mut dense = RenderContext::new(3.0, WindowContext::default());
        let tables = blocks(&mut dense, &rows, (600, 720));
        assert!(across(&tables, dense.metrics.margin) <= 600 && tables[0].text >= LEGIBLE);
        assert!(blocks(&mut context, &[], (100, 100)).is_empty());
    }

    #[test]
    fn nothing_leaves_a_table() {
        let long = "a name that never ends ".repeat(20);
        let row = |first: &str, second: &str| [first.to_owned(), second.to_owned()];
        let rows = vec![row("age", "12 ms"), row(&long, ""), row("shown", &long), row(&long, "3")];
        for (rows, size) in [
            (rows.clone(), (1280, 720)),
            (rows.clone(), (500, 300)),
            (vec![rows.clone(); 20].concat(), (900, 400)),
        ] {
            let mut context = RenderContext::new(1.0, WindowContext::default());
            let mut canvas = Canvas::filled(size.0, size.1, UNPAINTED);
            let panel = paint(&mut context, &mut canvas, "Statistics", &rows, |width, height| {
                Rect::new(size.0.saturating_sub(width + 20), 10, width, height)
            });
            let is_outside = |&(x, y): &(usize, usize)| !panel.contains(Rect::new(x, y, 1, 1));
            let mut outside = (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y))).filter(is_outside);
            assert!(outside.all(|(x, y)| canvas.pixel(x, y) == Some(UNPAINTED)), "{size:?}: {panel:?}");
        }
    }
}

//! The statistics panel: all streams in rows, and one of them in detail, now and over the last minute.

use super::{
    graphs,
    model::Model,
    render_context::RenderContext,
    state::{aged, millis},
    stats_list::StatsList,
    stream::Stream,
    table::{SMALLEST, Table},
    theme::{FAINT, Metrics, PANEL, TEXT},
};
use crate::{
    drawing::{Rect, Style, rounded},
    i18n::{Phrase, Translations, size},
    jpeg,
    picture::Canvas,
};

/// Rows of streams that are shown before there is room for graphs.
const ROWS_BEFORE_GRAPHS: usize = 5;

/// Rows of streams for which the text is made smaller.
const LEAST_ROWS: usize = 3;

/// The heights of the parts, from the top down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Heights {
    /// Height of a line of text, and its size in hundredths of the usual size.
    line: usize,
    percent: usize,
    /// Streams in rows, without the line above them.
    rows: usize,
    /// Whether there are graphs.
    has_graphs: bool,
}

/// Divides a height of `room` pixels among a title, a list of streams (if there are several), and one of them with
/// so many figures and graphs. With too little room, the graphs go first, then the text shrinks, then the list scrolls.
fn heights(room: usize, streams: usize, figures: usize, metrics: Metrics) -> Heights {
    let listed = if streams > 1 { streams } else { 0 };
    // The title, and the lines above the list and the figures.
    let lines = 1 + figures + if listed > 0 { 2 } else { 0 };
    let gaps = 3 * metrics.margin;
    let sizes = (SMALLEST * 100.0) as usize..=100;
    let line = |percent: usize| (metrics.text * 1.6 * percent as f32 / 100.0) as usize;
    let needed = |percent: usize| (lines + listed.min(LEAST_ROWS)) * line(percent) + gaps;
    let percent = sizes.clone().rev().find(|percent| needed(*percent) <= room).unwrap_or(*sizes.start());
    let line = line(percent).max(1);
    let left = room.saturating_sub(lines * line + gaps);
    let graphs = graphs::height(metrics) + metrics.margin;
    let has_graphs = left >= graphs + listed.min(ROWS_BEFORE_GRAPHS) * line;
    let left = if has_graphs { left - graphs } else { left };
    Heights { line, percent, rows: listed.min(left / line), has_graphs }
}

/// Paints the panel in the upper right corner.
pub(super) fn paint(context: &mut RenderContext, model: &Model, canvas: &mut Canvas) {
    let words = &model.words;
    let Metrics { text, small, margin, .. } = context.metrics;
    let place = model.streams.inspected();
    let stream = place.and_then(|place| model.streams.get(place));
    let details = stream.map(|stream| figures(words, stream)).unwrap_or_default();
    let room = context.stage.height.saturating_sub(2 * margin);
    let Heights { line, percent, rows, has_graphs } =
        heights(room, model.streams.len(), details.len(), context.metrics);
    let text = text * percent as f32 / 100.0;
    let has_graphs = has_graphs && stream.is_some_and(|stream| stream.stats.samples.len() > 1);
    let widest = context.stage.width.saturating_sub(5 * margin);
    let list = (model.streams.len() > 1).then(|| StatsList::new(context, model, text, widest));
    let table = Table::new(context, &details, text, widest);
    let title = words.text(Phrase::Numbers);
    let round_trip = model.round_trip().map_or_else(|| words.text(Phrase::Unknown), millis);
    let round_trip = format!("{}   {round_trip}", words.text(Phrase::RoundTrip));
    let (title_style, head_style) =
        (Style::line(text * 1.1, TEXT, widest), Style::line(small.min(text), FAINT, widest));
    let title_width = context.painter.measure(&title, title_style).0;
    let trip_width = context.painter.measure(&round_trip, head_style).0;
    let inner = [table.width(), title_width + margin + trip_width, list.as_ref().map_or(0, StatsList::width)];
    let inner = inner.into_iter().max().unwrap_or_default().min(widest);
    let list_height = if list.is_some() { (rows + 2) * line } else { 0 };
    let graphs = if has_graphs { graphs::height(context.metrics) + margin } else { 0 };
    let height = line + list_height + details.len() * line + graphs + 3 * margin;
    let width = inner + 3 * margin;
    let left = context.stage.width.saturating_sub(width + margin);
    let panel = Rect::new(left, margin, width, height).within(context.stage.width, context.stage.height);
    rounded(canvas, panel, margin as f32, PANEL, 255);
    context.clickable(panel, None);
    let (x, mut y) = (panel.x + margin * 3 / 2, panel.y + margin);
    context.painter.draw(canvas, &title, x, y, title_style);
    if title_width + margin + trip_width <= inner {
        context.painter.draw(canvas, &round_trip, x + inner - trip_width, y, head_style);
    }
    y += line + margin / 2;
    if let (Some(list), Some(place), Some(stream)) = (list, place, stream) {
        list.paint(context, canvas, Rect::new(x, y, inner, (rows + 1) * line), place);
        y += (rows + 1) * line + margin / 2;
        context.painter.draw(canvas, stream.name(), x, y, Style::line(text, TEXT, inner));
        y += line;
    }
    table.paint(context, canvas, x, y);
    if let Some(stream) = stream.filter(|_| has_graphs) {
        let area = Rect::new(x, y + details.len() * line + margin, inner, graphs - margin);
        graphs::paint(context, model, canvas, stream, area);
    }
}

/// What is known about a stream, in words and figures.
pub(super) fn figures(words: &Translations, stream: &Stream) -> Vec<[String; 2]> {
    let (figures, counts) = (&stream.stats.figures, stream.counts());
    let unknown = || words.text(Phrase::Unknown);
    let row = |phrase, value: String| [words.text(phrase), value];
    let mut rows = vec![
        row(Phrase::Age, figures.age.map_or_else(unknown, aged)),
        row(Phrase::Rate, figures.fps.map_or_else(unknown, |fps| format!("{fps:.1}"))),
        row(Phrase::Received, format!("{}/s", size(figures.bytes_per_second))),
        row(
            Phrase::Quality,
            jpeg::quality(&stream.frame.jpeg).map_or_else(unknown, |quality| quality.to_string()),
        ),
        row(Phrase::Decoding, millis(figures.decode)),
        row(Phrase::Shown, counts.shown.to_string()),
        row(Phrase::LeftOutBySender, counts.left_out.to_string()),
        row(Phrase::LostOnTheWay, counts.lost.to_string()),
        row(Phrase::ReplacedHere, counts.replaced.to_string()),
    ];
    // Rare, so not listed while there is none.
    rows.extend((counts.unseen > 0).then(|| row(Phrase::UnseenHere, counts.unseen.to_string())));
    rows.extend((counts.damaged > 0).then(|| row(Phrase::DamagedHere, counts.damaged.to_string())));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::samples::frame;

    #[test]
    fn graphs_give_way_first_then_the_size_of_the_text_and_then_rows() {
        let metrics = Metrics::new(1.0);
        let of = |room, streams| heights(room, streams, 9, metrics);
        assert_eq!(of(696, 1), Heights { line: 25, percent: 100, rows: 0, has_graphs: true });
        let four = of(696, 4);
        assert_eq!((four.rows, four.has_graphs), (4, true));
        let crowd = of(696, 25);
        assert_eq!((crowd.rows, crowd.has_graphs, crowd.percent), (6, true, 100));
        let small = of(336, 25);
        assert_eq!((small.rows, small.has_graphs), (3, false));
        assert!((50..100).contains(&small.percent), "{small:?}");
        assert_eq!(of(100, 25), Heights { line: 12, percent: 50, rows: 0, has_graphs: false });
        for room in 0..2_000 {
            for streams in [0, 1, 2, 64] {
                let Heights { line, rows, has_graphs, percent } = of(room, streams);
                let listed = if streams > 1 { rows + 2 } else { 0 };
                let graphs = if has_graphs { graphs::height(metrics) + metrics.margin } else { 0 };
                let all = (10 + listed) * line + graphs + 3 * metrics.margin;
                assert!(all <= room || percent == 50, "{all} of {room} pixels");
            }
        }
    }

    #[test]
    fn all_that_was_sent_has_a_row() {
        let stream = Stream::new(frame("a", 0, 8, 8), 1, std::time::Instant::now());
        let rows = figures(&Translations::default(), &stream);
        assert_eq!(rows.len(), 9, "{rows:?}");
        assert_eq!(rows[0], ["age".to_owned(), "12 ms ±0.2 ms".to_owned()]);
        assert!(rows.iter().all(|row| !row[1].is_empty()));
    }
}

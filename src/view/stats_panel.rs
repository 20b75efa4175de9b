//! The statistics panel: age, rate and frame counts of each stream, now and over the last minute.

use std::time::Duration;

use super::{
    model::Model,
    panels::table,
    render_context::RenderContext,
    state::{aged, millis},
    stream::Stream,
    stream_stats::{RateSample, SAMPLES},
    theme::{FAINT, GOOD, Metrics, PANEL, RAISED, WARNING},
};
use crate::{
    drawing::{Rect, Style, fill, rounded, stroke},
    i18n::{Phrase, Translations, size},
    jpeg,
    picture::Canvas,
};

/// Smallest upper end of the age graph, so that small ages look small.
const AGE_SPAN: Duration = Duration::from_millis(50);

/// The same for frames per second.
const RATE_SPAN: f32 = 10.0;

/// Paints a panel in the upper right corner. It is about the enlarged stream, or about as many streams as
/// fit.
pub(super) fn paint(context: &mut RenderContext, model: &Model, canvas: &mut Canvas) {
    let words = &model.words;
    let Metrics { text, margin, .. } = context.metrics;
    let mut rows = vec![[
        words.text(Phrase::RoundTrip),
        model.round_trip().map_or_else(|| words.text(Phrase::Unknown), millis),
    ]];
    let streams = model.streams.visible();
    let named = model.streams.len() > 1;
    let line = (text * 1.6) as usize;
    let graph = (text * 4.5) as usize;
    let title = (text * 1.4) as usize;
    let graphs = 2 * (graph + title) + 2 * margin;
    // The graphs belong to the first stream; further streams are listed as far as they fit, and each when it
    // is enlarged.
    let room = context.stage.height.saturating_sub(7 * margin + 2 * line + graphs);
    let mut graphed = None;
    for stream in streams {
        let more = figures(words, stream);
        let needed = (rows.len() + more.len() + usize::from(named)) * line;
        if rows.len() > 1 && needed > room {
            break;
        }
        rows.extend(named.then(|| [stream.name().to_owned(), String::new()]));
        rows.extend(more);
        graphed.get_or_insert(stream);
    }
    let right = context.stage.width.saturating_sub(margin);
    let place = |width: usize, height| Rect::new(right.saturating_sub(width), margin, width, height);
    let panel = table(context, canvas, &words.text(Phrase::Numbers), &rows, place);
    context.clickable(panel, None);
    // The graphs of the enlarged stream or of the first one, below the table.
    let Some(stream) = graphed.filter(|stream| stream.stats.samples.len() > 1) else { return };
    let below = Rect::new(panel.x, panel.bottom() + margin / 2, panel.width, graphs);
    if below.bottom() > context.stage.height || below.width < 8 * margin {
        return;
    }
    rounded(canvas, below, margin as f32, PANEL, 255);
    context.clickable(below, None);
    let inner = below.inset(margin);
    let ages = |sample: &RateSample| sample.age.map(|age| age.as_secs_f32() * 1e3);
    let half = Rect { height: title + graph, ..inner };
    let upper = stream.stats.samples.iter().filter_map(|sample| sample.age).max().unwrap_or_default();
    let upper = upper.max(AGE_SPAN);
    let scale = (upper.as_secs_f32() * 1e3, millis(upper));
    plot(context, canvas, half, &words.text(Phrase::AgeGraph), stream, (ages, scale, WARNING));
    let rates = |sample: &RateSample| Some(sample.fps);
    let upper = stream.stats.samples.iter().map(|sample| sample.fps).fold(RATE_SPAN, f32::max);
    let half = Rect { y: half.bottom(), ..half };
    let scale = (upper, format!("{upper:.0}"));
    plot(context, canvas, half, &words.text(Phrase::RateGraph), stream, (rates, scale, GOOD));
}

/// A line through the samples of a whole minute, the newest at the right edge; `label` is the value at the
/// upper edge.
fn plot(
    context: &mut RenderContext,
    canvas: &mut Canvas,
    room: Rect,
    title: &str,
    stream: &Stream,
    (value, (upper, label), colour): (impl Fn(&RateSample) -> Option<f32>, (f32, String), u32),
) {
    let Metrics { small, margin, .. } = context.metrics;
    let style = Style::line(small * 0.93, FAINT, room.width);
    let (label_width, height) = context.painter.measure(&label, style);
    context.painter.draw(canvas, title, room.x, room.y, style);
    context.painter.draw(canvas, &label, room.right().saturating_sub(label_width), room.y, style);
    let top = room.y + height + margin / 4;
    let area = Rect::new(room.x, top, room.width, room.bottom().saturating_sub(top + margin / 2));
    fill(canvas, Rect { height: 1, ..area }, RAISED);
    fill(canvas, Rect { y: area.bottom(), height: 1, ..area }, RAISED);
    let step = area.width as f32 / (SAMPLES - 1) as f32;
    let first = SAMPLES - stream.stats.samples.len();
    let mut last = None;
    for (index, sample) in stream.stats.samples.iter().enumerate() {
        let x = area.x as f32 + (first + index) as f32 * step;
        let point = value(sample).map(|value| {
            let share = (value / upper).clamp(0.0, 1.0);
            (x, area.bottom() as f32 - share * area.height as f32)
        });
        if let (Some(from), Some(to)) = (last, point) {
            stroke(canvas, from, to, (small / 8.0).max(1.5), colour);
        }
        last = point;
    }
}

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
    fn all_that_was_sent_has_a_row() {
        let stream = Stream::new(frame("a", 0, 8, 8), 1, std::time::Instant::now());
        let rows = figures(&Translations::default(), &stream);
        assert_eq!(rows.len(), 9, "{rows:?}");
        assert_eq!(rows[0], ["age".to_owned(), "12 ms ±0.2 ms".to_owned()]);
        assert!(rows.iter().all(|row| !row[1].is_empty()));
    }
}

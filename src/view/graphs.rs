//! Graphs of a stream's age and rate over the last minute.

use std::time::Duration;

use super::{
    model::Model,
    render_context::RenderContext,
    state::millis,
    stream::Stream,
    stream_stats::{RateSample, SAMPLES},
    theme::{FAINT, GOOD, Metrics, RAISED, WARNING},
};
use crate::{
    drawing::{Rect, Style, fill, stroke},
    i18n::Phrase,
    picture::Canvas,
};

/// Smallest upper end of the age graph, so that small ages look small.
const AGE_SPAN: Duration = Duration::from_millis(50);

/// The same for frames per second.
const RATE_SPAN: f32 = 10.0;

/// Height of a graph and of its title, in heights of the text.
const HEIGHTS: (f32, f32) = (4.5, 1.4);

/// The height of both graphs.
pub(super) fn height(metrics: Metrics) -> usize {
    2 * ((metrics.text * HEIGHTS.0) as usize + (metrics.text * HEIGHTS.1) as usize)
}

/// Paints both graphs, which fill this area.
pub(super) fn paint(
    context: &mut RenderContext,
    model: &Model,
    canvas: &mut Canvas,
    stream: &Stream,
    area: Rect,
) {
    let ages = |sample: &RateSample| sample.age.map(|age| age.as_secs_f32() * 1e3);
    let half = Rect { height: area.height / 2, ..area };
    let upper = stream.stats.samples.iter().filter_map(|sample| sample.age).max().unwrap_or_default();
    let upper = upper.max(AGE_SPAN);
    let scale = (upper.as_secs_f32() * 1e3, millis(upper));
    plot(context, canvas, half, &model.words.text(Phrase::AgeGraph), stream, (ages, scale, WARNING));
    let rates = |sample: &RateSample| Some(sample.fps);
    let upper = stream.stats.samples.iter().map(|sample| sample.fps).fold(RATE_SPAN, f32::max);
    let half = Rect { y: half.bottom(), ..half };
    let scale = (upper, format!("{upper:.0}"));
    plot(context, canvas, half, &model.words.text(Phrase::RateGraph), stream, (rates, scale, GOOD));
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

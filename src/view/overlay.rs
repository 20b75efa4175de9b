//! The corners of the window: link state, pause and recording signs, and the self view.

use std::time::Instant;

use super::{
    blit,
    command::Command,
    model::Model,
    render_context::{RenderContext, state_dot},
    state::clock,
    theme::{BAD, FAINT, Metrics, PANEL, RAISED, TEXT, Tone, WARNING},
    update::SelfViewState,
};
use crate::{
    drawing::{Rect, Style, fill, rounded},
    i18n::Phrase,
    picture::Canvas,
};

/// Opacity of signs: higher than that of plates, since users look for them.
const SIGN_ALPHA: u32 = 235;

/// Paints a line above `floor`: pause and recording on the left, the link on the right. Returns its top.
pub(super) fn signs(
    context: &mut RenderContext,
    model: &Model,
    canvas: &mut Canvas,
    floor: usize,
    now: Instant,
) -> usize {
    let Metrics { text, margin, .. } = context.metrics;
    let (_, line) = context.painter.measure("0", Style::line(text, TEXT, Style::UNLIMITED));
    let height = line + 2 * context.metrics.plate().padding.1;
    let top = floor.saturating_sub(height);
    let mut left = margin;
    if let Some(since) = model.recording {
        let time = clock(now.saturating_duration_since(since));
        let label = format!("{}   {time}", model.words.text(Phrase::Recording));
        left += sign(context, canvas, &label, Rect::new(left, top, 0, height), Mark::Recording) + margin / 2;
    }
    if model.paused {
        let label = model.words.text(Phrase::PausedHint);
        left += sign(context, canvas, &label, Rect::new(left, top, 0, height), Mark::Paused) + margin / 2;
    }
    let hidden = model.streams.hidden();
    if hidden > 0 {
        let label = model.words.format(Phrase::HiddenHint, [("count", hidden)]);
        let width = sign(context, canvas, &label, Rect::new(left, top, 0, height), Mark::Hidden);
        context.clickable(Rect::new(left, top, width, height), Some(Command::Unhide));
        left += width + margin / 2;
    }
    // An empty window shows the link in its middle.
    let has_link = !model.streams.is_empty() && !model.hides_link(now);
    if has_link {
        link(context, model, canvas, Rect::new(left, top, 0, height), now);
    }
    if left > margin || model.film().is_none() || has_link { top.saturating_sub(margin / 2) } else { floor }
}

#[derive(Clone, Copy)]
enum Mark {
    Paused,
    Recording,
    Hidden,
}

/// Paints a label with a mark before it; returns its width.
fn sign(context: &mut RenderContext, canvas: &mut Canvas, label: &str, at: Rect, mark: Mark) -> usize {
    let Metrics { text, margin, .. } = context.metrics;
    let style = Style::line(text, TEXT, context.stage.width.saturating_sub(4 * margin));
    let plate = context.metrics.plate();
    let (width, _) = context.painter.measure(label, style);
    let bar = (text * 0.28) as usize;
    let sign = 3 * bar + margin * 2 / 3;
    let rect = Rect { width: width + sign + 2 * plate.padding.0, ..at };
    context.front.push(rect);
    rounded(canvas, rect, plate.radius, PANEL, SIGN_ALPHA);
    let (left, top) = (rect.x + plate.padding.0, rect.y + rect.height.saturating_sub(3 * bar) / 2);
    match mark {
        Mark::Paused => {
            for bars in [0, 2] {
                fill(canvas, Rect::new(left + bars * bar, top, bar, 3 * bar), WARNING);
            }
        }
        Mark::Hidden => {
            let frame = Rect::new(left, top, 3 * bar, 3 * bar);
            fill(canvas, frame, FAINT);
            fill(canvas, frame.inset((bar / 3).max(1)), PANEL);
        }
        Mark::Recording => rounded(canvas, Rect::new(left, top, 3 * bar, 3 * bar), text, BAD, 255),
    }
    context.painter.draw(canvas, label, left + sign, rect.y + plate.padding.1, style);
    rect.width
}

/// Paints the link state: small while all is well, in full otherwise.
fn link(context: &mut RenderContext, model: &Model, canvas: &mut Canvas, at: Rect, now: Instant) {
    let Metrics { text, small, margin, .. } = context.metrics;
    let plate = context.metrics.plate();
    let (line, tone) = model.link_line(now);
    let dot = (text * 0.6) as usize;
    let used = margin + 2 * plate.padding.0 + dot + margin / 2;
    // The strip's lower end stays visible.
    let strip = context.strip.filter(|strip| strip.is_upright);
    let right = strip.map_or(context.stage.width, |strip| strip.area.x);
    let room = right.saturating_sub(used + at.x);
    if room < 4 * dot {
        return;
    }
    let (size, colour) = if tone == Tone::Good { (small, FAINT) } else { (text, TEXT) };
    let style = Style::line(size, colour, room);
    let (width, height) = context.painter.measure(&line, style);
    let width = width + dot + margin / 2 + 2 * plate.padding.0;
    let left = right.saturating_sub(width + margin);
    let rect = Rect { x: left, width, ..at };
    context.front.push(rect);
    context.plate(canvas, rect);
    let left = rect.x + plate.padding.0;
    state_dot(canvas, Rect::new(left, rect.y + rect.height.saturating_sub(dot) / 2, dot, dot), tone);
    let top = rect.y + rect.height.saturating_sub(height) / 2;
    context.painter.draw(canvas, &line, left + dot + margin / 2, top, style);
}

/// The area of the self view, if there is one, and room for it.
pub(super) fn own_area(context: &RenderContext, model: &Model) -> Option<Rect> {
    let Metrics { text, margin, .. } = context.metrics;
    let size = match model.own.as_ref()? {
        SelfViewState::Picture(picture) => (picture.width, picture.height),
        SelfViewState::Off | SelfViewState::NoSignal(_) => ((text * 14.0) as usize, (text * 8.0) as usize),
    };
    // It stays small beside other pictures, and is left out if there is no room: the others matter more.
    let (right, bottom) =
        (context.stage.width.saturating_sub(margin), context.stage.height.saturating_sub(4 * margin));
    let has_room =
        size.0 + 2 * margin <= context.stage.width / 2 && size.1 + 2 * margin <= context.stage.height / 2;
    has_room.then(|| Rect::new(right - size.0, bottom.saturating_sub(size.1), size.0, size.1))
}

/// Paints the mirrored self view above the lower right corner, or a card if the camera is off.
pub(super) fn own(context: &mut RenderContext, model: &Model, canvas: &mut Canvas) {
    let (Some(own), Some(rect)) = (&model.own, own_area(context, model)) else { return };
    let Metrics { small, margin, .. } = context.metrics;
    let frame = Rect::new(rect.x - 2, rect.y.saturating_sub(2), rect.width + 4, rect.height + 4);
    context.front.push(frame);
    fill(canvas, frame, RAISED);
    let tone = match own {
        SelfViewState::Picture(picture) => {
            blit::draw(picture, canvas, rect);
            Tone::Good
        }
        SelfViewState::Off | SelfViewState::NoSignal(_) => {
            fill(canvas, rect, PANEL);
            let message = match own {
                SelfViewState::NoSignal(why) if !why.is_empty() => why.clone(),
                SelfViewState::NoSignal(_) => model.words.text(Phrase::NoSignal),
                _ => model.words.text(Phrase::OwnCameraOff),
            };
            let room = rect.inset(margin / 2);
            let style = Style::line(small, TEXT, room.width).with_lines(4).centred();
            let (width, height) = context.painter.measure(&message, style);
            let at = room.middle(width, height);
            context.painter.draw(canvas, &message, at.x, at.y, style);
            Tone::Warning
        }
    };
    let label = model.words.text(Phrase::OwnCamera);
    let style = Style::line(small, TEXT, rect.width);
    let plate = context.metrics.plate();
    let (width, height) = context.painter.measure(&label, style);
    let dot = (small * 0.6) as usize;
    let tag = Rect::new(rect.x + margin / 3, rect.y + margin / 3, width + dot + margin, height + margin / 4);
    if tag.right() <= rect.right() && tag.bottom() <= rect.bottom() {
        rounded(canvas, tag, plate.radius, PANEL, SIGN_ALPHA);
        state_dot(canvas, Rect::new(tag.x + margin / 3, tag.y + (tag.height - dot) / 2, dot, dot), tone);
        context.painter.draw(canvas, &label, tag.x + margin / 2 + dot, tag.y + margin / 8, style);
    }
}

//! The corners of the window: link state, pause and recording signs, and the self view.

use std::time::Instant;

use super::{
    board::Board,
    fit,
    render_context::{Easel, state_dot},
    state::clock,
    theme::{BAD, FAINT, Measures, PANEL, RAISED, TEXT, Tone, WARNING},
    update::Own,
};
use crate::{
    language::Phrase,
    lettering::{Rect, Style, fill, rounded},
    picture::Canvas,
};

/// Opacity of signs: higher than that of plates, since users look for them.
const SIGN_ALPHA: u32 = 235;

/// Paints a line above `floor`: pause and recording on the left, the link on the right. Returns its top.
pub(super) fn signs(
    easel: &mut Easel,
    board: &Board,
    canvas: &mut Canvas,
    floor: usize,
    now: Instant,
) -> usize {
    let Measures { text, margin, .. } = easel.measures;
    let (_, line) = easel.painter.measure("0", Style::line(text, TEXT, usize::MAX >> 32));
    let height = line + 2 * easel.measures.plate().padding.1;
    let top = floor.saturating_sub(height);
    let mut left = margin;
    if let Some(since) = board.recording {
        let time = clock(now.saturating_duration_since(since));
        let label = format!("{}   {time}", board.words.say(Phrase::Recording));
        left += sign(easel, canvas, &label, Rect::new(left, top, 0, height), Mark::Recording) + margin / 2;
    }
    if board.paused {
        let label = board.words.say(Phrase::PausedHint);
        left += sign(easel, canvas, &label, Rect::new(left, top, 0, height), Mark::Paused) + margin / 2;
    }
    // An empty window shows the link in its middle.
    let has_link = !board.streams.is_empty() && !board.hides_link(now);
    if has_link {
        link(easel, board, canvas, Rect::new(left, top, 0, height), now);
    }
    if left > margin || board.film().is_none() || has_link { top.saturating_sub(margin / 2) } else { floor }
}

#[derive(Clone, Copy)]
enum Mark {
    Paused,
    Recording,
}

/// Paints a label with a mark before it; returns its width.
fn sign(easel: &mut Easel, canvas: &mut Canvas, label: &str, at: Rect, mark: Mark) -> usize {
    let Measures { text, margin, .. } = easel.measures;
    let style = Style::line(text, TEXT, canvas.width.saturating_sub(4 * margin));
    let plate = easel.measures.plate();
    let (width, _) = easel.painter.measure(label, style);
    let bar = (text * 0.28) as usize;
    let sign = 3 * bar + margin * 2 / 3;
    let rect = Rect { width: width + sign + 2 * plate.padding.0, ..at };
    rounded(canvas, rect, plate.radius, PANEL, SIGN_ALPHA);
    let (left, top) = (rect.x + plate.padding.0, rect.y + rect.height.saturating_sub(3 * bar) / 2);
    match mark {
        Mark::Paused => {
            for bars in [0, 2] {
                fill(canvas, Rect::new(left + bars * bar, top, bar, 3 * bar), WARNING);
            }
        }
        Mark::Recording => rounded(canvas, Rect::new(left, top, 3 * bar, 3 * bar), text, BAD, 255),
    }
    easel.painter.draw(canvas, label, left + sign, rect.y + plate.padding.1, style);
    rect.width
}

/// Paints the link state: small while all is well, in full otherwise.
fn link(easel: &mut Easel, board: &Board, canvas: &mut Canvas, at: Rect, now: Instant) {
    let Measures { text, small, margin, .. } = easel.measures;
    let plate = easel.measures.plate();
    let (line, tone) = board.link_line(now);
    let dot = (text * 0.6) as usize;
    let used = margin + 2 * plate.padding.0 + dot + margin / 2;
    let room = canvas.width.saturating_sub(used + at.x);
    if room < 4 * dot {
        return;
    }
    let (size, colour) = if tone == Tone::Good { (small, FAINT) } else { (text, TEXT) };
    let style = Style::line(size, colour, room);
    let (width, height) = easel.painter.measure(&line, style);
    let width = width + dot + margin / 2 + 2 * plate.padding.0;
    let left = canvas.width.saturating_sub(width + margin);
    let rect = Rect { x: left, width, ..at };
    easel.plate(canvas, rect);
    let left = rect.x + plate.padding.0;
    state_dot(canvas, Rect::new(left, rect.y + rect.height.saturating_sub(dot) / 2, dot, dot), tone);
    let top = rect.y + rect.height.saturating_sub(height) / 2;
    easel.painter.draw(canvas, &line, left + dot + margin / 2, top, style);
}

/// Paints the mirrored self view above the lower right corner, or a card if the camera is off.
pub(super) fn own(easel: &mut Easel, board: &Board, canvas: &mut Canvas) {
    let Some(own) = &board.own else { return };
    let Measures { text, small, margin, .. } = easel.measures;
    let size = match own {
        Own::Picture(picture) => (picture.width, picture.height),
        Own::Off | Own::NoSignal(_) => ((text * 14.0) as usize, (text * 8.0) as usize),
    };
    // It stays small beside other pictures, and is left out if there is no room: the others matter more.
    let (right, bottom) = (canvas.width.saturating_sub(margin), canvas.height.saturating_sub(4 * margin));
    if size.0 + 2 * margin > canvas.width / 2 || size.1 + 2 * margin > canvas.height / 2 {
        return;
    }
    let rect = Rect::new(right - size.0, bottom.saturating_sub(size.1), size.0, size.1);
    let frame = Rect::new(rect.x - 2, rect.y.saturating_sub(2), rect.width + 4, rect.height + 4);
    fill(canvas, frame, RAISED);
    let tone = match own {
        Own::Picture(picture) => {
            fit::draw(picture, canvas, rect);
            Tone::Good
        }
        Own::Off | Own::NoSignal(_) => {
            fill(canvas, rect, PANEL);
            let message = match own {
                Own::NoSignal(why) if !why.is_empty() => why.clone(),
                Own::NoSignal(_) => board.words.say(Phrase::NoSignal),
                _ => board.words.say(Phrase::OwnCameraOff),
            };
            let room = rect.inset(margin / 2);
            let style = Style { lines: 4, centred: true, ..Style::line(small, TEXT, room.width) };
            let (width, height) = easel.painter.measure(&message, style);
            let at = room.middle(width, height);
            easel.painter.draw(canvas, &message, at.x, at.y, style);
            Tone::Warning
        }
    };
    let label = board.words.say(Phrase::OwnCamera);
    let style = Style::line(small, TEXT, rect.width);
    let plate = easel.measures.plate();
    let (width, height) = easel.painter.measure(&label, style);
    let dot = (small * 0.6) as usize;
    let tag = Rect::new(rect.x + margin / 3, rect.y + margin / 3, width + dot + margin, height + margin / 4);
    if tag.right() <= rect.right() && tag.bottom() <= rect.bottom() {
        rounded(canvas, tag, plate.radius, PANEL, SIGN_ALPHA);
        state_dot(canvas, Rect::new(tag.x + margin / 3, tag.y + (tag.height - dot) / 2, dot, dot), tone);
        easel.painter.draw(canvas, &label, tag.x + margin / 2 + dot, tag.y + margin / 8, style);
    }
}

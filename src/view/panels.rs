//! The panels that lie on top: an image card, the numbers, the keys.

use super::{
    board::{Board, aged, millis},
    grid::contain,
    keys::HELP,
    paint::{Easel, FAINT, Measures, PANEL, TEXT},
    stream::Stream,
    update::Image,
};
use crate::{
    lettering::{Rect, Style, rounded},
    picture::Canvas,
};

/// Panels are read, not looked through.
const PANEL_ALPHA: u32 = 235;

/// The frame and the caption of an image; returns where the picture itself goes.
pub(crate) fn card(easel: &mut Easel, image: &Image, canvas: &mut Canvas) -> Rect {
    let Measures { text, margin, .. } = easel.measures;
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    let caption_height = (text * 1.35) as usize + margin;
    let room = window.inset(canvas.width.min(canvas.height) / 12 + margin);
    let room = Rect { height: room.height.saturating_sub(caption_height), ..room };
    // Small pictures are not blown up beyond twice their size.
    let picture = (image.canvas.width, image.canvas.height);
    let most = room.middle(picture.0.saturating_mul(2), picture.1.saturating_mul(2));
    let inner = contain(picture, most);
    let wide = inner.width.max((text * 22.0) as usize).min(room.width);
    let frame_x = room.x + (room.width - wide) / 2;
    let frame = Rect::new(
        frame_x.saturating_sub(margin),
        inner.y.saturating_sub(margin),
        wide + 2 * margin,
        inner.height + caption_height + 2 * margin,
    );
    rounded(canvas, frame, margin as f32, PANEL, 255);
    let hint = "s saves   ·   x closes";
    let style = Style::line(text * 0.87, FAINT, wide);
    let (hint_width, hint_height) = easel.painter.measure(hint, style);
    let top = inner.bottom() + margin;
    let left = frame.right().saturating_sub(margin + hint_width);
    easel.painter.draw(
        canvas,
        hint,
        left,
        top + (caption_height - margin).saturating_sub(hint_height) / 2,
        style,
    );
    let caption = match &image.sender {
        Some(sender) => format!("{sender}   {}×{}", picture.0, picture.1),
        None => format!("image   {}×{}", picture.0, picture.1),
    };
    let style = Style::line(text, TEXT, wide.saturating_sub(hint_width + margin));
    easel.painter.draw(canvas, &caption, frame_x, top, style);
    inner
}

/// The keys and what they do, in the middle.
pub(crate) fn help(easel: &mut Easel, canvas: &mut Canvas) {
    let rows: Vec<[String; 2]> =
        HELP.iter().map(|(key, what)| [(*key).to_owned(), (*what).to_owned()]).collect();
    let title = "Keys";
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    table(easel, canvas, title, &rows, |width, height| window.middle(width, height));
}

/// What is measured, in the upper right corner.
pub(crate) fn numbers(easel: &mut Easel, board: &Board, canvas: &mut Canvas) {
    let mut rows = vec![["round trip".to_owned(), board.round_trip().map_or("–".to_owned(), millis)]];
    for stream in &board.streams {
        let named = board.streams.len() > 1;
        rows.extend(named.then(|| [stream.name().to_owned(), String::new()]));
        rows.extend(figures(stream));
    }
    let margin = easel.measures.margin;
    let right = canvas.width.saturating_sub(margin);
    let place = |width: usize, height| Rect::new(right.saturating_sub(width), margin, width, height);
    table(easel, canvas, "Numbers", &rows, place);
}

fn figures(stream: &Stream) -> [[String; 2]; 4] {
    let (figures, counts) = (&stream.figures, &stream.counts);
    let age = figures.age.map_or("unknown".to_owned(), aged);
    [
        ["frames a second".to_owned(), figures.fps.map_or("–".to_owned(), |fps| format!("{fps:.1}"))],
        ["age · decode".to_owned(), format!("{age} · {}", millis(figures.decode))],
        ["received".to_owned(), format!("{}/s", size(figures.bytes_per_second))],
        [
            "shown · replaced · lost".to_owned(),
            format!("{} · {} · {}", counts.shown, counts.replaced, counts.lost),
        ],
    ]
}

/// An amount of bytes as people read it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// Two columns under a title on a panel. A row without a second column is a heading.
fn table(
    easel: &mut Easel,
    canvas: &mut Canvas,
    title: &str,
    rows: &[[String; 2]],
    place: impl Fn(usize, usize) -> Rect,
) {
    let Measures { text, margin, .. } = easel.measures;
    let room = canvas.width.saturating_sub(6 * margin) / 2;
    let left =
        |row: &[String; 2]| Style::line(text * 0.93, if row[1].is_empty() { TEXT } else { FAINT }, room);
    let right = Style::line(text * 0.93, TEXT, room);
    let heading = Style::line(text * 1.1, TEXT, room);
    let widest = |easel: &mut Easel, column: usize| {
        let widths = rows.iter().map(|row| {
            let style = if column == 0 { left(row) } else { right };
            if column == 0 && row[1].is_empty() { 0 } else { easel.painter.measure(&row[column], style).0 }
        });
        widths.max().unwrap_or_default()
    };
    let (first, second) = (widest(easel, 0), widest(easel, 1));
    let line = (text * 1.6) as usize;
    let title_line = line + margin / 2;
    let width = first + second + 2 * margin + 3 * margin;
    let height = title_line + rows.len() * line + 2 * margin;
    let panel = place(width, height).within(canvas.width, canvas.height);
    rounded(canvas, panel, margin as f32, PANEL, PANEL_ALPHA);
    let x = panel.x + margin * 3 / 2;
    let mut y = panel.y + margin;
    easel.painter.draw(canvas, title, x, y, heading);
    y += title_line;
    for row in rows {
        easel.painter.draw(canvas, &row[0], x, y, left(row));
        easel.painter.draw(canvas, &row[1], x + first + 2 * margin, y, right);
        y += line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_readable() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(64_200), "64 kB");
        assert_eq!(size(3_450_000), "3.5 MB");
    }
}

//! Paints the link to the relay's page for browsers, with a QR code for a phone.

use super::{
    command::Command,
    model::Model,
    render_context::RenderContext,
    theme::{FAINT, Metrics, PANEL, TEXT},
    update::PageLink,
};
use crate::{
    drawing::{Rect, Style, fill, rounded},
    i18n::Phrase,
    picture::Canvas,
    qr,
};

/// Part of the window's shorter side for a code, in percent.
const SHARE: usize = 55;

/// Largest module in pixels at a scale of 1: a larger code is not read better.
const LARGEST: f32 = 10.0;

/// The colours of a code: readers want it dark on light.
const DARK: u32 = 0x0000_0000;
const LIGHT: u32 = 0x00ff_ffff;

/// Paints the panel in the middle; a click anywhere closes it.
pub(super) fn paint(context: &mut RenderContext, model: &Model, page: &PageLink, canvas: &mut Canvas) {
    let Metrics { text, small, large, margin } = context.metrics;
    let window = Rect::new(0, 0, canvas.width, canvas.height);
    let room = window.width.saturating_sub(4 * margin).min((text * 34.0) as usize);
    // A phone cannot open what only this machine reaches.
    let code = if page.is_here { None } else { qr::Code::new(&page.url) };
    let modules = code.as_ref().map_or(0, |code| code.side() + 2 * qr::QUIET);
    let side = canvas.width.min(canvas.height) * SHARE / 100;
    let module = (side / modules.max(1)).min((LARGEST * text / 16.0) as usize).max(1);
    let side = modules * module;
    let (title, link) = (model.words.text(Phrase::ShareTitle), page.url.as_str());
    let why = model.words.text(if page.is_here { Phrase::ShareHere } else { Phrase::ShareHint });
    let hint = model.words.text(Phrase::ShareKeys);
    let centred =
        |size: f32, colour: u32, lines: usize| Style::line(size, colour, room).with_lines(lines).centred();
    let parts = [
        (title.as_str(), centred(large, TEXT, 2)),
        (link, centred(text, TEXT, 4)),
        (why.as_str(), centred(small, FAINT, 4)),
        (hint.as_str(), centred(small, FAINT, 2)),
    ];
    let sizes = parts.map(|(words, style)| context.painter.measure(words, style));
    let words: usize = sizes.iter().map(|(_, height)| height + margin / 2).sum();
    let gap = if side > 0 { margin } else { 0 };
    let widest = sizes.iter().map(|(width, _)| *width).max().unwrap_or_default().max(side);
    let panel = window.middle(widest + 4 * margin, words + side + gap + 3 * margin);
    let panel = panel.within(canvas.width, canvas.height);
    context.clickable(window, Some(Command::Share));
    rounded(canvas, panel, margin as f32, PANEL, 255);
    context.opaque = Some(panel);
    let middle = |width: usize| panel.x + panel.width.saturating_sub(width) / 2;
    let mut y = panel.y + margin * 3 / 2;
    for (at, ((words, style), (width, height))) in parts.into_iter().zip(sizes).enumerate() {
        // The code is below the title.
        if let Some(code) = code.as_ref().filter(|_| at == 1) {
            draw(code, canvas, (middle(side), y), module);
            y += side + gap;
        }
        if y + height > panel.bottom() {
            return;
        }
        context.painter.draw(canvas, words, middle(width), y, style);
        y += height + margin / 2;
    }
}

/// Draws a code with its light margin.
fn draw(code: &qr::Code, canvas: &mut Canvas, (x, y): (usize, usize), module: usize) {
    let side = (code.side() + 2 * qr::QUIET) * module;
    let (width, height) = (canvas.width, canvas.height);
    fill(canvas, Rect::new(x, y, side, side).within(width, height), LIGHT);
    for row in 0..code.side() {
        for column in (0..code.side()).filter(|column| code.is_dark(*column, row)) {
            let (left, top) = (x + (column + qr::QUIET) * module, y + (row + qr::QUIET) * module);
            fill(canvas, Rect::new(left, top, module, module).within(width, height), DARK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_painted_module_by_module() {
        let code = qr::Code::new("http://desk.local:6868/").unwrap();
        let side = (code.side() + 2 * qr::QUIET) * 3;
        let mut canvas = Canvas::filled(side + 10, side + 10, PANEL);
        draw(&code, &mut canvas, (5, 5), 3);
        for row in 0..code.side() + 2 * qr::QUIET {
            for column in 0..code.side() + 2 * qr::QUIET {
                let inner = column.checked_sub(qr::QUIET).zip(row.checked_sub(qr::QUIET));
                let wanted = if inner.is_some_and(|(x, y)| code.is_dark(x, y)) { DARK } else { LIGHT };
                let pixel = canvas.pixel(5 + column * 3 + 1, 5 + row * 3 + 1);
                assert_eq!(pixel, Some(wanted), "{column} {row}");
            }
        }
        assert_eq!(canvas.pixel(4, 4), Some(PANEL));
        draw(&code, &mut Canvas::filled(20, 20, PANEL), (5, 5), 3);
    }
}

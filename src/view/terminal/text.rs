//! Texts in a terminal's cells.

use ratatui::{
    Frame,
    layout::{Alignment, Rect},
    style::{Color, Style},
    text::Line,
    widgets::{Clear, Paragraph, Wrap},
};

use crate::{sanitize, view::theme::Tone};

/// A peer's text with harmful characters replaced.
pub(super) fn sanitized(text: &str) -> String {
    sanitize::line(text).into_owned()
}

pub(super) fn colour(tone: Tone) -> Color {
    match tone {
        Tone::Good => Color::Green,
        Tone::Warning => Color::Yellow,
        Tone::Bad => Color::LightRed,
    }
}

/// A sentence in the middle of a picture, or in its place, in as many lines as it takes.
pub(super) fn message(frame: &mut Frame<'_>, spot: Rect, text: &str) {
    let text = Line::from(format!(" {text} "));
    let width = u16::try_from(text.width()).unwrap_or(u16::MAX).min(spot.width).max(1);
    // Wrapping at words may take one more line.
    let lines = match u16::try_from(text.width().div_ceil(width.into())).unwrap_or(u16::MAX) {
        1 => 1,
        lines => lines.saturating_add(1).min(spot.height),
    };
    let (x, y) = (spot.x + (spot.width - width) / 2, spot.y + (spot.height - lines) / 2);
    let at = Rect { x, y, width, height: lines };
    let style = Style::new().fg(Color::White).bg(Color::Black).bold();
    frame.render_widget(Clear, at);
    let text = Paragraph::new(text).style(style).alignment(Alignment::Center).wrap(Wrap { trim: true });
    frame.render_widget(text, at);
}

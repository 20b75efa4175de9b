//! The buttons: what there is to do, for who does not know the keys, each with its key.

use super::{
    board::Board,
    keys::Command,
    paint::Easel,
    theme::{FAINT, Measures, PANEL, PANEL_ALPHA, RAISED, TEXT},
};
use crate::{
    language::Phrase,
    lettering::{Rect, Style, rounded},
    picture::Canvas,
};

/// A button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Button {
    command: Command,
    label: Phrase,
    key: &'static str,
}

impl Button {
    const fn new(command: Command, label: Phrase, key: &'static str) -> Self {
        Self { command, label, key }
    }
}

/// Those that do something now.
fn buttons(board: &Board) -> Vec<Button> {
    let mut buttons = vec![Button::new(Command::Say, Phrase::ButtonSay, "t")];
    if !board.streams.is_empty() {
        buttons.push(Button::new(Command::Save, Phrase::ButtonSave, "s"));
    }
    let record = if board.recording.is_some() { Phrase::ButtonStop } else { Phrase::ButtonRecord };
    buttons.push(Button::new(Command::Record, record, "r"));
    if board.own.is_some() {
        buttons.push(Button::new(Command::Camera, Phrase::ButtonCamera, "m"));
    }
    if board.enlarged().is_some() {
        buttons.push(Button::new(Command::All, Phrase::ButtonAll, "0"));
    }
    buttons.push(Button::new(Command::Numbers, Phrase::ButtonNumbers, "i"));
    buttons.push(Button::new(Command::Help, Phrase::ButtonHelp, "h"));
    buttons
}

/// Paints them in a row that ends at `floor`; returns where it begins. As many as fit.
pub(super) fn paint(easel: &mut Easel, board: &Board, canvas: &mut Canvas, floor: usize) -> usize {
    let Measures { text, small, margin, .. } = easel.measures;
    let (label, key) = (Style::line(text, TEXT, canvas.width), Style::line(small, FAINT, canvas.width));
    let room = canvas.width.saturating_sub(2 * margin);
    let mut row = Vec::new();
    let mut used = 0;
    for button in buttons(board) {
        let said = board.words.say(button.label);
        let (width, _) = easel.painter.measure(&said, label);
        let (key_width, _) = easel.painter.measure(button.key, key);
        let width = width + key_width + 3 * margin;
        if used + width > room {
            break;
        }
        used += width;
        row.push((button, said, width, key_width));
    }
    let (_, line) = easel.painter.measure("0", label);
    let height = line + margin;
    let top = floor.saturating_sub(height);
    let mut x = canvas.width.saturating_sub(used) / 2;
    rounded(canvas, Rect::new(x, top, used, height), margin as f32 * 0.8, PANEL, PANEL_ALPHA);
    for (button, said, width, key_width) in row {
        let rect = Rect::new(x, top, width, height);
        easel.clickable(rect, Some(button.command));
        let left = x + margin / 2;
        let cap =
            Rect::new(left, top + margin / 3, key_width + margin, height.saturating_sub(margin * 2 / 3));
        rounded(canvas, cap, margin as f32 * 0.4, RAISED, 255);
        let (_, key_line) = easel.painter.measure(button.key, key);
        let key_top = cap.y + cap.height.saturating_sub(key_line) / 2;
        easel.painter.draw(canvas, button.key, cap.x + margin / 2, key_top, key);
        easel.painter.draw(canvas, &said, cap.right() + margin / 2, top + margin / 2, label);
        x += width;
    }
    top.saturating_sub(margin / 2)
}

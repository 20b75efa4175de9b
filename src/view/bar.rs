//! The buttons: the available commands, each with its key, for users who do not know the keys.

use super::{
    command::Command,
    model::Model,
    render_context::RenderContext,
    theme::{FAINT, Metrics, PANEL, PANEL_ALPHA, RAISED, TEXT},
};
use crate::{
    drawing::{Rect, Style, rounded},
    i18n::Phrase,
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

/// The buttons that have an effect now.
fn buttons(model: &Model) -> Vec<Button> {
    let film = model.film().is_some();
    let mut buttons = Vec::new();
    if !film {
        buttons.push(Button::new(Command::Say, Phrase::ButtonSay, "t"));
    }
    if !model.streams.is_empty() {
        buttons.push(Button::new(Command::Save, Phrase::ButtonSave, "s"));
    }
    if model.recording.is_some() {
        buttons.push(Button::new(Command::Record, Phrase::ButtonStop, "r"));
    } else if !film && !model.streams.is_empty() {
        buttons.push(Button::new(Command::Record, Phrase::ButtonRecord, "r"));
    }
    if model.own.is_some() {
        buttons.push(Button::new(Command::Camera, Phrase::ButtonCamera, "m"));
    }
    if model.enlarged().is_some() {
        buttons.push(Button::new(Command::All, Phrase::ButtonAll, "0"));
    }
    buttons.push(Button::new(Command::Numbers, Phrase::ButtonNumbers, "i"));
    buttons.push(Button::new(Command::Help, Phrase::ButtonHelp, "h"));
    // Less often needed: they give way in a narrow window.
    if model.own.is_some() {
        buttons.push(Button::new(Command::Cameras, Phrase::ButtonCameras, "w"));
    }
    if model.page.is_some() && !film {
        buttons.push(Button::new(Command::Share, Phrase::ButtonShare, "l"));
    }
    buttons
}

/// Buttons in a row, measured.
struct Row {
    buttons: Vec<(Button, String, usize, usize)>,
    width: usize,
}

impl Row {
    /// As many buttons as fit into this width.
    fn new(context: &mut RenderContext, model: &Model, room: usize) -> Self {
        let Metrics { text, small, margin, .. } = context.metrics;
        let (label, key) =
            (Style::line(text, TEXT, Style::UNLIMITED), Style::line(small, FAINT, Style::UNLIMITED));
        let mut row = Self { buttons: Vec::new(), width: 0 };
        for button in buttons(model) {
            let label_text = model.words.text(button.label);
            let (width, _) = context.painter.measure(&label_text, label);
            let (key_width, _) = context.painter.measure(button.key, key);
            let width = width + key_width + 3 * margin;
            if row.width + width > room {
                break;
            }
            row.width += width;
            row.buttons.push((button, label_text, width, key_width));
        }
        row
    }

    fn paint(self, context: &mut RenderContext, canvas: &mut Canvas, at: Rect) {
        let Metrics { text, small, margin, .. } = context.metrics;
        let (label, key) =
            (Style::line(text, TEXT, context.stage.width), Style::line(small, FAINT, context.stage.width));
        let mut x = at.x;
        for (button, label_text, width, key_width) in self.buttons {
            let rect = Rect { x, width, ..at };
            context.clickable(rect, Some(button.command));
            let left = x + margin / 2;
            let height = at.height.saturating_sub(margin * 2 / 3);
            let cap = Rect::new(left, at.y + margin / 3, key_width + margin, height);
            rounded(canvas, cap, margin as f32 * 0.4, RAISED, 255);
            let (_, key_line) = context.painter.measure(button.key, key);
            let key_top = cap.y + cap.height.saturating_sub(key_line) / 2;
            context.painter.draw(canvas, button.key, cap.x + margin / 2, key_top, key);
            context.painter.draw(canvas, &label_text, cap.right() + margin / 2, at.y + margin / 2, label);
            x += width;
        }
    }
}

/// Paints as many buttons as fit, in a row that ends at `floor`; returns the top of the row.
pub(super) fn paint(context: &mut RenderContext, model: &Model, canvas: &mut Canvas, floor: usize) -> usize {
    let Metrics { text, margin, .. } = context.metrics;
    let row = Row::new(context, model, context.stage.width.saturating_sub(2 * margin));
    let (_, line) = context.painter.measure("0", Style::line(text, TEXT, context.stage.width));
    let height = line + margin;
    let top = floor.saturating_sub(height);
    let at = Rect::new(context.stage.width.saturating_sub(row.width) / 2, top, row.width, height);
    context.front.push(at);
    rounded(canvas, at, margin as f32 * 0.8, PANEL, PANEL_ALPHA);
    row.paint(context, canvas, at);
    top.saturating_sub(margin / 2)
}

/// Paints as many buttons as fit at the right edge of `line`, which is as high as a line of text.
pub(super) fn within(context: &mut RenderContext, model: &Model, canvas: &mut Canvas, line: Rect) {
    let margin = context.metrics.margin;
    let row = Row::new(context, model, line.width);
    let left = line.right() - row.width;
    let top = line.y.saturating_sub(margin / 2);
    let at = Rect::new(left, top, row.width, line.height + margin);
    row.paint(context, canvas, at);
}

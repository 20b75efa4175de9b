//! A line of the conversation, measured and drawn: its author, its text, and a small picture if it is an image.

use super::{
    chat::{Line, SendState, Speaker},
    command::Command,
    gallery::GalleryImage,
    grid::contain,
    model::Model,
    render_context::RenderContext,
    theme::{BAD, FAINT, GOOD, Metrics, RAISED, TEXT, WARNING},
    update::RescaleRequest,
};
use crate::{
    clock::local_time,
    drawing::{Rect, Style, fill},
    i18n::{Phrase, Translations},
    picture::Canvas,
};

/// Height of a small picture, in heights of the text: what it shows can be told.
const SMALL: f32 = 7.0;

/// A measured line.
pub(super) struct Said<'a> {
    head: Option<String>,
    /// What is said, or why the image cannot be shown.
    words: String,
    head_style: Style,
    text_style: Style,
    head_height: usize,
    /// The image and the size of its picture, if it can be shown.
    image: Option<(&'a GalleryImage, (usize, usize))>,
    /// Whether a click opens the folder of what was saved.
    is_saved: bool,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl<'a> Said<'a> {
    /// Measures a line that may be `room` pixels wide; its text may have so many lines.
    pub(super) fn new(
        context: &mut RenderContext,
        model: &'a Model,
        line: &'a Line,
        room: usize,
        lines: usize,
    ) -> Self {
        let Metrics { text, small, margin, .. } = context.metrics;
        let (head, colour) = head(&model.words, line);
        let text_colour = if line.speaker == Speaker::Program { FAINT } else { TEXT };
        let text_style = Style { lines, ..Style::line(text, text_colour, room) };
        let head_style = Style::line(small, colour, room);
        let image = line.image.and_then(|stamp| model.images.find(stamp));
        let fault = image.and_then(|shown| shown.image.fault.as_deref());
        let words = match fault {
            Some(reason) => model.words.format(Phrase::CannotShow, [("reason", reason)]),
            None if line.is_saved => format!("{}\n{}", line.text, model.words.text(Phrase::OpenFolderHint)),
            None => line.text.clone(),
        };
        let image = image.filter(|shown| shown.image.fault.is_none()).and_then(|shown| {
            let all = Rect::new(0, 0, room, (text * SMALL) as usize);
            let place = contain(shown.image.size?, all);
            (place.width > 0 && place.height > 0).then_some((shown, (place.width, place.height)))
        });
        let (mut width, mut height) = match image {
            Some((_, (width, height))) => (width, height + margin / 3),
            None => context.painter.measure(&words, text_style),
        };
        let mut head_height = 0;
        if let Some(head) = &head {
            let (head_width, line) = context.painter.measure(head, head_style);
            (width, height, head_height) = (width.max(head_width), height + line, line);
        }
        let is_saved = line.is_saved;
        Self { head, words, head_style, text_style, head_height, image, is_saved, width, height }
    }

    /// Draws it with its upper left corner here.
    pub(super) fn draw(&self, context: &mut RenderContext, canvas: &mut Canvas, x: usize, y: usize) {
        if let Some(head) = &self.head {
            context.painter.draw(canvas, head, x, y, self.head_style);
        }
        let top = y + self.head_height;
        let Some((shown, (width, height))) = self.image else {
            context.painter.draw(canvas, &self.words, x, top, self.text_style);
            if self.is_saved {
                let place = Rect::new(x, y, self.width, self.height);
                context.clickable(place, Some(Command::OpenFolder));
            }
            return;
        };
        let place = Rect::new(x, top + context.metrics.margin / 3, width, height);
        fill(canvas, place, RAISED);
        let wish = || RescaleRequest {
            stamp: shown.small_stamp,
            file: shown.image.file.clone(),
            is_image: true,
            size: (width, height),
        };
        match &shown.small {
            Some(small) => context.picture(small, canvas, place, wish),
            None => context.rescale_requests.push(wish()),
        }
        context.clickable(place, Some(Command::Open(shown.stamp)));
    }
}

/// The heading of a line (author, time, delivery state) and its colour.
pub(super) fn head(words: &Translations, line: &Line) -> (Option<String>, u32) {
    let time = local_time(line.at);
    match &line.speaker {
        Speaker::Program => (None, FAINT),
        Speaker::Peer(name) => {
            let name = name.clone().filter(|name| !name.is_empty());
            (Some(format!("{}   {time}", name.unwrap_or_else(|| words.text(Phrase::Somebody)))), GOOD)
        }
        Speaker::Me(departure) => {
            let (mark, phrase, colour) = match departure {
                SendState::Sending => ("…", Phrase::Leaving, WARNING),
                SendState::Sent => ("✓", Phrase::Left, GOOD),
                SendState::Failed => ("✗", Phrase::NotLeft, BAD),
            };
            let me = words.text(Phrase::Me);
            (Some(format!("{me}   {time}   {mark} {}", words.text(phrase))), colour)
        }
    }
}

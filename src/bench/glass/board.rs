//! Paints the window: the sheet, what the camera sees, and what to do.

use super::guide::Obstacle;
use crate::{
    bench::fiducial::{Layout, SLOTS, Stamp},
    drawing::{Rect, Style, TextPainter, fill},
    i18n::{Phrase, Translations},
    picture::{Canvas, contained},
    view::look::{BACKGROUND, FAINT, Metrics, TEXT, Tone, blit},
};

/// What surrounds the sheet: white as its border, so that nothing dark touches its frame.
const PAPER: u32 = 0x00ff_ffff;

/// Share of the window's height, as a divisor, for the picture and the text below the sheet.
const STRIP_SHARE: usize = 5;

/// What the text says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Status {
    /// Something keeps the sheet from being read.
    Searching(Obstacle),
    /// The sheet was found.
    Found,
    /// Frames are measured.
    Measuring {
        /// Seconds left.
        left: u64,
        /// The whole latency of the last frames in whole milliseconds.
        latency: Option<u64>,
        /// What keeps the last pictures from being read.
        obstacle: Option<Obstacle>,
    },
}

/// The painted window.
pub(super) struct Board<'a> {
    pub(super) canvas: Canvas,
    words: &'a Translations,
    metrics: Metrics,
    painter: TextPainter,
    layout: Option<Layout>,
    picture: Rect,
    text: Rect,
    stamps: [Option<Stamp>; SLOTS],
    next: usize,
    status: Status,
}

impl<'a> Board<'a> {
    pub(super) fn new(words: &'a Translations, scale: f32) -> Self {
        Self {
            canvas: Canvas::default(),
            words,
            metrics: Metrics::new(scale),
            painter: TextPainter::new(),
            layout: None,
            picture: Rect::default(),
            text: Rect::default(),
            stamps: [None; SLOTS],
            next: 0,
            status: Status::Searching(Obstacle::NoPicture),
        }
    }

    /// Adapts to the window's size. Returns whether it has changed.
    pub(super) fn resize(&mut self, width: usize, height: usize) -> bool {
        if (width, height) == (self.canvas.width, self.canvas.height) {
            return false;
        }
        self.canvas = Canvas::filled(width, height, PAPER);
        let strip = Rect::new(0, height - height / STRIP_SHARE, width, height / STRIP_SHARE);
        self.layout = Layout::within(Rect::new(0, 0, width, strip.y));
        let margin = self.metrics.margin;
        let inner = strip.inset(margin / 2);
        self.picture = Rect { width: (inner.height * 4 / 3).min(inner.width / 2), ..inner };
        let left = self.picture.right() + margin;
        self.text = Rect::new(left, inner.y, inner.right().saturating_sub(left), inner.height);
        fill(&mut self.canvas, strip, BACKGROUND);
        if let Some(layout) = self.layout {
            layout.draw(&mut self.canvas);
            for (slot, stamp) in self.stamps.iter().enumerate() {
                stamp.iter().for_each(|stamp| layout.draw_slot(&mut self.canvas, slot, *stamp));
            }
        }
        self.write();
        true
    }

    /// Draws a stamp in the slot whose turn it is.
    pub(super) fn stamp(&mut self, stamp: Stamp) {
        self.stamps[self.next] = Some(stamp);
        if let Some(layout) = self.layout {
            layout.draw_slot(&mut self.canvas, self.next, stamp);
        }
        self.next = (self.next + 1) % SLOTS;
    }

    /// Draws what the camera sees.
    pub(super) fn picture(&mut self, picture: &Canvas) {
        let room = self.picture;
        let (width, height) = contained((picture.width, picture.height), (room.width, room.height));
        let _ = blit(picture, &mut self.canvas, room.middle(width, height)); // stretched: it is only for aiming
    }

    /// Sets the text. Returns whether it has changed, or a font for it has been found.
    pub(super) fn status(&mut self, status: Status) -> bool {
        if !self.painter.refresh() && status == self.status {
            return false;
        }
        self.status = status;
        self.write();
        true
    }

    fn write(&mut self) {
        let (line, hint, tone) = lines(self.words, self.status);
        let Metrics { text, large, .. } = self.metrics;
        let room = self.text;
        fill(&mut self.canvas, room, BACKGROUND);
        let style = Style::line(large, tone, room.width).with_lines(2);
        let (_, height) = self.painter.measure(&line, style);
        self.painter.draw(&mut self.canvas, &line, room.x, room.y, style);
        let below = room.y + height + self.metrics.margin / 2;
        let style = Style::line(text, FAINT, room.width);
        let (_, height) = self.painter.measure(&hint, style);
        let lines = room.bottom().saturating_sub(below) / height.max(1);
        if lines > 0 {
            self.painter.draw(&mut self.canvas, &hint, room.x, below, style.with_lines(lines));
        }
    }
}

/// The two texts for a status, and the first one's colour.
fn lines(words: &Translations, status: Status) -> (String, String, u32) {
    let hint = words.text(Phrase::GlassHint);
    match status {
        Status::Searching(obstacle) => (words.text(obstacle.phrase()), hint, Tone::Warning.colour()),
        Status::Found => (words.text(Phrase::GlassFound), hint, Tone::Good.colour()),
        Status::Measuring { left, obstacle: Some(obstacle), .. } => {
            let left = words.format(Phrase::GlassMeasuring, [("seconds", left.to_string())]);
            (words.text(obstacle.phrase()), left, Tone::Warning.colour())
        }
        Status::Measuring { left, latency, obstacle: None } => {
            let measuring = words.format(Phrase::GlassMeasuring, [("seconds", left.to_string())]);
            match latency {
                None => (measuring, hint, TEXT),
                Some(latency) => {
                    let latency = words.format(Phrase::GlassLatency, [("latency", latency.to_string())]);
                    (latency, measuring, Tone::Good.colour())
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bench::fiducial::{Luma, read},
        i18n::Language,
    };

    fn board(words: &Translations) -> Board<'_> {
        let mut board = Board::new(words, 1.0);
        assert!(board.resize(880, 700) && !board.resize(880, 700));
        board
    }

    fn newest(board: &Board<'_>) -> Option<Stamp> {
        read(&Luma::of_canvas(&board.canvas)).sheets.first()?.newest()
    }

    #[test]
    fn the_sheet_can_be_read_whatever_is_beside_it() {
        let words = Translations::new(Language::English);
        let mut board = board(&words);
        for millis in 0..10 {
            board.stamp(Stamp::new(9, millis));
            board.picture(&Canvas::filled(640, 480, (millis as u32) * 0x0018_1818));
            assert_eq!(newest(&board), Some(Stamp::new(9, millis)));
        }
        // A window of another size has the same stamps.
        for (width, height) in [(400, 900), (1920, 1080), (300, 240)] {
            board.resize(width, height);
            assert_eq!(newest(&board), Some(Stamp::new(9, 9)), "{width}x{height}");
        }
        board.resize(20, 10);
        board.stamp(Stamp::new(9, 11));
    }

    #[test]
    fn a_text_changes_with_the_status_and_only_then() {
        for language in Language::ALL {
            let words = Translations::new(language);
            let mut board = board(&words);
            let measuring = Status::Measuring { left: 7, latency: Some(83), obstacle: None };
            let mut looks = vec![board.canvas.clone()];
            for status in [Status::Searching(Obstacle::TooFar), Status::Found, measuring] {
                assert!(board.status(status), "{status:?}");
                assert!(looks.iter().all(|look| *look != board.canvas), "{status:?}");
                looks.push(board.canvas.clone());
            }
            let (line, hint, _) = lines(&words, measuring);
            assert!(line.contains("83") && hint.contains('7'), "{line} {hint}");
        }
    }
}

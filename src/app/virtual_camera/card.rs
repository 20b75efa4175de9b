//! The card that a virtual camera shows while there is no picture.

use super::feed::Card;
use crate::{
    drawing::{Rect, Style, TextPainter},
    i18n::{Phrase, Translations},
    picture::Canvas,
};

/// Dark, but clearly not a black picture.
const BACKGROUND: u32 = 0x001a_1e26;
const BRIGHT: u32 = 0x00f1_f3f5;
const MUTED: u32 = 0x00b4_bbc6;

/// Height of the first line, as a part of the picture's.
const HEADLINE: f32 = 0.09;

/// Pixels per em below which a video codec makes text unreadable.
const SMALLEST_TEXT: f32 = 9.0;

/// What the card says: a headline, and a line below it.
pub(super) fn lines(card: Card, name: &str, words: &Translations) -> (String, String) {
    let somebody = || if name.is_empty() { words.text(Phrase::Somebody) } else { name.to_owned() };
    let sentence = |phrase| words.format(phrase, [("name", somebody())]);
    match card {
        Card::NoSignal => (words.text(Phrase::NoSignal), name.to_owned()),
        Card::CameraOff => (sentence(Phrase::DeviceCameraOff), String::new()),
        Card::Left => (sentence(Phrase::DeviceLeft), String::new()),
    }
}

/// Paints the card at this size.
pub(super) fn paint(
    painter: &mut TextPainter,
    (width, height): (usize, usize),
    (head, below): (&str, &str),
) -> Canvas {
    let mut canvas = Canvas::filled(width, height, BACKGROUND);
    let room = width * 9 / 10;
    let size = (height as f32 * HEADLINE).max(SMALLEST_TEXT);
    let style = |size: f32, colour| Style::line(size, colour, room).with_lines(2).centred();
    let texts = [(head, style(size, BRIGHT)), (below, style((size * 0.7).max(SMALLEST_TEXT), MUTED))];
    let texts: Vec<_> = texts
        .into_iter()
        .filter(|(text, _)| !text.is_empty())
        .map(|(text, style)| (text, style, painter.measure(text, style)))
        .collect();
    let tall = texts.iter().map(|(_, _, (_, height))| height).sum();
    let block = Rect::new(0, 0, width, height).middle(room, tall);
    let mut y = block.y;
    for (text, style, (wide, tall)) in texts {
        painter.draw(&mut canvas, text, width.saturating_sub(wide) / 2, y, style);
        y += tall;
    }
    canvas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;

    #[test]
    fn cards_say_whose_camera_it_is() {
        let words = Translations::new(Language::English);
        let of = |card, name| lines(card, name, &words);
        assert_eq!(of(Card::CameraOff, "ann"), ("ann's camera is off".into(), String::new()));
        assert_eq!(of(Card::Left, "ann"), ("ann has left".into(), String::new()));
        assert_eq!(of(Card::NoSignal, "ann"), ("no signal".into(), "ann".into()));
        assert_eq!(of(Card::CameraOff, "").0, "unnamed's camera is off");
        assert_eq!(of(Card::NoSignal, ""), ("no signal".into(), String::new()), "before anybody streams");
        let chinese = lines(Card::CameraOff, "安", &Translations::new(Language::Chinese)).0;
        assert!(chinese.contains('安') && chinese != "安", "{chinese}");
    }

    #[test]
    fn words_are_seen_at_any_size_and_no_size_panics() {
        let mut painter = TextPainter::new();
        let long = "很长的名字 a very long name ".repeat(20);
        for size in [(640, 360), (1280, 720), (160, 120), (360, 640), (16, 16), (2, 2)] {
            let ink = |head: &str, below: &str, painter: &mut TextPainter| {
                let canvas = paint(painter, size, (head, below));
                assert_eq!((canvas.width, canvas.height), size);
                canvas.pixels.iter().filter(|pixel| **pixel != BACKGROUND).count()
            };
            let one = ink("ann's camera is off", "", &mut painter);
            assert!(size.0 < 100 || one > size.0 / 4, "{size:?}: {one}");
            assert!(
                size.0 < 100 || ink("no signal", "ann", &mut painter) > ink("no signal", "", &mut painter)
            );
            ink(&long, &long, &mut painter);
        }
    }
}

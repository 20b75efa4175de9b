use super::*;

const STYLE: Style = Style::line(16.0, 0x00ff_ffff, 400);

fn ink(painter: &mut TextPainter, text: &str, style: Style) -> Canvas {
    let mut canvas = Canvas::filled(420, 120, 0);
    painter.draw(&mut canvas, text, 4, 4, style);
    canvas
}

fn inked(canvas: &Canvas) -> usize {
    canvas.pixels.iter().filter(|&&pixel| pixel != 0).count()
}

#[test]
fn the_bundled_fonts_have_glyphs_for_each_promised_script() {
    let mut painter = TextPainter::new();
    for text in ["Größe", "Ελλάδα", "Привет", "שלום", "مرحبا", "你好，世界", "×·→●"]
    {
        let shaped = shape(&mut painter.typeface, text, STYLE);
        assert!(!shaped.glyphs.is_empty(), "{text}");
        assert!(shaped.glyphs.iter().all(|glyph| glyph.cache_key.glyph_id != 0), "{text}");
        assert!(inked(&ink(&mut painter, text, STYLE)) > 30, "{text}");
    }
    assert!(!painter.searching(), "no need for the system's fonts");
}

#[test]
fn emoji_ask_for_the_systems_fonts() {
    let mut painter = TextPainter::new();
    painter.measure("fine 😀", STYLE);
    assert!(painter.searching());
}

#[test]
fn long_text_is_cut_to_its_width_or_wrapped_to_its_lines() {
    let mut painter = TextPainter::new();
    let long = "word ".repeat(100);
    let (width, height) = painter.measure(&long, Style::line(16.0, 0, 200));
    assert!((100..=200).contains(&width), "{width}");
    let (wide, tall) = painter.measure(&long, Style { lines: 3, ..Style::line(16.0, 0, 200) });
    assert!(wide <= 200, "{wide}");
    assert_eq!(tall, 3 * height);
}

#[test]
fn right_to_left_text_starts_at_its_own_left_edge() {
    let mut painter = TextPainter::new();
    let (width, _) = painter.measure("مرحبا", STYLE);
    assert!(width < 80, "{width}: not the whole width");
    let canvas = ink(&mut painter, "مرحبا", STYLE);
    let columns = (0..420).filter(|&x| (0..120).any(|y| canvas.pixel(x, y) != Some(0)));
    assert!(columns.clone().min().unwrap() < 10);
    assert!(columns.max().unwrap() < 4 + width + 3);
}

#[test]
fn control_characters_and_overrides_are_made_harmless() {
    assert_eq!(printable("a\0b\x1b[31m\u{202e}c\r\nd", false), "a b [31mc d");
    assert_eq!(printable("a\nb\u{85}", true), "a\nb ");
    assert_eq!(printable(&"x".repeat(1_000_000), true).len(), LONGEST_TEXT);
}

#[test]
fn a_text_drawn_again_looks_the_same_and_edges_cut_it() {
    let mut painter = TextPainter::new();
    let first = ink(&mut painter, "again 再来", STYLE);
    assert_eq!(first, ink(&mut painter, "again 再来", STYLE));
    let mut small = Canvas::filled(5, 5, 0);
    painter.draw(&mut small, "outside", 3, 3, STYLE);
    painter.draw(&mut small, "outside", 300, 300, STYLE);
    painter.draw(&mut Canvas::default(), "nowhere", 0, 0, STYLE);
    painter.measure("", Style::line(0.0, 0, 0));
}

#[test]
fn changing_numbers_do_not_pile_up() {
    let mut painter = TextPainter::new();
    let mut canvas = Canvas::filled(50, 20, 0);
    for number in 0..KEPT_TEXTS * 3 {
        painter.draw(&mut canvas, &format!("{number}"), 0, 0, STYLE);
    }
    let kept: usize = painter.shaped.values().map(HashMap::len).sum();
    assert!(kept <= KEPT_TEXTS + 1, "{kept}");
}

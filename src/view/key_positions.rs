//! Commands on keyboards without Latin letters: a key means what it means on a US keyboard at its place.
//!
//! Numbers of keys are those of evdev, which X servers on Linux use.

use std::collections::HashMap;

use minifb::Key;

/// The keys of a US keyboard that are commands, by their number.
const POSITIONS: [(u8, Key); 36] = [
    (10, Key::Key1),
    (11, Key::Key2),
    (12, Key::Key3),
    (13, Key::Key4),
    (14, Key::Key5),
    (15, Key::Key6),
    (16, Key::Key7),
    (17, Key::Key8),
    (18, Key::Key9),
    (19, Key::Key0),
    (24, Key::Q),
    (25, Key::W),
    (26, Key::E),
    (27, Key::R),
    (28, Key::T),
    (29, Key::Y),
    (30, Key::U),
    (31, Key::I),
    (32, Key::O),
    (33, Key::P),
    (38, Key::A),
    (39, Key::S),
    (40, Key::D),
    (41, Key::F),
    (42, Key::G),
    (43, Key::H),
    (44, Key::J),
    (45, Key::K),
    (46, Key::L),
    (52, Key::Z),
    (53, Key::X),
    (54, Key::C),
    (55, Key::V),
    (56, Key::B),
    (57, Key::N),
    (58, Key::M),
];

/// The keys that enter no Latin letter or digit, by number and group: a keyboard with two layouts has two groups.
#[derive(Debug, Default)]
pub(super) struct KeyPositions(HashMap<(u8, u8), Key>);

/// Symbols of one key in one group: without and with shift.
const GROUP: usize = 2;

impl KeyPositions {
    /// Reads an X server's table: `wide` symbols for each key, from the key with the number `first` on.
    pub(super) fn new(first: u8, wide: usize, symbols: &[u32]) -> Self {
        let mut keys = HashMap::new();
        for (number, key) in POSITIONS {
            let Some(row) = number.checked_sub(first).map(usize::from) else { continue };
            for group in 0..u8::try_from(wide.div_ceil(GROUP)).unwrap_or(u8::MAX) {
                let at = row * wide + usize::from(group) * GROUP;
                let entered = symbols.get(at).and_then(|symbol| character(*symbol));
                if entered.is_some_and(|character| !character.is_ascii_alphanumeric()) {
                    keys.insert((number, group), key);
                }
            }
        }
        Self(keys)
    }

    /// The key of a US keyboard at the place of this one, if this one enters something else.
    pub(super) fn key(&self, number: u8, group: u8) -> Option<Key> {
        self.0.get(&(number, group)).copied()
    }
}

/// Whether the last key event is one of a key that is held: the server releases and presses it at the same time.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    released: Option<(u8, u32)>,
    pub(super) is_repeated: bool,
}

impl Repeats {
    /// The key was pressed, at a time of the server in milliseconds.
    pub(super) fn pressed(&mut self, key: u8, time: u32) {
        self.is_repeated = self.released == Some((key, time));
    }

    /// The key was released.
    pub(super) fn released(&mut self, key: u8, time: u32) {
        self.released = Some((key, time));
    }
}

/// The letters of the Cyrillic symbols from 0x6c0 on, in the order of KOI8-R.
const CYRILLIC: &str = "юабцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ";

/// Those from 0x6a1 on, as far as they are letters of other languages.
const MORE_CYRILLIC: &str = "ђѓёєѕіїјљњћќґўџ";

/// The letters of the Greek symbols from 0x7e1 on; in Unicode, the two forms of sigma are in the other order.
const GREEK: &str = "αβγδεζηθικλμνξοπρσςτυφχψω";

/// The character of a symbol of the X protocol (its appendix A): Unicode, or one of the older tables that keyboards
/// use.
fn character(symbol: u32) -> Option<char> {
    let nth = |letters: &str, first: u32| letters.chars().nth((symbol - first) as usize);
    match symbol {
        0x20..=0x7e | 0xa0..=0xff => char::from_u32(symbol),
        0x5ac..=0x5f2 => char::from_u32(symbol - 0x5a0 + 0x600), // Arabic
        0x6a1..=0x6af => nth(MORE_CYRILLIC, 0x6a1),
        0x6c0..=0x6ff => nth(CYRILLIC, 0x6c0),
        0x7e1..=0x7f9 => nth(GREEK, 0x7e1),
        0xce0..=0xcfa => char::from_u32(symbol - 0xce0 + 0x5d0), // Hebrew
        0xda1..=0xdf9 => char::from_u32(symbol - 0xda0 + 0xe00), // Thai
        0x0100_0100..=0x0110_ffff => char::from_u32(symbol - 0x0100_0000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_at_the_place_of_t_is_t_in_any_script() {
        for (symbol, text) in [
            (0x6c5, "е"),
            (0x7f4, "τ"),
            (0xce0, "א"),
            (0x5e1, "ف"),
            (0xdd0, "ะ"),
            (0x0100_10d7, "თ"),
            (0x6a3, "ё"),
            (0x7f3, "ς"),
        ] {
            // From the key 8 on, two groups of two symbols each.
            let mut symbols = vec![0; 40 * 4];
            symbols[(28 - 8) * 4] = u32::from(b't');
            symbols[(28 - 8) * 4 + 2] = symbol;
            let positions = KeyPositions::new(8, 4, &symbols);
            assert_eq!((positions.key(28, 0), positions.key(28, 1)), (None, Some(Key::T)), "{text}");
        }
    }

    #[test]
    fn a_key_that_is_held_repeats() {
        let mut repeats = Repeats::default();
        let mut press = |released: Option<u32>, time: u32| {
            released.into_iter().for_each(|at| repeats.released(28, at));
            repeats.pressed(28, time);
            repeats.is_repeated
        };
        assert!(!press(None, 1_000), "the first");
        assert!(press(Some(1_600), 1_600) && press(Some(1_640), 1_640), "held");
        assert!(!press(Some(1_700), 1_900), "pressed again");
    }

    #[test]
    fn latin_letters_mean_themselves_wherever_they_are() {
        let mut symbols = vec![0; 40 * 2];
        symbols[(24 - 8) * 2] = u32::from(b'a'); // as on a French keyboard
        symbols[(10 - 8) * 2] = u32::from(b'&');
        let positions = KeyPositions::new(8, 2, &symbols);
        assert_eq!((positions.key(24, 0), positions.key(10, 0)), (None, Some(Key::Key1)));
        assert_eq!((positions.key(24, 1), positions.key(255, 3)), (None, None));
        assert!(KeyPositions::new(200, 0, &[]).0.is_empty());
        assert!(KeyPositions::new(8, 300, &[0x6c5]).0.is_empty(), "a table that is too short");
    }
}

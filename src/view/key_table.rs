//! What the keys of an X server enter, and the commands of keyboards without Latin letters: there, a key means what it
//! means on a US keyboard at its place.
//!
//! Numbers of keys are those of evdev, which X servers on Linux use.

use std::collections::HashSet;

use minifb::Key;

use super::keysym::character;

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

/// The letters among them begin here.
const LETTERS: usize = 10;

/// Symbols of one key in one group: without and with shift. A keyboard with two layouts has two groups.
const GROUP: usize = 2;

/// An X server's table of keys and symbols.
#[derive(Debug, Default)]
pub(super) struct KeyTable {
    first: u8,
    /// Symbols per key.
    wide: usize,
    symbols: Vec<u32>,
}

impl KeyTable {
    /// Takes a table with `wide` symbols for each key, from the key with the number `first` on.
    pub(super) const fn new(first: u8, wide: usize, symbols: Vec<u32>) -> Self {
        Self { first, wide, symbols }
    }

    fn row(&self, number: u8) -> &[u32] {
        let row = number.checked_sub(self.first).map(|row| usize::from(row) * self.wide);
        row.and_then(|from| self.symbols.get(from..from + self.wide)).unwrap_or_default()
    }

    /// The keys that enter nothing. A virtual keyboard binds one of them to a character just before it presses it.
    pub(super) fn free(&self) -> impl Iterator<Item = u8> {
        let rows = self.symbols.chunks_exact(self.wide.max(1)).zip(self.first..=u8::MAX);
        rows.filter(|(row, _)| row.iter().all(|symbol| *symbol == 0)).map(|(_, number)| number)
    }

    /// The character that a key enters.
    pub(super) fn character(&self, number: u8, group: u8, shift: bool) -> Option<char> {
        let row = self.row(number);
        let at = usize::from(group) * GROUP;
        let symbol = |at: usize| row.get(at).copied().filter(|symbol| *symbol != 0);
        let symbol = symbol(at + usize::from(shift)).or_else(|| symbol(at)).or_else(|| symbol(0));
        symbol.and_then(character)
    }

    /// The key of a US keyboard at the place of this one, if this one enters no Latin letter or digit.
    pub(super) fn command(&self, number: u8, group: u8) -> Option<Key> {
        let (_, key) = POSITIONS.into_iter().find(|(position, _)| *position == number)?;
        self.character(number, group, false).filter(|entered| !entered.is_ascii_alphanumeric()).map(|_| key)
    }

    /// Whether a group has Latin letters: then those are the commands, wherever they are.
    pub(super) fn is_latin(&self, group: u8) -> bool {
        let mut letters =
            POSITIONS[LETTERS..].iter().filter_map(|(key, _)| self.character(*key, group, false));
        letters.any(|entered| entered.is_ascii_alphabetic())
    }
}

/// Whether the last key event is one of a key that is held: the server releases and presses it at the same time.
///
/// It also does so for a first press by a program (XTEST), though the key was not down: that is no repeat.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// The keys that are down.
    held: HashSet<u8>,
    released: Option<(u8, u32)>,
    pub(super) is_repeated: bool,
}

impl Repeats {
    /// The key was pressed, at a time of the server in milliseconds.
    pub(super) fn pressed(&mut self, key: u8, time: u32) {
        self.held.insert(key);
        self.is_repeated = self.released == Some((key, time));
    }

    /// The key was released.
    pub(super) fn released(&mut self, key: u8, time: u32) {
        if self.held.remove(&key) {
            self.released = Some((key, time));
        }
    }

    /// The window has lost the focus, and gets no more releases.
    pub(super) fn forget(&mut self) {
        self.held.clear();
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
            symbols[(28 - 8) * 4 + 1] = u32::from(b'T');
            symbols[(28 - 8) * 4 + 2] = symbol;
            let table = KeyTable::new(8, 4, symbols);
            assert_eq!((table.command(28, 0), table.command(28, 1)), (None, Some(Key::T)), "{text}");
            assert_eq!(table.character(28, 1, false).map(String::from).as_deref(), Some(text));
            assert_eq!((table.character(28, 0, true), table.character(28, 2, false)), (Some('T'), Some('t')));
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
    fn a_release_of_a_key_that_is_not_down_makes_no_repeat() {
        let mut repeats = Repeats::default();
        for time in [1_000, 2_000] {
            repeats.released(28, time);
            repeats.pressed(28, time);
            assert!(!repeats.is_repeated, "a press by a program");
            repeats.released(28, time + 6);
        }
        repeats.pressed(28, 3_000);
        repeats.forget();
        repeats.released(28, 4_000);
        repeats.pressed(28, 4_000);
        assert!(!repeats.is_repeated, "the focus was elsewhere meanwhile");
    }

    #[test]
    fn latin_letters_mean_themselves_wherever_they_are() {
        let mut symbols = vec![0; 40 * 2];
        symbols[(24 - 8) * 2] = u32::from(b'a'); // as on a French keyboard
        symbols[(10 - 8) * 2] = u32::from(b'&');
        let table = KeyTable::new(8, 2, symbols);
        assert_eq!((table.command(24, 0), table.command(10, 0)), (None, Some(Key::Key1)));
        assert_eq!((table.command(25, 0), table.command(255, 3)), (None, None));
        assert!(table.is_latin(0));
    }

    #[test]
    fn a_greek_keyboard_has_no_latin_letters_and_a_semicolon_at_the_place_of_q() {
        let mut symbols = vec![0; 40 * 2];
        symbols[(10 - 8) * 2] = u32::from(b'1');
        symbols[(24 - 8) * 2] = u32::from(b';');
        symbols[(28 - 8) * 2] = 0x7f4;
        let table = KeyTable::new(8, 2, symbols);
        assert_eq!((table.command(24, 0), table.is_latin(0)), (Some(Key::Q), false));
    }

    #[test]
    fn no_table_is_too_short() {
        for (wide, symbols) in [(0, vec![]), (300, vec![0x6c5]), (0, vec![1, 2]), (usize::MAX >> 8, vec![1])]
        {
            let table = KeyTable::new(8, wide, symbols);
            assert_eq!((table.command(28, 0), table.character(9, 3, true)), (None, None));
        }
        let table = KeyTable::new(253, 1, vec![0x61, 0, 0, 0x62, 0]);
        assert_eq!(table.free().collect::<Vec<_>>(), [254, 255], "keys have numbers of one byte");
    }
}

//! The numbers of connections that have ended, as a relay tells them in heartbeats.

use std::fmt;

/// A few numbers of connections; small enough to be copied with a heartbeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Departed {
    /// Numbers count from 1; 0 is none.
    numbers: [u64; Self::MOST],
}

impl Departed {
    /// The most numbers in one heartbeat: a room of people that ends takes a few.
    pub const MOST: usize = 16;

    /// Adds a number; false if there is no room for it.
    pub fn add(&mut self, number: u64) -> bool {
        if number == 0 || self.numbers.contains(&number) {
            return true;
        }
        let free = self.numbers.iter_mut().find(|free| **free == 0);
        free.map(|free| *free = number).is_some()
    }

    /// The numbers.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        self.numbers.into_iter().filter(|number| *number > 0)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.numbers[0] == 0
    }

    /// Those of both, as many as there is room for.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        more.iter().for_each(|number| _ = self.add(number));
        self
    }

    /// Parses numbers between commas; what is none is ignored, and so is what is too much.
    pub(crate) fn parse(text: &str) -> Self {
        let mut departed = Self::default();
        let numbers = text.split(',').take(Self::MOST).filter_map(|number| number.parse().ok());
        numbers.for_each(|number| _ = departed.add(number));
        departed
    }
}

impl fmt::Display for Departed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{number}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_anything_else_is_ignored() {
        let mut departed = Departed::default();
        assert!(departed.is_empty() && departed.to_string().is_empty());
        for number in [7, u64::MAX, 7, 0] {
            assert!(departed.add(number));
        }
        assert_eq!(departed.to_string(), format!("7,{}", u64::MAX));
        assert_eq!(Departed::parse(&departed.to_string()), departed);
        assert_eq!(Departed::parse("x,,-1,7,99999999999999999999,0").iter().collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn there_is_room_for_a_few() {
        let many: Vec<String> = (1..=100).map(|number: u32| number.to_string()).collect();
        let mut departed = Departed::parse(&many.join(","));
        assert_eq!(departed.iter().count(), Departed::MOST);
        assert!(departed.add(3) && !departed.add(77));
        let one = Departed::parse("77");
        assert_eq!(one.and(departed).iter().count(), Departed::MOST);
        assert_eq!(one.and(Departed::parse("5")).to_string(), "77,5");
    }
}

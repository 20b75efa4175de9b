//! What a relay says of the block of numbers that it wants.

use std::{fmt, num::ParseIntError, str::FromStr};

/// A block of numbers that a relay wants, or has. Each time that it wants another one, it counts as a further turn, so that
/// consent to an earlier claim is not taken for consent to this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The block.
    pub slot: u32,
    /// How often the relay has wanted another one before.
    pub turn: u32,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.slot, self.turn)
    }
}

/// The error for text that is not two numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two numbers are expected")]
pub struct NotAClaim;

impl From<ParseIntError> for NotAClaim {
    fn from(_: ParseIntError) -> Self {
        Self
    }
}

impl FromStr for Claim {
    type Err = NotAClaim;

    fn from_str(text: &str) -> Result<Self, NotAClaim> {
        let (slot, turn) = text.split_once(' ').ok_or(NotAClaim)?;
        Ok(Self { slot: slot.parse()?, turn: turn.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_read_as_it_is_printed_and_nothing_else_is_one() {
        for claim in [Claim::default(), Claim { slot: u32::MAX, turn: 7 }] {
            assert_eq!(claim.to_string().parse(), Ok(claim));
        }
        for odd in ["", "1", "1 ", " 1", "1 2 3", "-1 2", "1  2", "4294967296 1", "a b"] {
            assert_eq!(odd.parse::<Claim>(), Err(NotAClaim), "{odd}");
        }
    }
}

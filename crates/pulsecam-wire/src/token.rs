//! Random values that nobody can guess: the token of a client, and the ids of messages.

use std::fmt;

/// What a client shows the relay to get the number back that it had before: random, and the same on all its connections.
///
/// Never passed on. Whoever knows it can take the client's number while that is away.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token(u128);

impl Token {
    /// One that nobody can guess; `None` if the system has no random numbers.
    #[must_use]
    pub fn random() -> Option<Self> {
        random().map(Self)
    }

    /// Reads it as it stands in a heartbeat: up to 32 hexadecimal digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        u128::from_str_radix(text, 16).ok().map(Self)
    }

    /// As it stands in a heartbeat.
    pub(super) fn to_hex(self) -> String {
        format!("{:032x}", self.0)
    }
}

impl fmt::Debug for Token {
    /// Not the token itself: it must not end up in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// An id for one text or image. Nobody can guess the next from those before: a stranger who sent a message with that id first
/// would have the real one taken for its repetition.
#[must_use]
pub fn unique_id() -> Option<String> {
    random().map(|id| format!("{id:032x}"))
}

fn random() -> Option<u128> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_and_is_not_shown() {
        let token = Token::random().unwrap();
        assert_eq!(Token::parse(&token.to_hex()), Some(token));
        assert_eq!(format!("{token:?}"), "Token");
        assert_ne!(Token::random(), Some(token));
        for wrong in ["", "x", "-1", "100000000000000000000000000000000"] {
            assert_eq!(Token::parse(wrong), None, "{wrong}");
        }
        assert_ne!(unique_id(), unique_id());
    }
}

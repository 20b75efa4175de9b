//! Unguessable random values: the token of a client, and the ids of messages.

use std::fmt;

/// A client's secret to get its previous number back from the relay. It is random, and the same on all its
/// connections.
///
/// Never forwarded. Anyone who knows it can take the client's number while the client is away.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token(u128);

impl Token {
    /// Creates a random token; `None` if the system provides no random numbers.
    #[must_use]
    pub fn random() -> Option<Self> {
        random().map(Self)
    }

    /// Its bytes, from which a relay derives what it knows the client by. They are as secret as the token.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Parses the form used in a heartbeat: up to 32 hexadecimal digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        u128::from_str_radix(text, 16).ok().map(Self)
    }

    /// Formats it as in a heartbeat.
    pub(super) fn to_hex(self) -> String {
        format!("{:032x}", self.0)
    }
}

impl fmt::Debug for Token {
    /// Omits the value, which must not end up in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Creates an id for one text or image. It is unguessable: a stranger who sent a message with that id first
/// would make the real one look like a repetition.
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

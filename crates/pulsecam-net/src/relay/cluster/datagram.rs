//! The layout of sealed datagrams.
//!
//! | bytes | content |
//! |---|---|
//! | 1 | the version, 1 |
//! | 1 | 0 for a greeting, 1 for a message |
//! | 16 | the salt of the sender |
//! | 16 | the salt of the receiver, as far as the sender knows it; else zeros |
//! | 8 | the sender's count of datagrams, from 1 |
//! | any | the sealed message; none in a greeting |
//! | 16 | its tag, which covers all of the above |

/// The version of the layout, and of what is inside.
pub(super) const VERSION: u8 = 1;

/// The bytes of a salt: two random ones never coincide.
pub(super) const SALT: usize = 16;

/// The bytes before the sealed message.
pub(super) const HEAD: usize = 2 + 2 * SALT + 8;

/// The bytes of a tag.
pub(super) const TAG: usize = 16;

/// The largest datagram that UDP over IPv4 can carry.
const MAX_DATAGRAM: usize = 65_507;

/// The largest message that fits.
pub(super) const MAX_MESSAGE: usize = MAX_DATAGRAM - HEAD - TAG;

/// A random value that a relay chooses when it starts.
pub(super) type Salt = [u8; SALT];

/// What a datagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Tells the receiver the sender's salt.
    Greeting = 0,
    /// Carries a message.
    Message = 1,
}

/// The part before the sealed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    pub(super) from: Salt,
    pub(super) to: Salt,
    pub(super) count: u64,
}

/// Why a datagram has no valid head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoHead {
    /// Too short, or of an unknown kind.
    Malformed,
    /// Of another version.
    Version(u8),
}

impl Head {
    /// Writes it.
    pub(super) fn to_bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[0] = VERSION;
        bytes[1] = self.kind as u8;
        bytes[2..2 + SALT].copy_from_slice(&self.from);
        bytes[2 + SALT..2 + 2 * SALT].copy_from_slice(&self.to);
        bytes[2 + 2 * SALT..].copy_from_slice(&self.count.to_be_bytes());
        bytes
    }

    /// Splits a datagram into its head and what is sealed.
    ///
    /// # Errors
    /// [`NoHead`].
    pub(super) fn parse(datagram: &[u8]) -> Result<(Self, &[u8]), NoHead> {
        match datagram.first() {
            Some(&VERSION) => {}
            Some(&other) => return Err(NoHead::Version(other)),
            None => return Err(NoHead::Malformed),
        }
        let (_, rest) = datagram.split_first().ok_or(NoHead::Malformed)?;
        let (kind, rest) = rest.split_first().ok_or(NoHead::Malformed)?;
        let kind = match kind {
            0 => Kind::Greeting,
            1 => Kind::Message,
            _ => return Err(NoHead::Malformed),
        };
        let (from, rest) = rest.split_first_chunk().ok_or(NoHead::Malformed)?;
        let (to, rest) = rest.split_first_chunk().ok_or(NoHead::Malformed)?;
        let (count, sealed) = rest.split_first_chunk().ok_or(NoHead::Malformed)?;
        if sealed.len() < TAG || (kind == Kind::Greeting && sealed.len() > TAG) {
            return Err(NoHead::Malformed);
        }
        Ok((Self { kind, from: *from, to: *to, count: u64::from_be_bytes(*count) }, sealed))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_head_is_read_as_it_was_written(from: Salt, to: Salt, count: u64, message in proptest::collection::vec(any::<u8>(), TAG..64)) {
            let head = Head { kind: Kind::Message, from, to, count };
            let datagram = [&head.to_bytes()[..], &message].concat();
            prop_assert_eq!(Head::parse(&datagram), Ok((head, &message[..])));
            for short in 1..HEAD + TAG {
                prop_assert_eq!(Head::parse(&datagram[..short]), Err(NoHead::Malformed));
            }
        }

        #[test]
        fn anything_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let known = bytes.first() == Some(&VERSION);
            let result = Head::parse(&bytes);
            prop_assert!(known || result.is_err());
            prop_assert_eq!(matches!(result, Err(NoHead::Version(_))), !known && !bytes.is_empty());
        }
    }

    #[test]
    fn a_greeting_carries_nothing() {
        let head = Head { kind: Kind::Greeting, from: [1; SALT], to: [2; SALT], count: 3 };
        let datagram = |sealed| [&head.to_bytes()[..], &vec![0; sealed]].concat();
        assert!(Head::parse(&datagram(TAG)).is_ok());
        assert_eq!(Head::parse(&datagram(TAG + 1)), Err(NoHead::Malformed));
        let mut unknown = datagram(TAG);
        unknown[1] = 2;
        assert_eq!(Head::parse(&unknown), Err(NoHead::Malformed));
    }
}

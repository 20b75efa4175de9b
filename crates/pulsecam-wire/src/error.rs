//! Errors in the bytes of a peer, with enough detail to find them in a packet capture.

use std::{fmt, io, net::SocketAddr};

use super::MIN_SIZE;

/// Half a gigabyte, which no peer sends in one message. Every printable character, read as the first byte of
/// a size, is above it.
const ABSURD_SIZE: u64 = 0x2000_0000;

/// An error of reading a message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not a message.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The connection ended inside a message.
    #[error("{}closed after {received} of the {expected} bytes of a message", Prefix(*peer))]
    Cut {
        /// The other end.
        peer: Option<SocketAddr>,
        /// Bytes of the message that arrived.
        received: usize,
        /// Bytes that its size field announced; 4 if not even that field was complete.
        expected: usize,
    },
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Bytes that are not a message: their sender, their position, and what is wrong with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}at byte {offset}: {fault}", Prefix(*peer))]
#[non_exhaustive]
pub struct Malformed {
    /// The other end, if the codec knows it.
    pub peer: Option<SocketAddr>,
    /// Bytes received on this connection before the field at fault.
    pub offset: u64,
    /// What is wrong.
    pub fault: Fault,
}

impl Malformed {
    /// A fault at this position of what an unnamed peer sent.
    #[must_use]
    pub const fn new(offset: u64, fault: Fault) -> Self {
        Self { peer: None, offset, fault }
    }

    /// Whether it is the beginning of TLS. That is a handshake, or an alert from a peer that expected one
    /// (RFC 8446, 5.1).
    #[must_use]
    pub fn is_tls(&self) -> bool {
        const RECORDS: [u64; 2] = [0x1503, 0x1603];
        matches!(self.fault, Fault::SizeTooLarge { found, .. } if self.offset == 0 && RECORDS.contains(&(found >> 16)))
    }

    /// The same without the address, to be sent to the peer itself.
    #[must_use]
    pub fn for_peer(self) -> Self {
        Self { peer: None, ..self }
    }

    /// The size field of a message whose only fault is its size.
    #[must_use]
    pub fn too_large(&self) -> Option<u32> {
        match self.fault {
            Fault::SizeTooLarge { found, .. } => u32::try_from(found).ok(),
            _ => None,
        }
    }

    /// The first four bytes of a connection, if they cannot be the size of a message. They then belong to
    /// another protocol.
    #[must_use]
    pub fn foreign_opening(&self) -> Option<[u8; 4]> {
        let opening = match self.fault {
            Fault::NegativeSize { found } => found.to_be_bytes(),
            Fault::SizeTooSmall { found } => found.to_be_bytes(),
            // A smaller size may belong to a message that merely exceeds our limit; text is above.
            Fault::SizeTooLarge { found, .. } => u32::try_from(found).ok()?.to_be_bytes(),
            _ => return None,
        };
        let absurd = !matches!(self.fault, Fault::SizeTooLarge { found, .. } if found < ABSURD_SIZE);
        (self.offset == 0 && absurd).then_some(opening)
    }
}

/// A fault in a message: what was found, and what was allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A negative size.
    #[error("a message size of {found}; at least {MIN_SIZE} is allowed")]
    NegativeSize {
        /// The size field.
        found: i32,
    },
    /// A size too small for a type and two lengths.
    #[error("a message size of {found}; at least {MIN_SIZE} is allowed")]
    SizeTooSmall {
        /// The size field.
        found: u32,
    },
    /// A size over the limit.
    #[error("a message size of {found}; at most {allowed} is allowed")]
    SizeTooLarge {
        /// The size field, or the size that a message to be sent would need.
        found: u64,
        /// The limit in force.
        allowed: u32,
    },
    /// A length that extends past the end of the message.
    #[error("a {field} of {found} bytes; {allowed} are left in the message")]
    PastTheEnd {
        /// Which field.
        field: &'static str,
        /// Its length field.
        found: u32,
        /// Bytes left for it.
        allowed: u32,
    },
    /// A string that ends in half a UTF-16 unit.
    #[error("a {field} of {found} bytes; UTF-16 takes an even number")]
    OddLength {
        /// Which field.
        field: &'static str,
        /// Its length field.
        found: u32,
    },
    /// Qt 6.7's marker for 64-bit lengths.
    #[error(
        "a {field} with a 64-bit length (fffffffe, as Qt 6.7 writes past 4 GiB); at most {allowed} bytes are allowed"
    )]
    LongLength {
        /// Which field.
        field: &'static str,
        /// Bytes left for it.
        allowed: u32,
    },
    /// A size that is larger than what its fields need.
    #[error("{found} bytes after the payload; the size field has to end where the payload does")]
    LeftOver {
        /// Surplus bytes.
        found: u32,
    },
}

struct Prefix(Option<SocketAddr>);

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |peer| write!(f, "{peer}: "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(bytes: [u8; 4]) -> Malformed {
        let found = u32::from_be_bytes(bytes);
        let fault = match i32::from_be_bytes(bytes) {
            found @ ..0 => Fault::NegativeSize { found },
            0..12 => Fault::SizeTooSmall { found },
            _ => Fault::SizeTooLarge { found: found.into(), allowed: 16 << 20 },
        };
        Malformed { peer: None, offset: 0, fault }
    }

    #[test]
    fn another_protocol_is_known_by_its_first_bytes() {
        for opening in [*b"HTTP", *b"SSH-", *b"220 ", *b"RFB ", [0xff, 0xfd, 1, 3], [0, 0, 0, 0]] {
            assert_eq!(first(opening).foreign_opening(), Some(opening));
        }
        // A message of 20 MB, whose only fault is to exceed our limit.
        assert_eq!(first(20_000_000_u32.to_be_bytes()).foreign_opening(), None);
        assert_eq!(Malformed { offset: 16, ..first(*b"HTTP") }.foreign_opening(), None, "in the middle");
        assert!(first([0x15, 3, 3, 0]).is_tls());
    }
}

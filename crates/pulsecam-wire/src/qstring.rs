//! `QString` as on the wire: UTF-16 units that need not be valid Unicode, or null.
//!
//! Qt passes lone surrogates unchanged, so the raw units are kept and converted to Rust text only when the
//! text is needed.

use std::fmt;

use bytes::Bytes;

/// The most units of a description that are searched for attributes. Reading all of the longest possible one
/// would keep a relay busy for 0.1 s.
const MAX_READ: usize = 32 << 10;

/// UTF-16 in big-endian order, or the null string, which Qt distinguishes from the empty one.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct QString(Option<Bytes>);

/// A UTF-16 surrogate without its other half, which no Rust string can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a lone surrogate {unit:#06x} at UTF-16 unit {index}")]
#[non_exhaustive]
pub struct LoneSurrogate {
    /// The number of units before it.
    pub index: usize,
    /// The unit itself.
    pub unit: u16,
}

impl QString {
    /// The null string.
    pub const NULL: Self = Self(None);

    /// Wraps raw big-endian UTF-16; the caller has checked that the length is even.
    pub(super) const fn from_wire(units: Option<Bytes>) -> Self {
        Self(units)
    }

    /// Creates a string of UTF-16 units, valid or not.
    #[must_use]
    pub fn from_utf16(units: &[u16]) -> Self {
        Self(Some(units.iter().flat_map(|unit| unit.to_be_bytes()).collect()))
    }

    /// Whether this is the null string.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        self.0.is_none()
    }

    /// The big-endian UTF-16 bytes; none for the null string.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }

    /// The UTF-16 units; none for the null string.
    pub fn units(&self) -> impl Iterator<Item = u16> {
        self.as_bytes().chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
    }

    /// The text, if it is valid Unicode. Null reads as empty.
    ///
    /// # Errors
    /// The first lone surrogate.
    pub fn to_text(&self) -> Result<String, LoneSurrogate> {
        let mut index = 0;
        char::decode_utf16(self.units())
            .map(|decoded| match decoded {
                Ok(character) => {
                    index += character.len_utf16();
                    Ok(character)
                }
                Err(error) => Err(LoneSurrogate { index, unit: error.unpaired_surrogate() }),
            })
            .collect()
    }

    /// The text with U+FFFD for lone surrogates. Null reads as empty.
    #[must_use]
    pub fn to_text_lossy(&self) -> String {
        char::decode_utf16(self.units()).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    /// The beginning, which holds our attributes. These take a few hundred units, but a peer may send a
    /// description as long as a message.
    pub(super) fn beginning(&self) -> String {
        let units = self.units().take(MAX_READ);
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    /// The length field that precedes it.
    pub(super) fn wire_length(&self) -> u32 {
        // Longer strings are rejected when a message is built, so the conversion always fits.
        self.0.as_ref().map_or(super::NULL_LENGTH, |units| u32::try_from(units.len()).unwrap_or(u32::MAX))
    }
}

impl From<&str> for QString {
    fn from(text: &str) -> Self {
        Self(Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()))
    }
}

impl fmt::Debug for QString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_null() { f.write_str("null") } else { write!(f, "{:?}", self.to_text_lossy()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_empty_are_two_things_that_read_alike() {
        assert_ne!(QString::NULL, QString::from(""));
        assert_eq!(QString::NULL.to_text().unwrap(), "");
        assert_eq!(QString::from("").to_text().unwrap(), "");
    }

    #[test]
    fn lone_surrogates_are_kept_and_named() {
        let string = QString::from_utf16(&[0x61, 0xd83d, 0xde42, 0xd800, 0x62]);
        assert_eq!(string.to_text(), Err(LoneSurrogate { index: 3, unit: 0xd800 }));
        assert_eq!(string.to_text_lossy(), "a🙂\u{fffd}b");
        assert_eq!(string.units().collect::<Vec<_>>(), [0x61, 0xd83d, 0xde42, 0xd800, 0x62]);
    }
}

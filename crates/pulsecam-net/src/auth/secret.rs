//! The key itself, which nothing prints.

use std::{fmt, fs, io, path::Path};

use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};

use super::Error;
use crate::text_file;

/// The shortest key, in characters. Anyone who records a handshake without TLS can try keys offline; 16
/// random characters are out of reach.
pub(super) const MIN_LENGTH: usize = 16;

/// What is signed for links that open viewing only.
#[cfg(feature = "web")]
const VIEW: &[u8] = b"pulsecam view 1";

/// The random bytes of a generated key.
const RANDOM: usize = 32;

/// A shared secret.
#[derive(Clone)]
pub struct Key(hmac::Key);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// Creates a key from its text. Surrounding white space and a leading byte-order mark are ignored, so
    /// that a line in a file is a key.
    ///
    /// # Errors
    /// [`Error::TooShort`].
    pub fn new(text: &str) -> Result<Self, Error> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let length = text.chars().count();
        if length < MIN_LENGTH {
            return Err(Error::TooShort(length));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())))
    }

    /// Loads a key from a file.
    ///
    /// # Errors
    /// [`Error::Read`], also if it is not text, and [`Error::TooShort`].
    pub fn load(file: &Path) -> Result<Self, Error> {
        let wrong = |source| Error::Read { file: file.to_owned(), source };
        let bytes = fs::read(file).map_err(wrong)?;
        let text = String::from_utf8(text_file::utf8(bytes))
            .map_err(|_| wrong(io::Error::new(io::ErrorKind::InvalidData, "it is no text")))?;
        Self::new(&text)
    }

    /// Generates the text of a new key, of 32 random bytes.
    ///
    /// # Errors
    /// [`Error::NoRandomness`].
    pub fn generate() -> Result<String, Error> {
        let bytes: [u8; RANDOM] = random()?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// A key that only holders of this one can compute.
    #[cfg(feature = "cluster")]
    pub(crate) fn derive(&self, parts: &[&[u8]]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, self.sign(parts).as_ref()))
    }

    /// Whether two keys are equal.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.verifies(&[], other.sign(&[]).as_ref())
    }

    /// The token for links that open viewing, for programs that show pictures over HTTP. It gives neither the key
    /// away nor the right to send, and changes with the key.
    #[cfg(feature = "web")]
    #[must_use]
    pub fn view_token(&self) -> String {
        data_encoding::BASE32_NOPAD.encode(self.sign(&[VIEW]).as_ref()).to_ascii_lowercase()
    }

    /// Whether a token was made from this key.
    #[cfg(feature = "web")]
    pub(crate) fn opens_view(&self, token: &str) -> bool {
        let tag = data_encoding::BASE32_NOPAD.decode(token.to_ascii_uppercase().as_bytes());
        tag.is_ok_and(|tag| self.verifies(&[VIEW], &tag))
    }

    pub(crate) fn sign(&self, parts: &[&[u8]]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        parts.iter().for_each(|part| context.update(part));
        context.sign()
    }

    /// Checks the tag, in constant time.
    pub(super) fn verifies(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        hmac::verify(&self.0, &parts.concat(), tag).is_ok()
    }
}

/// Unpredictable bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_file_is_the_same_however_an_editor_saved_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("room.key");
        let load = |bytes: &[u8]| {
            fs::write(&file, bytes).unwrap();
            Key::load(&file)
        };
        let key = load(b"sixteen letters.\n").unwrap();
        let utf16: Vec<u8> =
            "\u{feff}sixteen letters.\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in ["\u{feff}sixteen letters.\r\n".as_bytes(), &utf16] {
            assert!(key.is_same(&load(bytes).unwrap()));
        }
        assert!(key.is_same(&Key::new("\u{feff}sixteen letters.").unwrap()), "in a variable too");
        assert!(load(b"\xffsixteen letters.").unwrap_err().to_string().contains("it is no text"));
    }

    #[cfg(feature = "web")]
    #[test]
    fn a_link_opens_with_its_own_key_only() {
        let [one, other] = ["a", "b"].map(|text| Key::new(&text.repeat(20)).unwrap());
        let token = one.view_token();
        assert!(one.opens_view(&token) && one.opens_view(&token.to_ascii_uppercase()));
        assert!(!other.opens_view(&token) && !one.opens_view("") && !one.opens_view(&token[1..]));
        assert!(token.chars().all(|character| character.is_ascii_alphanumeric()));
    }

    #[test]
    fn a_key_is_long_enough_and_never_shown() {
        let key = Key::new("  sixteen letters.\n").unwrap();
        assert_eq!(format!("{key:?}"), "Key");
        assert!(matches!(Key::new("fifteen letters"), Err(Error::TooShort(15))));
        assert!(Key::new("密密密密密密密密密密密密密密密密").is_ok(), "characters, not bytes");
        let (one, other) = (Key::generate().unwrap(), Key::generate().unwrap());
        assert_eq!(one.len(), 64);
        assert_ne!(one, other);
    }
}

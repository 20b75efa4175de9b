//! Detecting the format of a picture by its first bytes.

use super::{Error, Foreign, foreign::foreign};
use crate::signature::{FileKind, probe};

/// A supported format of still pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF; the first picture of an animation.
    Gif,
    /// WebP; the first picture of an animation.
    WebP,
    /// BMP.
    Bmp,
}

impl Format {
    /// Detects the format by the first bytes; a few hundred are enough for each format.
    ///
    /// # Errors
    /// [`Error::Empty`]; [`Error::Foreign`] for known content that is not supported; [`Error::Unknown`]
    /// otherwise.
    pub fn of(start: &[u8]) -> Result<Self, Error> {
        match (start, probe(start)) {
            ([], _) => Err(Error::Empty),
            // A damaged JPEG is still one.
            ([0xff, 0xd8, ..], _) => Ok(Self::Jpeg),
            (_, Some(FileKind::Png)) => Ok(Self::Png),
            (_, Some(FileKind::Gif)) => Ok(Self::Gif),
            (_, Some(FileKind::WebP)) => Ok(Self::WebP),
            (_, Some(FileKind::Bmp)) => Ok(Self::Bmp),
            _ => Err(foreign(start).map_or_else(
                || Error::Unknown { found: start.iter().take(8).copied().collect() },
                Error::Foreign,
            )),
        }
    }

    /// The file extension.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Bmp => "bmp",
        }
    }
}

/// The file extension for this content; `None` for content that is not known to be a picture.
///
/// Unsupported pictures have one too: other programs may show them.
#[must_use]
pub fn extension(content: &[u8]) -> Option<&'static str> {
    match Format::of(content) {
        Ok(format) => Some(format.extension()),
        Err(Error::Foreign(Foreign { extension, .. })) => extension,
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(start: &[u8]) -> String {
        Format::of(start).map_or_else(|error| error.to_string(), |format| format!("{format:?}"))
    }

    #[test]
    fn the_first_bytes_tell_what_is_read() {
        for (start, wanted) in [
            (&b"\xff\xd8\xff\xe0"[..], "Jpeg"),
            (b"\xff\xd8\0\0\xff\xe0", "Jpeg"),
            (b"\x89PNG\r\n\x1a\n\0\0", "Png"),
            (b"GIF89a", "Gif"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "WebP"),
            (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "Bmp"),
        ] {
            assert_eq!(said(start), wanted);
        }
    }

    #[test]
    fn what_is_not_read_is_named_with_the_way_to_convert_it() {
        let mut transport = vec![0xff; 2 * 188 + 1];
        transport.iter_mut().step_by(188).for_each(|byte| *byte = 0x47);
        for (start, words) in [
            (&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], ["HEIC", "phones", "heif-convert"]),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", ["HEIC", "phones", "heif-convert"]),
            (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", ["AVIF", "ffmpeg", ".png"]),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", ["AVIF", "ffmpeg", ".png"]),
            (b"II*\0\x08\0\0\0", ["TIFF", "magick", ".png"]),
            (b"MM\0*\0\0\0\x08", ["TIFF", "magick", ".png"]),
            (b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- x --><svg ", ["SVG", "rsvg-convert", ".png"]),
            (b"%PDF-1.7", ["PDF", "pdftoppm", "-png"]),
            (b"\0\0\0\x0cJXL \r\n\x87\n", ["JPEG XL", "djxl", ".png"]),
            (b"\xff\x0a\xfa\x7f", ["JPEG XL", "djxl", ".png"]),
            (b"\0\0\0\x0cjP  \r\n\x87\n", ["JPEG 2000", "ffmpeg", ".png"]),
            (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41", ["MP4", "film", "ffmpeg -i"]),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", ["MOV", "film", "ffmpeg -i"]),
            (b"\0\0\0\x08wide\0\0\x10\0mdat", ["MOV", "film", "ffmpeg -i"]),
            (b"\x1a\x45\xdf\xa3\x01\0\0\0", ["Matroska", "film", "ffmpeg -i"]),
            (b"RIFF\x10\0\0\0AVI LIST", ["AVI", "film", "ffmpeg -i"]),
            (&transport, ["MPEG-TS", "film", "ffmpeg -i"]),
            (b"\0\0\0\x01\x67\x42\0\x0a", ["H.264", "film", "ffmpeg -i"]),
            (b"<!DOCTYPE html><html>", ["web page", "not a picture", "HTML"]),
            (b"notes of a meeting\n", ["text", "not a picture", ""]),
            ("你好，世界".as_bytes(), ["text", "not a picture", ""]),
            (&[0; 512], ["zero", "not a picture", ""]),
            (b"PK\x03\x04", ["archive", "not a picture", "unpack"]),
            (b"\x93\x01\x02\xfe\xfd\x00\x07\x09\x01", ["not a picture", "93 01 02 fe fd 00 07 09", ""]),
            (b"", ["not a picture", "empty", ""]),
        ] {
            let said = said(start);
            for word in words {
                assert!(said.contains(word), "{:?}: {said} lacks {word:?}", start.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn names_end_as_the_content_is_and_what_is_no_picture_has_no_name() {
        for (content, wanted) in [
            (&b"\xff\xd8\xff"[..], Some("jpg")),
            (b"\x89PNG\r\n\x1a\n", Some("png")),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Some("heic")),
            (b"II*\0\x08\0\0\0", Some("tif")),
            (b"%PDF-1.7", None),
            (b"<svg onload=x>", None),
            (b"\0\0\0\x20ftypisom", None),
            (b"text", None),
            (b"", None),
        ] {
            assert_eq!(extension(content), wanted, "{:?}", content.escape_ascii().to_string());
        }
    }
}

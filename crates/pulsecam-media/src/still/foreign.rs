//! Content that is recognised but not supported, with the command that converts it.

use std::fmt;

/// Recognised content that is not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Foreign {
    /// What it is.
    pub name: &'static str,
    /// What to do about it, as a clause.
    pub advice: &'static str,
    /// The file extension of such pictures. `None` for content that is not a still picture, or may do more
    /// than show one.
    pub extension: Option<&'static str>,
    is_film: bool,
}

impl Foreign {
    /// Whether it is a film. Its advice then ends so that a command reading the pictures can be appended.
    #[must_use]
    pub const fn is_film(&self) -> bool {
        self.is_film
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, advice, .. } = self;
        if advice.is_empty() { write!(f, "not a picture: {name}") } else { write!(f, "{name}; {advice}") }
    }
}

const fn picture(name: &'static str, extension: &'static str, advice: &'static str) -> Foreign {
    Foreign { name, advice, extension: Some(extension), is_film: false }
}

/// Advice for a film.
const FILM: &str =
    "send one frame of it (ffmpeg -i INPUT -frames:v 1 OUTPUT.jpg), or stream it: ffmpeg -i INPUT -f mjpeg -";

const fn film(name: &'static str) -> Foreign {
    Foreign { name, advice: FILM, extension: None, is_film: true }
}

const fn other(name: &'static str, advice: &'static str) -> Foreign {
    Foreign { name, advice, extension: None, is_film: false }
}

const HEIC: Foreign = picture(
    "HEIC, a format of phones, is not supported",
    "heic",
    "convert it with: heif-convert INPUT.heic OUTPUT.jpg (or set the phone to JPEG: \"most compatible\")",
);
const AVIF: Foreign =
    picture("AVIF is not supported", "avif", "convert it with: ffmpeg -i INPUT.avif OUTPUT.png");
const TIFF: Foreign = picture(
    "TIFF, or a raw picture of a camera, is not supported",
    "tif",
    "convert it with: magick INPUT.tif OUTPUT.png",
);
const JPEG_XL: Foreign =
    picture("JPEG XL is not supported", "jxl", "convert it with: djxl INPUT.jxl OUTPUT.png");
const JPEG_2000: Foreign =
    picture("JPEG 2000 is not supported", "jp2", "convert it with: ffmpeg -i INPUT.jp2 OUTPUT.png");
const SVG: Foreign =
    other("SVG, a drawing, is not supported", "convert it with: rsvg-convert INPUT.svg -o OUTPUT.png");
const MP4: Foreign = film("MP4, a film");
const MOV: Foreign = film("MOV, a film");

/// Types of content by their first bytes.
#[rustfmt::skip]
const STARTS: [(&[u8], Foreign); 33] = [
    (b"\0\0\0\x0cJXL \r\n\x87\n", JPEG_XL),
    (b"\xff\x0a", JPEG_XL),
    (b"\0\0\0\x0cjP  \r\n\x87\n", JPEG_2000),
    (b"\xff\x4f\xff\x51", JPEG_2000),
    (b"II*\0", TIFF), (b"MM\0*", TIFF), (b"II+\0", TIFF), (b"MM\0+", TIFF),
    (b"FUJIFILM", TIFF), (b"IIU\0", TIFF), (b"IIRO", TIFF),
    (b"%PDF", other("PDF is not supported", "convert a page of it with: pdftoppm -png -f 1 -l 1 INPUT.pdf OUTPUT")),
    (b"%!PS", other("PostScript is not supported", "convert it with: magick INPUT OUTPUT.png")),
    (b"\xc5\xd0\xd3\xc6", other("PostScript is not supported", "convert it with: magick INPUT OUTPUT.png")),
    (b"8BPS", other("a Photoshop file is not supported", "convert it with: magick 'INPUT.psd[0]' OUTPUT.png")),
    (b"gimp xcf", other("a GIMP file is not supported", "export it as PNG")),
    (b"\0\0\x01\0", picture("ICO, an icon, is not supported", "ico", "convert it with: ffmpeg -i INPUT.ico OUTPUT.png")),
    (b"\x76\x2f\x31\x01", picture("OpenEXR is not supported", "exr", "convert it with: ffmpeg -i INPUT.exr OUTPUT.png")),
    (b"#?RADIANCE", picture("Radiance HDR is not supported", "hdr", "convert it with: ffmpeg -i INPUT.hdr OUTPUT.png")),
    (b"qoif", picture("QOI is not supported", "qoi", "convert it with: ffmpeg -i INPUT.qoi OUTPUT.png")),
    (b"DDS ", picture("DDS is not supported", "dds", "convert it with: ffmpeg -i INPUT.dds OUTPUT.png")),
    (b"\x1a\x45\xdf\xa3", film("Matroska or WebM, a film")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", film("WMV, a film")),
    (b"FLV\x01", film("FLV, a film")),
    (b"OggS", film("Ogg, a film or sound")),
    (b"\0\0\x01\xba", film("MPEG, a film")),
    (b"\0\0\x01\xb3", film("MPEG, a film")),
    (b"YUV4MPEG2 ", film("raw video (YUV4MPEG)")),
    (b"DKIF", film("IVF, a film")),
    (b"PK\x03\x04", other("an archive (ZIP) is not a picture", "unpack it first")),
    (b"\x1f\x8b", other("a compressed file (gzip) is not a picture", "unpack it first")),
    (b"7z\xbc\xaf", other("an archive (7z) is not a picture", "unpack it first")),
    (b"ID3", other("sound (MP3)", "")),
];

/// Recognises content by its start.
pub(super) fn foreign(start: &[u8]) -> Option<Foreign> {
    let known = STARTS.iter().find(|(magic, _)| start.starts_with(magic)).map(|&(_, foreign)| foreign);
    known.or_else(|| boxes(start)).or_else(|| streams(start)).or_else(|| words(start))
}

/// Files in boxes (ISO 14496-12), recognised by their brands.
fn boxes(start: &[u8]) -> Option<Foreign> {
    let (length, rest) = start.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    match kind {
        b"ftyp" => {
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?.saturating_sub(8);
            // The major brand, its version, and the compatible brands.
            let brands = rest.get(..length.min(rest.len())).unwrap_or(rest).as_chunks::<4>().0;
            let has = |wanted: &[&[u8; 4]]| brands.iter().any(|brand| wanted.contains(&brand));
            Some(match brands.first() {
                _ if has(&[b"avif", b"avis"]) => AVIF,
                _ if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"]) => HEIC,
                Some(b"mif1" | b"msf1") => HEIC,
                Some(b"crx ") => TIFF,
                Some(b"qt  ") => MOV,
                _ => MP4,
            })
        }
        b"moov" | b"mdat" | b"wide" | b"pnot" => Some(MOV),
        _ => None,
    }
}

/// Films and sound in other containers, or in none.
fn streams(start: &[u8]) -> Option<Foreign> {
    match start {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => return Some(film("AVI, a film")),
        [b'R', b'I', b'F', b'F', ..] => return Some(other("sound (WAV), or another RIFF file", "")),
        // A parameter set, with which each H.264 stream begins, or a delimiter before it.
        [0, 0, 0, 1, 0x67 | 0x27 | 0x09, ..] | [0, 0, 1, 0x67 | 0x27 | 0x09, ..] => {
            return Some(film("H.264, a film"));
        }
        [0, 0, 0, 1, 0x40 | 0x46, 1, ..] => return Some(film("H.265, a film")),
        _ => {}
    }
    const PACKET: usize = 188;
    (start.first() == Some(&0x47) && start.get(PACKET) == Some(&0x47)).then(|| film("MPEG-TS, a film"))
}

/// Text of any kind.
fn words(start: &[u8]) -> Option<Foreign> {
    if start.iter().all(|&byte| byte == 0) {
        return Some(other("it begins with only zero bytes", ""));
    }
    // A character may be cut at the end of the bytes read.
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(start.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    if text.is_empty() || text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\x0c')) {
        return None;
    }
    let text = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    let portable = |c: &[u8]| matches!(c, [b'p', b'1'..=b'7', b' ' | b'\n' | b'\r' | b'\t', ..]);
    Some(if text.starts_with("<svg") || (text.starts_with("<?xml") && text.contains("<svg")) {
        SVG
    } else if text.starts_with("<!doctype html") || text.starts_with("<html") {
        other("a web page (HTML) is not a picture", "save the picture itself, not the page around it")
    } else if portable(text.as_bytes()) {
        picture("PNM is not supported", "pnm", "convert it with: ffmpeg -i INPUT.pnm OUTPUT.png")
    } else {
        other("it is text", "")
    })
}

//! Content that is recognised but not supported, with the command that converts it.

use std::fmt;

use crate::signature::{FileKind, probe};

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

/// Advice for archives and compressed files.
const UNPACK: &str = "unpack it first";

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
const PNM: Foreign =
    picture("PNM is not supported", "pnm", "convert it with: ffmpeg -i INPUT.pnm OUTPUT.png");
const ICO: Foreign =
    picture("ICO, an icon, is not supported", "ico", "convert it with: ffmpeg -i INPUT.ico OUTPUT.png");
const OPEN_EXR: Foreign =
    picture("OpenEXR is not supported", "exr", "convert it with: ffmpeg -i INPUT.exr OUTPUT.png");
const RADIANCE: Foreign =
    picture("Radiance HDR is not supported", "hdr", "convert it with: ffmpeg -i INPUT.hdr OUTPUT.png");
const QOI: Foreign =
    picture("QOI is not supported", "qoi", "convert it with: ffmpeg -i INPUT.qoi OUTPUT.png");
const DDS: Foreign =
    picture("DDS is not supported", "dds", "convert it with: ffmpeg -i INPUT.dds OUTPUT.png");
const PHOTOSHOP: Foreign =
    other("a Photoshop file is not supported", "convert it with: magick 'INPUT.psd[0]' OUTPUT.png");
const PDF: Foreign =
    other("PDF is not supported", "convert a page of it with: pdftoppm -png -f 1 -l 1 INPUT.pdf OUTPUT");
const POST_SCRIPT: Foreign = other("PostScript is not supported", "convert it with: magick INPUT OUTPUT.png");
const HTML: Foreign =
    other("a web page (HTML) is not a picture", "save the picture itself, not the page around it");

/// Recognises content by its start.
///
/// A naked JPEG XL picture has a signature of two bytes: enough here, where nothing but a picture is
/// expected, and too little in a stream.
pub(super) fn foreign(start: &[u8]) -> Option<Foreign> {
    if start.starts_with(b"\xff\x0a") {
        return Some(JPEG_XL);
    }
    Some(match probe(start)? {
        // These are read.
        FileKind::Jpeg | FileKind::Png | FileKind::Gif | FileKind::WebP | FileKind::Bmp => return None,
        FileKind::Tiff => TIFF,
        FileKind::Heif => HEIC,
        FileKind::Avif => AVIF,
        FileKind::JpegXl => JPEG_XL,
        FileKind::Jpeg2000 => JPEG_2000,
        FileKind::Photoshop => PHOTOSHOP,
        FileKind::Gimp => other("a GIMP file is not supported", "export it as PNG"),
        FileKind::Pnm => PNM,
        FileKind::Ico => ICO,
        FileKind::OpenExr => OPEN_EXR,
        FileKind::Radiance => RADIANCE,
        FileKind::Qoi => QOI,
        FileKind::Dds => DDS,
        FileKind::Svg => SVG,
        FileKind::Pdf => PDF,
        FileKind::PostScript => POST_SCRIPT,
        FileKind::Html => HTML,
        FileKind::Matroska => film("Matroska or WebM, a film"),
        FileKind::Avi => film("AVI, a film"),
        FileKind::Mov => film("MP4 or MOV, a film"),
        FileKind::Asf => film("WMV, a film"),
        FileKind::Flv => film("FLV, a film"),
        FileKind::Ogg => film("Ogg, a film or sound"),
        FileKind::Ivf => film("IVF, a film"),
        FileKind::Y4m => film("raw video (YUV4MPEG)"),
        FileKind::MpegTs => film("MPEG-TS, a film"),
        FileKind::MpegPs | FileKind::MpegVideo | FileKind::Mpeg4Video => film("MPEG, a film"),
        FileKind::H264 => film("H.264, a film"),
        FileKind::H265 => film("H.265, a film"),
        FileKind::Wav => other("sound (WAV)", ""),
        FileKind::Mp3 => other("sound (MP3)", ""),
        FileKind::Flac => other("sound (FLAC)", ""),
        FileKind::Gzip => other("a compressed file (gzip) is not a picture", UNPACK),
        FileKind::Xz => other("a compressed file (xz) is not a picture", UNPACK),
        FileKind::Zstd => other("a compressed file (zstd) is not a picture", UNPACK),
        FileKind::Bzip2 => other("a compressed file (bzip2) is not a picture", UNPACK),
        FileKind::Zip => other("an archive (ZIP) is not a picture", UNPACK),
        FileKind::SevenZip => other("an archive (7z) is not a picture", UNPACK),
        FileKind::Multipart | FileKind::Http | FileKind::Xml | FileKind::Text => other("it is text", ""),
        FileKind::Zeros => other("it begins with only zero bytes", ""),
    })
}

//! Identifies formats by their first bytes: a film, a picture, a web page.
//!
//! It is given the first bytes of a file or a pipe, so that no input is read whole just to find that it is
//! something else. A format is named only if it is certain: a wrong name would refuse a stream that can be
//! sent.

use std::fmt;

/// Bytes to look at: a transport stream may start in the middle of a packet; headers are shorter.
pub(crate) const PROBED: usize = 64 << 10;

/// Bytes that must be text for the whole to count as text.
const TEXT: usize = 1 << 10;

/// Packet size of an MPEG transport stream.
const PACKET: usize = 188;

/// A format that is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Jpeg,
    Png,
    Gif,
    WebP,
    Bmp,
    Tiff,
    Heif,
    Avif,
    JpegXl,
    Jpeg2000,
    Photoshop,
    Pnm,
    Matroska,
    Avi,
    /// QuickTime and MP4, which share one structure.
    Mov,
    Asf,
    Flv,
    Ogg,
    Ivf,
    Y4m,
    MpegTs,
    MpegPs,
    MpegVideo,
    Mpeg4Video,
    H264,
    H265,
    Wav,
    Mp3,
    Flac,
    Pdf,
    Gzip,
    Xz,
    Zstd,
    Bzip2,
    Zip,
    Multipart,
    Http,
    Html,
    Xml,
    Text,
    Zeros,
}

/// The format of data that starts with these bytes, if known.
pub(crate) fn probe(start: &[u8]) -> Option<Kind> {
    by_magic(start).or_else(|| video_stream(start)).or_else(|| readable(start))
}

impl Kind {
    /// Whether JPEGs may follow: a multipart dump starts with text.
    pub(crate) const fn may_hold_jpegs(self) -> bool {
        matches!(
            self,
            Self::Jpeg | Self::Multipart | Self::Http | Self::Html | Self::Xml | Self::Text | Self::Zeros
        )
    }

    /// Whether it is a film with its own timing, in a supported container.
    pub(crate) const fn is_film(self) -> bool {
        matches!(self, Self::Matroska | Self::Avi | Self::Mov)
    }

    /// Whether it is one picture, possibly animated.
    pub(crate) const fn is_still(self) -> bool {
        matches!(
            self,
            Self::Jpeg
                | Self::Png
                | Self::Gif
                | Self::WebP
                | Self::Bmp
                | Self::Tiff
                | Self::Heif
                | Self::Avif
                | Self::JpegXl
                | Self::Jpeg2000
                | Self::Photoshop
                | Self::Pnm
        )
    }

    /// The command that converts it to JPEGs in a pipe; `None` if there is none.
    pub(crate) fn advice(self) -> Option<String> {
        Some(match self.unpacker() {
            Some(unpacker) => format!("{unpacker} -dc"),
            None => format!("ffmpeg -f {} -i - -f mjpeg -", self.demuxer()?),
        })
    }

    /// The command that converts a file of it to JPEGs; `None` if there is none.
    pub(crate) fn advice_for_file(self) -> Option<String> {
        Some(match self.unpacker() {
            Some(unpacker) => format!("{unpacker} -dc FILE"),
            None if self == Self::Heif => "heif-convert FILE picture.jpg".into(),
            None => {
                self.demuxer()?;
                "ffmpeg -i FILE -f mjpeg -".into()
            }
        })
    }

    const fn unpacker(self) -> Option<&'static str> {
        Some(match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            _ => return None,
        })
    }

    /// ffmpeg's name for the format.
    const fn demuxer(self) -> Option<&'static str> {
        Some(match self {
            Self::Png => "png_pipe",
            Self::Gif => "gif_pipe",
            Self::WebP => "webp_pipe",
            Self::Bmp => "bmp_pipe",
            Self::Tiff => "tiff_pipe",
            Self::JpegXl => "jpegxl_pipe",
            Self::Jpeg2000 => "j2k_pipe",
            Self::Photoshop => "psd_pipe",
            Self::Pnm => "ppm_pipe",
            Self::Matroska => "matroska",
            Self::Avi => "avi",
            Self::Mov | Self::Avif => "mov",
            Self::Asf => "asf",
            Self::Flv => "flv",
            Self::Ogg => "ogg",
            Self::Ivf => "ivf",
            Self::Y4m => "yuv4mpegpipe",
            Self::MpegTs => "mpegts",
            Self::MpegPs => "mpeg",
            Self::MpegVideo => "mpegvideo",
            Self::Mpeg4Video => "m4v",
            Self::H264 => "h264",
            Self::H265 => "hevc",
            _ => return None,
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "a JPEG picture",
            Self::Png => "a PNG picture",
            Self::Gif => "a GIF picture",
            Self::WebP => "a WebP picture",
            Self::Bmp => "a BMP picture",
            Self::Tiff => "a TIFF picture",
            Self::Heif => "a HEIC picture",
            Self::Avif => "an AVIF picture",
            Self::JpegXl => "a JPEG XL picture",
            Self::Jpeg2000 => "a JPEG 2000 picture",
            Self::Photoshop => "a Photoshop picture",
            Self::Pnm => "a PNM picture",
            Self::Matroska => "a Matroska or WebM film",
            Self::Avi => "an AVI film",
            Self::Mov => "an MP4 or QuickTime film",
            Self::Asf => "a Windows Media film",
            Self::Flv => "a Flash film (FLV)",
            Self::Ogg => "an Ogg film or sound",
            Self::Ivf => "an IVF film",
            Self::Y4m => "uncompressed video (YUV4MPEG2)",
            Self::MpegTs => "an MPEG transport stream (MPEG-TS)",
            Self::MpegPs => "an MPEG program stream (MPEG-PS)",
            Self::MpegVideo => "MPEG-1 or MPEG-2 video",
            Self::Mpeg4Video => "MPEG-4 video",
            Self::H264 => "H.264 video",
            Self::H265 => "H.265 video",
            Self::Wav => "a WAV sound",
            Self::Mp3 => "an MP3 sound",
            Self::Flac => "a FLAC sound",
            Self::Pdf => "a PDF document",
            Self::Gzip => "data compressed by gzip",
            Self::Xz => "data compressed by xz",
            Self::Zstd => "data compressed by zstd",
            Self::Bzip2 => "data compressed by bzip2",
            Self::Zip => "a ZIP archive",
            Self::Multipart => "a multipart stream",
            Self::Http => "a web server's response",
            Self::Html => "a web page (HTML)",
            Self::Xml => "XML",
            Self::Text => "text",
            Self::Zeros => "zeros",
        })
    }
}

/// Describes data by its first bytes, with the start of a text: often it is the reason.
pub(super) fn described(start: &[u8]) -> String {
    match probe(start) {
        Some(kind @ (Kind::Text | Kind::Http | Kind::Html | Kind::Xml)) => {
            let line = start.split(|byte| b"\r\n".contains(byte)).find(|line| !line.is_empty());
            let line: String = String::from_utf8_lossy(line.unwrap_or_default()).chars().take(60).collect();
            format!("{kind}, {:?}", crate::harmless::line(&line))
        }
        Some(kind) => kind.to_string(),
        None if start.is_empty() => "empty".into(),
        None => "an unknown format".into(),
    }
}

fn by_magic(start: &[u8]) -> Option<Kind> {
    let at = |offset: usize, magic: &[u8]| start.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let begins: [(&[u8], Kind); 24] = [
        (b"\xff\xd8\xff", Kind::Jpeg),
        (b"\x89PNG\r\n\x1a\n", Kind::Png),
        (b"GIF87a", Kind::Gif),
        (b"GIF89a", Kind::Gif),
        (b"II*\0", Kind::Tiff),
        (b"MM\0*", Kind::Tiff),
        (b"\xff\x4f\xff\x51", Kind::Jpeg2000),
        (b"\0\0\0\x0cjP  \r\n\x87\n", Kind::Jpeg2000),
        (b"\0\0\0\x0cJXL \r\n\x87\n", Kind::JpegXl),
        (b"8BPS\0", Kind::Photoshop),
        (b"\x1a\x45\xdf\xa3", Kind::Matroska),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Kind::Asf),
        (b"FLV\x01", Kind::Flv),
        (b"OggS\0", Kind::Ogg),
        (b"DKIF\0\0", Kind::Ivf),
        (b"YUV4MPEG2 ", Kind::Y4m),
        (b"ID3", Kind::Mp3),
        (b"fLaC\0", Kind::Flac),
        (b"%PDF-", Kind::Pdf),
        (b"\x1f\x8b\x08", Kind::Gzip),
        (b"\xfd7zXZ\0", Kind::Xz),
        (b"\x28\xb5\x2f\xfd", Kind::Zstd),
        (b"BZh91AY&SY", Kind::Bzip2),
        (b"PK\x03\x04", Kind::Zip),
    ];
    if let Some((_, kind)) = begins.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Some(*kind);
    }
    match start.get(..4)? {
        b"RIFF" | b"RIFX" if at(8, b"AVI ") => return Some(Kind::Avi),
        b"RIFF" if at(8, b"WEBP") => return Some(Kind::WebP),
        b"RIFF" | b"RF64" if at(8, b"WAVE") => return Some(Kind::Wav),
        // Reserved bytes are zero, and the header size is one of those that Windows defines.
        [b'B', b'M', ..]
            if at(6, &[0; 4])
                && matches!(start.get(14..18), Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])) =>
        {
            return Some(Kind::Bmp);
        }
        [b'P', b'1'..=b'7', b'\n' | b' ' | b'\r' | b'\t', next] if next.is_ascii_graphic() => {
            return Some(Kind::Pnm);
        }
        _ => {}
    }
    boxes(start)
}

/// Files made of boxes: a size, then a name.
fn boxes(start: &[u8]) -> Option<Kind> {
    let (size, name) = (start.get(..4)?, start.get(4..8)?);
    let size = u32::from_be_bytes(size.try_into().ok()?);
    // 1: the real size follows; 0: to the end of the file.
    if !(size <= 1 || size >= 8) {
        return None;
    }
    match name {
        b"ftyp" => {
            let brands = start.get(8..(size as usize).min(start.len())).unwrap_or_default();
            let has = |wanted: &[&[u8; 4]]| {
                brands.chunks_exact(4).any(|brand| wanted.iter().any(|wanted| brand == *wanted))
            };
            Some(if has(&[b"avif", b"avis"]) {
                Kind::Avif
            } else if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
                Kind::Heif
            } else {
                Kind::Mov
            })
        }
        b"moov" | b"wide" | b"mdat" | b"free" | b"skip" | b"pnot" | b"junk" | b"styp" | b"moof" | b"sidx" => {
            Some(Kind::Mov)
        }
        _ => None,
    }
}

/// Elementary and transport streams without a file header, as encoders write them.
fn video_stream(start: &[u8]) -> Option<Kind> {
    let synced = |offset: usize, stride: usize, packets: usize| {
        (0..packets).all(|packet| start.get(offset + packet * stride) == Some(&0x47))
    };
    // Also packets preceded by Blu-ray time stamps. A stream that starts in mid-packet needs more packets to
    // be certain.
    if synced(0, PACKET, 3) || synced(4, PACKET + 4, 3) || (1..PACKET).any(|offset| synced(offset, PACKET, 6))
    {
        return Some(Kind::MpegTs);
    }
    let zeros = start.iter().take_while(|&&byte| byte == 0).count();
    if zeros < 2 || start.get(zeros) != Some(&1) {
        return None;
    }
    Some(match (start.get(zeros + 1)?, start.get(zeros + 2)) {
        (0xba, _) => Kind::MpegPs,
        (0xb3, _) => Kind::MpegVideo,
        (0xb0 | 0xb5 | 0xb6, _) => Kind::Mpeg4Video,
        // A parameter set or delimiter of layer 0.
        (0x40 | 0x42 | 0x44 | 0x46, Some(1)) => Kind::H265,
        // A parameter set, delimiter, SEI message or slice.
        (
            0x67 | 0x27 | 0x47 | 0x68 | 0x28 | 0x48 | 0x09 | 0x06 | 0x65 | 0x25 | 0x45 | 0x41 | 0x61 | 0x21,
            Some(_),
        ) => Kind::H264,
        _ => return None,
    })
}

fn readable(start: &[u8]) -> Option<Kind> {
    let blank = start.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start[blank..]);
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if begins(b"HTTP/") || begins(b"RTSP/") {
        return Some(Kind::Http);
    }
    if text.starts_with(b"--")
        && text.windows(8).take(TEXT).any(|part| part.eq_ignore_ascii_case(b"content-"))
    {
        return Some(Kind::Multipart);
    }
    if begins(b"<!doctype html") || begins(b"<html") {
        return Some(Kind::Html);
    }
    if begins(b"<?xml") || begins(b"<svg") {
        return Some(Kind::Xml);
    }
    let looked_at = start.get(..TEXT).unwrap_or(start);
    if looked_at.is_empty() {
        return None;
    }
    if looked_at.iter().all(|&byte| byte == 0) {
        return Some(Kind::Zeros);
    }
    // The last character may be cut.
    let valid = match std::str::from_utf8(looked_at) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&looked_at[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\x0c' | '\x1b');
    valid.chars().all(plain).then_some(Kind::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_so_is_named() {
        let ts = |offset: usize, stride: usize| {
            let mut stream = vec![0xaa; 10 * stride];
            stream[offset..].iter_mut().step_by(stride).for_each(|byte| *byte = 0x47);
            stream
        };
        let bmp = [&b"BM\x36\x10\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"[..], &[0; 30]].concat();
        let cases: Vec<(Vec<u8>, Option<Kind>)> = vec![
            (b"\xff\xd8\xff\xe0".into(), Some(Kind::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0\0".into(), Some(Kind::Png)),
            (b"GIF89a".into(), Some(Kind::Gif)),
            (b"RIFF\0\0\0\0WEBPVP8 ".into(), Some(Kind::WebP)),
            (b"RIFF\0\0\0\0AVI LIST".into(), Some(Kind::Avi)),
            (b"RIFF\0\0\0\0WAVEfmt ".into(), Some(Kind::Wav)),
            (bmp, Some(Kind::Bmp)),
            (b"BMW is a make of cars, and this is a text".into(), Some(Kind::Text)),
            (b"II*\0\x08\0\0\0".into(), Some(Kind::Tiff)),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".into(), Some(Kind::Heif)),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf".into(), Some(Kind::Avif)),
            (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".into(), Some(Kind::Mov)),
            (b"\0\0\0\x08wide\0\0\x10\0mdat".into(), Some(Kind::Mov)),
            (b"\0\0\x10\0moov\0\0\0\x6cmvhd".into(), Some(Kind::Mov)),
            (b"\x1a\x45\xdf\xa3\x9f".into(), Some(Kind::Matroska)),
            (b"OggS\0\x02".into(), Some(Kind::Ogg)),
            (b"FLV\x01\x05".into(), Some(Kind::Flv)),
            (b"YUV4MPEG2 W640 H480".into(), Some(Kind::Y4m)),
            (b"P6\n640 480\n255\n".into(), Some(Kind::Pnm)),
            (b"%PDF-1.7".into(), Some(Kind::Pdf)),
            (b"\x1f\x8b\x08\0".into(), Some(Kind::Gzip)),
            (ts(0, 188), Some(Kind::MpegTs)),
            (ts(100, 188), Some(Kind::MpegTs)),
            (ts(4, 192), Some(Kind::MpegTs)),
            (b"\0\0\x01\xba\x44".into(), Some(Kind::MpegPs)),
            (b"\0\0\x01\xb3\x16".into(), Some(Kind::MpegVideo)),
            (b"\0\0\0\x01\x67\x42\xc0".into(), Some(Kind::H264)),
            (b"\0\0\0\x01\x09\xf0\0\0\0\x01\x67".into(), Some(Kind::H264)),
            (b"\0\0\x01\x65\x88".into(), Some(Kind::H264)),
            (b"\0\0\0\x01\x40\x01\x0c".into(), Some(Kind::H265)),
            (b"HTTP/1.1 404 Not Found\r\n".into(), Some(Kind::Http)),
            (b"\r\n--b\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff".into(), Some(Kind::Multipart)),
            (b"  <!DOCTYPE html><html>".into(), Some(Kind::Html)),
            (b"<?xml version='1.0'?>".into(), Some(Kind::Xml)),
            ("no camera here, é".into(), Some(Kind::Text)),
            (vec![0; 100], Some(Kind::Zeros)),
            (vec![0xaa; 4000], None),
            (b"\0\0\0\x01".into(), None),
            (b"\xff\xd8".into(), None),
            (Vec::new(), None),
        ];
        for (start, wanted) in cases {
            assert_eq!(probe(&start), wanted, "{:?}", String::from_utf8_lossy(&start));
        }
    }

    #[test]
    fn every_beginning_of_a_beginning_is_survived_and_none_is_taken_for_another_that_refuses_it() {
        let multipart = b"\r\n--b\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0";
        for length in 0..=multipart.len() {
            assert!(probe(&multipart[..length]).is_none_or(Kind::may_hold_jpegs), "{length}");
        }
        let http = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace\r\n\r\n";
        for length in 0..=http.len() {
            assert!(probe(&http[..length]).is_none_or(Kind::may_hold_jpegs), "{length}");
        }
    }

    #[test]
    fn what_is_refused_has_a_name_and_mostly_a_command() {
        assert_eq!(Kind::H264.advice().unwrap(), "ffmpeg -f h264 -i - -f mjpeg -");
        assert_eq!(Kind::MpegTs.advice_for_file().unwrap(), "ffmpeg -i FILE -f mjpeg -");
        assert_eq!(Kind::Gzip.advice().unwrap(), "gzip -dc");
        assert_eq!(Kind::Text.advice(), None);
        assert!(described(b"HTTP/1.1 401 Unauthorized\r\nA: b\r\n").contains("401 Unauthorized"));
        assert!(!described(b"\x1b[31mred").contains('\x1b'));
    }
}

//! Identifies formats by their first bytes: a film, a picture, a web page.
//!
//! It is given the first bytes of a file or a pipe, so that no input is read whole just to find that it is
//! something else. A format is named only if it is certain: a wrong name would refuse a stream that can be
//! sent. [`capture`](crate::capture), [`film`](crate::film) and [`still`](crate::still) decide what to do
//! with it.

mod kind;

pub(crate) use self::kind::FileKind;

/// Bytes to look at: a transport stream may start in the middle of a packet; headers are shorter.
pub(crate) const PROBED: usize = 64 << 10;

/// Bytes that must be text for the whole to count as text.
const TEXT: usize = 1 << 10;

/// Bytes in which a drawing (SVG) begins, behind the comments of an XML file.
const DRAWING: usize = 4 << 10;

/// Packet size of an MPEG transport stream.
const PACKET: usize = 188;

/// The format of data that starts with these bytes, if known.
pub(crate) fn probe(start: &[u8]) -> Option<FileKind> {
    by_magic(start).or_else(|| video_stream(start)).or_else(|| readable(start))
}

/// Describes data by its first bytes, with the start of a text: often it is the reason.
pub(crate) fn described(start: &[u8]) -> String {
    match probe(start) {
        Some(kind @ (FileKind::Text | FileKind::Http | FileKind::Html | FileKind::Svg | FileKind::Xml)) => {
            let line = start.split(|byte| b"\r\n".contains(byte)).find(|line| !line.is_empty());
            let line: String = String::from_utf8_lossy(line.unwrap_or_default()).chars().take(60).collect();
            format!("{kind}, {:?}", crate::sanitize::line(&line))
        }
        Some(kind) => kind.to_string(),
        None if start.is_empty() => "empty".into(),
        None => "an unknown format".into(),
    }
}

fn by_magic(start: &[u8]) -> Option<FileKind> {
    let at = |offset: usize, magic: &[u8]| start.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let begins: [(&[u8], FileKind); 37] = [
        (b"\xff\xd8\xff", FileKind::Jpeg),
        (b"\x89PNG\r\n\x1a\n", FileKind::Png),
        (b"GIF87a", FileKind::Gif),
        (b"GIF89a", FileKind::Gif),
        (b"II*\0", FileKind::Tiff),
        (b"MM\0*", FileKind::Tiff),
        (b"II+\0", FileKind::Tiff),
        (b"MM\0+", FileKind::Tiff),
        (b"IIU\0", FileKind::Tiff),
        (b"IIRO", FileKind::Tiff),
        (b"FUJIFILM", FileKind::Tiff),
        (b"\xff\x4f\xff\x51", FileKind::Jpeg2000),
        (b"\0\0\0\x0cjP  \r\n\x87\n", FileKind::Jpeg2000),
        (b"\0\0\0\x0cJXL \r\n\x87\n", FileKind::JpegXl),
        (b"8BPS\0", FileKind::Photoshop),
        (b"gimp xcf", FileKind::Gimp),
        (b"\x76\x2f\x31\x01", FileKind::OpenExr),
        (b"#?RADIANCE", FileKind::Radiance),
        (b"qoif\0\0", FileKind::Qoi),
        (b"DDS |\0\0\0", FileKind::Dds),
        (b"\x1a\x45\xdf\xa3", FileKind::Matroska),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", FileKind::Asf),
        (b"FLV\x01", FileKind::Flv),
        (b"OggS\0", FileKind::Ogg),
        (b"DKIF\0\0", FileKind::Ivf),
        (b"YUV4MPEG2 ", FileKind::Y4m),
        (b"ID3", FileKind::Mp3),
        (b"fLaC\0", FileKind::Flac),
        (b"%PDF-", FileKind::Pdf),
        (b"%!PS", FileKind::PostScript),
        (b"\xc5\xd0\xd3\xc6", FileKind::PostScript),
        (b"\x1f\x8b\x08", FileKind::Gzip),
        (b"\xfd7zXZ\0", FileKind::Xz),
        (b"\x28\xb5\x2f\xfd", FileKind::Zstd),
        (b"BZh91AY&SY", FileKind::Bzip2),
        (b"PK\x03\x04", FileKind::Zip),
        (b"7z\xbc\xaf\x27\x1c", FileKind::SevenZip),
    ];
    if let Some((_, kind)) = begins.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Some(*kind);
    }
    match start.get(..4)? {
        b"RIFF" | b"RIFX" if at(8, b"AVI ") => return Some(FileKind::Avi),
        b"RIFF" if at(8, b"WEBP") => return Some(FileKind::WebP),
        b"RIFF" | b"RF64" if at(8, b"WAVE") => return Some(FileKind::Wav),
        // The size of the second header distinguishes it from a text that begins with BM.
        [b'B', b'M', ..] if matches!(start.get(14..18), Some([12..=124, 0, 0, 0])) => {
            return Some(FileKind::Bmp);
        }
        // A few pictures; the last byte of the first entry's first four is reserved. MPEG video may begin like this.
        [0, 0, 1, 0] if matches!(start.get(4..10), Some([1..=255, 0, _, _, _, 0])) => {
            return Some(FileKind::Ico);
        }
        [b'P', b'1'..=b'7', b'\n' | b' ' | b'\r' | b'\t', next] if next.is_ascii_graphic() => {
            return Some(FileKind::Pnm);
        }
        _ => {}
    }
    boxes(start)
}

/// Files made of boxes: a size, then a name.
fn boxes(start: &[u8]) -> Option<FileKind> {
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
                FileKind::Avif
            } else if has(&[b"crx "]) {
                FileKind::Tiff
            } else if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
                FileKind::Heif
            } else {
                FileKind::Mov
            })
        }
        b"moov" | b"wide" | b"mdat" | b"free" | b"skip" | b"pnot" | b"junk" | b"styp" | b"moof" | b"sidx" => {
            Some(FileKind::Mov)
        }
        _ => None,
    }
}

/// Elementary and transport streams without a file header, as encoders write them.
fn video_stream(start: &[u8]) -> Option<FileKind> {
    let synced = |offset: usize, stride: usize, packets: usize| {
        (0..packets).all(|packet| start.get(offset + packet * stride) == Some(&0x47))
    };
    // Also packets preceded by Blu-ray time stamps. A stream that starts in mid-packet needs more packets to
    // be certain.
    if synced(0, PACKET, 3) || synced(4, PACKET + 4, 3) || (1..PACKET).any(|offset| synced(offset, PACKET, 6))
    {
        return Some(FileKind::MpegTs);
    }
    let zeros = start.iter().take_while(|&&byte| byte == 0).count();
    if zeros < 2 || start.get(zeros) != Some(&1) {
        return None;
    }
    Some(match (start.get(zeros + 1)?, start.get(zeros + 2)) {
        (0xba, _) => FileKind::MpegPs,
        (0xb3, _) => FileKind::MpegVideo,
        (0xb0 | 0xb5 | 0xb6, _) => FileKind::Mpeg4Video,
        // A parameter set or delimiter of layer 0.
        (0x40 | 0x42 | 0x44 | 0x46, Some(1)) => FileKind::H265,
        // A parameter set, delimiter, SEI message or slice.
        (
            0x67 | 0x27 | 0x47 | 0x68 | 0x28 | 0x48 | 0x09 | 0x06 | 0x65 | 0x25 | 0x45 | 0x41 | 0x61 | 0x21,
            Some(_),
        ) => FileKind::H264,
        _ => return None,
    })
}

fn readable(start: &[u8]) -> Option<FileKind> {
    let blank = start.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start[blank..]);
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if begins(b"HTTP/") || begins(b"RTSP/") {
        return Some(FileKind::Http);
    }
    if text.starts_with(b"--")
        && text.windows(8).take(TEXT).any(|part| part.eq_ignore_ascii_case(b"content-"))
    {
        return Some(FileKind::Multipart);
    }
    if begins(b"<!doctype html") || begins(b"<html") {
        return Some(FileKind::Html);
    }
    let has_drawing = || text.windows(4).take(DRAWING).any(|part| part.eq_ignore_ascii_case(b"<svg"));
    if begins(b"<svg") || (begins(b"<?xml") && has_drawing()) {
        return Some(FileKind::Svg);
    }
    if begins(b"<?xml") {
        return Some(FileKind::Xml);
    }
    let looked_at = start.get(..TEXT).unwrap_or(start);
    if looked_at.is_empty() {
        return None;
    }
    if looked_at.iter().all(|&byte| byte == 0) {
        return Some(FileKind::Zeros);
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
    valid.chars().all(plain).then_some(FileKind::Text)
}

#[cfg(test)]
mod tests;

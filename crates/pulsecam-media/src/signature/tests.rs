use super::*;

#[test]
fn what_begins_so_is_named() {
    let ts = |offset: usize, stride: usize| {
        let mut stream = vec![0xaa; 10 * stride];
        stream[offset..].iter_mut().step_by(stride).for_each(|byte| *byte = 0x47);
        stream
    };
    let bmp = [&b"BM\x36\x10\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"[..], &[0; 30]].concat();
    let cases: Vec<(Vec<u8>, Option<FileKind>)> = vec![
        (b"\xff\xd8\xff\xe0".into(), Some(FileKind::Jpeg)),
        (b"\x89PNG\r\n\x1a\n\0\0".into(), Some(FileKind::Png)),
        (b"GIF89a".into(), Some(FileKind::Gif)),
        (b"RIFF\0\0\0\0WEBPVP8 ".into(), Some(FileKind::WebP)),
        (b"RIFF\0\0\0\0AVI LIST".into(), Some(FileKind::Avi)),
        (b"RIFF\0\0\0\0WAVEfmt ".into(), Some(FileKind::Wav)),
        (bmp, Some(FileKind::Bmp)),
        (b"BMW is a make of cars, and this is a text".into(), Some(FileKind::Text)),
        (b"II*\0\x08\0\0\0".into(), Some(FileKind::Tiff)),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom".into(), Some(FileKind::Tiff)),
        (b"gimp xcf v011\0".into(), Some(FileKind::Gimp)),
        (b"\0\0\x01\0\x02\0\x20\x20\0\0\x01\0\x20\0".into(), Some(FileKind::Ico)),
        // The start code of an MPEG picture.
        (b"\0\0\x01\0\x0f\xff\xf8\x80\0\0".into(), None),
        (b"qoif\0\0\x02\x80".into(), Some(FileKind::Qoi)),
        (b"DDS |\0\0\0\x07\x10".into(), Some(FileKind::Dds)),
        (b"DDS files are pictures of games".into(), Some(FileKind::Text)),
        (b"%!PS-Adobe-3.0".into(), Some(FileKind::PostScript)),
        (b"7z\xbc\xaf\x27\x1c\0\x04".into(), Some(FileKind::SevenZip)),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".into(), Some(FileKind::Heif)),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf".into(), Some(FileKind::Avif)),
        (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".into(), Some(FileKind::Mov)),
        (b"\0\0\0\x08wide\0\0\x10\0mdat".into(), Some(FileKind::Mov)),
        (b"\0\0\x10\0moov\0\0\0\x6cmvhd".into(), Some(FileKind::Mov)),
        (b"\x1a\x45\xdf\xa3\x9f".into(), Some(FileKind::Matroska)),
        (b"OggS\0\x02".into(), Some(FileKind::Ogg)),
        (b"FLV\x01\x05".into(), Some(FileKind::Flv)),
        (b"YUV4MPEG2 W640 H480".into(), Some(FileKind::Y4m)),
        (b"P6\n640 480\n255\n".into(), Some(FileKind::Pnm)),
        (b"%PDF-1.7".into(), Some(FileKind::Pdf)),
        (b"\x1f\x8b\x08\0".into(), Some(FileKind::Gzip)),
        (ts(0, 188), Some(FileKind::MpegTs)),
        (ts(100, 188), Some(FileKind::MpegTs)),
        (ts(4, 192), Some(FileKind::MpegTs)),
        (b"\0\0\x01\xba\x44".into(), Some(FileKind::MpegPs)),
        (b"\0\0\x01\xb3\x16".into(), Some(FileKind::MpegVideo)),
        (b"\0\0\0\x01\x67\x42\xc0".into(), Some(FileKind::H264)),
        (b"\0\0\0\x01\x09\xf0\0\0\0\x01\x67".into(), Some(FileKind::H264)),
        (b"\0\0\x01\x65\x88".into(), Some(FileKind::H264)),
        (b"\0\0\0\x01\x40\x01\x0c".into(), Some(FileKind::H265)),
        (b"HTTP/1.1 404 Not Found\r\n".into(), Some(FileKind::Http)),
        (b"\r\n--b\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff".into(), Some(FileKind::Multipart)),
        (b"  <!DOCTYPE html><html>".into(), Some(FileKind::Html)),
        (b"<?xml version='1.0'?>".into(), Some(FileKind::Xml)),
        (b"<?xml version='1.0'?><!-- a plan --><svg ".into(), Some(FileKind::Svg)),
        (b"<svg onload=x>".into(), Some(FileKind::Svg)),
        ("no camera here, é".into(), Some(FileKind::Text)),
        (vec![0; 100], Some(FileKind::Zeros)),
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
        assert!(probe(&multipart[..length]).is_none_or(FileKind::may_hold_jpegs), "{length}");
    }
    let http = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace\r\n\r\n";
    for length in 0..=http.len() {
        assert!(probe(&http[..length]).is_none_or(FileKind::may_hold_jpegs), "{length}");
    }
}

#[test]
fn what_is_refused_has_a_name_and_mostly_a_command() {
    assert_eq!(FileKind::H264.advice().unwrap(), "ffmpeg -f h264 -i - -f mjpeg -");
    assert_eq!(FileKind::MpegTs.advice_for_file().unwrap(), "ffmpeg -i FILE -f mjpeg -");
    assert_eq!(FileKind::Gzip.advice().unwrap(), "gzip -dc");
    assert_eq!(FileKind::Text.advice(), None);
    assert!(described(b"HTTP/1.1 401 Unauthorized\r\nA: b\r\n").contains("401 Unauthorized"));
    assert!(!described(b"\x1b[31mred").contains('\x1b'));
}

//! Names of codecs in films.

/// Four-character codes of Motion-JPEG in AVI, QuickTime and old Matroska files, in lower case.
const MOTION_JPEG: [&[u8; 4]; 7] = [b"mjpg", b"jpeg", b"mjpa", b"dmb1", b"avrn", b"ijpg", b"avdj"];

/// Names of other codecs with their four-character codes, in lower case.
const NAMES: [(&str, &[&[u8; 4]]); 17] = [
    ("H.264", &[b"avc1", b"avc3", b"h264", b"x264"]),
    ("H.265", &[b"hvc1", b"hev1", b"hevc", b"h265"]),
    ("MPEG-4", &[b"mp4v", b"xvid", b"divx", b"dx50", b"fmp4", b"div3", b"mp42", b"mp43"]),
    ("MPEG-2", &[b"mpg2", b"m2v1", b"mx5p"]),
    ("AV1", &[b"av01"]),
    ("VP8", &[b"vp08", b"vp80"]),
    ("VP9", &[b"vp09", b"vp90"]),
    ("H.263", &[b"h263", b"s263"]),
    ("ProRes", &[b"apcn", b"apch", b"apcs", b"apco", b"ap4h", b"ap4x"]),
    ("DV", &[b"dvsd", b"dvc ", b"dvcp", b"iavs"]),
    ("DNxHD", &[b"avdn"]),
    ("FFV1", &[b"ffv1"]),
    ("HuffYUV", &[b"hfyu", b"ffvh"]),
    ("PNG", &[b"png ", b"mpng"]),
    ("uncompressed", &[b"\0\0\0\0", b"raw ", b"dib ", b"yuy2", b"uyvy", b"2vuy", b"i420", b"nv12"]),
    ("encrypted", &[b"encv"]),
    ("lossless JPEG", &[b"ljpg", b"mjls"]),
];

/// Whether this is Motion-JPEG whose frames are JPEGs.
pub(super) fn is_motion_jpeg(code: [u8; 4]) -> bool {
    MOTION_JPEG.contains(&&code.map(|byte| byte.to_ascii_lowercase()))
}

/// A readable name: `H.264 (avc1)`.
pub(super) fn name(code: [u8; 4]) -> String {
    let lower = code.map(|byte| byte.to_ascii_lowercase());
    let known = NAMES.iter().find(|(_, codes)| codes.contains(&&lower)).map(|(name, _)| *name);
    if code == [0; 4] {
        return "uncompressed".into();
    }
    let shown = code.escape_ascii();
    match known {
        Some(known) => format!("{known} ({shown})"),
        None => format!("\"{shown}\""),
    }
}

/// A readable name for a codec ID of Matroska: `H.264 (V_MPEG4/ISO/AVC)`.
pub(super) fn matroska_name(id: &str) -> String {
    let known = match id {
        "V_MPEG4/ISO/AVC" => "H.264",
        "V_MPEGH/ISO/HEVC" => "H.265",
        "V_VP8" => "VP8",
        "V_VP9" => "VP9",
        "V_AV1" => "AV1",
        "V_FFV1" => "FFV1",
        "V_MPEG1" => "MPEG-1",
        "V_MPEG2" => "MPEG-2",
        "V_PRORES" => "ProRes",
        "V_THEORA" => "Theora",
        "V_UNCOMPRESSED" => "uncompressed",
        _ if id.starts_with("V_MPEG4/") => "MPEG-4",
        _ => return format!("{id:?}"),
    };
    format!("{known} ({id})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_names_and_motion_jpeg_has_several() {
        assert!(
            [b"MJPG", b"mjpg", b"jpeg", b"JPEG", b"dmb1", b"AVRn", b"mjpa"]
                .into_iter()
                .all(|&code| is_motion_jpeg(code))
        );
        assert!(![b"mjpb", b"avc1", b"LJPG", b"png "].into_iter().any(|&code| is_motion_jpeg(code)));
        assert_eq!(name(*b"H264"), "H.264 (H264)");
        assert_eq!(name(*b"a\x1b\"z"), r#""a\x1b\"z""#, "no control characters");
        assert_eq!(matroska_name("V_MPEG4/ISO/AVC"), "H.264 (V_MPEG4/ISO/AVC)");
        assert_eq!(matroska_name("V_\x1b"), r#""V_\u{1b}""#);
    }
}

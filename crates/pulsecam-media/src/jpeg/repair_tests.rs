use super::*;
use crate::{
    jpeg::{Encoder, Strips, marker::DHT},
    picture::{Picture, Pixels, Subsampling},
};

const WIDTH: usize = 96;
const HEIGHT: usize = 80;

fn picture() -> Picture {
    let pixel = |at: usize| {
        let (x, y, noise) = (at % WIDTH, at / WIDTH, at * 7919 % 41);
        [x * 2 + noise, y * 2 + noise, (x + y) % 150 + noise].map(|sample| sample as u8)
    };
    Picture {
        width: WIDTH,
        height: HEIGHT,
        pixels: Pixels::Rgb((0..WIDTH * HEIGHT).flat_map(pixel).collect()),
    }
}

fn planar(subsampling: Subsampling) -> Picture {
    let samples = (0..subsampling.bytes(WIDTH, HEIGHT)).map(|at| (at / 3 + at * 7919 % 23) as u8).collect();
    Picture { width: WIDTH, height: HEIGHT, pixels: Pixels::Planar(subsampling, samples) }
}

fn progressive() -> Vec<u8> {
    let picture = picture();
    let mut compressor = turbojpeg::Compressor::new().unwrap();
    compressor.set_progressive(true).unwrap();
    let image = turbojpeg::Image {
        pixels: picture.bytes(),
        width: WIDTH,
        pitch: WIDTH * 3,
        height: HEIGHT,
        format: turbojpeg::PixelFormat::RGB,
    };
    compressor.compress_to_vec(image).unwrap()
}

/// The JPEG without its Huffman tables.
fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut kept = jpeg[..2].to_vec();
    for segment in segments(jpeg) {
        match segment.marker {
            DHT => {}
            SOS => {
                kept.extend(&jpeg[segment.at..]);
                break;
            }
            _ => kept.extend(&jpeg[segment.at..segment.end]),
        }
    }
    kept
}

fn encodings() -> Vec<(&'static str, Vec<u8>)> {
    let encode = |picture: &Picture| Encoder::new(80).unwrap().encode(picture).unwrap().to_vec();
    let strips = Encoder::new(80).unwrap().with_strips(Strips::Count(4)).encode(&picture()).unwrap().to_vec();
    vec![
        ("4:2:0", encode(&picture())),
        ("4:4:4", encode(&planar(Subsampling::Yuv444))),
        ("4:2:2", encode(&planar(Subsampling::Yuv422))),
        ("grey", encode(&planar(Subsampling::Grey))),
        ("restart markers", strips),
        ("progressive", progressive()),
    ]
}

fn pixels(jpeg: &[u8]) -> Vec<u8> {
    Decoder::new().unwrap().decode_rgb(jpeg).unwrap().bytes().to_vec()
}

fn warning(jpeg: &[u8]) -> Option<String> {
    Decoder::new().unwrap().decode(jpeg, Scale::Full, Canvas::default()).unwrap().warning
}

/// Repairs `bytes` and returns the result, which must report this flaw.
fn mended(bytes: &[u8], wanted: Option<Flaw>) -> Bytes {
    for length in [Length::Told, Length::Unknown] {
        match repair(bytes, length).unwrap() {
            Repaired::Mended { jpeg, flaw } if flaw == wanted && length == Length::Unknown => return jpeg,
            Repaired::Mended { flaw, .. } if flaw == wanted => {}
            other => panic!("{length:?}: {other:?}"),
        }
    }
    unreachable!()
}

/// Where the segment with this index ends.
fn gap(jpeg: &[u8], index: usize) -> usize {
    segments(jpeg).nth(index).unwrap().end
}

#[test]
fn whole_pictures_stay_as_they_are_and_what_lies_behind_them_goes() {
    for (name, jpeg) in encodings() {
        for behind in [&[][..], &[0; 1000], b"old data\xff\xd9", b"firmware"] {
            let bytes = [&jpeg[..], behind].concat();
            for length in [Length::Told, Length::Unknown] {
                let is_marker_behind = length == Length::Told && behind.ends_with(&[0xff, EOI]);
                if !is_marker_behind {
                    assert_eq!(repair(&bytes, length).unwrap(), Repaired::Whole(jpeg.len()), "{name}");
                }
            }
        }
    }
}

#[test]
fn an_end_marker_is_added_whatever_stands_in_its_place() {
    for (name, jpeg) in encodings() {
        let unended = &jpeg[..jpeg.len() - 2];
        for behind in [
            &b""[..],
            b"\0\0",
            b"\xff",
            b"\xff\xff\xff\xff",
            &[0; 5000],
            b"\xff\0",
            b"\x20\x20",
            b"\x00\xd9",
            b"00dc\x10\x20\0\0",
            b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n",
            b"\0\0\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n",
        ] {
            let made = mended(&[unended, behind].concat(), Some(Flaw::NoEnd));
            assert_eq!(pixels(&made), pixels(&jpeg), "{name} {behind:?}");
            assert_eq!(warning(&made), None, "{name} {behind:?}");
            assert_eq!(repair(&made, Length::Told).unwrap(), Repaired::Whole(made.len()), "{name}");
            if matches!(behind, [0 | 0xff, ..] | []) && behind != b"\xff\0" && behind != b"\x00\xd9" {
                assert_eq!(made, jpeg, "{name} {behind:?}");
            }
        }
    }
}

#[test]
fn stray_bytes_in_a_header_are_removed() {
    for (name, jpeg) in encodings() {
        for stray in [&b"\0"[..], &[0; 4], &[0; 1000], b"junk", b"\x12\xff\0\x34", &[0xa5; 30_000]] {
            for index in 0..3 {
                let (before, behind) = jpeg.split_at(gap(&jpeg, index));
                let bytes = [before, stray, behind].concat();
                assert_eq!(mended(&bytes, Some(Flaw::Stray)), jpeg, "{name}, behind segment {index}");
                let unended = &bytes[..bytes.len() - 2];
                assert_eq!(mended(unended, Some(Flaw::NoEnd)), jpeg, "{name}, behind segment {index}");
            }
            if stray[0] != 0xff {
                let bytes = [&jpeg[..2], stray, &jpeg[2..]].concat();
                assert_eq!(mended(&bytes, Some(Flaw::Stray)), jpeg, "{name}, behind the start");
            }
        }
    }
}

#[test]
fn several_start_markers_become_one() {
    for (name, jpeg) in encodings() {
        for starts in [&b"\xff\xd8"[..], b"\xff\xd8\xff\xd8\xff\xd8", b"\xff\xd8\xff\xff"] {
            let bytes = [starts, &jpeg].concat();
            assert_eq!(mended(&bytes, Some(Flaw::Restarted)), jpeg, "{name}");
        }
    }
}

#[test]
fn missing_tables_are_put_in_and_are_the_standards() {
    for (name, jpeg) in encodings() {
        let bare = without_tables(&jpeg);
        if name == "progressive" {
            assert_eq!(
                repair(&bare, Length::Unknown).unwrap(),
                Repaired::Whole(bare.len()),
                "it has its own tables"
            );
            continue;
        }
        let made = mended(&bare, None);
        assert_eq!(pixels(&made), pixels(&jpeg), "{name}");
        assert_eq!(
            repair(&made, Length::Unknown).unwrap(),
            Repaired::Whole(made.len()),
            "nothing is added twice"
        );
        assert_eq!(made.len(), bare.len() + 420, "{name}");
        let unended = mended(&bare[..bare.len() - 2], Some(Flaw::NoEnd));
        assert_eq!(unended, made, "{name}");
    }
}

#[test]
fn single_missing_tables_are_put_in() {
    let jpeg = Encoder::new(80).unwrap().encode(&picture()).unwrap();
    let tables: Vec<_> =
        segments(&jpeg).filter(|segment| segment.marker == DHT).map(|table| table.at..table.end).collect();
    assert_eq!(tables.len(), 4, "libjpeg-turbo writes each in a segment of its own");
    for table in tables {
        let bare = [&jpeg[..table.start], &jpeg[table.end..]].concat();
        let made = mended(&bare, None);
        assert_eq!(made.len(), jpeg.len());
        assert_eq!(pixels(&made), pixels(&jpeg));
    }
}

/// The property that everything else depends on. The repaired picture shows what a decoder shows of the
/// damaged one.
#[test]
fn a_cut_picture_is_refused_or_shows_what_the_cut_one_showed() {
    for (name, jpeg) in encodings() {
        let mut repaired = 0;
        for cut in (0..jpeg.len()).filter(|cut| cut % 5 == 0 || cut + 200 > jpeg.len()) {
            for length in [Length::Told, Length::Unknown] {
                match repair(&jpeg[..cut], length) {
                    Ok(Repaired::Mended { jpeg: made, flaw: Some(Flaw::NoEnd) }) => {
                        assert!(cut > jpeg.len() / 2, "{name} cut at {cut}");
                        assert_eq!(pixels(&made), pixels(&jpeg[..cut]), "{name} cut at {cut}");
                        repaired += 1;
                    }
                    Ok(other) => panic!("{name} cut at {cut}: {other:?}"),
                    Err(_) => assert!(cut + 2 < jpeg.len(), "{name} cut at {cut}"),
                }
            }
            let tolerated = Repairer::default().with_cuts().repair(&jpeg[..cut], Length::Unknown);
            if let Ok(Repaired::Mended { jpeg: made, .. }) = tolerated {
                assert_eq!(pixels(&made), pixels(&jpeg[..cut]), "{name} cut at {cut}");
            }
        }
        assert!(repaired >= 4, "{name}: {repaired}");
    }
}

#[test]
fn a_picture_cut_in_the_middle_says_so_and_one_row_is_forgiven() {
    let jpeg = Encoder::new(80).unwrap().encode(&planar(Subsampling::Yuv444)).unwrap();
    let data = segments(&jpeg).find(|segment| segment.marker == SOS).unwrap().end;
    let at = |part: f64| data + ((jpeg.len() - data) as f64 * part) as usize;
    // Ten rows of blocks.
    for part in [0.1, 0.5, 0.8] {
        let cut = &jpeg[..at(part)];
        assert!(matches!(repair(cut, Length::Told), Err(Error::CutOff { .. })), "{part}");
        let zeros = [cut, &[0; 5000]].concat();
        assert!(matches!(repair(&zeros, Length::Told), Err(Error::CutOff { .. })), "{part}");
        let text = [cut, b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n"].concat();
        assert!(matches!(repair(&text, Length::Told), Err(Error::CutOff { .. })), "{part}");
        let still = Repairer::default().with_cuts().repair(cut, Length::Told).unwrap();
        assert!(matches!(still, Repaired::Mended { flaw: Some(Flaw::CutOff), .. }), "{still:?}");
    }
    mended(&jpeg[..at(0.95)], Some(Flaw::NoEnd));
}

#[test]
fn a_marker_that_has_no_place_in_the_pixels_is_an_error_as_for_the_decoder() {
    for (name, jpeg) in encodings() {
        let data = segments(&jpeg).find(|segment| segment.marker == SOS).unwrap().end;
        let at = data + (jpeg.len() - data) / 2;
        for marker in [b"\xff\x3c", b"\xff\xc0", b"\xff\xf3", b"\xff\xd8"] {
            let mut bytes = jpeg.clone();
            bytes.splice(at..at, *marker);
            let is_taken = repair(&bytes, Length::Unknown).is_ok();
            assert_eq!(is_taken, Decoder::new().unwrap().decode_rgb(&bytes).is_ok(), "{name} {marker:x?}");
            // A decoder resumes at a restart marker.
            assert!(!is_taken || name == "restart markers", "{name} {marker:x?}");
        }
        // A marker that a decoder skips is not our concern.
        let mut bytes = jpeg.clone();
        bytes.splice(at..at, *b"\xff\xe3");
        let taken = repair(&bytes, Length::Unknown);
        assert_eq!(taken.is_ok(), Decoder::new().unwrap().decode_rgb(&bytes).is_ok(), "{name}");
    }
}

#[test]
fn what_is_no_picture_is_an_error() {
    let jpeg = Encoder::new(80).unwrap().encode(&picture()).unwrap();
    for bytes in [&b""[..], &[0; 5000], &jpeg[1..], b"\xff\xd8", b"\xff\xd8\xff\xd9", b"\x89PNG\r\n\x1a\n"] {
        for length in [Length::Told, Length::Unknown] {
            assert!(repair(bytes, length).is_err(), "{bytes:?}");
        }
    }
}

#[test]
fn warnings_are_known_by_what_libjpeg_turbo_says() {
    let jpeg = Encoder::new(80).unwrap().encode(&picture()).unwrap();
    let kind = |jpeg: &[u8]| warning(jpeg).as_deref().map(Warning::of);
    assert_eq!(kind(&jpeg), None);
    assert_eq!(kind(&with_end(&jpeg[..jpeg.len() / 2])), Some(Warning::TooFew));
    let extra = with_end(&[&jpeg[..jpeg.len() - 2], &[0x55; 77]].concat());
    assert!(matches!(kind(&extra), Some(Warning::TooMany(76 | 77))), "one may be taken for pixels");
    assert_eq!(kind(&jpeg[..jpeg.len() - 2]), Some(Warning::Other));
}

#[test]
#[ignore = "a measurement, for a person"]
fn what_a_repair_costs() {
    let jpeg =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/raccoon_1024x768.jpg")).unwrap();
    let mut repairer = Repairer::default();
    let stray = [&jpeg[..gap(&jpeg, 0)], &[0; 4], &jpeg[gap(&jpeg, 0)..]].concat();
    for (name, bytes, length) in [
        ("whole, length told", &jpeg[..], Length::Told),
        ("whole, walked to its end", &jpeg[..], Length::Unknown),
        ("no end", &jpeg[..jpeg.len() - 2], Length::Told),
        ("stray bytes", &stray[..], Length::Told),
        ("cut", &jpeg[..jpeg.len() / 2], Length::Told),
    ] {
        let begin = std::time::Instant::now();
        for _ in 0..100 {
            let _ = repairer.repair(bytes, length);
        }
        eprintln!("{name}, {} bytes: {:?}", bytes.len(), begin.elapsed() / 100);
    }
    let begin = std::time::Instant::now();
    (0..20).for_each(|_| drop(pixels(&jpeg)));
    eprintln!("decoded whole: {:?}", begin.elapsed() / 20);
}

use super::*;
use crate::picture::{Picture, Pixels};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data");

fn file(name: &str) -> Bytes {
    std::fs::read(format!("{DATA}/{name}")).unwrap().into()
}

/// Left half red, right half green.
fn halves(width: usize, height: usize, quality: u8) -> Bytes {
    let colour = |i: usize| if i % width < width / 2 { [210, 20, 30] } else { [20, 190, 40] };
    let pixels = Pixels::Rgb((0..width * height).flat_map(colour).collect());
    Encoder::new(quality).unwrap().encode(&Picture { width, height, pixels }).unwrap()
}

/// The same JPEG with Exif data that gives its orientation.
fn lying(jpeg: &[u8], orientation: u8) -> Bytes {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let mut file = vec![0xff, 0xd8, 0xff, 0xe1, 0, (8 + tiff.len()) as u8];
    file.extend(b"Exif\0\0");
    file.extend(tiff);
    file.extend(&jpeg[2..]);
    file.into()
}

fn near(picture: &Picture, x: usize, y: usize, wanted: [u8; 3]) -> bool {
    let at = 3 * (y * picture.width + x);
    picture.bytes()[at..at + 3].iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 16)
}

#[test]
fn a_jpeg_that_viewers_show_stays_byte_for_byte() {
    for jpeg in [file("coffee_600x400.jpg"), halves(64, 48, 75), lying(&halves(64, 48, 75), 1)] {
        let sent = outgoing(jpeg.clone(), 90, None).unwrap();
        assert_eq!((sent.jpeg, sent.changes.to_string()), (jpeg, "as it is".into()));
    }
}

#[test]
fn a_jpeg_that_lies_is_turned_for_all_receivers_and_no_longer_says_that_it_lies() {
    for ((width, height), recoded) in [((64, 32), false), ((60, 30), true)] {
        let jpeg = halves(width, height, 60);
        let sent = outgoing(lying(&jpeg, 6), 90, None).unwrap();
        assert!(sent.changes.turned && sent.changes.recoded == recoded, "{:?}", sent.changes);
        assert_eq!(jpeg::orientation(&sent.jpeg), Orientation::Upright, "not turned twice");
        // As a program without Exif support shows it: the left side is now at the top.
        let seen = Decoder::new().unwrap().decode_rgb(&sent.jpeg).unwrap();
        assert_eq!((seen.width, seen.height), (height, width));
        assert!(near(&seen, 4, 4, [210, 20, 30]) && near(&seen, 4, width - 5, [20, 190, 40]));
        assert_eq!(jpeg::quality(&sent.jpeg), Some(60), "its own quality");
    }
}

#[test]
#[cfg(feature = "photos")]
fn others_become_jpeg_at_the_chosen_quality() {
    use image::{DynamicImage, ImageFormat, RgbImage};

    let mut png = std::io::Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::from_pixel(40, 30, image::Rgb([9, 90, 200])))
        .write_to(&mut png, ImageFormat::Png)
        .unwrap();
    let sent = outgoing(png.into_inner().into(), 42, None).unwrap();
    assert_eq!((jpeg::quality(&sent.jpeg), sent.changes.to_string()), (Some(42), "encoded as JPEG".into()));
    let seen = Decoder::new().unwrap().decode_rgb(&sent.jpeg).unwrap();
    assert!(near(&seen, 20, 15, [9, 90, 200]));
}

#[test]
fn what_is_larger_than_is_wanted_is_scaled_down_and_what_is_not_stays() {
    let jpeg = halves(64, 32, 80);
    for (room, size) in
        [((32, 32), (32, 16)), ((64, 8), (16, 8)), ((64, 32), (64, 32)), ((900, 900), (64, 32))]
    {
        let sent = outgoing(jpeg.clone(), 90, Some(room)).unwrap();
        let header = header(&sent.jpeg).unwrap();
        assert_eq!((header.width, header.height), size);
        assert_eq!(sent.jpeg == jpeg, size == (64, 32));
    }
    let sent = outgoing(lying(&jpeg, 8), 90, Some((32, 32))).unwrap();
    let header = header(&sent.jpeg).unwrap();
    assert_eq!((header.width, header.height), (16, 32), "upright first");
}

/// A grey picture without a transform (SOF3), 16x16 of level 128. All differences are 0.
fn lossless() -> Bytes {
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xc3, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0];
    // One code: category 0, one bit.
    jpeg.extend([0xff, 0xc4, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // Predictor 1.
    jpeg.extend([0xff, 0xda, 0, 8, 1, 1, 0, 1, 0, 0]);
    jpeg.extend([0; 32]);
    jpeg.extend([0xff, 0xd9]);
    jpeg.into()
}

#[test]
fn a_jpeg_of_a_kind_that_few_know_is_made_one_that_all_know() {
    let sent = outgoing(lossless(), 90, None).unwrap();
    assert!(sent.changes.recoded);
    assert_eq!(Coding::of(&sent.jpeg).unwrap(), Coding::default());
    let seen = Decoder::new().unwrap().decode_rgb(&sent.jpeg).unwrap();
    assert_eq!((seen.width, seen.height), (16, 16));
    assert!(near(&seen, 8, 8, [128; 3]));
}

#[test]
fn what_viewers_cannot_show_is_refused_here() {
    let whole = halves(64, 48, 80);
    let sof = whole.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let with = |at: usize, byte: u8| {
        let mut jpeg = whole.to_vec();
        jpeg[sof + at] = byte;
        Bytes::from(jpeg)
    };
    for (jpeg, words) in [
        (with(4, 12), "12 bits a sample"),
        (with(9, 5), "libjpeg-turbo"),
        (whole.slice(..4), "frame header"),
        (Bytes::from_static(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "HEIC"),
        (Bytes::new(), "empty"),
    ] {
        let error = outgoing(jpeg, 90, None).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_jpeg_that_is_too_large_for_viewers_is_scaled_down() {
    let grey = Picture {
        width: 16_384,
        height: 16,
        pixels: Pixels::Planar(crate::picture::Subsampling::Grey, vec![60; 16_384 * 16]),
    };
    let mut jpeg = Encoder::new(50).unwrap().encode(&grey).unwrap().to_vec();
    let sof = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    // The missing pixels at its end are grey.
    jpeg[sof + 7..sof + 9].copy_from_slice(&20_000_u16.to_be_bytes());
    let sent = outgoing(jpeg.into(), 90, None).unwrap();
    let header = header(&sent.jpeg).unwrap();
    assert_eq!((header.width, header.height), (15_000, 12));
    assert_eq!(sent.changes.reduced_from, Some((20_000, 16)));
    assert!(Decoder::new().unwrap().decode_rgb(&sent.jpeg).is_ok());
}

use image::{GrayAlphaImage, GrayImage, ImageBuffer, Luma, RgbImage, Rgba, RgbaImage};

use super::*;
use crate::still::{decode, decode::tests::assert_pixels};

fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A PNG made of its chunks, for what no encoder here writes.
fn png(width: u32, height: u32, depth: u8, colour: u8, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8; 4], data: &[u8]| {
        file.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let body = [&name[..], data].concat();
        file.extend(&body);
        file.extend(crc(&body).to_be_bytes());
    };
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([depth, colour, 0, 0, 0]);
    chunk(b"IHDR", &head);
    for (name, data) in chunks {
        chunk(name, data);
    }
    chunk(b"IEND", b"");
    file
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// A zlib stream of one stored (uncompressed) block.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in bytes {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let mut zlib = vec![0x78, 0x01, 0x01];
    zlib.extend(length.to_le_bytes());
    zlib.extend((!length).to_le_bytes());
    zlib.extend(bytes);
    zlib.extend(((b << 16) | a).to_be_bytes());
    zlib
}

/// Big-endian TIFF with one entry: orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
    tiff
}

#[test]
fn transparency_comes_on_white_and_what_is_half_there_half_white() {
    let mut image = RgbaImage::from_pixel(4, 1, Rgba([200, 10, 20, 255]));
    image.put_pixel(0, 0, Rgba([0, 0, 0, 0]));
    image.put_pixel(1, 0, Rgba([0, 0, 0, 128]));
    image.put_pixel(2, 0, Rgba([255, 0, 100, 51]));
    let image = DynamicImage::from(image);
    let wanted = [(0, [255; 3]), (1, [127; 3]), (2, [255, 204, 224]), (3, [200, 10, 20])];
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let still = assert_pixels(&written(&image, format), &wanted, 0, &format!("{format:?}"));
        assert!(still.changes.on_white);
        assert_eq!(still.changes.to_string(), "transparent parts made white");
    }
    let gif = written(&image, ImageFormat::Gif);
    assert_pixels(&gif, &[(0, [255; 3]), (3, [200, 10, 20])], 8, "GIF");
}

#[test]
fn every_depth_and_kind_of_colour_keeps_its_values() {
    let deep = ImageBuffer::<Rgba<u16>, _>::from_fn(3, 1, |x, _| {
        Rgba([[65_535, 0, 0x8080, 65_535], [0, 0, 0, 0], [0, 0, 0, 0x8080]][x as usize])
    });
    let deep = written(&DynamicImage::from(deep), ImageFormat::Png);
    assert_pixels(&deep, &[(0, [255, 0, 128]), (1, [255; 3]), (2, [127; 3])], 0, "16 bits and transparency");
    let grey = ImageBuffer::<Luma<u16>, _>::from_pixel(2, 1, Luma([0x4040]));
    assert_pixels(&written(&grey.into(), ImageFormat::Png), &[(1, [64; 3])], 0, "16 bits of grey");
    let grey = GrayImage::from_pixel(2, 1, Luma([77]));
    assert_pixels(&written(&grey.into(), ImageFormat::Png), &[(1, [77; 3])], 0, "grey");
    let grey = GrayAlphaImage::from_fn(2, 1, |x, _| image::LumaA([40, [0, 255][x as usize]]));
    let wanted = [(0, [255; 3]), (1, [40; 3])];
    assert_pixels(&written(&grey.into(), ImageFormat::Png), &wanted, 0, "grey with transparency");
    let bits = png(8, 1, 1, 0, &[(b"IDAT", &stored(&[0, 0b1010_0000]))]);
    assert_pixels(&bits, &[(0, [255; 3]), (1, [0; 3]), (2, [255; 3])], 0, "1 bit");
    let palette: &[u8] = &[200, 10, 20, 1, 2, 3, 0, 0, 250];
    let chunks: [(&[u8; 4], &[u8]); 3] =
        [(b"PLTE", palette), (b"tRNS", &[255, 0]), (b"IDAT", &stored(&[0, 0b0001_1000]))];
    let wanted = [(0, [200, 10, 20]), (1, [255; 3]), (2, [0, 0, 250])];
    assert_pixels(&png(3, 1, 2, 3, &chunks), &wanted, 0, "a palette with a transparent colour");
    let key = [(b"tRNS", &[0, 10, 0, 20, 0, 30][..]), (b"IDAT", &stored(&[0, 10, 20, 30, 10, 20, 31]))];
    assert_pixels(&png(2, 1, 8, 2, &key), &[(0, [255; 3]), (1, [10, 20, 31])], 0, "a transparent colour");
    let bmp = written(&RgbImage::from_pixel(3, 2, image::Rgb([9, 8, 7])).into(), ImageFormat::Bmp);
    assert_pixels(&bmp, &[(5, [9, 8, 7])], 0, "BMP");
}

/// A row of red and two rows of blue, two pixels wide.
const LYING: [u8; 18] = [250, 0, 0, 250, 0, 0, 0, 0, 250, 0, 0, 250, 0, 0, 250, 0, 0, 250];

#[test]
fn pictures_of_each_format_come_upright() {
    // A quarter turn to the right: the top becomes the right side.
    let rows: Vec<u8> = LYING.chunks(6).flat_map(|row| [&[0], row].concat()).collect();
    let turned = png(2, 3, 8, 2, &[(b"eXIf", &exif(6)), (b"IDAT", &stored(&rows))]);
    let image = RgbImage::from_raw(2, 3, LYING.to_vec()).unwrap();
    let mut webp = Vec::new();
    let mut encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut webp);
    image::ImageEncoder::set_exif_metadata(&mut encoder, exif(6)).unwrap();
    encoder.encode(&image, 2, 3, image::ExtendedColorType::Rgb8).unwrap();
    for (file, what) in [(turned, "PNG"), (webp, "WebP")] {
        let wanted = [(0, [0, 0, 250]), (1, [0, 0, 250]), (2, [250, 0, 0]), (5, [250, 0, 0])];
        let still = assert_pixels(&file, &wanted, 0, what);
        assert_eq!((still.picture.width, still.picture.height, still.changes.turned), (3, 2, true));
        assert_eq!(still.changes.to_string(), "turned upright");
    }
}

#[test]
fn a_picture_too_large_for_viewers_is_scaled_down() {
    let wide = GrayImage::from_fn(20_000, 30, |x, _| Luma([if x < 10_000 { 40 } else { 220 }]));
    let still = decode(&written(&wide.into(), ImageFormat::Png)).unwrap();
    assert_eq!((still.picture.width, still.picture.height), (16_384, 25));
    assert_eq!((still.picture.bytes()[0], still.picture.bytes()[16_383 * 3]), (40, 220));
    assert_eq!(still.changes.to_string(), "scaled down from 20000x30");
}

#[test]
fn what_takes_too_much_memory_is_refused_before_it_does() {
    let huge = png(60_000, 60_000, 8, 6, &[(b"IDAT", &stored(&[0]))]);
    let error = decode(&huge).unwrap_err();
    assert!(matches!(error, Error::TooLarge { width: 60_000, height: 60_000, .. }), "{error}");
}

#[test]
fn a_picture_that_is_cut_off_is_an_error() {
    let whole = written(&GrayImage::new(300, 300).into(), ImageFormat::Png);
    for cut in [8, 20, 40, whole.len() / 2, whole.len() - 20] {
        assert!(decode(&whole[..cut]).is_err(), "{cut} bytes of a PNG");
    }
}

#[test]
fn sizes_are_brought_within_what_viewers_decode_and_never_enlarged() {
    assert_eq!(allowed((640, 480)), (640, 480));
    assert_eq!(allowed((16_384, 2_000)), (16_384, 2_000));
    for own in [(8_064, 6_048), (60_000, 60_000), (65_535, 1), (1, 65_535), (6_325, 6_325), (16_385, 16_384)]
    {
        let (width, height) = allowed(own);
        assert!(width <= MAX_DIMENSION && height <= MAX_DIMENSION && width * height <= MAX_PIXELS, "{own:?}");
        assert!(width > 0 && height > 0 && width <= own.0 && height <= own.1, "{own:?}");
    }
}

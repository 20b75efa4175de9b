use std::io;

use super::*;
use crate::{
    jpeg::{Encoder, segments},
    picture::{Picture, Pixels},
};

/// Returns at most a fixed number of bytes per read, as a pipe may.
struct Chunks<'a>(&'a [u8], usize);

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let step = self.1.min(buffer.len());
        self.0.read(&mut buffer[..step])
    }
}

/// The skeleton of a JPEG: a thumbnail hidden in a segment, `body` as entropy-coded data.
fn jpeg(body: &[u8]) -> Vec<u8> {
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xe1, 0, 7, 0xff, 0xd8, 0xff, 0xff, 0xd9];
    jpeg.extend([0xff, 0xda, 0, 2]);
    jpeg.extend(body);
    jpeg.extend([0xff, 0xd9]);
    jpeg
}

fn split(stream: &[u8], step: usize) -> (Vec<Bytes>, u64) {
    let mut splitter = Splitter::new(Chunks(stream, step), "test");
    let mut found = Vec::new();
    while let Some(jpeg) = splitter.next_jpeg().unwrap() {
        found.push(jpeg);
    }
    (found, splitter.losses().damaged)
}

#[test]
fn pictures_come_out_exact_whatever_the_chunks_and_the_garbage_between() {
    let pictures = [jpeg(b"one"), jpeg(&[1, 0xff, 0, 2, 0xff, 0xd3, 3]), jpeg(b""), jpeg(b"last")];
    let gaps: [&[u8]; 5] = [
        b"--frame\r\nContent-Type: image/jpeg\r\n\r\n",
        b"",
        b"00dc\x10\xff\xd8\0",
        b"\xff\xd8\x01",
        b"\xff",
    ];
    let mut stream = Vec::new();
    for (gap, picture) in gaps.iter().zip(&pictures) {
        stream.extend_from_slice(gap);
        stream.extend_from_slice(picture);
    }
    stream.extend_from_slice(gaps[4]);
    for step in 1..=stream.len() {
        let (found, damaged) = split(&stream, step);
        assert_eq!(found, pictures, "chunks of {step}");
        assert_eq!(damaged, 0);
    }
}

#[test]
fn a_picture_cut_short_costs_only_itself() {
    let (whole, torn) = (jpeg(b"whole"), jpeg(b"torn in the middle"));
    let stream = [&torn[..torn.len() - 9], &whole, &torn[..20]].concat();
    for step in [1, 2, 3, 7, 1000] {
        let (found, damaged) = split(&stream, step);
        assert_eq!(found, std::slice::from_ref(&whole), "chunks of {step}");
        assert_eq!(damaged, 2);
    }
}

#[test]
fn a_first_picture_is_found_wherever_it_is_and_none_is_an_error() {
    let other = vec![0x55; 3 << 20];
    let stream = [&other[..], &jpeg(b"late")].concat();
    let mut splitter = Splitter::new(&stream[..], "test");
    assert_eq!(splitter.next_jpeg().unwrap().unwrap(), jpeg(b"late"));
    let error = Splitter::new(&other[..], "film.mkv").next_jpeg().unwrap_err();
    assert!(
        matches!(&error, Error::NotMjpeg { name, searched } if name == "film.mkv" && *searched == other.len())
    );
    let error = Splitter::new(&other[..100], "short").next_jpeg().unwrap_err();
    assert!(matches!(error, Error::NotMjpeg { searched: 100, .. }));
    assert!(matches!(Splitter::new(&b""[..], "empty").find_start(), Err(Error::NotMjpeg { .. })));
}

#[test]
fn a_picture_without_end_is_an_error_after_which_the_stream_goes_on() {
    let mut stream = jpeg(&vec![7; MAX_JPEG]);
    stream.extend(jpeg(b"next"));
    let mut splitter = Splitter::new(&stream[..], "test");
    assert!(matches!(splitter.next_jpeg(), Err(Error::TooLong { allowed: MAX_JPEG, .. })));
    assert_eq!(splitter.next_jpeg().unwrap().unwrap(), jpeg(b"next"));
}

/// A real picture with a thumbnail in an Exif segment, as cameras write it.
fn photo(number: usize) -> Vec<u8> {
    let encode = |width: usize, height: usize| {
        let pixels =
            (0..width * height * 3).map(|at| (at * (number + 1) / 5 + at * 7919 % 31) as u8).collect();
        Encoder::new(70).unwrap().encode(&Picture { width, height, pixels: Pixels::Rgb(pixels) }).unwrap()
    };
    let (large, thumbnail) = (encode(96, 80), encode(16, 16));
    let length = (2 + 6 + thumbnail.len()) as u16;
    let head = [&large[..20], b"\xff\xe1", &length.to_be_bytes(), b"Exif\0\0", &thumbnail].concat();
    [&head, &large[20..]].concat()
}

fn photos() -> Vec<Vec<u8>> {
    (0..10).map(photo).collect()
}

/// Where the entropy-coded data begins.
fn data(jpeg: &[u8]) -> usize {
    segments(jpeg).find(|segment| segment.marker == 0xda).unwrap().end
}

/// The output, which must be the same for all chunk sizes.
fn taken(stream: &[u8]) -> (Vec<Bytes>, Losses) {
    let of = |step| {
        let mut jpegs = jpegs(Chunks(stream, step), "test");
        let found: Vec<_> = jpegs.by_ref().map(Result::unwrap).collect();
        (found, jpegs.losses())
    };
    let whole = of(usize::MAX);
    for step in [1, 97, 4096] {
        assert_eq!(of(step), whole, "chunks of {step}");
    }
    whole
}

fn losses(damaged: u64, repaired: u64) -> Losses {
    Losses { damaged, repaired, ..Losses::default() }
}

#[test]
fn pictures_without_their_end_marker_end_where_the_next_begins() {
    let photos = photos();
    let boundary = b"\r\n--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 1234\r\n\r\n";
    for behind in
        [&b""[..], b"\0\0", &[0; 3000], b"\xff", b"\xff\xff", boundary, &[b"\0\0", &boundary[..]].concat()]
    {
        let stream: Vec<_> =
            photos.iter().flat_map(|photo| [&photo[..photo.len() - 2], behind].concat()).collect();
        assert_eq!(
            taken(&stream),
            (photos.iter().cloned().map(Bytes::from).collect(), losses(0, 10)),
            "{behind:?}"
        );
    }
}

#[test]
fn stray_bytes_and_starts_in_a_header_are_removed() {
    let photos = photos();
    let wanted: Vec<_> = photos.iter().cloned().map(Bytes::from).collect();
    for stray in [&b"\0\0\0\0"[..], &[0; 700], b"junk"] {
        let stream: Vec<_> =
            photos.iter().flat_map(|photo| [&photo[..20], stray, &photo[20..]].concat()).collect();
        assert_eq!(taken(&stream), (wanted.clone(), losses(0, 10)), "{stray:?}");
    }
    let stream: Vec<_> = photos.iter().flat_map(|photo| [b"\xff\xd8", &photo[..]].concat()).collect();
    assert_eq!(taken(&stream), (wanted, losses(0, 10)));
}

#[test]
fn pictures_that_were_cut_are_left_out_and_no_others() {
    let photos = photos();
    let is_cut = |number: usize| number.is_multiple_of(3);
    let wanted: Vec<_> =
        (0..10).filter(|&number| !is_cut(number)).map(|number| Bytes::from(photos[number].clone())).collect();
    let cut_at = |at: &dyn Fn(&[u8]) -> usize, behind: &[u8]| -> Vec<u8> {
        let frame = |(number, photo): (usize, &Vec<u8>)| {
            let end = if is_cut(number) { at(photo) } else { photo.len() };
            [&photo[..end], behind].concat()
        };
        photos.iter().enumerate().flat_map(frame).collect()
    };
    // Cut in the pixels, in the tables, in the thumbnail.
    let half = |photo: &[u8]| usize::midpoint(data(photo), photo.len());
    for behind in [&b""[..], &[0; 500], b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n"] {
        assert_eq!(taken(&cut_at(&half, behind)), (wanted.clone(), losses(4, 0)), "{behind:?}");
    }
    // Only down to the thumbnail: a picture that is cut there may join the next, whose pixels are then shown.
    for from_pixels in (0..600).step_by(7) {
        let header = |photo: &[u8]| data(photo).saturating_sub(from_pixels).max(20);
        let stream = cut_at(&header, b"");
        let mut jpegs = jpegs(&stream[..], "test");
        let found: Vec<_> = jpegs.by_ref().map(Result::unwrap).collect();
        let lengths = |jpegs: &[Bytes]| jpegs.iter().map(Bytes::len).collect::<Vec<_>>();
        assert!(found == wanted, "{from_pixels}: {:?} {:?}", lengths(&found), lengths(&wanted));
        assert_eq!(jpegs.losses(), losses(4, 0), "{from_pixels}");
    }
}

#[test]
fn a_marker_that_has_no_place_in_the_pixels_costs_one_picture() {
    for marker in [b"\xff\x3c", b"\xff\xe3", b"\xff\xc4", b"\xff\xd8", b"\xff\xda"] {
        let mut photos = photos();
        let at = usize::midpoint(data(&photos[4]), photos[4].len());
        photos[4].splice(at..at, *marker);
        let (found, lost) = taken(&photos.concat());
        photos.remove(4);
        let others: Vec<_> = found.iter().filter(|jpeg| photos.iter().any(|photo| photo == *jpeg)).collect();
        assert_eq!(others.len(), 9, "{marker:x?}");
        assert_eq!(found.len() as u64 + lost.damaged, 10, "{marker:x?}: {lost:?}");
    }
}

#[test]
fn what_only_looks_like_a_start_swallows_nothing() {
    let photos = photos();
    let wanted: Vec<_> = photos.iter().cloned().map(Bytes::from).collect();
    // Quiet sound as 16-bit samples, containing the three bytes of a start followed by lengths of any size.
    for start in [
        &b"\xff\xff\xd8\xff\xfe\xff\xff\xff"[..],
        b"\xff\xd8\xff\xe1\x40\x00",
        b"\xff\xd8\xff\xe0\x00\x10\x00\x00",
        b"\xff\xd8\xff\xff\xff\xf0\xff\xff",
        b"\xff\xd8\xff\xdb\x20\x00",
        b"\xff\xd8\xff\x00\x00",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xda\x00\x08",
        b"\xff\xd8\xff\xc0\x00\x08",
        b"\xff\xd8\xff\xfe\x00\x02\xff\xd8\xff\xfe\x10\x00",
    ] {
        let sound = [&[0xfd; 99], start, &[0x02, 0x00, 0xfc, 0xff].repeat(50)].concat();
        let stream: Vec<_> = photos.iter().flat_map(|photo| [&sound, &photo[..], b"00dc"].concat()).collect();
        let (found, lost) = taken(&stream);
        assert_eq!(found, wanted, "{start:x?}");
        assert!(lost.damaged <= 10 && lost.repaired == 0, "{start:x?}: {lost:?}");
    }
}

/// Wherever a false length leads: into sound, into pixels, between the segments of a real header.
#[test]
fn a_false_length_swallows_nothing_wherever_it_leads() {
    let photos: Vec<_> = (0..4).map(photo).collect();
    let wanted: Vec<_> = photos.iter().cloned().map(Bytes::from).collect();
    let rest = photos.concat();
    for length in (2..rest.len())
        .step_by(if cfg!(debug_assertions) { 11 } else { 1 })
        .filter_map(|length| u16::try_from(length).ok())
    {
        let stream = [b"\xff\xd8\xff\xe2", &length.to_be_bytes()[..], &rest].concat();
        let mut jpegs = jpegs(&stream[..], "test");
        let found: Vec<_> = jpegs.by_ref().map(Result::unwrap).collect();
        assert_eq!(found.len(), wanted.len(), "{length}");
        assert!(found == wanted, "{length}");
    }
}

#[test]
fn a_header_of_many_comments_is_one() {
    let photo = photo(1);
    let comment = [&b"\xff\xfe\xff\xff"[..], &[b'x'; 0xfffd]].concat();
    let long = [&photo[..2], &comment.repeat(20), &photo[2..]].concat();
    let mut jpegs = jpegs(&long[..], "test");
    assert_eq!(jpegs.next().unwrap().unwrap(), long);
    assert_eq!(jpegs.losses(), losses(0, 0));
}

#[test]
fn starts_without_end_are_gone_through_in_time() {
    // Each one leads past the next ones; then headers followed by pixels that no decoder accepts.
    let jumps = b"\xff\xd8\xff\xe0\xff\xf0".repeat(200_000);
    let (found, _) = (jpegs(&jumps[..], "test").count(), ());
    assert_eq!(found, 0);
    let inner = b"\xff\xd8\xff\xe0\x00\x04ab".repeat(4_000);
    let header =
        b"\0\0\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00";
    let nested = [&inner[..], header, &[7; 200_000], b"\xff\xd9"].concat();
    assert_eq!(jpegs(&nested[..], "test").count(), 0);
}

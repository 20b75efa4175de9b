//! Replays `fuzz/corpus`, the findings and seeds of fuzzing, through the same functions in every test run.
//!
//! Needs nothing. To run it alone: `make test-hostile`; for more, `make fuzz`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

#[path = "../fuzz/targets.rs"]
#[allow(missing_docs, unreachable_pub, clippy::panic, reason = "the fuzzers' code")]
mod targets;

use std::{fs, panic, path::Path};

use pulsecam::{
    jpeg::{Encoder, Strips},
    picture::{Picture, Pixels, Subsampling},
    wire::{Heartbeat, Message, MessageKind, Origin, Side},
};

#[test]
fn the_corpus_passes() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let files = fs::read_dir(corpora.join(name)).unwrap().map(|entry| entry.unwrap().path());
        let mut count = 0;
        for file in files {
            let data = fs::read(&file).unwrap();
            panic::catch_unwind(|| target(&data)).unwrap_or_else(|_| panic!("{}", file.display()));
            count += 1;
        }
        assert!(count >= 4, "the corpus of {name} has {count} files");
    }
}

/// Mutated inputs per target; set `PULSECAM_MUTATIONS` for more. No match for a fuzzer that observes which
/// code ran (`make fuzz`), but done in every test run.
const MUTATIONS: usize = 300;

#[test]
fn mutations_of_the_corpus_pass() {
    let wanted = std::env::var("PULSECAM_MUTATIONS").ok().and_then(|count| count.parse().ok());
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let mut paths: Vec<_> =
            fs::read_dir(corpora.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let files: Vec<_> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
        let mut random = fastrand::Rng::with_seed(1);
        for number in 0..wanted.unwrap_or(MUTATIONS) {
            let mut data = random.choice(&files).unwrap().clone();
            (0..random.usize(1..6)).for_each(|_| mutate(&mut data, &files, &mut random));
            panic::catch_unwind(|| target(&data)).unwrap_or_else(|_| {
                let found = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{number}"));
                fs::write(&found, &data).unwrap();
                panic!("{}: once it is fixed, keep it in fuzz/corpus/{name}", found.display());
            });
        }
    }
}

/// One mutation, of the kinds that fuzzers make.
fn mutate(data: &mut Vec<u8>, files: &[Vec<u8>], random: &mut fastrand::Rng) {
    let at = random.usize(..=data.len());
    let end = (at + random.usize(..16)).min(data.len());
    match random.u8(..7) {
        0 if at < data.len() => data[at] ^= 1 << random.u8(..8),
        1 if at < data.len() => data[at] = *random.choice(&[0, 1, 0x7f, 0x80, 0xfe, 0xff]).unwrap(),
        2 => data.truncate(at),
        3 => drop(data.drain(at..end)),
        4 => {
            let again = data[at..end].to_vec();
            drop(data.splice(at..at, again));
        }
        5 => {
            let other = random.choice(files).unwrap();
            let from = random.usize(..=other.len());
            drop(data.splice(at..end, other[from..].iter().copied().take(200)));
        }
        _ => drop(data.splice(at..end, std::iter::repeat_with(|| random.u8(..)).take(4).collect::<Vec<_>>())),
    }
}

/// Writes the seeds of fuzzing that our own code makes; findings are kept by hand.
#[test]
#[ignore = "writes into fuzz/corpus"]
fn make_seeds() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let write = |target: &str, name: &str, bytes: Vec<u8>| {
        fs::create_dir_all(corpora.join(target)).unwrap();
        fs::write(corpora.join(target).join(name), bytes).unwrap();
    };
    for (name, width, height, subsampling, strips) in [
        ("two-420", 48, 64, Subsampling::Yuv420, 2),
        ("three-422", 33, 50, Subsampling::Yuv422, 3),
        ("four-444", 20, 32, Subsampling::Yuv444, 4),
        ("eight-grey", 16, 64, Subsampling::Grey, 8),
    ] {
        let samples = (0..subsampling.bytes(width, height)).map(|i| (i * 7 % 251) as u8).collect();
        let picture = Picture { width, height, pixels: Pixels::Planar(subsampling, samples) };
        let encoder = Encoder::new(30).unwrap().with_strips(Strips::Count(strips));
        let jpeg = { encoder }.encode(&picture).unwrap().to_vec();
        assert!(jpeg.windows(2).any(|pair| pair == [0xff, 0xd0]), "{name} has restart markers");
        let (mut wrong, cut) = (jpeg.clone(), jpeg.len() * 2 / 3);
        *wrong.iter_mut().rev().find(|byte| (0xd0..=0xd7).contains(*byte)).unwrap() ^= 1;
        write("strips", name, jpeg.clone());
        write("strips", &format!("{name}-out-of-order"), wrong);
        write("strips", &format!("{name}-cut"), jpeg[..cut].to_vec());
    }

    let image = image::RgbaImage::from_fn(20, 12, |x, y| {
        image::Rgba([(x * 12) as u8, (y * 20) as u8, 90, if x > y { 255 } else { 40 }])
    });
    let image = image::DynamicImage::from(image);
    let formats = [
        ("png", image::ImageFormat::Png),
        ("gif", image::ImageFormat::Gif),
        ("webp", image::ImageFormat::WebP),
        ("bmp", image::ImageFormat::Bmp),
    ];
    for (name, format) in formats {
        let mut file = std::io::Cursor::new(Vec::new());
        image.write_to(&mut file, format).unwrap();
        write("still", name, file.into_inner());
    }
    let samples = (0..32 * 16 * 3).map(|i| (i * 7 % 251) as u8).collect();
    let picture = Picture { width: 32, height: 16, pixels: Pixels::Rgb(samples) };
    let jpeg = Encoder::new(40).unwrap().encode(&picture).unwrap();
    for orientation in [1, 6, 7] {
        let mut exif = b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        write("still", &format!("exif-{orientation}"), [&jpeg[..2], &exif, &jpeg[2..]].concat());
    }
    write("still", "heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec());
    write("still", "svg", b"\xef\xbb\xbf<?xml version=\"1.0\"?><svg/>".to_vec());
    let samples = |subsampling: Subsampling| {
        (0..subsampling.bytes(48, 40)).map(|i| (i * 7 % 251) as u8).collect::<Vec<_>>()
    };
    let encode = |subsampling| {
        let picture =
            Picture { width: 48, height: 40, pixels: Pixels::Planar(subsampling, samples(subsampling)) };
        Encoder::new(30).unwrap().encode(&picture).unwrap().to_vec()
    };
    let (colour, grey) = (encode(Subsampling::Yuv420), encode(Subsampling::Grey));
    let boundary = b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n";
    let part = |jpeg: &[u8], from: usize, to: usize| jpeg[from..to].to_vec();
    let length = colour.len();
    for (name, jpeg) in [
        ("whole", colour.clone()),
        ("no-end", part(&colour, 0, length - 2)),
        ("zeros", [&colour[..length - 2], &[0; 40]].concat()),
        ("last-row", part(&colour, 0, length - 20)),
        ("cut", part(&colour, 0, length - 150)),
        ("text-behind", [&colour[..length - 2], boundary].concat()),
        ("stray", [&colour[..20], b"\0\0junk\xff\0", &colour[20..]].concat()),
        ("two-starts", [b"\xff\xd8", &colour[..]].concat()),
        ("odd-marker", [&colour[..length - 60], b"\xff\x3c", &colour[length - 60..]].concat()),
        ("grey-no-end", part(&grey, 0, grey.len() - 2)),
    ] {
        write("repair", name, jpeg);
    }
    let thumbnail = [&[0xff, 0xe1, 0, 8 + 100], &b"Exif\0\0"[..], &grey[..100]].concat();
    let hidden = [&colour[..20], &thumbnail, &colour[20..]].concat();
    for (name, stream) in [
        ("three", [&colour[..], &grey, &colour].concat()),
        ("no-ends", [&colour[..length - 2], &grey[..grey.len() - 2], &colour[..length - 2]].concat()),
        ("parts", [boundary, &colour[..length - 2], boundary, &grey, boundary].concat()),
        ("cut", [&colour[..length - 200], &grey, &colour[..300], &grey].concat()),
        (
            "false-start",
            [b"\xff\xff\xd8\xff\xfe\x03\0", &colour[..], b"\xff\xd8\xff\xe0\x10\0", &grey].concat(),
        ),
        ("thumbnail", [&hidden[..], &hidden[..hidden.len() - 2], &colour].concat()),
        ("stray", [&colour[..20], b"\0\0\0", &colour[20..], b"\xff\xd8", &grey].concat()),
        ("odd-marker", [&colour[..length - 60], b"\xff\xe3\0\x20", &colour[length - 60..], &grey].concat()),
    ] {
        write("splitter", name, [&[7], &stream[..]].concat());
    }

    let bytes = |message: &Message| {
        let chain = message.to_buf();
        [&chain.first_ref()[..], &chain.last_ref()[..]].concat()
    };
    let give = |whose: u8, bytes: &[u8]| -> Vec<u8> {
        bytes.chunks(0x70).flat_map(|some| [&[whose << 7 | (some.len() - 1) as u8], some].concat()).collect()
    };
    let (again, deaf, pause) = (0x7f, 0x7e, 0x7d);
    let beat = bytes(&Heartbeat::default().to_message(Side::Client));
    let asking = bytes(
        &Heartbeat::default()
            .with(|beat| {
                beat.views = Some(false);
                beat.report = Some(0);
            })
            .to_message(Side::Client),
    );
    let text = bytes(&Message::text("hello 你好", &Origin::named("ann")).unwrap());
    let frame = bytes(
        &Message::new(MessageKind::Video, "this is video image; seq=1".into(), Some(vec![7; 300].into()))
            .unwrap(),
    );
    let tiny = bytes(&Message::new(MessageKind::Other(42), pulsecam::wire::QString::NULL, None).unwrap());
    let talk = [
        give(0, &beat),
        give(1, &asking),
        give(0, &text),
        give(1, &frame),
        give(0, &frame),
        vec![pause],
        give(1, &beat),
    ];
    write("relay", "talk", talk.concat());
    let lies = [
        &[0xff; 8][..],
        &[0, 0, 0, 3],
        &[0x7f, 0xff, 0xff, 0xff],
        &[0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0],
        &[0, 0, 0, 12, 0, 0, 0, 1, 0x7f, 0, 0, 0, 0, 0, 0, 0],
        &[0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0],
        &[0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 9],
        &[0, 0, 0, 12, 0, 0, 0, 42, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0],
    ];
    write(
        "relay",
        "lies",
        lies.iter().flat_map(|lie| [give(0, lie), give(1, &text), vec![again]].concat()).collect(),
    );
    let loris = text.iter().flat_map(|byte| [give(0, &[*byte]), vec![pause], give(1, &beat)].concat());
    write("relay", "byte-by-byte", loris.take(4_000).collect());
    let flood = [vec![0x80 | deaf], give(1, &beat), give(0, &tiny.repeat(900)), give(1, &text)];
    write("relay", "never-reads", flood.concat());
    write(
        "relay",
        "comes-and-goes",
        [give(0, &beat), vec![again], give(1, &frame[..50]), vec![0x80 | again]].concat().repeat(20),
    );
    write(
        "relay",
        "too-many-messages",
        [give(0, &tiny.repeat(1_100)), give(0, &text), vec![again], give(0, &text)].concat(),
    );
    write(
        "relay",
        "says-nothing",
        [vec![deaf, 0x80 | deaf], vec![pause; 12], give(0, &text), give(1, &text)].concat(),
    );
    let long = bytes(&Message::text(&"x".repeat(3_000), &Origin::default()).unwrap());
    write("relay", "long-text", [give(0, &long), give(1, &beat)].concat());

    let marked = |kind: MessageKind, mark: &str, payload: &[u8]| {
        let description = format!("this is text; link={mark}");
        let payload = Some(payload.to_vec().into());
        bytes(&Message::new(kind, description.as_str().into(), payload).unwrap())
    };
    let note = |attributes: &str| {
        let description = format!("This is a note between relays.{attributes}");
        bytes(&Message::new(MessageKind::Reserved(109), description.as_str().into(), None).unwrap())
    };
    let say = |parts: &[&[u8]]| -> Vec<u8> {
        let chunks = parts.iter().flat_map(|part| part.chunks(255));
        chunks.flat_map(|some| [&[some.len() as u8], some].concat()).collect()
    };
    let receipt = bytes(&Message::new(MessageKind::Reserved(104), "got=7; took=1".into(), None).unwrap());
    // The first byte: 0, the end that pushes; 1, the other one; 2, the first without its first note.
    let pushes = [
        note("; t1=5"),
        marked(MessageKind::Text, "2001,1", &[0, 104]),
        marked(MessageKind::Image, "2001,2", b"no picture"),
        marked(MessageKind::Video, "2002,0", &[7; 600]),
        marked(MessageKind::Other(42), "2002,3,1", b""),
        note("; t1=6; gone=2002,2003"),
        receipt.clone(),
        beat.clone(),
    ];
    let pushes: Vec<_> = pushes.iter().map(Vec::as_slice).collect();
    write("link", "pushes", [&[0], &say(&pushes)[..]].concat());
    write("link", "byte-by-byte", [&[0], &say(&pushes.concat().chunks(1).collect::<Vec<_>>())[..]].concat());
    let repeated = [marked(MessageKind::Text, "1,1", b""), marked(MessageKind::Text, "1,1", b"")].concat();
    let far = marked(MessageKind::Text, "18446744073709551615,18446744073709551615", b"");
    write("link", "numbers", [&[0], &say(&[&repeated, &far, &repeated])[..]].concat());
    let odd =
        [marked(MessageKind::Text, "", b""), marked(MessageKind::Video, "1,0,7", b""), text.clone(), frame];
    write("link", "no-mark", [&[0], &say(&odd.iter().map(Vec::as_slice).collect::<Vec<_>>())[..]].concat());
    write("link", "no-first-note", [&[2], &say(&pushes[1..])[..]].concat());
    write("link", "too-large", [&[0], &say(&[&[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1]])[..]].concat());
    let answers = [
        note("; t1=1; t2=2; t3=3; viewers=1; upto=0"),
        note("; viewers=4294967295; upto=18446744073709551615"),
        note("; viewers=0"),
        receipt,
        beat,
        text,
    ];
    let answers: Vec<_> = answers.iter().map(Vec::as_slice).collect();
    write("link", "answers", [&[1], &say(&answers)[..]].concat());
    let grows: Vec<_> = (0..40).map(|count| note(&format!("; viewers={count}; upto={count}"))).collect();
    write("link", "viewers", [&[1], &say(&grows.iter().map(Vec::as_slice).collect::<Vec<_>>())[..]].concat());
}

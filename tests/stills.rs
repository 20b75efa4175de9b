//! Still pictures from the file to the viewer: what `image` sends for each file, byte for byte on the wire,
//! what it refuses and with which words; and how a viewer handles images of peers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    ffi::OsStr,
    fs,
    io::Write,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use bytes::Bytes;
use common::{
    clip, peer,
    program::{RelayProgram, Running, fails, pulsecam, run, text_of, viewer},
    server::Bare,
};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use pulsecam::wire::MessageKind;
use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// The images that a raw receiver got so far; the relay has passed on all that was sent before.
async fn images(receiver: &mut Bare) -> Vec<Bytes> {
    let heartbeat = pulsecam::wire::Heartbeat::default().to_message(pulsecam::wire::Side::Client);
    receiver.send(&heartbeat).await;
    let mut images = Vec::new();
    loop {
        let message = receiver.receive().await;
        match message.kind() {
            MessageKind::Heartbeat => return images,
            MessageKind::Image => images.push(message.payload().cloned().unwrap_or_default()),
            _ => {}
        }
    }
}

fn write(folder: &Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// Decodes as a program does that supports no Exif, inks or other formats.
fn plainly(jpeg: &[u8]) -> RgbImage {
    let picture = pulsecam::jpeg::Decoder::new().unwrap().decode_rgb(jpeg).unwrap();
    RgbImage::from_raw(picture.width as u32, picture.height as u32, picture.into_bytes()).unwrap()
}

fn near(image: &RgbImage, x: u32, y: u32, wanted: [u8; 3]) -> bool {
    image.get_pixel(x, y).0.iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) < 20)
}

/// The JPEG with Exif data that gives its orientation.
fn lying(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    [&jpeg[..2], &exif, &jpeg[2..]].concat()
}

fn piped(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = pulsecam();
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input); // it may stop reading early
    child.wait_with_output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_arrive_as_every_receiver_shows_them() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, folder) = (RelayProgram::start(&[]), folder.path());
    let mut receiver = Bare::connect(relay.addr.parse().unwrap()).await;
    let mut transparent = RgbaImage::from_pixel(64, 32, Rgba([0, 0, 0, 0]));
    for x in 32..64 {
        (0..32).for_each(|y| transparent.put_pixel(x, y, Rgba([200, 20, 20, 255])));
    }
    let transparent = DynamicImage::from(transparent);
    let halves = clip::two_halves(64, 32);
    let coffee = fs::read(format!("{DATA}/coffee_600x400.jpg")).unwrap();
    let files = [
        write(folder, "a.png", &encoded(&transparent, ImageFormat::Png)),
        write(folder, "b.webp", &encoded(&transparent, ImageFormat::WebP)),
        write(folder, "c.gif", &encoded(&transparent, ImageFormat::Gif)),
        write(folder, "phone.jpg", &lying(&halves, 6)),
        // The content decides.
        write(folder, "coffee.png", &coffee),
    ];
    let mut arguments = vec!["image", &relay.addr];
    arguments.extend(files.iter().map(String::as_str));
    let sent = run(&arguments);
    assert!(sent.status.success(), "{sent:?}");
    let got = images(&mut receiver).await;
    assert_eq!(got.len(), 5);
    for jpeg in &got[..3] {
        let seen = plainly(jpeg);
        assert!(near(&seen, 8, 16, [255; 3]) && near(&seen, 56, 16, [200, 20, 20]), "transparent is white");
    }
    let phone = plainly(&got[3]);
    assert_eq!(phone.dimensions(), (32, 64), "upright");
    assert!(near(&phone, 16, 8, clip::RED) && near(&phone, 16, 56, clip::GREEN));
    assert_eq!(got[4], coffee, "byte for byte");
    let log = text_of(&sent.stderr);
    for said in ["a.png: transparent parts made white, encoded as JPEG", "phone.jpg: turned upright"] {
        assert!(log.contains(said), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_come_from_standard_input_and_files_of_any_name_and_are_scaled_down_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let mut receiver = Bare::connect(relay.addr.parse().unwrap()).await;
    let blue = encoded(&RgbImage::from_pixel(40, 30, Rgb([20, 40, 230])).into(), ImageFormat::Png);
    assert!(piped(&["image", &relay.addr, "-"], &blue).status.success());
    // Latin-1, as in old archives.
    let path = folder.path().join(OsStr::from_bytes(b"K\xfcche 100%d.png"));
    fs::write(&path, &blue).unwrap();
    let mut command = pulsecam();
    assert!(command.args(["image", &relay.addr]).arg(&path).status().unwrap().success());
    let halves = write(folder.path(), "halves.jpg", &clip::two_halves(640, 480));
    assert!(run(&["image", &relay.addr, &halves, "--size", "320x320"]).status.success());
    let got = images(&mut receiver).await;
    let sizes: Vec<_> = got.iter().map(|jpeg| plainly(jpeg).dimensions()).collect();
    assert_eq!(sizes, [(40, 30), (40, 30), (320, 240)]);
    assert!(near(&plainly(&got[0]), 20, 15, [20, 40, 230]) && near(&plainly(&got[1]), 20, 15, [20, 40, 230]));

    let empty = piped(&["image", &relay.addr, "-"], b"");
    let said = text_of(&empty.stderr);
    assert!(
        empty.status.code() == Some(1) && said.contains("standard input: not a picture: it is empty"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_viewers_cannot_show_is_refused_by_name_and_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (relay, folder) = (RelayProgram::start(&[]), folder.path());
    let mut receiver = Bare::connect(relay.addr.parse().unwrap()).await;
    let good = format!("{DATA}/coffee_600x400.jpg");
    let png = encoded(&RgbImage::new(200, 200).into(), ImageFormat::Png);
    let cases: &[(&str, &[u8], &[&str])] = &[
        ("deep.jpg", &clip::deep(&clip::two_halves(64, 48)), &["12 bits a sample"]),
        ("cut.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", &["cannot read the picture"]),
        ("cut.png", &png[..png.len() / 2], &["cannot read the picture"]),
        ("IMG_1234.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", &["HEIC", "heif-convert"]),
        ("scan.jpg", b"II*\0\x08\0\0\0", &["TIFF", "magick"]),
        ("plan.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", &["SVG", "rsvg-convert"]),
        ("page.jpg", b"<!DOCTYPE html><html>", &["web page"]),
        (
            "film.mp4",
            b"\0\0\0\x20ftypisom\0\0\x02\0",
            &["MP4", "ffmpeg -i", "| pulsecam send HOST --source -"],
        ),
        ("empty.jpg", b"", &["empty"]),
    ];
    for (name, content, words) in cases {
        let path = write(folder, name, content);
        let words = [&[*name][..], words].concat();
        fails(&["image", &relay.addr, &good, &path, "--quiet"], 1, &words);
    }
    let nowhere = "/no/such/picture.jpg";
    fails(&["image", &relay.addr, &good, nowhere, "--quiet"], 1, &[nowhere]);
    fails(&["image", &relay.addr, &good, DATA, "--quiet"], 1, &[DATA, "directory"]);
    // Larger than a message: a comment of 16 MB in segments of 64 kB.
    let jpeg = fs::read(&good).unwrap();
    let mut large = jpeg[..2].to_vec();
    for _ in 0..270 {
        large.extend([0xff, 0xfe, 0xff, 0xff]);
        large.resize(large.len() + 0xfffd, b' ');
    }
    large.extend(&jpeg[2..]);
    let large = write(folder, "large.jpg", &large);
    let words = ["large.jpg", "16777216", "--size", "--max-message"];
    fails(&["image", &relay.addr, &good, &large, "--quiet"], 1, &words);
    assert_eq!(images(&mut receiver).await, Vec::<Bytes>::new(), "not even the good one");
    // It can be sent scaled down.
    assert!(run(&["image", &relay.addr, &large, "--size", "300x300", "--quiet"]).status.success());
    assert_eq!(plainly(&images(&mut receiver).await[0]).dimensions(), (300, 200));
}

#[test]
fn a_film_is_refused_from_its_first_bytes_whatever_comes_behind_them() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let path = folder.path().join("film.mp4");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let image = Running::spawn_logging(
        pulsecam().args(["image", &relay.addr]).arg(&path).arg("--quiet"),
        Stdio::piped(),
    );
    // A few kB, and no end: waiting for more would take for ever.
    let mut film = fs::File::options().write(true).open(&path).unwrap();
    film.write_all(b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41").unwrap();
    film.write_all(&[1; 8192]).unwrap();
    let mut image = image;
    assert_eq!(image.exit_code(), 1);
    drop(film);
}

/// The file's content, its size or the reason why it is not shown, and its extension when saved.
type Case<'a> = (&'a [u8], Result<(u32, u32), &'a str>, Option<&'a str>);

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_saves_each_image_as_what_it_is_and_says_what_it_cannot_show() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let mut viewer = viewer(&relay.addr, &["--save", folder.path().to_str().unwrap(), "--frames", "1"]);
    let mut peer = Bare::connect(relay.addr.parse().unwrap()).await;
    let png = encoded(&RgbImage::from_pixel(40, 30, Rgb([1, 2, 3])).into(), ImageFormat::Png);
    let jpeg = clip::two_halves(64, 48);
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    let (lying, deep) = (lying(&jpeg, 8), clip::deep(&jpeg));
    let cases: [Case<'_>; 7] = [
        (&png, Ok((40, 30)), Some("png")),
        (&jpeg, Ok((64, 48)), Some("jpg")),
        (&lying, Ok((48, 64)), Some("jpg")),
        (&deep, Err("12 bits a sample"), Some("jpg")),
        (heic, Err("HEIC"), Some("heic")),
        (b"", Err("empty"), None),
        (b"\x93\x01 garbage", Err("not a picture"), None),
    ];
    for (content, shown, extension) in cases {
        peer.send(&peer::image(content)).await;
        let event = viewer.event("image", |_| true);
        assert_eq!(event["bytes"], content.len());
        match shown {
            Ok((width, height)) => {
                assert_eq!((&event["width"], &event["height"]), (&width.into(), &height.into()));
                assert_eq!((&event["format"], event.get("reason")), (&extension.into(), None));
            }
            Err(words) => assert!(event["reason"].as_str().unwrap().contains(words), "{event}"),
        }
        match extension {
            Some(extension) => {
                let saved = Path::new(event["saved"].as_str().unwrap());
                assert_eq!(saved.extension().unwrap(), extension);
                assert_eq!(fs::read(saved).unwrap(), content);
            }
            None => {
                assert_eq!(event["saved"], Value::Null);
                assert!(event["not_saved"].as_str().unwrap().contains("not a picture"), "{event}");
            }
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5);
    // A stream with frames that cannot be decoded.
    for payload in [&b"no jpeg"[..], &deep, b""] {
        peer.send(&peer::frame("broken", payload)).await;
        let event = viewer.event("damaged", |_| true);
        assert_eq!(event["stream"], "broken");
    }
    peer.send(&peer::frame("broken", &jpeg)).await;
    let summary = viewer.event("summary", |_| true);
    assert_eq!((&summary["images"], &summary["damaged"]), (&7.into(), &7.into()), "4 images, 3 frames");
    let stream = &summary["streams"][0];
    assert_eq!(
        (&stream["stream"], &stream["frames"], &stream["damaged"]),
        (&"broken".into(), &1.into(), &3.into())
    );
    assert_eq!(viewer.exit_code(), 0, "data that is not a picture does not count as a failure to save");
}

#[test]
fn a_picture_over_the_viewers_own_limit_names_the_option_that_raises_it() {
    let relay = RelayProgram::start(&[]);
    let mut viewer =
        Running::start(&["view", &relay.addr, "--no-window", "--quiet", "--max-megapixels", "1"]);
    let png = encoded(&RgbImage::from_pixel(1_202, 1_000, Rgb([1, 2, 3])).into(), ImageFormat::Png);
    let messages = [
        peer::frame("large", &clip::two_halves(1_200, 1_000)),
        peer::image(&clip::two_halves(1_201, 1_000)),
        peer::image(&png),
    ];
    for (width, message) in (1_200..).zip(messages) {
        let sender = peer::Peer::sending(&relay.addr, vec![message]);
        let reason = format!("a picture of {width}x1000 pixels; up to 1000000 in total are allowed");
        let line = viewer.line(&reason, |line| line.contains(&reason));
        assert!(line.contains("raise the limit with --max-megapixels"), "{line}");
        drop(sender);
    }
}

/// Runs the program with `disk` as a small, full file system, and then lists the files left on it.
fn on_a_full_disk(disk: &Path, arguments: &str) -> Running {
    let script = format!(
        "mount -t tmpfs -o size=16k tmpfs {0} && head -c 64k /dev/zero > {0}/fill; \"$PROGRAM\" {arguments}; code=$?; \
         rm {0}/fill; echo \"left: $(ls -A {0})\"; exit $code",
        disk.display()
    );
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
    command.env("PROGRAM", pulsecam().get_program());
    Running::spawn(&mut command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_leaves_no_file_behind_and_is_a_failure() {
    let disk = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let jpeg = clip::two_halves(640, 480);
    let (host, path) = (&relay.addr, disk.path().display().to_string());
    let mut view = on_a_full_disk(
        disk.path(),
        &format!("view {host} --no-window --json --quiet --frames 1 --save {path}"),
    );
    view.event("link", |event| event["state"] == "up" && event["rtt_ms"].is_number());
    let mut peer = Bare::connect(relay.addr.parse().unwrap()).await;
    peer.send(&peer::image(&jpeg)).await;
    let event = view.event("image", |_| true);
    assert_eq!(event["saved"], Value::Null);
    assert!(event["not_saved"].as_str().unwrap().contains("No space left"), "{event}");
    peer.send(&peer::frame("broken", &jpeg)).await;
    view.event("summary", |_| true);
    assert_eq!(view.line("what is left", |line| line.starts_with("left:")), "left: ");
    assert_eq!(view.exit_code(), 1);

    let mut record =
        on_a_full_disk(disk.path(), &format!("record {host} --json --quiet --for 5s --out {path}/x.mkv"));
    record.event("link", |event| event["state"] == "up" && event["rtt_ms"].is_number());
    for _ in 0..40 {
        peer.send(&peer::frame("broken", &jpeg)).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        if record.child.try_wait().unwrap().is_some() {
            break;
        }
    }
    assert_eq!(record.line("what is left", |line| line.starts_with("left:")), "left: ");
    assert_eq!(record.exit_code(), 1);
}

//! The real window on a real X server (Xvfb), with frames from a real relay: checks pictures, colours, texts
//! and keys.
//!
//! Needs Xvfb, xdotool and ImageMagick's import (`make deps`), and fails without them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use common::{
    clip::{self, GREEN, RED},
    display::{Display, find, light, near, wait},
    film,
    peer::{self, Peer},
    program::{PATIENCE, RelayProgram, Running, pulsecam, run},
};
use image::RgbImage;

/// 640x480: the left half red, the right half green.
fn two_halves() -> Vec<u8> {
    clip::two_halves(640, 480)
}

/// The window's 800x600 hold 640x480 exactly, enlarged.
fn shows_the_picture(shot: &RgbImage) -> bool {
    near(shot, 200, 300, [220, 30, 30]) && near(shot, 600, 300, [30, 200, 40])
}

/// A sender that repeats that picture.
fn sender(host: &str, folder: &Path) -> Running {
    clip::sender(host, folder, "测试 Küche", &two_halves())
}

#[test]
fn the_window_shows_the_picture_the_words_and_the_truth_about_the_link() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let mut window = display.view(&relay.addr, folder.path());

    // Without senders, a dark window says what it waits for.
    let waiting = display.shows("the waiting message", |shot| light(shot, 0..800, 200..400) > 150);
    assert!(!shows_the_picture(&waiting));

    let _sender = sender(&relay.addr, folder.path());
    window.event("frame", |frame| frame["stream"] == "测试 Küche");
    let live = display.shows("the picture", shows_the_picture);
    assert!(light(&live, 0..800, 0..600) > 100, "the stream's name is missing");

    let before = light(&live, 0..800, 0..600);
    assert!(run(&["text", &relay.addr, "--name", "小明", "你好，世界 🙂 hello"]).status.success());
    assert_eq!(window.event("text", |_| true)["text"], "你好，世界 🙂 hello", "in the terminal");
    display.shows("the text", |shot| shows_the_picture(shot) && light(shot, 0..800, 0..600) > before + 150);

    // The relay is killed: the picture must look frozen, with a text that says why.
    relay.running.signal("KILL");
    window.event("link", |event| event["state"] == "down");
    display.shows("a frozen picture", |shot| {
        let [red, ..] = shot.get_pixel(200, 300).0;
        red < 170 && !shows_the_picture(shot) && light(shot, 0..800, 0..600) > 100
    });
    let mut again = Running::start(&["relay", "--listen", &relay.addr, "--json", "--quiet"]);
    again.event("listening", |_| true);
    display.shows("the picture again", shows_the_picture);

    display.key("q");
    let summary = window.event("summary", |_| true);
    assert!(summary["frames"].as_u64().unwrap() > 0);
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn the_keys_do_what_the_help_says() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let mut window = display.view(&relay.addr, &saved);
    let _sender = sender(&relay.addr, folder.path());
    let plain = display.shows("the picture", shows_the_picture);
    let words = light(&plain, 0..800, 0..600);

    display.key("h");
    display.shows("the help panel", |shot| light(shot, 0..800, 0..600) > words + 500);
    display.key("h");
    display.shows("no help panel", |shot| light(shot, 0..800, 0..600) < words + 300);
    display.key("i");
    display.shows("the statistics", |shot| light(shot, 0..800, 0..600) > words + 300);
    display.key("i");

    display.key("s");
    let deadline = Instant::now() + PATIENCE;
    let snapshot = loop {
        match fs::read_dir(&saved).ok().and_then(|mut entries| entries.next()) {
            Some(entry) => break entry.unwrap().path(),
            None => assert!(Instant::now() < deadline, "no snapshot"),
        }
        thread::sleep(Duration::from_millis(20));
    };
    assert!(snapshot.file_name().unwrap().to_str().unwrap().contains("测试_Küche"));
    let wanted = two_halves();
    while fs::metadata(&snapshot).unwrap().len() < wanted.len() as u64 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(fs::read(&snapshot).unwrap(), wanted, "the JPEG as received");

    // The copied picture can be pasted elsewhere.
    display.key("c");
    let copied = loop {
        let mut clip = Command::new("xclip");
        clip.args(["-selection", "clipboard", "-t", "image/png", "-o"]).env("DISPLAY", &display.name);
        let output = clip.output().expect("xclip runs (make deps)");
        match image::load_from_memory(&output.stdout) {
            Ok(picture) => break picture.into_rgb8(),
            Err(_) => assert!(Instant::now() < deadline, "nothing is copied"),
        }
        thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(copied.dimensions(), (640, 480));
    assert!(near(&copied, 100, 240, RED) && near(&copied, 500, 240, GREEN));

    // An image is small in a corner; it lies over the picture once it is clicked, until it is dismissed.
    let blue = folder.path().join("blue.png");
    RgbImage::from_pixel(300, 200, image::Rgb(IMAGE)).save(&blue).unwrap();
    assert!(run(&["image", &relay.addr, blue.to_str().unwrap()]).status.success());
    window.event("image", |_| true);
    open_image(&display);
    display.shows("the image", |shot| near(shot, 400, 300, IMAGE));
    display.key("x");
    display.shows("the picture without the image", shows_the_picture);

    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

/// The colour of images that are sent.
const IMAGE: [u8; 3] = [20, 40, 230];

/// Clicks an image of that colour in the lower left corner.
fn open_image(display: &Display) {
    let corner = |shot: &RgbImage| find(shot, 0..300, 300..600, IMAGE);
    let shot = display.shows("the small image", |shot| corner(shot).is_some());
    let (x, y) = corner(&shot).unwrap();
    display.click(x + 20, y + 20);
}

const BLUE: [u8; 3] = [30, 60, 220];
const AMBER: [u8; 3] = [230, 180, 20];

/// A sender of pictures of one colour, in the proportions of the window.
fn plain(host: &str, folder: &Path, name: &str, colour: [u8; 3]) -> Running {
    clip::sender(host, folder, name, &clip::plain(640, 480, colour))
}

/// A point in each quarter of the window, away from the names.
const QUARTERS: [(u32, u32); 4] = [(200, 200), (600, 200), (200, 420), (600, 420)];

fn quarters(shot: &RgbImage, colours: [[u8; 3]; 4]) -> bool {
    QUARTERS.iter().zip(colours).all(|(&(x, y), colour)| near(shot, x, y, colour))
}

#[test]
fn four_streams_keep_their_places_and_one_is_enlarged_by_key_and_click() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let mut window = display.view(&relay.addr, folder.path());
    let mut senders = Vec::new();
    for (name, colour) in [("red", RED), ("green", GREEN), ("blue", BLUE), ("amber", AMBER)] {
        senders.push(plain(&relay.addr, folder.path(), name, colour));
        window.event("frame", |frame| frame["stream"] == name);
    }
    let all = [RED, GREEN, BLUE, AMBER];
    display.shows("a grid of four", |shot| quarters(shot, all));
    // The second one enlarged, with the others in a strip beside it.
    display.key("2");
    let large = |shot: &RgbImage, colour| near(shot, 100, 300, colour) && near(shot, 560, 300, colour);
    let enlarged = display.shows("the green one large", |shot| large(shot, GREEN));
    let strip = (0..600).find(|&y| near(&enlarged, 735, y, BLUE)).expect("the blue one in the strip");
    display.click(735, strip + 40);
    display.shows("the blue one large", |shot| large(shot, BLUE));
    display.key("Tab");
    display.shows("the next one large", |shot| large(shot, AMBER));
    display.key("0");
    display.shows("the grid again", |shot| quarters(shot, all));
    display.click(200, 200);
    display.shows("the red one large", |shot| large(shot, RED));
    display.key("Escape");
    display.shows("the grid after Escape", |shot| quarters(shot, all));

    // One sender stops: the relay says that it has left, and its tile goes. Restarted, it gets its place back.
    // Stopped by a signal: the number of one that is killed is kept for it, as after a network failure.
    let mut green = senders.remove(1);
    green.signal("TERM");
    assert_eq!(green.exit_code(), 0);
    let three = |shot: &RgbImage| {
        let all = [(200, 200, RED), (600, 200, BLUE), (400, 420, AMBER)];
        all.into_iter().all(|(x, y, colour)| near(shot, x, y, colour))
    };
    display.shows("the other three", three);
    senders.push(plain(&relay.addr, folder.path(), "green", GREEN));
    display.shows("all four in their places", |shot| quarters(shot, all));
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn what_is_written_goes_to_everybody_and_says_that_it_left() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let mut window = display.open(&["view", &relay.addr, "--name", "Ann"], folder.path());
    let mut other = Running::start(&["view", &relay.addr, "--no-window", "--json"]);
    other.event("link", |link| link["state"] == "up");
    let _sender = sender(&relay.addr, folder.path());
    display.shows("the picture", shows_the_picture);
    display.key("t");
    let panel = display.shows("the conversation", |shot| !near(shot, 700, 300, GREEN));
    assert!(near(&panel, 100, 300, RED) && near(&panel, 400, 300, GREEN), "the picture is beside it");
    display.write("quick brown fox");
    display.key("Return");
    let text = other.event("text", |_| true);
    assert_eq!((&text["text"], &text["from"]), (&"quick brown fox".into(), &"Ann".into()));
    let before = light(&panel, 480..800, 0..600);
    let said = display.shows("the sent text", |shot| light(shot, 480..800, 0..600) > before + 60);
    // Pasted text may be in any script.
    let mut clip = Command::new("xclip");
    clip.args(["-selection", "clipboard"]).env("DISPLAY", &display.name).stdin(Stdio::piped());
    let mut clip = clip.spawn().expect("xclip runs (make deps)");
    std::io::Write::write_all(&mut clip.stdin.take().unwrap(), "你好，世界 🙂 שלום".as_bytes()).unwrap();
    assert!(clip.wait().unwrap().success());
    display.key("ctrl+v");
    let more = light(&said, 480..800, 0..600);
    display.shows("the pasted text", |shot| light(shot, 480..800, 0..600) > more + 40);
    display.key("Return");
    assert_eq!(other.event("text", |_| true)["text"], "你好，世界 🙂 שלום");
    // A command key only enters its letter here.
    display.write("q");
    display.key("BackSpace");
    display.key("Escape");
    display.shows("the picture again", shows_the_picture);
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn what_is_seen_is_recorded_by_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let mut window = display.view(&relay.addr, &saved);
    let _sender = sender(&relay.addr, folder.path());
    display.shows("the picture", shows_the_picture);
    display.key("r");
    display.shows("the recording sign", |shot| {
        near(shot, 31, 573, [255, 125, 114]) || light(shot, 30..300, 560..590) > 60
    });
    let file = |kind: &str| {
        let entries = fs::read_dir(&saved).into_iter().flatten().map(|entry| entry.unwrap().path());
        entries.into_iter().find(|path| path.extension().is_some_and(|extension| extension == kind))
    };
    window.forget();
    for _ in 0..40 {
        window.event("frame", |_| true);
    }
    display.key("r");
    let path = file("mkv").expect("a recording");
    assert!(path.file_name().unwrap().to_str().unwrap().contains("测试_Küche"));
    let deadline = Instant::now() + PATIENCE;
    let arguments = [
        "-v",
        "error",
        "-count_packets",
        "-of",
        "csv=p=0",
        "-show_entries",
        "stream=width,height,nb_read_packets:format=duration",
    ];
    loop {
        let output =
            Command::new("ffprobe").args(arguments).arg(&path).output().expect("ffprobe runs (make deps)");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let fields: Vec<_> = told.split([',', '\n']).filter(|field| !field.is_empty()).collect();
        // The duration is written at the end.
        if fields.len() > 3 && fields[3].parse::<f64>().is_ok() {
            assert_eq!(&fields[..2], ["640", "480"], "{told}");
            assert!(fields[2].parse::<u32>().unwrap() >= 30, "{told}");
            break;
        }
        assert!(Instant::now() < deadline, "the recording does not end: {told}");
        thread::sleep(Duration::from_millis(50));
    }
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn in_a_call_one_sees_oneself_as_in_a_mirror_and_m_shows_the_others_a_card() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let mut other = Running::start(&["view", &relay.addr, "--no-window", "--json"]);
    let clip = clip::write(folder.path(), "clip", &two_halves());
    let call = ["call", &relay.addr, "--source", &clip, "--repeat", "--fps", "20", "--name", "Ann"];
    let mut window = display.open(&call, folder.path());
    other.event("frame", |frame| frame["stream"] == "Ann");
    // In the lower right corner, small, and green on the left.
    let mirrored = |shot: &RgbImage| near(shot, 600, 500, GREEN) && near(shot, 740, 500, RED);
    display.shows("the self view", mirrored);
    display.key("m");
    other.event("frame", |frame| frame["card"] == "camera-off");
    display.shows("that the camera is off", |shot| !mirrored(shot) && light(shot, 560..800, 400..560) > 60);
    other.forget();
    other.event("frame", |frame| frame["card"] == "camera-off");
    display.key("m");
    other.event("frame", |frame| frame["card"].is_null());
    display.shows("the self view again", mirrored);

    // A key that may be a slip ends no call: Esc does nothing, and q asks, over all that is shown.
    let asks = |shot: &RgbImage| !mirrored(shot) && light(shot, 100..700, 250..350) > 400;
    display.key("Escape");
    display.key("q");
    display.shows("the question", asks);
    display.key("Escape");
    display.shows("the call", mirrored);
    display.key("q");
    display.shows("the question again", asks);
    display.key("Return");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn another_source_is_chosen_in_a_call_and_the_stream_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let mut other = Running::start(&["view", &relay.addr, "--no-window", "--json"]);
    let clip = clip::write(folder.path(), "clip", &two_halves());
    let call = ["call", &relay.addr, "--source", &clip, "--repeat", "--fps", "20", "--name", "Ann"];
    let mut window = display.open(&call, folder.path());
    let frame = other.event("frame", |frame| frame["stream"] == "Ann" && frame["width"] == 640);
    let mirrored = |shot: &RgbImage| near(shot, 600, 500, GREEN) && near(shot, 740, 500, RED);
    display.shows("the self view", mirrored);
    // The selected row is lighter than the panel.
    let is_list = |shot: &RgbImage| find(shot, 150..550, 150..450, [0x2c, 0x31, 0x3b]).is_some();
    display.key("w");
    let list = display.shows("the list", is_list);
    list.save(Path::new(env!("CARGO_TARGET_TMPDIR")).join("cameras.png")).unwrap();
    // The test picture is the last one in the list. Letters are no commands here.
    display.key("q");
    (0..20).for_each(|_| display.key("Down"));
    display.key("Return");
    let pattern = other.event("frame", |frame| frame["stream"] == "Ann" && frame["width"] == 1280);
    assert_eq!(pattern["peer"], frame["peer"], "the same stream");
    assert!(pattern["seq"].as_u64() > frame["seq"].as_u64(), "{pattern} after {frame}");
    display.shows("the other self view", |shot| !mirrored(shot));
    // And back to what the call began with.
    display.key("w");
    display.shows("the list again", is_list);
    display.key("Up");
    display.key("Return");
    other.event("frame", |frame| frame["stream"] == "Ann" && frame["width"] == 640);
    display.shows("the self view again", mirrored);
    display.key("q");
    display.key("Return");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn the_link_to_the_page_is_shown_and_copied() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let mut window = display.view(&relay.addr, folder.path());
    let url = window.event("page", |_| true)["url"].as_str().unwrap().to_owned();
    display.shows("the waiting message", |shot| light(shot, 0..800, 200..400) > 150);
    display.key("l");
    display.shows("the link", |shot| light(shot, 0..800, 220..380) > 300);
    display.key("c");
    wait("the link on the clipboard", || {
        let mut clip = Command::new("xclip");
        clip.args(["-selection", "clipboard", "-o"]).env("DISPLAY", &display.name);
        clip.output().expect("xclip runs (make deps)").stdout == url.as_bytes()
    });
    display.key("Escape");
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn the_window_speaks_chinese_and_grows_with_the_screen() {
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let words = |arguments: &[&str]| {
        let mut command = pulsecam();
        command
            .args(["view", &relay.addr, "--window", "800x600"])
            .args(arguments)
            .env("DISPLAY", &display.name);
        let mut window = Running::spawn(&mut command);
        let shot = display.shows("the waiting message", |shot| light(shot, 0..800, 200..400) > 150);
        display.key("q");
        assert_eq!(window.exit_code(), 0);
        light(&shot, 0..800, 200..400)
    };
    let english = words(&["--lang", "en"]);
    let chinese = words(&["--lang", "zh"]);
    assert_ne!(english, chinese);
    let large = words(&["--lang", "en", "--ui-scale", "2"]);
    assert!(large > english * 2, "{large} light pixels at twice the size, {english} before");
    let usage = run(&["view", &relay.addr, "--ui-scale", "9"]);
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn a_display_that_is_not_there_is_told_and_the_frames_are_printed() {
    let relay = RelayProgram::start(&[]);
    let output = pulsecam()
        .args(["view", &relay.addr, "--for", "1s"])
        .env("DISPLAY", ":9999")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "nobody streams: {told}");
    assert!(told.contains("no window can be opened") && told.contains("nobody streamed"), "{told}");
}

#[test]
fn what_cannot_be_shown_says_so_where_it_would_be() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let mut window = display.view(&relay.addr, folder.path());
    window.event("link", |event| event["state"] == "up");
    let deep = clip::deep(&two_halves());
    let frames = vec![peer::frame("深い", &deep)];
    let peer = Peer::sending(&relay.addr, frames);
    window.event("damaged", |event| event["stream"] == "深い");
    // The ring of a bad state is before its name in the corner, and the reason in the middle.
    let ring = |shot: &RgbImage| {
        let mut corner = (0..60).flat_map(|y| (0..60).map(move |x| (x, y)));
        corner.any(|(x, y)| near(shot, x, y, [255, 125, 114]))
    };
    let told = |shot: &RgbImage| ring(shot) && light(shot, 100..700, 240..360) > 400;
    let tile = display.shows("that the stream cannot be decoded", told);
    tile.save(Path::new(env!("CARGO_TARGET_TMPDIR")).join("undecodable-stream.png")).unwrap();
    drop(peer);

    // An image that cannot be shown, over two streams; the second one is red and green.
    let _sender = sender(&relay.addr, folder.path());
    let red = |shot: &RgbImage| find(shot, 0..800, 0..600, RED).is_some();
    display.shows("the streams", red);
    let beat = pulsecam::wire::Heartbeat::default().to_message(pulsecam::wire::Side::Client);
    let image = vec![peer::image(&deep), beat.clone()];
    let peer = Peer::sending(&relay.addr, image);
    window.event("image", |event| event["reason"].as_str().is_some_and(|why| why.contains("12 bits")));
    // The reason is where the small image would be, beside its sender.
    let shown =
        display.shows("why the image is not there", |shot| light(shot, 0..480, 450..600) > 400 && red(shot));
    shown.save(Path::new(env!("CARGO_TARGET_TMPDIR")).join("undecodable-image.png")).unwrap();
    drop(peer);

    // A PNG, as a Qt program may send, is shown.
    let mut png = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(300, 200, image::Rgb(IMAGE)).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let _peer = Peer::sending(&relay.addr, vec![peer::image(&png.into_inner()), beat]);
    let event = window.event("image", |event| event["format"] == "png");
    assert!(event["saved"].as_str().unwrap().ends_with(".png"), "{event}");
    open_image(&display);
    display.shows("the PNG", |shot| near(shot, 400, 300, IMAGE));
    display.key("q");
    let summary = window.event("summary", |_| true);
    assert!(summary["damaged"].as_u64().unwrap() >= 2, "{summary}");
    assert_eq!(window.exit_code(), 0);
}

/// A film of one minute: red, green and blue for twenty seconds each.
fn three_colours(folder: &Path) -> String {
    film::write(&folder.join("three colours.mkv"), &[RED, GREEN, BLUE].map(|colour| (colour, 20)))
}

/// Whether the whole picture has this colour, checked away from texts and bar.
fn is_plain(shot: &RgbImage, colour: [u8; 3]) -> bool {
    [(400, 300), (400, 150), (650, 450)].iter().all(|&(x, y)| near(shot, x, y, colour))
}

/// The played part of a film's track, as wide as the window without its margins: the row, and where the part
/// ends.
fn played(shot: &RgbImage) -> Option<(u32, u32)> {
    const PLAYED: [u8; 3] = [0x56, 0xd3, 0x8c];
    let row = (500..600).find(|&y| near(shot, 30, y, PLAYED))?;
    let end = (30..780).take_while(|&x| near(shot, x, row + 1, PLAYED)).last()?;
    Some((row + 1, end))
}

/// The left end of that track, and its length.
const TRACK: (u32, u32) = (24, 752);

/// Half the knob's width in pixels.
const KNOB: u32 = 10;

/// Whether the bar shows this position in a film of one minute.
fn is_at(shot: &RgbImage, millis: u64) -> bool {
    let column = TRACK.0 + (u64::from(TRACK.1) * millis / 60_000) as u32;
    played(shot).is_some_and(|(_, end)| end.abs_diff(column) <= KNOB)
}

fn position(event: &serde_json::Value) -> u64 {
    event["position_ms"].as_u64().unwrap()
}

#[test]
fn a_film_is_paused_and_moved_in_by_keys() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let film = three_colours(folder.path());
    let mut window = display.open(&["play", &film], folder.path());
    display.shows("its beginning", |shot| is_plain(shot, RED));
    display.xdotool(&["search", "--onlyvisible", "--name", "three colours.mkv"]);

    display.key("space");
    let paused = window.event("played", |event| event["state"] == "paused");
    assert_eq!(paused["length_ms"], 60_000);
    // Longer than a live picture may stand still before it counts as frozen.
    thread::sleep(Duration::from_millis(1_500));
    let still = display.screenshot();
    assert!(is_plain(&still, RED) && light(&still, 200..600, 250..350) == 0, "dimmed, or with text over it");
    assert!(light(&still, 30..500, 550..590) > 100, "the bar is missing");

    // While it is paused, each seek shows one picture.
    window.forget();
    let mut expected = position(&paused);
    let mut seq = None;
    for (key, by) in [("Right", 5_000), ("shift+Right", 30_000), ("Left", -5_000), ("Right", 5_000)] {
        display.key(key);
        let moved = window.any_event(&["played", "frame"]);
        let other = if moved["event"] == "played" { "frame" } else { "played" };
        let second = window.event(other, |_| true);
        let (moved, frame) = if other == "frame" { (moved, second) } else { (second, moved) };
        expected = expected.saturating_add_signed(by);
        assert!(position(&moved).abs_diff(expected) <= 100, "{key}: {moved} is not {expected}");
        assert_eq!(moved["state"], "paused");
        let next = frame["seq"].as_u64();
        assert!(seq.is_none_or(|seq| next == Some(seq + 1)), "one picture per seek");
        seq = next;
        display.shows("the position", |shot| is_at(shot, expected));
    }
    display.shows("the picture there", |shot| is_plain(shot, GREEN));
    display.key("Home");
    assert_eq!(position(&window.event("played", |_| true)), 0);
    display.shows("the beginning", |shot| is_plain(shot, RED));

    // At the end, the last picture and the window stay.
    display.key("End");
    window.event("played", |event| event["state"] == "ended");
    thread::sleep(Duration::from_millis(1_500));
    let end = display.shows("its end", |shot| is_plain(shot, BLUE) && is_at(shot, 60_000));
    assert!(light(&end, 150..500, 550..590) > 100, "the end is not announced");
    display.key("space");
    window.event("played", |event| event["state"] == "playing" && position(event) < 1_000);
    display.shows("the beginning again", |shot| is_plain(shot, RED));
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn a_film_is_paused_and_moved_in_by_its_bar_which_goes_while_it_plays() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let film = three_colours(folder.path());
    let mut window = display.open(&["play", &film], folder.path());
    display.shows("its beginning", |shot| is_plain(shot, RED));
    display.shows("nothing but the film", |shot| light(shot, 0..800, 0..600) == 0);
    display.xdotool(&["mousemove", "400", "400"]);
    display.xdotool(&["mousemove", "401", "400"]);
    let bar = display.shows("the bar", |shot| played(shot).is_some());
    let (row, _) = played(&bar).unwrap();

    let before = light(&bar, 300..500, 480..530);
    display.xdotool(&["mousemove", "400", &row.to_string()]);
    display.shows("the time at the pointer", |shot| light(shot, 300..500, 480..530) > before + 10);
    // Waits for each step: on a busy machine, the window rarely polls the pointer.
    let row = row.to_string();
    let press = |x: u32, y: &str| display.xdotool(&["mousemove", &x.to_string(), y, "mousedown", "1"]);
    let release = || display.xdotool(&["mouseup", "1"]);
    press(TRACK.0 + TRACK.1 / 2, &row);
    display.shows("the middle", |shot| is_plain(shot, GREEN));
    release();
    let clicked = window.event("played", |_| true);
    assert!((29_000..60_000).contains(&position(&clicked)), "{clicked}");
    assert_eq!(clicked["state"], "playing");

    // Dragged, also beyond the bar's edges.
    press(TRACK.0 + TRACK.1 / 20, &row);
    display.shows("the pressed position", |shot| is_plain(shot, RED));
    display.xdotool(&["mousemove", &(TRACK.0 + TRACK.1 * 3 / 4).to_string(), "300"]);
    display.shows("the position of the drag", |shot| is_plain(shot, BLUE));
    display.xdotool(&["mousemove", "2", "300"]);
    display.shows("the position of the drag beyond the track", |shot| is_plain(shot, RED));
    release();
    let dragged = window.event("played", |_| true);
    assert!(position(&dragged) < 20_000, "{dragged}");

    // The button below the track's left end.
    press(30, &(row.parse::<u32>().unwrap() + 22).to_string());
    window.event("played", |event| event["state"] == "paused");
    release();
    display.key("space");
    window.event("played", |event| event["state"] == "playing");
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

#[test]
fn a_film_that_nobody_can_pause_ends_at_its_end_and_one_with_a_limit_at_that() {
    let folder = tempfile::tempdir().unwrap();
    let short = film::write(&folder.path().join("short.mkv"), &[(RED, 1)]);
    let play = |display: &str, more: &[&str]| {
        let mut command = pulsecam();
        command.args(["play", &short, "--json"]).args(more).env("DISPLAY", display).stdin(Stdio::null());
        let mut playing = Running::spawn(&mut command);
        let lines = playing.rest();
        assert_eq!(playing.exit_code(), 0, "{more:?}");
        lines.iter().filter(|line| line.contains(r#""event":"frame""#)).count()
    };
    assert!(play(":9999", &[]) > 0, "no such display");
    let display = Display::start();
    assert!(play(&display.name, &["--no-window"]) > 0);
    assert!(play(&display.name, &["--for", "3s"]) > 0, "although its last picture would stay");
    assert!(play(&display.name, &["--frames", "15", "--repeat"]) >= 15, "repeated");
}

#[test]
fn a_pattern_is_no_film() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let mut window = display.open(&["demo", "--source", "pattern", "--size", "640x480"], folder.path());
    window.event("shown", |_| true);
    display.key("space");
    display.shows("the pause sign", |shot| light(shot, 12..300, 560..590) > 60);
    window.forget();
    window.event("frame", |_| true);
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

/// A sender whose picture changes at once: it reads from a pipe.
struct Changing {
    sender: Running,
    is_green: Arc<AtomicBool>,
}

impl Changing {
    fn start(host: &str) -> Self {
        let mut sender = Running::start(&["send", host, "--source", "-", "--name", "cam", "--quiet"]);
        let (is_green, mut pipe) = (Arc::<AtomicBool>::default(), sender.stdin.take().unwrap());
        let (red, green) = (clip::plain(640, 480, RED), clip::plain(640, 480, GREEN));
        let colour = Arc::clone(&is_green);
        thread::spawn(move || {
            while pipe.write_all(if colour.load(Relaxed) { &green } else { &red }).is_ok() {
                thread::sleep(Duration::from_millis(50));
            }
        });
        Self { sender, is_green }
    }

    fn colour(&self) -> [u8; 3] {
        if self.is_green.load(Relaxed) { GREEN } else { RED }
    }

    /// Changes the colour; returns the old one.
    fn change(&self) -> [u8; 3] {
        let old = self.colour();
        self.is_green.fetch_xor(true, Relaxed);
        old
    }
}

/// Waits until frames are decoded, or no longer are; then counts decodes in the next twenty frames.
fn decodes(window: &mut Running, is_seen: bool) -> usize {
    window.forget();
    window.event("frame", |frame| frame["decoded"] == is_seen);
    (0..20).filter(|_| window.event("frame", |_| true)["decoded"] == true).count()
}

#[test]
fn nothing_is_decoded_while_nobody_sees_it_and_the_newest_picture_is_there_once_somebody_does() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::start();
    let relay = RelayProgram::start(&[]);
    let mut window = display.view(&relay.addr, folder.path());
    let camera = Changing::start(&relay.addr);
    display.shows("the picture", |shot| is_plain(shot, RED));
    assert_eq!(decodes(&mut window, true), 20);
    let id = display.window("pulsecam");
    let hides_and_shows = |window: &mut Running, what: &str, hide: &dyn Fn(), show: &dyn Fn()| {
        hide();
        assert_eq!(decodes(window, false), 0, "{what}");
        let old = camera.change();
        assert_eq!(decodes(window, false), 0, "{what}");
        show();
        display.shows(what, |shot| {
            assert!(!is_plain(shot, old), "{what}: a picture from before");
            is_plain(shot, camera.colour())
        });
        assert_eq!(decodes(window, true), 20, "{what}");
    };

    // Without a window manager, the tests do what one does.
    hides_and_shows(
        &mut window,
        "an unmapped window, mapped again",
        &|| display.xdotool(&["windowunmap", "--sync", &id]),
        &|| display.xdotool(&["windowmap", "--sync", &id]),
    );
    let state = ["-f", "_NET_WM_STATE", "32a", "-set", "_NET_WM_STATE", "_NET_WM_STATE_HIDDEN"];
    display.xprop(&id, &state);
    assert_eq!(decodes(&mut window, false), 0, "minimised, but still mapped");
    camera.change();
    display.xprop(&id, &["-remove", "_NET_WM_STATE"]);
    assert_eq!(decodes(&mut window, true), 20, "restored");
    display.shows("the restored window", |shot| is_plain(shot, camera.colour()));

    // Another window of the same size lies over it.
    let other = std::cell::RefCell::new(None);
    hides_and_shows(
        &mut window,
        "a covered window, uncovered",
        &|| {
            let mut over = display.open(&["demo", "--source", "pattern"], folder.path());
            over.event("shown", |_| true);
            *other.borrow_mut() = Some(over);
        },
        &|| drop(other.borrow_mut().take()),
    );
    display.key("space");
    assert_eq!(decodes(&mut window, false), 0, "paused");
    let old = camera.change();
    assert_eq!(decodes(&mut window, false), 0, "paused");
    assert!(is_plain(&display.screenshot(), old), "the paused picture stays");
    display.key("space");
    display.shows("the newest picture", |shot| is_plain(shot, camera.colour()));
    assert_eq!(decodes(&mut window, true), 20, "resumed");
    display.key("q");
    let summary = window.event("summary", |_| true);
    assert_eq!(summary["damaged"], 0);
    assert_eq!(window.exit_code(), 0);
    camera.sender.signal("TERM");
}

#[test]
fn what_was_saved_is_named_and_its_folder_opened_by_click_and_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let opened = folder.path().join("opened");
    // A file manager that stays open.
    let opener = folder.path().join("xdg-open");
    fs::write(&opener, format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >>'{}'\nexec sleep 60\n", opened.display()))
        .unwrap();
    fs::set_permissions(&opener, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let (display, relay) = (Display::start(), RelayProgram::start(&[]));
    let mut window = display.open_with(&["view", &relay.addr], &saved, &[("PATH", &path)]);
    let _sender = sender(&relay.addr, folder.path());
    display.shows("the picture", shows_the_picture);
    let times = |count: usize| {
        let wanted = format!("{}\n", saved.display()).repeat(count);
        wait("the folder", || fs::read_to_string(&opened).is_ok_and(|all| all == wanted));
    };
    display.key("e");
    times(1);
    display.key("s");
    // Above the buttons, in the colour of what the program says.
    let message = |shot: &RgbImage| find(shot, 24..400, 400..500, [169, 176, 186]);
    let told = display.shows("where it was saved", |shot| message(shot).is_some());
    let (x, y) = message(&told).unwrap();
    display.click(x + 2, y + 2);
    times(2);
    // The window does not wait for it.
    display.key("q");
    assert_eq!(window.exit_code(), 0);
}

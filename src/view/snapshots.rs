//! A painting of every state of the window.
//!
//! `PULSECAM_LOOK=FOLDER cargo test --lib look` also saves the pictures in that folder, for review by people.

use std::{
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{
    Image, LinkState, PlaceholderKind, RescaleRequest, SelfViewState, Update, VideoFrame,
    command::{Command, Target, Writing},
    damage::Damage,
    entry::Edit,
    film::FilmState,
    model::Model,
    options,
    paint::paint,
    render_context::{RenderContext, WindowContext},
    samples::{MS, chat, damaged, fed, feed, frame, image, model, open, scene},
};
use crate::{clock::Age, i18n::Language, picture::Canvas, playback::Playback};

/// A colour that no picture has, so that unpainted parts are detected.
const UNPAINTED: u32 = 0x00ff_00ff;

#[test]
fn every_state_is_painted_whole_and_with_words() {
    let folder = std::env::var_os("PULSECAM_LOOK").map(std::path::PathBuf::from);
    let now = Instant::now();
    for (scale, suffix) in [(1.0, ""), (2.0, "-dense")] {
        let mut context = RenderContext::new(scale, WindowContext { clipboard: true, states: true });
        let draw = |name: &str, model: &mut Model, size: (usize, usize), at: Instant| {
            let mut canvas = Canvas::filled(size.0, size.1, UNPAINTED);
            paint(&mut context, model, &mut canvas, Damage::All, at);
            // Pictures at other sizes arrive, and fonts that texts turn out to need.
            while context.painter.searching() || !context.rescale_requests.is_empty() {
                for wanted in std::mem::take(&mut context.rescale_requests) {
                    let RescaleRequest { stamp, size: (width, height), .. } = wanted;
                    let canvas = Ok(Arc::new(scene(width, height, 10 + stamp)));
                    model.apply(Update::Fitted { wanted, canvas }, at);
                }
                context.painter.refresh();
                paint(&mut context, model, &mut canvas, Damage::All, at);
                thread::sleep(MS);
            }
            assert!(!canvas.pixels.contains(&UNPAINTED), "{name} leaves holes");
            let light = canvas
                .pixels
                .iter()
                .filter(|pixel| pixel.to_be_bytes()[1..].iter().all(|c| *c > 160))
                .count();
            assert!(size.0 < 500 || light > 100, "{name} has no words: {light} light pixels");
            if let Some(folder) = &folder {
                write(&folder.join(format!("{name}{suffix}.png")), &canvas);
            }
        };
        states(draw, now);
    }
}

fn states(mut draw: impl FnMut(&str, &mut Model, (usize, usize), Instant), now: Instant) {
    let one = [("ann@desk", 1280, 720)];
    let four = [
        ("ann@desk", 1280, 720),
        ("小明的摄像头", 640, 480),
        ("سارة", 1280, 720),
        ("a very long name of a stream that does not fit its tile at all, not even nearly", 720, 1280),
    ];
    let hd = (1280, 720);
    draw("one", &mut fed(&one, now), hd, now);
    draw("one-letterbox", &mut fed(&[("old camera", 640, 480)], now), hd, now);
    draw("four", &mut fed(&four, now), hd, now);
    draw("three-small", &mut fed(&four[..3], now), (520, 300), now);
    let mut enlarged = fed(&four, now);
    enlarged.execute(Command::Enlarge(1), now);
    enlarged.pointed(now);
    draw("enlarged", &mut enlarged, hd, now);
    draw("enlarged-tall", &mut enlarged, (600, 900), now);
    crowds(&mut draw, now);
    draw("stalled", &mut fed(&four[..2], now - 3_300 * MS), hd, now);
    let mut gone = fed(&four[..2], now);
    for (name, card) in
        [("ann@desk", PlaceholderKind::NoSignal), ("小明的摄像头", PlaceholderKind::CameraOff)]
    {
        gone.apply(Update::Frame(VideoFrame { card: Some(card), ..frame(name, 30, 1280, 720) }), now);
    }
    draw("cards", &mut gone, hd, now);
    let mut late = fed(&one, now - 3_000 * MS);
    for step in 0..30 {
        let age = Some(Age { time: 1_400 * MS, within: Some(20 * MS) });
        late.apply(
            Update::Frame(VideoFrame { age, ..frame("ann@desk", 200 + step, 1280, 720) }),
            now + 600 * MS,
        );
    }
    draw("late", &mut late, hd, now + 600 * MS);
    links(&mut draw, now);
    films(&mut draw, now);
    panels(&mut draw, &four, now);
}

fn crowds(draw: &mut impl FnMut(&str, &mut Model, (usize, usize), Instant), now: Instant) {
    let names: Vec<String> = (1..=25).map(|number| format!("camera {number}")).collect();
    let all: Vec<_> = names.iter().map(|name| (name.as_str(), 320, 180)).collect();
    for (count, name) in [(2, "two"), (3, "three"), (6, "six"), (7, "seven"), (16, "sixteen"), (25, "crowd")]
    {
        draw(name, &mut fed(&all[..count], now), (1280, 720), now);
    }
    let mut crowd = fed(&all, now);
    draw("crowd-tall", &mut crowd, (1080, 1920), now);
    crowd.execute(Command::Enlarge(11), now);
    draw("crowd-enlarged", &mut crowd, (1280, 720), now);
    draw("crowd-enlarged-tall", &mut crowd, (600, 900), now);
    crowd.execute(Command::Say, now);
    draw("crowd-talk", &mut crowd, (1280, 720), now);
    draw("crowd-talk-small", &mut crowd, (640, 360), now);
}

/// A model with a film, and the film's controls.
fn film(language: Language, length: Option<Duration>, now: Instant) -> (Playback, Model) {
    let mut model = model(language, now);
    feed(&mut model, &[("talk.mkv", 1280, 720)], now);
    let controls = Playback::default();
    controls.opened(length, length.is_some());
    controls.shown(Duration::from_secs(251));
    let film = options::FilmOptions { controls: controls.clone(), stream: "talk.mkv".into() };
    model.film = Some(FilmState::new(&film, now));
    (controls, model)
}

fn films(draw: &mut impl FnMut(&str, &mut Model, (usize, usize), Instant), now: Instant) {
    let (length, hd, small) = (Some(Duration::from_secs(760)), (1280, 720), (640, 360));
    let (_, mut model) = film(Language::English, length, now);
    draw("film", &mut model, hd, now);
    model.hover(Some(Duration::from_secs(700)));
    chat(&mut model, now);
    model.apply(Update::Recording(Some(now - 75_000 * MS)), now);
    draw("film-hover", &mut model, hd, now);
    draw("film-tiny", &mut model, (300, 120), now);
    model.execute(Command::Say, now);
    draw("film-talk", &mut model, hd, now);
    let (controls, mut model) = film(Language::Chinese, length, now);
    controls.toggle_pause();
    draw("film-paused", &mut model, small, now + 60_000 * MS);
    let (_, mut model) = film(Language::English, None, now);
    model.execute(Command::Seek(Target::Forward(5)), now);
    draw("film-of-unknown-length", &mut model, small, now);
    let (controls, mut model) = film(Language::English, length, now);
    let reader = controls.clone();
    let ending = thread::spawn(move || reader.wait_at_end());
    while !controls.progress().ended {
        thread::sleep(MS);
    }
    draw("film-ended", &mut model, small, now + 60_000 * MS);
    controls.close();
    ending.join().unwrap();
}

fn links(draw: &mut impl FnMut(&str, &mut Model, (usize, usize), Instant), now: Instant) {
    let hd = (1280, 720);
    draw("waiting", &mut fed(&[], now), hd, now);
    let mut down = fed(&[], now);
    let why = "the relay at studio.example:6868 has been silent for 10 s";
    let cut = Update::Link(LinkState::Down { why: why.into(), retry_at: now + 1_500 * MS });
    down.apply(cut.clone(), now);
    draw("reconnecting", &mut down, hd, now);
    let mut refused = fed(&[], now);
    let why = "1024 clients are here already.".into();
    refused.apply(Update::Link(LinkState::Refused { why, retry_at: Some(now + 4_000 * MS) }), now);
    draw("refused", &mut refused, hd, now);
    let mut lasting = fed(&[], now);
    let why = "the relay could not prove that it knows the key. It may not be the relay you intended.".into();
    lasting.apply(Update::Link(LinkState::Lasting { why, retry_at: now + 20_000 * MS }), now);
    draw("lasting", &mut lasting, hd, now);
    let mut cut_off = fed(&[("ann@desk", 1280, 720)], now - 700 * MS);
    cut_off.apply(cut, now);
    draw("cut", &mut cut_off, hd, now);
}

fn panels(
    draw: &mut impl FnMut(&str, &mut Model, (usize, usize), Instant),
    four: &[(&str, usize, usize)],
    now: Instant,
) {
    let (one, hd) = (&four[..1], (1280, 720));
    let mut texts = fed(one, now);
    chat(&mut texts, now);
    draw("texts", &mut texts, hd, now);
    let mut numbers = fed(&four[..2], now);
    numbers.numbers = true;
    numbers.paused = true;
    numbers.apply(Update::Recording(Some(now - 75_000 * MS)), now);
    draw("numbers", &mut numbers, hd, now);
    let long: Vec<_> = (0..6).flat_map(|_| four.iter().copied()).collect();
    let names: Vec<_> = long.iter().zip(1..).map(|(four, at)| (format!("{} {at}", four.0), four.1)).collect();
    let all: Vec<_> = names.iter().map(|(name, width)| (name.as_str(), *width, 360)).collect();
    for (language, suffix) in [(Language::English, ""), (Language::Chinese, "-zh")] {
        let mut crowd = model(language, now);
        feed(&mut crowd, &all, now);
        crowd.numbers = true;
        crowd.execute(Command::Inspect(11), now);
        draw(&format!("numbers-crowd{suffix}"), &mut crowd, hd, now);
        draw(&format!("numbers-crowd-small{suffix}"), &mut crowd, (640, 360), now);
        draw(&format!("numbers-crowd-tall{suffix}"), &mut crowd, (360, 640), now);
        crowd.execute(Command::Help, now);
        draw(&format!("numbers-behind-keys{suffix}"), &mut crowd, (640, 360), now);
    }
    let mut card = fed(one, now);
    open(&mut card, image("小明", 900, 1200), now);
    open(&mut card, image("ann", 1600, 900), now);
    draw("image", &mut card, hd, now);
    let fault = || Some("a JPEG with 12 bits a sample; only those with 8 can be shown".to_owned());
    open(&mut card, Image { fault: fault(), ..image("小明", 900, 1200) }, now);
    draw("image-fault", &mut card, hd, now);
    open(&mut card, Image { size: None, fault: fault(), ..image("", 0, 0) }, now);
    draw("image-fault-unknown", &mut card, hd, now);
    let mut undecodable = fed(&four[..2], now);
    undecodable.apply(Update::Damaged(damaged("مصور", 3)), now);
    draw("undecodable", &mut undecodable, hd, now);
    let mut alone = fed(&[], now);
    alone.apply(Update::Damaged(damaged("the only one", 1)), now);
    draw("undecodable-alone", &mut alone, hd, now);
    let mut help = fed(one, now);
    help.apply(Update::Own(SelfViewState::Off), now);
    help.execute(Command::Help, now);
    draw("help", &mut help, hd, now);
    let mut own = fed(one, now);
    own.apply(Update::Own(SelfViewState::Picture(Arc::new(scene(240, 135, 60)))), now);
    own.pointed(now);
    draw("call", &mut own, hd, now);
    own.apply(Update::Own(SelfViewState::NoSignal("the camera was unplugged".into())), now);
    draw("call-no-signal", &mut own, hd, now);
    own.execute(Command::Quit, now);
    draw("call-leaving", &mut own, hd, now);
    for (language, name) in [(Language::English, "talk"), (Language::Chinese, "talk-zh")] {
        let mut talk = model(language, now);
        feed(&mut talk, one, now);
        draw(&format!("{name}-empty"), talking(&mut talk, now, &[]), hd, now);
        chat(&mut talk, now);
        let talk = talking(&mut talk, now, &["好的，马上", "ok, done 🙂"]);
        talk.edit(&Edit::Put("שלום, this is not sent y".into()), now);
        talk.edit(&Edit::Left, now);
        draw(name, talk, hd, now);
        for (sender, width, height) in [("小明", 900, 1200), ("ann@desk", 1600, 900)] {
            talk.apply(Update::Image(image(sender, width, height)), now);
        }
        talk.chat.close();
        draw(&format!("{name}-images-over"), talk, hd, now);
        talk.execute(Command::History, now);
        draw(&format!("{name}-images"), talk, hd, now);
    }
    let mut tiny = fed(four, now);
    chat(&mut tiny, now);
    tiny.execute(Command::Help, now);
    tiny.execute(Command::Say, now);
    tiny.numbers = true;
    tiny.apply(Update::Own(SelfViewState::Off), now);
    open(&mut tiny, image("小明", 90, 120), now);
    for size in [(1, 1), (30, 500), (120, 120), (300, 20)] {
        draw("tiny", &mut tiny, size, now);
    }
}

/// Opens the conversation and sends these texts; the first was taken by the relay.
fn talking<'a>(model: &'a mut Model, now: Instant, said: &[&str]) -> &'a mut Model {
    model.execute(Command::Say, now);
    for text in said {
        model.edit(&Edit::Put((*text).into()), now);
        model.write(&Writing::Send, now);
    }
    model.apply(Update::Sent { number: 1, left: true }, now);
    model
}

fn write(path: &Path, canvas: &Canvas) {
    let rgb = canvas.pixels.iter().flat_map(|pixel| pixel.to_be_bytes()[1..].to_vec()).collect();
    let picture = image::RgbImage::from_raw(canvas.width as u32, canvas.height as u32, rgb).unwrap();
    picture.save(path).unwrap();
}

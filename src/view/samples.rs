//! Test data: frames, images and models in some state.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use minifb::Key;

use super::{Damaged, FrameCounts, Image, LinkState, Update, VideoFrame, model::Model};
use crate::{
    clock::{Age, Timestamp},
    i18n::{Language, Translations},
    picture::Canvas,
    stream_id::StreamId,
};

/// The letters, each with its key.
pub(super) const LETTER_KEYS: [(&str, Key); 26] = [
    ("a", Key::A),
    ("b", Key::B),
    ("c", Key::C),
    ("d", Key::D),
    ("e", Key::E),
    ("f", Key::F),
    ("g", Key::G),
    ("h", Key::H),
    ("i", Key::I),
    ("j", Key::J),
    ("k", Key::K),
    ("l", Key::L),
    ("m", Key::M),
    ("n", Key::N),
    ("o", Key::O),
    ("p", Key::P),
    ("q", Key::Q),
    ("r", Key::R),
    ("s", Key::S),
    ("t", Key::T),
    ("u", Key::U),
    ("v", Key::V),
    ("w", Key::W),
    ("x", Key::X),
    ("y", Key::Y),
    ("z", Key::Z),
];

/// A frame of a stream that is 12 ms old.
pub(super) fn frame(stream: &str, seq: u64, width: usize, height: usize) -> VideoFrame {
    VideoFrame {
        stream: id(stream),
        name: stream.into(),
        peer: None,
        seq: Some(seq),
        canvas: Arc::new(scene(width, height, seq)),
        size: (width, height),
        jpeg: Bytes::from(vec![0xff; 100]),
        age: Some(Age { time: Duration::from_millis(12), within: Some(Duration::from_micros(240)) }),
        decoded: Instant::now(),
        decode: Duration::from_micros(2_300),
        account: FrameCounts { arrived: seq + 1, ..FrameCounts::default() },
        card: None,
    }
}

/// A fixed id per name.
pub(super) fn id(stream: &str) -> StreamId {
    StreamId::new(stream.bytes().fold(0, |sum, byte| sum.wrapping_mul(257) + u64::from(byte)))
}

/// A still picture.
pub(super) fn image(sender: &str, width: usize, height: usize) -> Image {
    let (sender, size) = (Some(sender.to_owned()), Some((width, height)));
    Image { sender, size, file: Bytes::from_static(b"jpeg"), fault: None }
}

/// A frame of a stream that cannot be decoded.
pub(super) fn damaged(stream: &str, damaged: u64) -> Damaged {
    Damaged {
        stream: id(stream),
        name: stream.into(),
        peer: None,
        size: Some((1280, 720)),
        reason: "a JPEG with 12 bits a sample; only those with 8 can be shown".into(),
        damaged,
    }
}

/// Hills under a sky, with a sun that moves: bright and dark, smooth and busy.
pub(super) fn scene(width: usize, height: usize, step: u64) -> Canvas {
    let (w, h) = (width as f32, height as f32);
    let sun = ((step as f32 / 90.0).fract() * w, h * 0.3);
    let pixel = |i: usize| {
        let (x, y) = ((i % width) as f32, (i / width) as f32);
        let hill = h * (0.62 + 0.09 * (x / w * 9.0).sin() + 0.04 * (x / w * 31.0).cos());
        let to_sun = (x - sun.0).hypot(y - sun.1) / h;
        let grain = ((i.wrapping_mul(2_654_435_761) >> 7) & 15) as f32;
        let (r, g, b) = if y < hill {
            let glow = (0.35 - to_sun).max(0.0) * 500.0;
            (120.0 + glow + y / h * 110.0, 160.0 + glow * 0.8 + y / h * 60.0, 225.0 + glow * 0.3)
        } else {
            let deep = (y - hill) / h;
            (70.0 - deep * 90.0 + grain, 120.0 - deep * 160.0 + grain * 1.5, 60.0 - deep * 60.0 + grain)
        };
        let byte = |value: f32| value.clamp(0.0, 255.0) as u32;
        (byte(r) << 16) | (byte(g) << 8) | byte(b)
    };
    Canvas { width, height, pixels: (0..width * height).map(pixel).collect() }
}

/// A millisecond.
pub(super) const MS: Duration = Duration::from_millis(1);

/// A model without streams, a minute after its start.
pub(super) fn model(language: Language, now: Instant) -> Model {
    let words = Arc::new(Translations::new(language));
    let mut model = Model::new("studio.example:6868", words, now - 60_000 * MS);
    model.images.keeps = true;
    model
}

/// A model in English with these streams, each for some seconds.
pub(super) fn fed(streams: &[(&str, usize, usize)], now: Instant) -> Model {
    let mut model = model(Language::English, now);
    feed(&mut model, streams, now);
    model
}

/// Brings in these streams.
pub(super) fn feed(model: &mut Model, streams: &[(&str, usize, usize)], now: Instant) {
    model.apply(Update::Link(LinkState::Up { rtt: Some(Duration::from_micros(1_840)) }), now);
    for (index, &(name, width, height)) in streams.iter().enumerate() {
        let first = frame(name, 17 * index as u64, width, height);
        for step in 0..120_u32 {
            let at = now - 40 * MS * (120 - step);
            let seq = first.seq.map(|seq| seq + u64::from(step));
            let jpeg = Bytes::from(vec![0; 94_000]);
            let age = Some(Age { time: MS * (12 + step % 17), within: Some(MS / 4) });
            let account = FrameCounts { arrived: u64::from(step), ..FrameCounts::default() };
            model.apply(
                Update::Frame(VideoFrame { decoded: at, seq, jpeg, age, account, ..first.clone() }),
                at,
            );
        }
    }
}

/// An image comes, and is opened.
pub(super) fn open(model: &mut Model, image: Image, now: Instant) {
    model.apply(Update::Image(image), now);
    let newest = model.images.newest().map(|shown| shown.stamp);
    newest.into_iter().for_each(|stamp| model.images.open(stamp));
}

/// Some people write.
pub(super) fn chat(model: &mut Model, now: Instant) {
    for (sender, text) in [
        (Some("小明"), "大家好！今天的画面很清楚 👍"),
        (Some("سارة"), "مرحبا بالجميع، الصورة واضحة"),
        (
            Some("ann@desk"),
            "Could you turn the lamp a little to the left? There is a reflection in the glass that hides half of the board, and the lower row cannot be read from here. 😀🎥",
        ),
    ] {
        let at = Timestamp::from_micros(1_772_373_909_000_000);
        model.apply(Update::Text { sender: sender.map(str::to_owned), text: text.into(), at }, now);
    }
    model.apply(Update::Notice("saved 2026-03-01T14-05-09.250Z-ann@desk-000123.jpg".into()), now);
}

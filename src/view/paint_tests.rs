//! Tests of painting only what has changed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::*;
use crate::view::{
    LinkState, SelfViewState, Update, VideoFrame,
    command::Command,
    demand::Demand,
    render_context::WindowContext,
    samples::{chat, fed, frame, id, image, open},
};

const FOUR: [(&str, usize, usize); 4] =
    [("ann", 160, 90), ("bob", 160, 120), ("cid", 160, 90), ("dan", 90, 160)];

/// A colour that no picture has.
const UNPAINTED: u32 = 0x00ff_00ff;

const SIZE: (usize, usize) = (640, 400);

fn show(model: &mut Model, name: &str, seq: u64, now: Instant) {
    let (_, width, height) = FOUR.into_iter().find(|(known, ..)| *known == name).unwrap();
    model.apply(Update::Frame(frame(name, seq, width, height)), now);
}

/// A model in some state, its painter, and the painting.
struct Painted {
    model: Model,
    context: RenderContext,
    canvas: Canvas,
}

impl Painted {
    fn new(now: Instant, prepare: impl Fn(&mut Model)) -> Self {
        let mut model = fed(&FOUR, now);
        prepare(&mut model);
        let mut context = RenderContext::new(1.0, WindowContext::default());
        let mut canvas = Canvas::filled(SIZE.0, SIZE.1, UNPAINTED);
        let areas = paint(&mut context, &model, &mut canvas, Damage::All, now);
        assert_eq!(areas, [Rect::new(0, 0, SIZE.0, SIZE.1)]);
        Self { model, context, canvas }
    }

    fn frames(&mut self, now: Instant) -> Vec<Rect> {
        paint(&mut self.context, &self.model, &mut self.canvas, Damage::Frames, now)
    }

    /// A painting of everything.
    fn whole(&mut self, now: Instant) -> Canvas {
        let mut whole = Canvas::filled(SIZE.0, SIZE.1, UNPAINTED);
        paint(&mut self.context, &self.model, &mut whole, Damage::All, now);
        whole
    }
}

/// Brings a window into a state.
type Change = fn(&mut Model, Instant);

#[test]
fn painting_what_has_changed_gives_the_painting_of_everything() {
    let now = Instant::now();
    let nothing: fn(&mut Model, Instant) = |_, _| {};
    let states: [(&str, Change); 10] = [
        ("four", nothing),
        ("one enlarged", |model, now| _ = model.execute(Command::Enlarge(1), now)),
        ("buttons", |model, now| model.pointed(now)),
        ("texts", chat),
        ("history", |model, now| {
            chat(model, now);
            model.execute(Command::Say, now);
        }),
        ("self view", |model, now| {
            model.apply(
                Update::Own(SelfViewState::Picture(Arc::new(Canvas::filled(120, 70, 0x0033_6699)))),
                now,
            );
        }),
        ("recording", |model, now| _ = model.apply(Update::Recording(Some(now)), now)),
        ("image", |model, now| open(model, image("ann", 200, 100), now)),
        ("image over the picture", |model, now| {
            model.apply(Update::Image(image("ann", 200, 100)), now);
        }),
        ("statistics", |model, _| model.numbers = true),
    ];
    for (name, prepare) in states {
        let mut painted = Painted::new(now, |model| prepare(model, now));
        for (step, streams) in [&["bob"][..], &["dan", "ann"], &["cid"], &["ann"]].into_iter().enumerate() {
            for stream in streams {
                show(&mut painted.model, stream, 200 + step as u64, now);
            }
            let before = painted.canvas.clone();
            let areas = painted.frames(now);
            let whole = painted.whole(now);
            assert!(painted.canvas == whole, "{name}, {streams:?}");
            let is_reported =
                |(x, y): (usize, usize)| areas.iter().any(|area| area.contains(Rect::new(x, y, 1, 1)));
            let differs = |at: &(usize, usize)| before.pixel(at.0, at.1) != whole.pixel(at.0, at.1);
            let mut all = (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (x, y))).filter(differs);
            assert!(all.all(is_reported), "{name}, {streams:?}: a change is not reported");
        }
    }
}

#[test]
fn only_tiles_with_new_pictures_are_reported() {
    let now = Instant::now();
    let mut painted = Painted::new(now, |_| {});
    assert!(painted.frames(now).is_empty(), "nothing has changed");
    show(&mut painted.model, "bob", 300, now);
    assert_eq!(painted.frames(now), [painted.context.tiles[1].area]);
    // A new stream changes the layout, and a link that is down dims every picture.
    painted.model.apply(Update::Frame(frame("eve", 0, 160, 90)), now);
    assert_eq!(painted.frames(now), [Rect::new(0, 0, SIZE.0, SIZE.1)]);
    painted.model.apply(Update::Link(LinkState::Down { why: "reset".into(), retry_at: now }), now);
    let soon = now + Duration::from_millis(100);
    assert_eq!(painted.frames(soon), [Rect::new(0, 0, SIZE.0, SIZE.1)]);
}

#[test]
fn a_pause_and_an_image_in_front_need_no_pictures() {
    let now = Instant::now();
    let demands = |painted: &Painted| painted.context.demands().map(|(_, demand)| demand).collect::<Vec<_>>();
    let painted = Painted::new(now, |_| {});
    assert!(demands(&painted).iter().all(|demand| matches!(demand, Demand::Size(_))));
    let painted = Painted::new(now, |model| _ = model.execute(Command::Pause, now));
    assert_eq!(demands(&painted), [Demand::Nothing; 4]);
    // A stream that comes during the pause shows its first picture.
    let painted = Painted::new(now, |model| {
        model.execute(Command::Pause, now);
        model.apply(Update::Frame(VideoFrame { canvas: Arc::default(), ..frame("eve", 0, 160, 90) }), now);
    });
    assert!(matches!(demands(&painted)[..], [Demand::Nothing, .., Demand::Size(_)]));
    assert!(
        painted.context.rescale_requests.iter().any(|wanted| wanted.stamp == painted.model.streams[4].stamp)
    );
    // Only the middle one of nine is behind the image.
    let painted = Painted::new(now, |model| {
        for number in 5..=9 {
            model.apply(Update::Frame(frame(&number.to_string(), 0, 160, 90)), now);
        }
        open(model, image("ann", 1_600, 1_000), now);
    });
    let behind = |demand: &Demand| *demand == Demand::Nothing;
    assert_eq!(demands(&painted).iter().position(behind), Some(4));
    assert_eq!(demands(&painted).iter().filter(|demand| behind(demand)).count(), 1);
}

#[test]
fn after_a_window_was_not_seen_no_old_picture_is_painted() {
    let now = Instant::now();
    let mut painted = Painted::new(now, |_| {});
    let unseen = VideoFrame { canvas: Arc::default(), ..frame("ann", 300, 160, 90) };
    painted.model.apply(Update::Frame(unseen), now);
    painted.model.is_seen_again();
    let canvas = painted.whole(now);
    let place = painted.context.tiles[0].shown.place;
    let middle = (place.x + place.width / 2, place.y + place.height / 2);
    assert_eq!(canvas.pixel(middle.0, middle.1), Some(crate::view::theme::PANEL));
    let wanted =
        painted.context.rescale_requests.iter().find(|wanted| wanted.size == (place.width, place.height));
    let wanted = wanted.expect("its picture is requested").clone();
    assert_eq!(painted.model.streams[0].id(), id("ann"));
    let picture = Arc::new(Canvas::filled(place.width, place.height, 0x0011_aa22));
    painted.model.apply(Update::Fitted { wanted, canvas: Ok(picture) }, now);
    let canvas = painted.whole(now);
    assert_eq!(canvas.pixel(middle.0, middle.1), Some(0x0011_aa22));
}

#[test]
fn the_self_view_covers_no_words_of_an_empty_window() {
    let now = Instant::now();
    let words_beside = |size: (usize, usize)| {
        let mut context = RenderContext::new(1.0, WindowContext::default());
        let mut model = fed(&[], now);
        model.apply(Update::Own(SelfViewState::Off), now);
        let mut canvas = Canvas::filled(size.0, size.1, UNPAINTED);
        paint(&mut context, &model, &mut canvas, Damage::All, now);
        let own = overlay::own_area(&context, &model).unwrap();
        let is_light = |x: usize, y: usize| {
            canvas.pixel(x, y).is_some_and(|pixel| pixel.to_be_bytes()[1..].iter().all(|c| *c > 100))
        };
        // The frame of the self view is two pixels wide.
        let rows = own.y..own.y + 30;
        rows.flat_map(|y| (0..own.x - 4).map(move |x| (x, y))).any(|(x, y)| is_light(x, y))
    };
    assert!(!words_beside((640, 400)), "a hint that is cut off");
    assert!(!words_beside((1_280, 720)), "far below the words");
}

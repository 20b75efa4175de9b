use super::*;

const MS: Duration = Duration::from_millis(1);

/// A frame of a full-HD camera, and a 100 Mb/s link.
const FRAME: usize = 184_000;
const LINK: f64 = 12.5e6;

/// A sender whose frames arrive at a rate, one after the other.
struct Played {
    cut: CutThrough,
    now: Instant,
}

impl Played {
    fn new() -> Self {
        Self { cut: CutThrough::default(), now: Instant::now() }
    }

    /// A frame arrives in steps of `step` bytes at `rate`; returns the bytes that had arrived at each piece.
    fn frame(&mut self, length: usize, step: usize, rate: f64) -> Vec<usize> {
        let (begun, mut arrived, mut pieces) = (self.now, step, Vec::new());
        while arrived < length {
            if arrived > self.cut.looks_beyond() && self.cut.part(length, arrived) {
                pieces.push(arrived);
                self.cut.begun(length, arrived, self.now);
            }
            self.now += Duration::from_secs_f64(step as f64 / rate);
            arrived += step;
        }
        self.cut.whole(length, true, self.now - begun);
        pieces
    }
}

#[test]
fn a_sender_earns_it_by_frames_that_came_at_a_steady_rate() {
    let mut played = Played::new();
    let begun: Vec<_> = (0..6).map(|_| !played.frame(FRAME, 1448, LINK).is_empty()).collect();
    assert_eq!(begun, [false, false, false, true, true, true]);
}

#[test]
fn pieces_are_few_and_the_last_is_small() {
    let mut played = Played::new();
    let pieces = (0..4).map(|_| played.frame(FRAME, 1448, LINK)).last().unwrap();
    assert!((8..=PIECES).contains(&pieces.len()), "{pieces:?}");
    assert!(pieces[0] < FRAME / 6, "{pieces:?}");
    assert!(FRAME - pieces.last().unwrap() < FRAME / 5, "{pieces:?}");
}

#[test]
fn what_comes_at_once_is_waited_for() {
    for rate in [200e6, 2e9] {
        let mut played = Played::new();
        assert!((0..10).all(|_| played.frame(FRAME, 16 << 10, rate).is_empty()), "{rate}");
    }
    let mut played = Played::new();
    for _ in 0..5 {
        played.cut.whole(FRAME, true, Duration::ZERO);
    }
    assert_eq!(played.cut.looks_beyond(), usize::MAX, "nothing is looked at in between");
    assert!(played.frame(FRAME, 1448, LINK).is_empty());
}

#[test]
fn what_takes_too_long_is_waited_for() {
    let mut played = Played::new();
    assert!((0..10).all(|_| played.frame(FRAME, 1448, 0.8e6).is_empty()));
    let mut played = Played::new();
    assert!((0..10).all(|_| played.frame(10_000, 1448, LINK).is_empty()), "a small one");
}

#[test]
fn one_slow_frame_among_the_last_is_enough_to_wait() {
    let mut played = Played::new();
    (0..5).for_each(|_| _ = played.frame(FRAME, 1448, LINK));
    played.frame(FRAME, 1448, 0.8e6);
    for _ in 0..REMEMBERED {
        assert!(played.frame(FRAME, 1448, LINK).is_empty());
    }
    assert!(!played.frame(FRAME, 1448, LINK).is_empty());
}

#[test]
fn one_fast_frame_is_no_reason_to_wait() {
    let mut played = Played::new();
    (0..5).for_each(|_| _ = played.frame(FRAME, 1448, LINK));
    played.cut.whole(FRAME, true, Duration::ZERO);
    assert!(!played.frame(FRAME, 1448, LINK).is_empty());
}

#[test]
fn a_frame_is_given_up_after_its_time_and_50_ms() {
    let mut played = Played::new();
    (0..5).for_each(|_| _ = played.frame(FRAME, 1448, LINK));
    assert_eq!(played.cut.deadline(), None);
    assert!(played.cut.part(FRAME, FRAME / 8));
    played.cut.begun(FRAME, FRAME / 8, played.now);
    let deadline = played.cut.deadline().unwrap();
    let expected = Duration::from_secs_f64(FRAME as f64 * 7.0 / 8.0 / LINK);
    assert!((deadline - played.now - LENIENCE).abs_diff(expected) < MS);
    // Later pieces do not extend it.
    let later = played.now + 10 * MS;
    assert!(played.cut.part(FRAME, FRAME / 2));
    played.cut.begun(FRAME, FRAME / 2, later);
    assert_eq!(played.cut.deadline(), Some(deadline));
    played.cut.tear();
    assert_eq!((played.cut.deadline(), played.cut.looks_beyond()), (None, usize::MAX));
    played.cut.whole(FRAME, true, 400 * MS);
    assert!(played.frame(FRAME, 1448, LINK).is_empty(), "trust has to be earned again");
}

#[test]
fn other_messages_say_nothing_about_frames() {
    let mut played = Played::new();
    (0..5).for_each(|_| _ = played.frame(FRAME, 1448, LINK));
    played.cut.ignore();
    assert_eq!(played.cut.looks_beyond(), usize::MAX);
    played.cut.whole(5_000_000, false, 900 * MS);
    assert_eq!(played.cut.looks_beyond(), SMALLEST);
    assert!(!played.frame(FRAME, 1448, LINK).is_empty());
}

use std::collections::VecDeque;

use super::*;
use crate::{
    jpeg::Encoder,
    picture::{Picture, Pixels},
};

const MS: Duration = Duration::from_millis(1);

/// A film in memory.
struct Reel {
    frames: Vec<(Duration, Bytes)>,
    next: usize,
    damaged: u64,
    fails_at: Option<usize>,
}

impl Demuxer for Reel {
    fn next_frame(&mut self) -> Result<Option<(Duration, Bytes)>, film::Error> {
        if self.fails_at == Some(self.next) {
            return Err(io::Error::other("the disk is gone").into());
        }
        self.next += 1;
        Ok(self.frames.get(self.next - 1).cloned())
    }

    fn seek(&mut self, to: Duration) -> Result<(), film::Error> {
        self.next = self.frames.iter().rposition(|(time, _)| *time <= to).unwrap_or(0);
        Ok(())
    }

    fn can_seek(&self) -> bool {
        true
    }

    fn length(&mut self) -> Result<Option<Duration>, film::Error> {
        Ok(self.frames.last().map(|(time, _)| *time))
    }

    fn damaged(&self) -> u64 {
        self.damaged
    }

    fn container(&self) -> &'static str {
        "Reel"
    }
}

fn jpeg(shade: u8) -> Bytes {
    let picture = Picture { width: 16, height: 16, pixels: Pixels::Rgb(vec![shade; 16 * 16 * 3]) };
    Encoder::new(80).unwrap().encode(&picture).unwrap()
}

/// A film with frames of these shades, 10 ms apart, starting at 5 s; `None` is not a JPEG.
fn film(shades: &[Option<u8>], settings: &Settings) -> Recording {
    let frame = |(number, shade): (usize, &Option<u8>)| {
        let time = 5_000 * MS + 10 * number as u32 * MS;
        (time, shade.map_or_else(|| Bytes::from_static(b"no picture"), jpeg))
    };
    let frames = shades.iter().enumerate().map(frame).collect();
    Recording::new("reel".into(), Box::new(Reel { frames, next: 0, damaged: 0, fails_at: None }), settings)
        .unwrap()
}

fn next(recording: &mut Recording) -> Option<(u64, Bytes)> {
    recording.next_frame().unwrap().map(|frame| match frame.data {
        FrameData::Jpeg(jpeg) => (frame.seq, jpeg),
        FrameData::Picture(_) => panic!("decoded"),
    })
}

#[test]
fn what_is_no_jpeg_is_left_out_counted_and_missing_in_the_numbers() {
    let mut recording = film(&[Some(1), None, None, Some(4), Some(5)], &Settings::default());
    let seqs: Vec<_> = std::iter::from_fn(|| next(&mut recording)).map(|(seq, _)| seq).collect();
    assert_eq!(seqs, [0, 3, 4]);
    assert_eq!(recording.losses().damaged, 2);
    assert!(next(&mut recording).is_none(), "and nothing after the end");
}

#[test]
fn two_fields_in_a_frame_give_the_first() {
    let both = [&jpeg(1)[..], &jpeg(2)].concat();
    let frames = vec![(Duration::ZERO, both.into())];
    let reel = Reel { frames, next: 0, damaged: 0, fails_at: None };
    let mut recording = Recording::new("reel".into(), Box::new(reel), &Settings::default()).unwrap();
    assert_eq!(next(&mut recording), Some((0, jpeg(1))));
    assert_eq!(recording.losses(), Losses::default());
}

#[test]
fn a_film_begins_again_on_request_and_numbers_go_on() {
    let settings = Settings { repeat: true, ..Settings::default() };
    let mut recording = film(&[Some(1), Some(2)], &settings);
    let frames: Vec<_> = std::iter::from_fn(|| next(&mut recording)).take(5).collect();
    let wanted: Vec<_> =
        [1, 2, 1, 2, 1].into_iter().map(jpeg).enumerate().map(|(seq, jpeg)| (seq as u64, jpeg)).collect();
    assert_eq!(frames, wanted);
    let mut nothing = film(&[None, None], &settings);
    assert!(next(&mut nothing).is_none(), "ends after a round without a picture");
}

#[test]
fn a_film_that_cannot_be_read_ends_after_the_error() {
    let reel = Reel { frames: vec![(MS, jpeg(1))], next: 0, damaged: 0, fails_at: Some(1) };
    let mut recording = Recording::new("reel".into(), Box::new(reel), &Settings::default()).unwrap();
    assert!(next(&mut recording).is_some());
    assert!(matches!(recording.next_frame(), Err(Error::Io { .. })));
    assert!(recording.next_frame().unwrap().is_none());
}

#[test]
fn a_person_moves_in_it_and_it_waits_at_its_end() {
    let playback = Playback::default();
    let settings = Settings { playback: Some(playback.clone()), ..Settings::default() };
    let mut recording = film(&[Some(1), Some(2), Some(3), Some(4)], &settings);
    let progress = playback.progress();
    assert_eq!((progress.length, progress.can_seek), (Some(30 * MS), true), "counted from the first frame");
    assert_eq!(next(&mut recording), Some((0, jpeg(1))));
    assert_eq!(playback.progress().position, Duration::ZERO);
    playback.seek(25 * MS);
    assert_eq!(next(&mut recording), Some((1, jpeg(3))), "the frame shown at that time");
    assert_eq!(playback.progress().position, 20 * MS);
    playback.toggle_pause();
    playback.seek(Duration::ZERO);
    assert_eq!(next(&mut recording), Some((2, jpeg(1))), "even while paused");
    playback.toggle_pause();
    let mut seen: VecDeque<_> = std::iter::from_fn(|| next(&mut recording)).take(3).collect();
    assert_eq!(seen.pop_back(), Some((5, jpeg(4))));
    let waiting = thread::scope(|scope| {
        scope.spawn(|| {
            while !playback.progress().ended {
                thread::yield_now();
            }
            playback.toggle_pause();
        });
        next(&mut recording)
    });
    assert_eq!(waiting, Some((6, jpeg(1))), "from the beginning");
    playback.close();
    assert_eq!(next(&mut recording), None);
}

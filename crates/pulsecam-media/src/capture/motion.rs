//! Photos in motion: slow pans and zooms, and a cross-fade from one to the next.
//!
//! A camera's picture is never still, so a still picture says little about a link. Everything is done in
//! planar 4:2:0: half the samples of RGB to scale, and no conversion in the encoder. The crop box moves in
//! fractions of a pixel, because whole pixels would jerk. Photos are never stamped.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use super::{Error, Frame, FrameData, Source, pace::Pacer, photo};
use crate::{
    clock::Timestamp,
    picture::{Part, Picture, Pixels, Scaler},
};

/// The closest zoom: photos are kept larger than the frame by this factor.
const CLOSEST: f64 = 1.28;

/// The widest zoom: never the whole photo, so that there is always room to pan.
const WIDEST: f64 = 1.06;

/// Maximum pan, in widths or heights of the frame: a tall photo would move too fast otherwise.
const FARTHEST: f64 = 0.4;

/// Periods of the zoom, the horizontal and the vertical pan, in seconds. They have no common divisor, so that
/// the motion of a single photo does not seem to repeat.
const PERIODS: [f64; 3] = [23.0, 31.0, 17.0];

/// Seconds for which a photo is shown on its own.
const TURN: f64 = 6.0;

/// Seconds of a cross-fade.
const CROSSING: f64 = 1.2;

/// Offset in turns of each photo's motion to the one before: the golden ratio never repeats.
const AHEAD: f64 = 0.618;

/// One photo or several, shown in motion without end.
pub(super) struct Motion {
    name: String,
    size: (usize, usize),
    pacer: Pacer,
    scaler: Scaler,
    current: Moving,
    /// The photo that is fading in, and its start time.
    incoming: Option<(Moving, f64)>,
    /// When the current photo's turn ends.
    turn_ends: f64,
    /// The following photos, loaded on another thread because decoding one takes longer than a frame. `None`
    /// for a single photo.
    next: Option<Receiver<Picture>>,
}

impl Motion {
    /// Shows `path`, a picture or a folder of pictures.
    pub(super) fn open(path: &Path, size: (usize, usize), fps: f64) -> Result<Self, Error> {
        let enough = ((size.0 as f64 * CLOSEST).ceil() as usize, (size.1 as f64 * CLOSEST).ceil() as usize);
        let paths = if path.is_dir() { photo::in_folder(path)? } else { vec![path.to_owned()] };
        let (first, rest) = first_good(paths, enough)?;
        let next = (!rest.is_empty()).then(|| in_background(rest, enough)).transpose()?;
        Ok(Self {
            name: path.display().to_string(),
            size,
            pacer: Pacer::new(fps),
            scaler: Scaler::default(),
            current: Moving { photo: first, number: 0 },
            incoming: None,
            turn_ends: TURN,
            next,
        })
    }

    /// The picture at a time in seconds since the start.
    fn picture(&mut self, time: f64) -> Result<Picture, Error> {
        if self.incoming.is_none()
            && time >= self.turn_ends
            && let Some(photo) = self.next.as_ref().and_then(|next| next.try_recv().ok())
        {
            self.incoming = Some((Moving { photo, number: self.current.number + 1 }, time));
        }
        if let Some((incoming, since)) = self.incoming.take() {
            let share = (time - since) / CROSSING;
            if share < 1.0 {
                let mut picture = self.current.at(time, self.size, &mut self.scaler)?;
                let above = incoming.at(time, self.size, &mut self.scaler)?;
                self.incoming = Some((incoming, since));
                blend(&mut picture, &above, share);
                return Ok(picture);
            }
            self.current = incoming;
            self.turn_ends = time + TURN;
        }
        self.current.at(time, self.size, &mut self.scaler)
    }
}

impl Source for Motion {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let tick = self.pacer.wait();
        let captured = Timestamp::now();
        let picture = self.picture(tick as f64 / self.pacer.fps())?;
        Ok(Some(Frame { seq: tick, captured, data: FrameData::Picture(picture.into()) }))
    }

    fn pass_by(&mut self) -> Result<bool, Error> {
        self.pacer.wait();
        Ok(true)
    }

    fn describe(&self) -> String {
        let (width, height) = self.size;
        format!("{} in motion, {width}x{height}, {} fps", self.name, self.pacer.fps())
    }
}

/// A photo that moves. The number offsets its motion from its neighbours'.
struct Moving {
    photo: Picture,
    number: u64,
}

impl Moving {
    fn at(&self, time: f64, size: (usize, usize), scaler: &mut Scaler) -> Result<Picture, Error> {
        let whole = Part::covering((self.photo.width, self.photo.height), size);
        Ok(scaler.scale(&self.photo, part_at(whole, time, self.number), size)?)
    }
}

/// The part of a photo that is shown at a time: three slow oscillations without jumps.
fn part_at(whole: Part, time: f64, number: u64) -> Part {
    let swing = |period: f64| {
        let turns = time / period + number as f64 * AHEAD;
        (1.0 - (turns * std::f64::consts::TAU).cos()) / 2.0
    };
    let [zoom, across, down] = PERIODS.map(swing);
    let zoom = WIDEST + (CLOSEST - WIDEST) * zoom;
    let (width, height) = (whole.width / zoom, whole.height / zoom);
    let pan = |at: f64, part: f64| (1.0 - part) / 2.0 + f64::min(1.0 - part, FARTHEST * part) * (at - 0.5);
    Part { left: pan(across, width), top: pan(down, height), width, height }
}

/// Blends `above` over `below`; `share` from 0 to 1 eases in and out.
fn blend(below: &mut Picture, above: &Picture, share: f64) {
    let share = share.clamp(0.0, 1.0);
    let weight = (share * share * (3.0 - 2.0 * share) * 256.0) as u16;
    let Pixels::Planar(_, samples) = &mut below.pixels else { return };
    for (to, &from) in samples.iter_mut().zip(above.bytes()) {
        *to = ((u16::from(*to) * (256 - weight) + u16::from(from) * weight) >> 8) as u8;
    }
}

/// The first photo that can be shown, and the paths that follow it, its own last. If none can be shown, the
/// error of the first.
fn first_good(mut paths: Vec<PathBuf>, enough: (usize, usize)) -> Result<(Picture, Vec<PathBuf>), Error> {
    let mut first_error = None;
    for at in 0..paths.len() {
        match photo::load(&paths[at], enough) {
            Ok(photo) => {
                let only = paths.len() - at == 1;
                let mut rest = paths.split_off(at);
                rest.rotate_left(1);
                return Ok((photo, if only { Vec::new() } else { rest }));
            }
            Err(error) => {
                if paths.len() > 1 {
                    tracing::warn!(%error, "skipped");
                }
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.unwrap_or_else(|| Error::NoPictures(PathBuf::new())))
}

/// Loads the photos in a cycle, one ahead; ends when the receiver is dropped.
fn in_background(mut paths: Vec<PathBuf>, enough: (usize, usize)) -> Result<Receiver<Picture>, Error> {
    let (give, take) = sync_channel(0);
    let load_all = move || {
        while !paths.is_empty() {
            let mut gone = false;
            paths.retain(|path| {
                gone || match photo::load(path, enough) {
                    Ok(photo) => {
                        gone = give.send(photo).is_err();
                        true
                    }
                    Err(error) => {
                        tracing::warn!(%error, "skipped from now on");
                        false
                    }
                }
            });
            if gone {
                return;
            }
        }
    };
    let started = thread::Builder::new().name("photos".into()).spawn(load_all);
    started.map(|_| take).map_err(|source| Error::Io { name: "the thread that loads photos".into(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data");
    const SIZE: (usize, usize) = (320, 180);

    fn difference(a: &Picture, b: &Picture) -> f64 {
        let sum: u64 = a.bytes().iter().zip(b.bytes()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / a.bytes().len() as f64
    }

    #[test]
    fn a_photo_moves_with_each_frame_and_never_jumps() {
        let path = Path::new(DATA).join("raccoon_1024x768.jpg");
        let mut motion = Motion::open(&path, SIZE, 30.0).unwrap();
        assert!(motion.next.is_none());
        let mut last = motion.picture(0.0).unwrap();
        for tick in 1..90 {
            let picture = motion.picture(f64::from(tick) / 30.0).unwrap();
            assert_eq!((picture.width, picture.height), SIZE);
            assert_eq!(picture.bytes().len(), picture.expected_bytes());
            let moved = difference(&last, &picture);
            assert!(moved > 0.0 && moved < 6.0, "{moved} at frame {tick}");
            last = picture;
        }
    }

    #[test]
    fn the_part_shown_stays_inside_and_moves_smoothly() {
        for (of, like) in [((4000, 3000), (1280, 720)), ((512, 512), (1280, 720)), ((300, 900), (640, 480))] {
            let whole = Part::covering(of, like);
            for number in 0..5 {
                let mut last = part_at(whole, 0.0, number);
                for tick in 1..3000 {
                    let part = part_at(whole, f64::from(tick) / 30.0, number);
                    let edges = [part.left, part.top, part.left + part.width, part.top + part.height];
                    assert!(edges.iter().all(|edge| (-1e-9..=1.0 + 1e-9).contains(edge)), "{part:?}");
                    let step = (part.left - last.left).abs() / part.width * like.0 as f64;
                    assert!(step < 3.0, "{step} pixels at frame {tick}");
                    last = part;
                }
            }
        }
    }

    #[test]
    fn photos_of_a_folder_follow_one_another_without_a_cut() {
        let mut motion = Motion::open(Path::new(DATA), SIZE, 30.0).unwrap();
        let next = motion.next.take().unwrap();
        // Wait for the loader instead of racing it.
        let (give, take) = sync_channel(4);
        (0..3).for_each(|_| give.send(next.recv().unwrap()).unwrap());
        motion.next = Some(take);
        let mut last = motion.picture(0.0).unwrap();
        for tick in 1..(3.0 * (TURN + CROSSING) * 30.0) as u32 {
            let picture = motion.picture(f64::from(tick) / 30.0).unwrap();
            let moved = difference(&last, &picture);
            assert!(moved < 12.0, "{moved} at frame {tick}");
            last = picture;
        }
        assert!(motion.current.number >= 2, "photo {}", motion.current.number);
    }

    #[test]
    fn pictures_that_fail_are_left_out_of_a_folder_and_an_error_alone() {
        let folder = tempfile::tempdir().unwrap();
        let bad = folder.path().join("a.jpg");
        std::fs::write(&bad, "no picture").unwrap();
        assert!(matches!(Motion::open(&bad, SIZE, 30.0), Err(Error::NotAPicture { .. })));
        assert!(matches!(Motion::open(folder.path(), SIZE, 30.0), Err(Error::NotAPicture { .. })));
        std::fs::copy(Path::new(DATA).join("coffee_600x400.jpg"), folder.path().join("b.JPG")).unwrap();
        let mut motion = Motion::open(folder.path(), SIZE, 1000.0).unwrap();
        assert!(motion.next.is_none(), "one good photo is a single photo");
        let frame = motion.next_frame().unwrap().unwrap();
        assert!(matches!(frame.data, FrameData::Picture(picture) if picture.width == SIZE.0));
    }

    #[test]
    fn a_blend_begins_and_ends_with_either_picture() {
        let grey = |level| {
            let pixels = Pixels::Planar(crate::picture::Subsampling::Grey, vec![level; 4]);
            Picture { width: 2, height: 2, pixels }
        };
        for (share, wanted) in [(0.0, 40), (0.5, 120), (1.0, 200)] {
            let mut picture = grey(40);
            blend(&mut picture, &grey(200), share);
            assert_eq!(picture, grey(wanted));
        }
    }
}

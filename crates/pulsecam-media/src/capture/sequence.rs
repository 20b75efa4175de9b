//! Numbered pictures such as `shots/%04d.jpg`, in FFmpeg's syntax: the output of cameras and renderers. JPEGs
//! are passed on unchanged, other formats that folders accept are decoded.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    path::Path,
    time::Duration,
};

use bytes::Bytes;

use super::{
    Error, Frame, FrameData, Losses, Settings, Source,
    mender::Mender,
    numbered::Numbered,
    pace::Pacer,
    photo,
    playback::{Playback, Wake},
    probe::{Kind, probe},
    splitter::MAX_JPEG,
};
use crate::{
    clock::Timestamp,
    jpeg::{Length, MAX_DIMENSION, MAX_PIXELS},
    picture::Picture,
    still,
};

/// The largest file of another format: a bitmap of the largest picture with 16 bits per sample.
const MAX_STILL: u64 = MAX_PIXELS as u64 * 8;

/// Quality of a re-encoded JPEG if the original's quality is unknown.
const QUALITY: u8 = 90;

/// A numbered sequence as a source.
pub(super) struct Sequence {
    files: Numbered,
    text: String,
    first: u64,
    /// `None` after the largest possible number.
    next: Option<u64>,
    seq: u64,
    repeat: bool,
    pacer: Pacer,
    mender: Mender,
    round: Round,
    /// Whether the reason for the end was reported.
    told: bool,
    playback: Option<Playback>,
    /// Pictures from the first one to a gap.
    count: u64,
}

/// A file of a sequence.
enum Loaded {
    Picture(FrameData),
    /// A JPEG that cannot be repaired, which the mender has counted and reported.
    Damaged,
}

/// Results of one round through the sequence.
#[derive(Default)]
struct Round {
    good: u64,
    bad: u64,
    last: String,
}

impl Sequence {
    /// Opens the files that `text` names, at `fps` frames per second.
    pub(super) fn open(text: &OsStr, fps: f64, settings: &Settings) -> Result<Self, Error> {
        let Settings { start_number, repeat, playback, .. } = settings;
        let shown = text.display().to_string();
        let parsed = Numbered::parse(text).ok_or_else(|| Error::NoSuchSource(shown.clone()))?;
        // Two percent signs may be part of the name.
        let readings = [parsed.unescaped(), Some(parsed)].into_iter().flatten();
        let mut found =
            readings.map(|files| (files.present(), files)).filter(|(present, _)| !present.is_empty());
        let none = |hint: String| Error::EmptySequence { text: shown.clone(), hint };
        let Some((present, files)) = found.next() else {
            return Err(none(": %04d is a number with at least four digits, as in shots/0001.jpg".into()));
        };
        let (lowest, highest) = (present[0], present[present.len() - 1]);
        let first = start_number.unwrap_or(lowest);
        let Ok(place) = present.binary_search(&first) else {
            return Err(none(format!(" with the number {first}: numbers range from {lowest} to {highest}")));
        };
        let follows = |(wanted, found): &(u64, &u64)| wanted == *found;
        let count = (first..=highest).zip(&present[place..]).take_while(follows).count() as u64;
        let pacer = Pacer::new(fps);
        let (round, mender) = (Round::default(), Mender::new(shown.clone()));
        let (repeat, playback) = (*repeat, playback.clone());
        if let Some(playback) = &playback {
            playback.opened(Some(Duration::from_secs_f64(count as f64 / pacer.fps())), true);
        }
        Ok(Self {
            files,
            text: shown,
            first,
            next: Some(first),
            seq: 0,
            repeat,
            pacer,
            mender,
            round,
            told: false,
            playback,
            count,
        })
    }

    /// The picture with this number; a number without a file ends the sequence.
    fn load(&mut self, number: u64) -> Result<Option<Loaded>, Error> {
        let path = self.files.path(number);
        match fs::metadata(&path) {
            Ok(metadata) => load(&path, &metadata, &mut self.mender).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&path, &error)),
        }
    }

    /// Reports why the sequence ended at this number, if there is a gap.
    fn tell_end(&self, missing: u64) {
        let above = self.files.present().into_iter().find(|&number| number > missing);
        if let (Some(above), Some(last)) = (above, missing.checked_sub(1)) {
            let [last, missing, above] = [last, missing, above].map(|number| self.files.digits(number));
            tracing::warn!("{}: stopped at {last}: {missing} is missing, but {above} exists", self.text);
        }
    }

    /// The next picture; after the last one the first, if the sequence repeats.
    fn next(&mut self) -> Result<Option<Loaded>, Error> {
        while let Some(number) = self.next {
            let loaded = self.load(number);
            if !matches!(loaded, Ok(None)) {
                self.next = number.checked_add(1);
                return loaded;
            }
            self.next = self.again(number)?.then_some(self.first);
        }
        Ok(None)
    }

    /// Goes to the picture that is shown at this time.
    fn seek(&mut self, to: Duration) {
        let number = ((to.as_secs_f64() * self.pacer.fps()).round() as u64).min(self.count.saturating_sub(1));
        self.next = self.first.checked_add(number);
    }

    /// At the end, waits for a person to move back; false if nobody does.
    fn goes_on(&mut self) -> bool {
        let Some(Wake::Seek(to)) = self.playback.as_ref().map(Playback::wait_at_end) else { return false };
        self.seek(to);
        true
    }

    /// Handles the end at this number: whether the sequence starts again.
    fn again(&mut self, missing: u64) -> Result<bool, Error> {
        if !std::mem::replace(&mut self.told, true) {
            self.tell_end(missing);
        }
        self.next = None; // later calls also return the end
        let Round { good, bad, last } = std::mem::take(&mut self.round);
        if good == 0 && bad > 0 {
            return Err(Error::NoneGood { text: self.text.clone(), count: bad, last });
        }
        Ok(self.repeat && good > 0)
    }
}

/// Reads a file: a JPEG unchanged if every viewer shows it upright, other pictures decoded.
fn load(path: &Path, metadata: &fs::Metadata, mender: &mut Mender) -> Result<Loaded, Error> {
    let not = |reason: String| Error::NotAPicture { path: path.into(), reason };
    if !metadata.is_file() {
        return Err(not("it is not a regular file".into())); // a FIFO might block forever
    }
    let mut start = Vec::new();
    let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
    (&mut file).take(16).read_to_end(&mut start).map_err(|error| unreadable(path, &error))?;
    let is_jpeg = probe(&start) == Some(Kind::Jpeg);
    if metadata.len() > if is_jpeg { MAX_JPEG as u64 } else { MAX_STILL } {
        return Err(Error::TooLong { name: path.display().to_string(), allowed: MAX_JPEG });
    }
    if !is_jpeg {
        return decoded(path).map(|picture| Loaded::Picture(FrameData::Picture(picture)));
    }
    file.take(MAX_JPEG as u64).read_to_end(&mut start).map_err(|error| unreadable(path, &error))?;
    let file = Bytes::from(start);
    let Some(jpeg) = mender.frame(&file, Length::Unknown) else { return Ok(Loaded::Damaged) };
    if still::is_plain(&jpeg) {
        return Ok(Loaded::Picture(FrameData::Jpeg(jpeg)));
    }
    let sent = still::outgoing(jpeg, QUALITY, None).map_err(|error| not(error.to_string()))?;
    Ok(Loaded::Picture(FrameData::Jpeg(sent.jpeg)))
}

/// The picture of a file that is not a JPEG, in its own size.
fn decoded(path: &Path) -> Result<Picture, Error> {
    photo::load(path, (MAX_DIMENSION, MAX_DIMENSION)).map_err(|error| match error {
        Error::Io { source, .. } => unreadable(path, &source),
        other => other,
    })
}

/// An error of one file: others may be readable.
fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::NotAPicture { path: path.into(), reason: error.to_string() }
}

impl Source for Sequence {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let loaded = loop {
            let loaded = match self.next() {
                Ok(None) if self.goes_on() => continue,
                Ok(None) => return Ok(None),
                Err(error) if error.is_final() => return Err(error),
                Ok(Some(Loaded::Picture(data))) => Ok(Some(data)),
                Ok(Some(Loaded::Damaged)) => Ok(None),
                Err(error) => Err(error),
            };
            // A failing file takes its slot too: a sequence of nothing else must not be a busy loop.
            match self.pacer.wait_for(self.playback.as_ref()) {
                Wake::Due { .. } => match loaded {
                    Ok(Some(data)) => break Ok(data),
                    Err(error) => break Err(error),
                    Ok(None) => {
                        // Dropped and counted: a gap in the numbers.
                        self.seq += 1;
                        self.round.bad += 1;
                        self.round.last = "it is damaged".into();
                    }
                },
                Wake::Seek(to) => self.seek(to),
                Wake::Closed => return Ok(None),
            }
        };
        if let (Some(playback), Some(next)) = (&self.playback, self.next) {
            let number = next.saturating_sub(self.first + 1);
            playback.shown(Duration::from_secs_f64(number as f64 / self.pacer.fps()));
        }
        let seq = self.seq;
        self.seq += 1;
        match &loaded {
            Ok(_) => self.round.good += 1,
            Err(error) => {
                self.round.bad += 1;
                self.round.last = error.to_string();
            }
        }
        loaded.map(|data| Some(Frame { seq, captured: Timestamp::now(), data }))
    }

    fn losses(&self) -> Losses {
        self.mender.losses()
    }

    fn describe(&self) -> String {
        format!("the pictures {}, {} fps", self.text, self.pacer.fps())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{jpeg::Encoder, picture::Pixels};

    fn small_jpeg(grey: u8) -> Bytes {
        let picture = Picture { width: 16, height: 16, pixels: Pixels::Rgb(vec![grey; 16 * 16 * 3]) };
        Encoder::new(80).unwrap().encode(&picture).unwrap()
    }

    fn open(folder: &Path, pattern: &str, start: Option<u64>, repeat: bool) -> Result<Sequence, Error> {
        let settings = Settings { start_number: start, repeat, ..Settings::default() };
        Sequence::open(folder.join(pattern).as_os_str(), 1000.0, &settings)
    }

    #[test]
    fn files_pass_untouched_and_a_bad_one_is_an_error_with_a_number_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = [small_jpeg(10), small_jpeg(200)];
        fs::write(folder.path().join("1.jpg"), &pictures[0]).unwrap();
        fs::write(folder.path().join("2.jpg"), "no picture").unwrap();
        fs::write(folder.path().join("3.jpg"), [&pictures[1][..], b"trailer"].concat()).unwrap();
        let mut source = open(folder.path(), "%d.jpg", None, true).unwrap();
        for round in 0..2 {
            for (seq, wanted) in [(0, Some(&pictures[0])), (1, None), (2, Some(&pictures[1]))] {
                match (source.next_frame(), wanted) {
                    (Ok(Some(Frame { seq: found, data: FrameData::Jpeg(jpeg), .. })), Some(wanted)) => {
                        assert_eq!((found, &jpeg), (3 * round + seq, wanted));
                    }
                    (Err(Error::NotAPicture { .. }), None) => {}
                    (other, _) => panic!("{other:?}"),
                }
            }
        }
        let mut once = open(folder.path(), "%d.jpg", None, false).unwrap();
        assert_eq!((0..5).filter(|_| matches!(once.next_frame(), Ok(Some(_)))).count(), 2);
        assert!(once.next_frame().unwrap().is_none());
    }

    #[test]
    fn other_formats_are_decoded_and_names_do_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let red = image::RgbImage::from_pixel(20, 10, image::Rgb([255, 0, 0]));
        red.save(folder.path().join("a1.png")).unwrap();
        fs::write(folder.path().join("a2.png"), small_jpeg(9)).unwrap();
        let mut source = open(folder.path(), "a%d.png", None, false).unwrap();
        let FrameData::Picture(picture) = source.next_frame().unwrap().unwrap().data else {
            panic!("decoded")
        };
        assert_eq!((picture.width, picture.height), (20, 10));
        assert!(matches!(source.next_frame(), Ok(Some(Frame { data: FrameData::Jpeg(_), .. }))));
        assert!(source.next_frame().unwrap().is_none());
    }

    #[test]
    fn it_begins_at_any_number_and_ends_at_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        for number in [7_u8, 8, 10] {
            fs::write(folder.path().join(format!("{number:03}.jpg")), small_jpeg(number)).unwrap();
        }
        let count = |start| {
            let mut source = open(folder.path(), "%03d.jpg", start, false).unwrap();
            std::iter::from_fn(|| source.next_frame().unwrap()).count()
        };
        assert_eq!((count(None), count(Some(8)), count(Some(10))), (2, 1, 1));
        let Err(error) = open(folder.path(), "%03d.jpg", Some(9), false) else { panic!("there is none") };
        assert!(error.to_string().ends_with("with the number 9: numbers range from 7 to 10"), "{error}");
        assert!(matches!(open(folder.path(), "x/%d.jpg", None, false), Err(Error::EmptySequence { .. })));
    }

    #[test]
    fn percent_signs_in_names_are_themselves_and_doubled_ones_stand_for_one() {
        let folder = tempfile::tempdir().unwrap();
        for (folder_name, name, pattern) in [
            ("100%done", "1.jpg", "100%done/%d.jpg"),
            ("50%d", "1.jpg", "50%d/%d.jpg"),
            ("25%", "5%_1.jpg", "25%%/5%%_%d.jpg"),
            ("two%%", "1.jpg", "two%%/%d.jpg"),
        ] {
            fs::create_dir(folder.path().join(folder_name)).unwrap();
            fs::write(folder.path().join(folder_name).join(name), small_jpeg(1)).unwrap();
            let mut source = open(folder.path(), pattern, None, false).unwrap();
            assert!(source.next_frame().unwrap().is_some(), "{pattern}");
        }
    }

    #[test]
    fn one_without_a_picture_ends_with_the_reason_also_if_it_repeats() {
        let folder = tempfile::tempdir().unwrap();
        for number in 1..=3 {
            fs::write(folder.path().join(format!("{number}.jpg")), "no picture").unwrap();
        }
        for repeat in [false, true] {
            let mut source = open(folder.path(), "%d.jpg", None, repeat).unwrap();
            for _ in 1..=3 {
                assert!(!source.next_frame().unwrap_err().is_final(), "the next may be good");
            }
            let error = source.next_frame().unwrap_err();
            assert!(matches!(&error, Error::NoneGood { count: 3, .. }) && error.is_final(), "{error}");
            assert!(source.next_frame().unwrap().is_none());
        }
    }

    #[test]
    fn the_last_number_there_can_be_is_the_end() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(format!("{}.jpg", u64::MAX)), small_jpeg(1)).unwrap();
        let mut source = open(folder.path(), "%d.jpg", None, false).unwrap();
        assert!(source.next_frame().unwrap().is_some());
        assert!(source.next_frame().unwrap().is_none());
    }

    #[test]
    fn a_person_moves_in_it_and_it_waits_at_its_end() {
        let folder = tempfile::tempdir().unwrap();
        for number in [3_u8, 4, 5, 6, 9] {
            fs::write(folder.path().join(format!("{number}.jpg")), small_jpeg(number * 20)).unwrap();
        }
        let film = Playback::default();
        let settings = Settings { playback: Some(film.clone()), ..Settings::default() };
        let pattern = folder.path().join("%d.jpg");
        let mut source = Sequence::open(pattern.as_os_str(), 100.0, &settings).unwrap();
        let ms = Duration::from_millis;
        assert_eq!((film.progress().length, film.progress().can_seek), (Some(ms(40)), true));
        let mut next = || match source.next_frame().unwrap().map(|frame| frame.data) {
            Some(FrameData::Jpeg(jpeg)) => (3..7).find(|&number| jpeg == small_jpeg(number * 20)),
            _ => None,
        };
        assert_eq!((next(), next()), (Some(3), Some(4)));
        film.seek(ms(30));
        assert_eq!((next(), film.progress().position), (Some(6), ms(30)));
        let person = std::thread::spawn({
            let film = film.clone();
            move || {
                while !film.progress().ended {
                    std::thread::yield_now();
                }
                film.toggle_pause();
                while film.progress().ended {
                    std::thread::yield_now(); // it starts again
                }
                while film.progress().position != ms(30) || !film.progress().ended {
                    std::thread::yield_now();
                }
                film.close();
            }
        });
        assert_eq!([next(), next(), next(), next(), next()], [Some(3), Some(4), Some(5), Some(6), None]);
        person.join().unwrap();
    }
}

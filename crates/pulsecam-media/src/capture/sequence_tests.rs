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
#[cfg(feature = "photos")]
fn other_formats_are_decoded_and_names_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let red = image::RgbImage::from_pixel(20, 10, image::Rgb([255, 0, 0]));
    red.save(folder.path().join("a1.png")).unwrap();
    fs::write(folder.path().join("a2.png"), small_jpeg(9)).unwrap();
    let mut source = open(folder.path(), "a%d.png", None, false).unwrap();
    let FrameData::Picture(picture) = source.next_frame().unwrap().unwrap().data else { panic!("decoded") };
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

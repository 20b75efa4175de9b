use super::*;
use crate::{
    capture::FrameData,
    jpeg::{Encoder, MAX_DIMENSION},
    picture::{Picture, Pixels},
};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data");

#[test]
fn texts_are_understood_and_given_back() {
    for (text, wanted) in [
        ("camera", Spec::Camera(Which::First)),
        ("camera:3", Spec::Camera(Which::Index(3))),
        ("camera:C920: HD", Spec::Camera(Which::Name("C920: HD".into()))),
        ("camera:/dev/video2", Spec::Camera(Which::Name("/dev/video2".into()))),
        ("pattern", Spec::Pattern),
        ("-", Spec::Stdin),
        ("photo:a b.jpg", Spec::Photo("a b.jpg".into())),
        ("mjpeg:clip.avi", Spec::Mjpeg("clip.avi".into())),
        ("shots/%04d.jpg", Spec::Sequence("shots/%04d.jpg".into())),
        ("photos/", Spec::Path("photos/".into())),
        ("C:\\photo.jpg", Spec::Path("C:\\photo.jpg".into())),
        ("cameras", Spec::Path("cameras".into())),
    ] {
        let spec: Spec = text.parse().unwrap();
        assert_eq!(spec, wanted);
        assert_eq!(spec.to_string(), text);
    }
    assert_eq!("camera:".parse::<Spec>().unwrap(), Spec::Camera(Which::First));
    assert!(matches!("".parse::<Spec>(), Err(Error::NoSuchSource(_))));
}

fn small_jpeg(side: usize) -> Vec<u8> {
    let picture = Picture { width: side, height: side, pixels: Pixels::Rgb(vec![99; side * side * 3]) };
    Encoder::new(80).unwrap().encode(&picture).unwrap().to_vec()
}

#[test]
fn a_path_is_what_its_content_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let look = |name: &str, content: Vec<u8>| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        Spec::look(&path).unwrap()
    };
    let is_stream = |spec| matches!(spec, Spec::Mjpeg(_));
    let (large, small) = (small_jpeg(32), small_jpeg(16));
    assert!(is_stream(look("two.jpg", [&large[..], b"--boundary\r\n", &large].concat())));
    assert!(is_stream(look("one.MJPG", large.clone())));
    assert!(!is_stream(look("one.jpg", large.clone())));
    assert!(!is_stream(look("phone.jpg", [&large[..], &small].concat())));
    assert!(!is_stream(Spec::look(folder.path()).unwrap()));
}

fn first(text: &str, size: Option<(usize, usize)>) -> Result<FrameData, Error> {
    let spec: Spec = text.parse()?;
    let settings = Settings { size, fps: Some(1000.0), ..Settings::default() };
    Ok(spec.open(&settings)?.next_frame()?.unwrap().data)
}

#[test]
fn sources_give_the_size_asked_for_and_pass_through_where_none_was() {
    let folder = tempfile::tempdir().unwrap();
    let (clip, shots) = (folder.path().join("clip.mjpeg"), folder.path().join("%d.jpg"));
    std::fs::write(&clip, small_jpeg(32)).unwrap();
    std::fs::write(folder.path().join("0.jpg"), small_jpeg(32)).unwrap();
    let photo = format!("{DATA}/coffee_600x400.jpg");
    let (clip, shots) = (clip.to_str().unwrap(), shots.to_str().unwrap());
    for text in [clip, shots, &photo, DATA, "pattern"] {
        match first(text, Some((64, 36))).unwrap() {
            FrameData::Picture(picture) => assert_eq!((picture.width, picture.height), (64, 36)),
            FrameData::Jpeg(_) => panic!("{text} was not resized"),
        }
    }
    for text in [clip, shots] {
        for size in [None, Some((32, 32))] {
            assert!(matches!(first(text, size), Ok(FrameData::Jpeg(jpeg)) if jpeg == small_jpeg(32)));
        }
    }
}

#[test]
fn a_file_whose_name_looks_like_a_pattern_is_that_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("100%done.jpg");
    std::fs::write(&path, small_jpeg(32)).unwrap();
    assert!(matches!(first(path.to_str().unwrap(), None), Ok(FrameData::Picture(_))));
}

#[test]
fn what_is_not_there_and_what_cannot_be_is_told() {
    assert!(matches!(first("/nowhere/at all", None), Err(Error::NoSuchSource(_))));
    assert!(matches!(first("photo:/nowhere", None), Err(Error::NoSuchSource(_))));
    assert!(matches!(first(&format!("{DATA}/README.md"), None), Err(Error::NotAPicture { .. })));
    assert!(matches!(first(&format!("mjpeg:{DATA}/README.md"), None), Err(Error::NotMjpeg { .. })));
    // Pictures from phones, whose file structure is that of films.
    let folder = tempfile::tempdir().unwrap();
    for (brand, name) in [("heic", "HEIC"), ("mif1", "HEIC"), ("avif", "AVIF")] {
        let path = folder.path().join(brand);
        std::fs::write(&path, format!("\0\0\0\x18ftyp{brand}\0\0\0\0{brand}miaf")).unwrap();
        let error = first(path.to_str().unwrap(), None).unwrap_err().to_string();
        assert!(error.contains(name), "{brand}: {error}");
    }
    for size in [(0, 5), (5, 0), (MAX_DIMENSION + 1, 5), (MAX_DIMENSION, MAX_DIMENSION)] {
        assert!(matches!(first("pattern", Some(size)), Err(Error::BadSize { .. })), "{size:?}");
    }
}

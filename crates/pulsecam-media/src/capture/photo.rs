//! Loads a photo as planes, ready to be shown in motion. It is decoded, turned upright, and scaled to a size
//! that makes every later frame cheap.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use super::Error;
use crate::{
    picture::{Part, Picture, Pixels, Scaler, Subsampling, yuv},
    still,
};

/// Extensions that a folder is searched for.
const EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "gif", "webp", "bmp"];

/// The pictures in a folder, sorted by name.
pub(super) fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let io = |source| Error::Io { name: folder.display().to_string(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() { Err(Error::NoPictures(folder.into())) } else { Ok(found) }
}

/// Loads a picture as planar 4:2:0, shrunk if it is larger than needed to cover `enough`.
pub(super) fn load(path: &Path, enough: (usize, usize)) -> Result<Picture, Error> {
    let file = read(path)?;
    let rgb = still::decode(&file).map_err(|error| wrong(path, error))?.picture;
    let (width, height) = (rgb.width, rgb.height);
    let factor = f64::max(enough.0 as f64 / width as f64, enough.1 as f64 / height as f64);
    if factor >= 1.0 {
        return planar(&rgb);
    }
    let shrunk = |side: usize| ((side as f64 * factor).round() as usize).max(1);
    let size = (shrunk(width), shrunk(height));
    planar(&Scaler::default().scale(&rgb, Part::WHOLE, size)?)
}

fn read(path: &Path) -> Result<Bytes, Error> {
    still::read_file(path).map_err(|error| wrong(path, error))
}

fn wrong(path: &Path, error: still::Error) -> Error {
    match error {
        still::Error::Io(source) => Error::Io { name: path.display().to_string(), source },
        // A format that can be converted is named.
        still::Error::Foreign(foreign) if !foreign.advice.is_empty() => {
            Error::Picture { name: path.display().to_string(), reason: foreign.to_string() }
        }
        still::Error::NotBuiltIn { .. } => {
            Error::Picture { name: path.display().to_string(), reason: error.to_string() }
        }
        error => {
            let reason = error.to_string();
            let bare = ["not a picture: ", "cannot read the picture: "];
            let reason =
                bare.iter().find_map(|words| reason.strip_prefix(words)).unwrap_or(&reason).to_owned();
            Error::NotAPicture { path: path.into(), reason }
        }
    }
}

/// RGB to planar 4:2:0, full range BT.601. Slower than the encoder's own conversion, but done once per photo.
fn planar(rgb: &Picture) -> Result<Picture, Error> {
    let (width, height) = (rgb.width, rgb.height);
    let mut full = [(); 3].map(|()| Vec::with_capacity(width * height));
    for pixel in rgb.bytes().chunks_exact(3) {
        for (plane, sample) in full.iter_mut().zip(yuv([pixel[0], pixel[1], pixel[2]])) {
            plane.push(sample);
        }
    }
    let mut planes = vec![0; Subsampling::Yuv420.bytes(width, height)];
    let mut rest = planes.as_mut_slice();
    for (plane, size) in full.iter().zip(Subsampling::Yuv420.plane_sizes((width, height))) {
        let (target, behind) = rest.split_at_mut(size.0 * size.1);
        Scaler::default().plane((plane, (width, height)), Part::WHOLE, (target, size))?;
        rest = behind;
    }
    Ok(Picture { width, height, pixels: Pixels::Planar(Subsampling::Yuv420, planes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data");

    #[test]
    fn folders_give_their_pictures_by_name() {
        let names: Vec<_> = in_folder(Path::new(DATA))
            .unwrap()
            .iter()
            .map(|path| path.file_stem().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["astronaut_512x512", "coffee_600x400", "raccoon_1024x768"]);
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(in_folder(empty.path()), Err(Error::NoPictures(_))));
    }

    #[test]
    fn pictures_are_shrunk_to_what_is_needed_and_never_enlarged() {
        let size = |enough| {
            let photo = load(&Path::new(DATA).join("raccoon_1024x768.jpg"), enough).unwrap();
            assert_eq!(photo.bytes().len(), photo.expected_bytes());
            (photo.width, photo.height)
        };
        assert_eq!(size((4000, 100)), (1024, 768));
        assert_eq!(size((512, 100)), (512, 384));
        assert_eq!(size((10, 384)), (512, 384));
    }

    #[test]
    #[cfg(feature = "photos")]
    fn other_formats_are_decoded_and_transparency_becomes_white() {
        let folder = tempfile::tempdir().unwrap();
        for extension in ["png", "gif", "webp", "bmp"] {
            let path = folder.path().join("picture").with_extension(extension);
            let mut image = image::RgbaImage::from_pixel(40, 30, image::Rgba([200, 10, 20, 255]));
            image.put_pixel(0, 0, image::Rgba([0, 0, 0, if extension == "bmp" { 255 } else { 0 }]));
            image.save(&path).unwrap();
            let photo = load(&path, (40, 30)).unwrap();
            let luma = yuv([200, 10, 20])[0];
            assert!(photo.bytes()[41].abs_diff(luma) < 3, "{extension}");
            assert_eq!(photo.bytes()[0], if extension == "bmp" { 0 } else { 255 }, "{extension}");
        }
    }

    #[test]
    fn photos_are_turned_upright() {
        let plain = fs::read(Path::new(DATA).join("coffee_600x400.jpg")).unwrap();
        // Big-endian TIFF with one entry: orientation (0x0112), a short: 6, turned a quarter to the left.
        let tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let mut turned = vec![0xff, 0xd8, 0xff, 0xe1, 0, (8 + tiff.len()) as u8];
        turned.extend(b"Exif\0\0");
        turned.extend(tiff);
        turned.extend(&plain[2..]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phone.jpg");
        fs::write(&path, turned).unwrap();
        let photo = load(&path, (600, 600)).unwrap();
        assert_eq!((photo.width, photo.height), (400, 600));
    }

    #[test]
    fn what_is_no_picture_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let png: &[u8] = if cfg!(feature = "photos") { b"\x89PNG\r\n\x1a\n" } else { b"" };
        for content in [&b"text"[..], b"", b"\xff\xd8\xff\xe0", png] {
            let path = folder.path().join("x.jpg");
            fs::write(&path, content).unwrap();
            assert!(matches!(load(&path, (64, 64)), Err(Error::NotAPicture { .. })), "{content:?}");
        }
        assert!(matches!(load(Path::new("/nowhere.jpg"), (64, 64)), Err(Error::Io { .. })));
    }
}

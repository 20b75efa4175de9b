//! Reads files that were dropped on the window, on a thread of its own: a file may be on a slow disk, or a pipe.

use std::{path::Path, sync::Arc, thread};

use bytes::Bytes;

use super::{
    clipboard::unsent,
    dropped::{DropContent, Dropped},
    inbox::WindowHandle,
    update::{Image, Update},
};
use crate::{
    i18n::{Phrase, Translations},
    still,
};

/// Bytes of all files of a drop: as much as of one file.
const MOST_BYTES: usize = 256 << 20;

/// Reads what was dropped. The pictures arrive together, as [`Update::Dropped`]; why others are none is said.
pub(super) fn read(dropped: DropContent, handle: WindowHandle, words: &Arc<Translations>) {
    let DropContent::Files(dropped) = dropped else {
        handle.push(Update::Notice(words.text(Phrase::DropNoFile)));
        return;
    };
    let words = Arc::clone(words);
    let work = move || {
        let (images, notices) = images(&dropped, &words);
        for notice in notices {
            handle.push(Update::Notice(notice));
        }
        if !images.is_empty() {
            handle.push(Update::Dropped(images));
        }
    };
    if let Err(error) = thread::Builder::new().name("drop".into()).spawn(work) {
        tracing::warn!("cannot start a thread to read what was dropped: {error}");
    }
}

/// The pictures of a drop, and why other things are none.
fn images(dropped: &Dropped, words: &Translations) -> (Vec<Image>, Vec<String>) {
    let Dropped { files, others } = dropped;
    let (mut images, mut notices, mut left) = (Vec::new(), Vec::new(), MOST_BYTES);
    for path in files {
        match image(path).and_then(|image| {
            left = left.checked_sub(image.file.len()).ok_or("too much at once")?;
            Ok(image)
        }) {
            Ok(image) => images.push(image),
            Err(reason) => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                notices.push(format!("{name}: {}", words.format(Phrase::CannotShow, [("reason", reason)])));
            }
        }
    }
    match (others, files.len()) {
        (0, 0) | (1.., 0) => notices.push(words.text(Phrase::DropNoFile)),
        (0, _) => {}
        (others, _) => notices.push(words.format(Phrase::DropLeftOut, [("count", *others)])),
    }
    (images, notices)
}

fn image(path: &Path) -> Result<Image, String> {
    let file: Bytes = still::read_file(path).map_err(|error| error.to_string())?;
    let image = unsent(file);
    match image.fault {
        Some(reason) => Err(reason),
        None => Ok(image),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn pictures_are_taken_and_what_is_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        image::RgbImage::new(4, 3).save(at("one.png")).unwrap();
        fs::write(at("two.txt"), "no picture").unwrap();
        let words = Translations::default();
        let read = |names: &[&str], others| {
            let files = names.iter().map(|name| at(name)).collect();
            let (images, notices) = images(&Dropped { files, others }, &words);
            (images.iter().map(|image| image.size).collect::<Vec<_>>(), notices)
        };
        let (sizes, notices) = read(&["one.png", "two.txt", "three", "."], 1);
        assert_eq!(sizes, [Some((4, 3))]);
        assert_eq!(notices.len(), 4, "{notices:?}");
        assert!(notices[0].starts_with("two.txt: ") && notices[1].starts_with("three: "), "{notices:?}");
        assert_eq!(read(&[], 2).1, [words.text(Phrase::DropNoFile)]);
        assert_eq!(read(&["one.png"], 0), (vec![Some((4, 3))], vec![]));
    }
}

//! Recordings of all streams at the same time, one file each.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicUsize},
};

use super::{EXTENSION, Error, Finished, RecordedFrame, Recorder};
use crate::{file_name, queue, stream_id::StreamId};

/// The longest file name, in bytes, that all common file systems accept.
const LONGEST: usize = 255;

/// Names that are tried before giving up. More than the streams that are recorded at the same time, over many
/// days.
const MAX_TRIES: u32 = 10_000;

/// Where recordings go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileTarget {
    /// Into this file. Further streams go into files beside it, with the stream's name in theirs. If a file
    /// exists already, the next free name is used: `talk-ann.mkv`, `talk-ann-2.mkv`.
    File(PathBuf),
    /// Into this folder, under names with time and stream.
    Folder(PathBuf),
}

/// A recording that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Started {
    /// The stream.
    pub stream: StreamId,
    /// The file.
    pub path: PathBuf,
}

/// Recordings under way.
#[derive(Debug)]
pub struct Recordings {
    place: FileTarget,
    /// If set, only streams of this name are recorded.
    only: Option<String>,
    /// `None` for a stream that cannot be recorded.
    recorders: BTreeMap<StreamId, Option<Recorder>>,
    /// Bytes of all recordings that wait for the disk.
    waiting: Arc<AtomicUsize>,
    /// Whether it was reported that there are too many streams.
    told: bool,
}

impl Recordings {
    /// Starts without recordings. `only`: records only streams of this name.
    #[must_use]
    pub fn new(place: FileTarget, only: Option<String>) -> Self {
        Self { place, only, recorders: BTreeMap::new(), waiting: Arc::default(), told: false }
    }

    /// Whether a stream of this name is to be recorded; the caller must check it before giving frames.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }

    /// Records a frame of a stream of this name. Returns the file if it is the stream's first frame.
    ///
    /// # Errors
    /// If its file cannot be created or the disk is full, once per stream; [`Error::TooMany`], once in total.
    /// The other streams continue.
    pub fn frame(
        &mut self,
        stream: StreamId,
        name: &str,
        taken: RecordedFrame,
    ) -> Result<Option<Started>, Error> {
        if let Some(known) = self.recorders.get_mut(&stream) {
            if known.as_ref().is_none_or(|recorder| recorder.frame(taken)) {
                return Ok(None);
            }
            // It has failed, since it ended without being asked to.
            return known.take().map_or(Ok(None), |recorder| recorder.finish().map(|_| None));
        }
        if self.recorders.len() >= queue::MAX_KEYS {
            let told = std::mem::replace(&mut self.told, true);
            return if told { Ok(None) } else { Err(Error::TooMany(queue::MAX_KEYS)) };
        }
        let begun = self.begin(name, &taken);
        let (recorder, told) = match begun {
            Ok(recorder) => {
                let path = recorder.path().to_owned();
                recorder.frame(taken);
                (Some(recorder), Ok(Some(Started { stream, path })))
            }
            Err(error) => (None, Err(error)),
        };
        self.recorders.insert(stream, recorder);
        told
    }

    fn begin(&self, name: &str, taken: &RecordedFrame) -> Result<Recorder, Error> {
        let (file, path) = match &self.place {
            FileTarget::File(path) => {
                let name = (!self.recorders.is_empty()).then_some(name);
                free(path, name).map_err(|source| Error::Create { path: path.clone(), source })?
            }
            FileTarget::Folder(folder) => {
                let create = |source| Error::Create { path: folder.clone(), source };
                file_name::create(folder, name, None, EXTENSION).map_err(create)?
            }
        };
        Recorder::begin_with(file, path, name, taken.size, Arc::clone(&self.waiting))
    }

    /// Whether nothing is being recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recorders.values().all(Option::is_none)
    }

    /// Ends all recordings and returns their results.
    #[must_use]
    pub fn finish(self) -> Vec<Result<Finished, Error>> {
        self.recorders.into_values().flatten().map(Recorder::finish).collect()
    }
}

/// Creates the first file beside `path` that does not exist yet. `talk.mkv` without a name and `talk-ann.mkv`
/// for `ann`, then `talk-ann-2.mkv` and so on.
fn free(path: &Path, name: Option<&str>) -> io::Result<(File, PathBuf)> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let extension = path.extension().map_or(EXTENSION.into(), |extension| extension.to_string_lossy());
    let mut name = name.map_or(String::new(), |name| format!("-{}", file_name::safe(name)));
    // A peer's long name must not make a file name that no system accepts.
    let room = LONGEST.saturating_sub(stem.len() + 1 + extension.len() + "-99999".len());
    while name.len() > room {
        name.pop();
    }
    for number in 1..=MAX_TRIES {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let own = name.is_empty() && number.is_empty();
        let path = if own {
            path.to_owned()
        } else {
            path.with_file_name(format!("{stem}{name}{number}.{extension}"))
        };
        match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return Ok((made?, path)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(folder: &Path, path: &str, name: Option<&str>) -> String {
        let (_, made) = free(&folder.join(path), name).unwrap();
        assert!(made.is_file() && made.parent() == Some(folder));
        made.file_name().unwrap().to_string_lossy().into_owned()
    }

    #[test]
    fn a_name_that_is_taken_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut made = |name| made(folder.path(), "talk.mkv", name);
        assert_eq!([None, None, None].map(&mut made), ["talk.mkv", "talk-2.mkv", "talk-3.mkv"]);
        let names = [Some("ann"), Some("ann."), Some("../ann"), Some("ann-2"), Some("")];
        let files =
            ["talk-ann.mkv", "talk-ann-2.mkv", "talk-ann-3.mkv", "talk-ann-2-2.mkv", "talk-unnamed.mkv"];
        assert_eq!(names.map(&mut made), files);
    }

    #[test]
    fn a_crowd_of_streams_is_recorded_up_to_a_number_which_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let mut recordings = Recordings::new(FileTarget::File(folder.path().join("talk.mkv")), None);
        let mut frame = |stream: usize| {
            let jpeg = bytes::Bytes::from_static(b"jpeg");
            let arrived = crate::clock::Timestamp::now();
            let taken = RecordedFrame { captured: None, arrived, size: (8, 8), jpeg };
            recordings.frame(StreamId::new(stream as u64), "ann", taken)
        };
        assert!((0..queue::MAX_KEYS).all(|stream| matches!(frame(stream), Ok(Some(_)))));
        assert!(matches!(frame(queue::MAX_KEYS), Err(Error::TooMany(queue::MAX_KEYS))));
        assert!(matches!(frame(queue::MAX_KEYS + 1), Ok(None)), "reported once");
        assert!(matches!(frame(0), Ok(None)), "existing ones continue");
    }

    #[test]
    fn a_peers_name_makes_no_file_name_that_is_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let long = "😀".repeat(60);
        let stem = "x".repeat(230);
        let names = [(); 2].map(|()| made(folder.path(), &format!("{stem}.mkv"), Some(&long)));
        assert!(names[0].contains("😀") && names.iter().all(|name| name.len() <= LONGEST), "{names:?}");
        assert_eq!(made(folder.path(), "no extension", Some("ann")), "no extension-ann.mkv");
    }
}

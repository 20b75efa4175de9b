//! All streams that are recorded at the same time, a file each.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{EXTENSION, Error, Finished, Recorder, Taken};
use crate::{file_name, fresh};

/// Where recordings go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into this file; further streams into files beside it, with their names in theirs.
    File(PathBuf),
    /// Into this folder, under names with time and stream.
    Folder(PathBuf),
}

/// A file has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The stream's name.
    pub stream: String,
    /// The file.
    pub path: PathBuf,
}

/// Recordings under way.
#[derive(Debug)]
pub struct Takes {
    place: Place,
    /// The only stream that is recorded.
    only: Option<String>,
    /// `None` for a stream that cannot be recorded.
    recorders: BTreeMap<String, Option<Recorder>>,
}

impl Takes {
    /// None yet. `only`: leaves all other streams out.
    #[must_use]
    pub const fn new(place: Place, only: Option<String>) -> Self {
        Self { place, only, recorders: BTreeMap::new() }
    }

    /// Whether this stream is recorded.
    #[must_use]
    pub fn wants(&self, stream: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == stream)
    }

    /// A frame of a stream came. Tells of the file where it is the first.
    ///
    /// # Errors
    /// Where its file cannot be made or was full, once.
    pub fn frame(&mut self, stream: &str, taken: Taken) -> Result<Option<Begun>, Error> {
        if !self.wants(stream) {
            return Ok(None);
        }
        if let Some(known) = self.recorders.get_mut(stream) {
            if known.as_ref().is_none_or(|recorder| recorder.frame(taken)) {
                return Ok(None);
            }
            // It ended before it was told to: it has failed.
            return known.take().map_or(Ok(None), |recorder| recorder.finish().map(|_| None));
        }
        if self.recorders.len() >= fresh::MAX_KEYS {
            return Ok(None);
        }
        let begun = self.begin(stream, &taken);
        let (recorder, told) = match begun {
            Ok(recorder) => {
                let path = recorder.path().to_owned();
                recorder.frame(taken);
                (Some(recorder), Ok(Some(Begun { stream: stream.to_owned(), path })))
            }
            Err(error) => (None, Err(error)),
        };
        self.recorders.insert(stream.to_owned(), recorder);
        told
    }

    fn begin(&self, stream: &str, taken: &Taken) -> Result<Recorder, Error> {
        match &self.place {
            Place::File(path) if self.recorders.is_empty() => Recorder::create(path, stream, taken.size),
            Place::File(path) => Recorder::create(&beside(path, stream), stream, taken.size),
            Place::Folder(folder) => {
                let create = |source| Error::Create { path: folder.clone(), source };
                let (file, path) = file_name::create(folder, stream, None, EXTENSION).map_err(create)?;
                Recorder::begin(file, path, stream, taken.size)
            }
        }
    }

    /// Whether anything is being recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recorders.values().all(Option::is_none)
    }

    /// Ends all of them: what became of each.
    #[must_use]
    pub fn finish(self) -> Vec<Result<Finished, Error>> {
        self.recorders.into_values().flatten().map(Recorder::finish).collect()
    }
}

/// `talk.mkv` and `ann` make `talk-ann.mkv`.
fn beside(path: &Path, stream: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let extension =
        path.extension().map_or(EXTENSION.into(), |extension| extension.to_string_lossy().into_owned());
    path.with_file_name(format!("{stem}-{}.{extension}", file_name::safe(stream)))
}

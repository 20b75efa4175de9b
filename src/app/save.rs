//! Saves pictures as they came.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{file_name, still};

/// Writes a picture as it came into `folder`, which is made where it is missing, under a name that ends as its content is; never over a
/// file that is there. What is no picture is not saved.
pub(super) fn save(folder: &Path, name: &str, seq: Option<u64>, file: &[u8]) -> Result<String, Unsaved> {
    let extension = still::extension(file).ok_or(Unsaved::NoPicture)?;
    match file_name::save(folder, name, seq, extension, file) {
        Ok(path) => Ok(path.display().to_string()),
        Err(source) => Err(Unsaved::Io { folder: folder.to_owned(), source }),
    }
}

/// Why something was not saved.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsaved {
    #[error("it is no picture")]
    NoPicture,
    #[error("cannot save into {}: {source}", folder.display())]
    Io { folder: PathBuf, source: io::Error },
}

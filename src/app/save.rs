//! Saves received pictures to files.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process,
};

use super::Error;
use crate::{file_name, still};

/// Writes a picture unchanged to a new file in `folder`, which is created if missing.
///
/// The extension is that of the content. Existing files are never overwritten. A file that is no picture is
/// not saved.
pub(super) fn save(folder: &Path, name: &str, seq: Option<u64>, file: &[u8]) -> Result<String, Unsaved> {
    let extension = still::extension(file).ok_or(Unsaved::NoPicture)?;
    match file_name::save(folder, name, seq, extension, file) {
        Ok(path) => Ok(path.display().to_string()),
        Err(source) => Err(Unsaved::Io { folder: folder.to_owned(), source }),
    }
}

/// Creates the folder if it is missing, and checks that files can be created there.
///
/// # Errors
/// [`Error::Folder`] if not.
pub(super) fn check(folder: &Path) -> Result<(), Error> {
    let probe = folder.join(format!(".pulsecam-{}", process::id()));
    let created = fs::create_dir_all(folder).and_then(|()| File::create_new(&probe));
    let checked = created.and_then(|_| fs::remove_file(&probe));
    checked.map_err(|source| Error::Folder { path: folder.to_owned(), source })
}

/// Why something was not saved.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsaved {
    #[error("it is not a picture")]
    NoPicture,
    #[error("cannot save into {}: {source}", folder.display())]
    Io { folder: PathBuf, source: io::Error },
}

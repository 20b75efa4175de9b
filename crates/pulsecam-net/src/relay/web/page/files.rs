//! The files of the page.

use super::PageFile;

/// Embeds a file of this folder.
macro_rules! file {
    ($name:literal) => {
        PageFile { name: $name, bytes: include_bytes!($name) }
    };
}

/// All files, of which the page consists.
pub(super) const FILES: &[PageFile] = &[file!("index.html")];

//! Standard input without the buffer of the standard library.

use std::{fs::File, io};

/// Standard input as a file: if it is one, what was read can be read again.
///
/// # Errors
/// The program has no standard input, or too many files are open.
#[cfg(unix)]
pub(super) fn unbuffered() -> io::Result<File> {
    std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned().map(File::from)
}

/// The same for handles.
#[cfg(windows)]
pub(super) fn unbuffered() -> io::Result<File> {
    std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned().map(File::from)
}

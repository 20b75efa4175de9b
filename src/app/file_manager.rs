//! Opens folders in the desktop's file manager.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    thread,
};

/// The program that opens files as the user has configured it.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else if cfg!(windows) {
    "explorer"
} else {
    "xdg-open"
};

/// Opens a folder, and calls `failed` with the reason if that is not possible.
///
/// The opener may stay until the file manager is closed, so it runs beside everything else, also beyond the program's
/// end.
pub(super) fn open(folder: PathBuf, failed: impl FnOnce(String) + Send + 'static) {
    let work = move || {
        if let Err(reason) = run(Command::new(OPENER).arg(&folder)) {
            failed(reason);
        }
    };
    if let Err(error) = thread::Builder::new().name("file manager".into()).spawn(work) {
        tracing::warn!("cannot start a thread to open a folder: {error}");
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Ctrl-C in our terminal does not end it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let status = command.status().map_err(|error| format!("{OPENER}: {error}"))?;
    // The file manager of Windows always exits with status 1.
    if status.success() || cfg!(windows) { Ok(()) } else { Err(format!("{OPENER} failed ({status})")) }
}

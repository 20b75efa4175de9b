//! File names for snapshots, images and recordings.
//!
//! The stream's name comes from the network: it may contain slashes, control characters or a right-to-left
//! override that makes `gpj.exe` look like `exe.jpg`. Any script is allowed, but the file never leaves its
//! folder, and names sort by time.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    clock::Timestamp,
    sanitize::{CharClass, char_class},
};

/// The length to which a stream's name is cut in a file name, in characters. With four bytes each, this is
/// well below the 255 bytes that file systems allow.
const LONGEST_NAME: usize = 40;

/// Builds a file name such as `2026-03-01T14-05-09.250Z-ann@desk-000123.jpg`. The time comes first, so that a
/// folder sorts by it.
#[must_use]
pub fn of(stream: &str, taken: Timestamp, seq: Option<u64>, extension: &str) -> String {
    let name = safe(stream);
    let seq = seq.map(|seq| format!("-{seq:06}")).unwrap_or_default();
    format!("{}-{name}{seq}.{extension}", utc(taken))
}

/// Creates a file with such a name in `folder`, which is created if missing; never overwrites a file.
///
/// # Errors
/// The system's error.
pub fn create(folder: &Path, stream: &str, seq: Option<u64>, extension: &str) -> io::Result<(File, PathBuf)> {
    fs::create_dir_all(folder)?;
    let mut taken = Timestamp::now();
    loop {
        let path = folder.join(of(stream, taken, seq, extension));
        match File::create_new(&path) {
            // Names have milliseconds, so two may collide.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = taken.offset(1_000),
            created => return Ok((created?, path)),
        }
    }
}

/// Writes a complete file with such a name, or none: a partly written file is removed.
///
/// # Errors
/// The system's error.
pub fn save(
    folder: &Path,
    stream: &str,
    seq: Option<u64>,
    extension: &str,
    content: &[u8],
) -> io::Result<PathBuf> {
    let (mut file, path) = create(folder, stream, seq, extension)?;
    // A disk may report only at this point that it is full, and a network server only when the file is
    // closed.
    if let Err(error) = file.write_all(content).and_then(|()| file.sync_data().or_else(unsupported)) {
        drop(file);
        let _ = fs::remove_file(&path); // its own error matters less
        return Err(error);
    }
    Ok(path)
}

/// Ignores the error of file systems that do not support syncing.
fn unsupported(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput => Ok(()),
        _ => Err(error),
    }
}

/// Makes a text a safe part of a file name on any system.
#[must_use]
pub fn safe(name: &str) -> String {
    let calm = |c: char| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
        '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' => '_', // zero width
        c if char_class(c) != CharClass::Shown || c.is_whitespace() => '_',
        c => c,
    };
    let calm: String = name.trim().chars().take(LONGEST_NAME).map(calm).collect();
    // Leading dots hide a file or name another folder, and Windows drops trailing ones.
    let bare = calm.trim_matches(|c| matches!(c, '.' | '_' | '-'));
    if bare.is_empty() { "unnamed".to_owned() } else { bare.to_owned() }
}

/// Formats a UTC time with milliseconds, in ISO order, without the colons that Windows forbids.
fn utc(time: Timestamp) -> String {
    let micros = time.as_micros();
    let (seconds, millis) = (micros / 1_000_000, micros / 1_000 % 1_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{second:02}.{millis:03}Z")
}

/// The Gregorian date `days` after 1970-01-01. Hinnant's algorithm: years that begin in March put the leap
/// day last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_and_leap_years_are_known() {
        let at = |seconds: u64| utc(Timestamp::from_micros(seconds * 1_000_000 + 250_999));
        assert_eq!(at(0), "1970-01-01T00-00-00.250Z");
        assert_eq!(at(951_782_400), "2000-02-29T00-00-00.250Z");
        assert_eq!(at(1_709_164_799), "2024-02-28T23-59-59.250Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00-00-00.250Z");
    }

    #[test]
    fn names_say_who_when_and_which() {
        let time = Timestamp::from_micros(1_700_000_000_000_000);
        assert_eq!(of("ann@desk", time, Some(123), "jpg"), "2023-11-14T22-13-20.000Z-ann@desk-000123.jpg");
        assert_eq!(of("小明 的摄像头", time, None, "jpg"), "2023-11-14T22-13-20.000Z-小明_的摄像头.jpg");
    }

    #[test]
    fn no_name_leaves_the_folder_or_hides_what_it_is() {
        for (name, wanted) in [
            ("../../etc/passwd", "etc_passwd"),
            ("..", "unnamed"),
            (" . ", "unnamed"),
            ("", "unnamed"),
            ("a\0b\nc\x1b", "a_b_c"),
            ("photo\u{202e}gpj.exe", "photo_gpj.exe"),
            ("C:\\x|y", "C__x_y"),
            (".hidden", "hidden"),
        ] {
            assert_eq!(safe(name), wanted, "{name:?}");
        }
        let long = of(&"😀".repeat(500), Timestamp::from_micros(u64::MAX), Some(u64::MAX), "jpg");
        assert!(long.len() < 255, "{}", long.len());
    }
}

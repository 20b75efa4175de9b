//! Files that were dropped on the window, as drag and drop names them: a list of URLs (RFC 2483).

use std::path::PathBuf;

use crate::escapes::unescaped;

/// Most files that are taken at once: more are a slip, such as a whole folder of photos.
pub(crate) const MOST_FILES: usize = 16;

/// What the user has dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DropContent {
    Files(Dropped),
    /// Something else, such as a text or a picture of a page.
    NoFiles,
}

/// The files among it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// Files of this machine.
    pub(crate) files: Vec<PathBuf>,
    /// Number of things that are none, or too many.
    pub(crate) others: usize,
}

impl Dropped {
    /// Reads a list of URLs; `machine` is the name of this machine.
    pub(crate) fn read(list: &[u8], machine: &str) -> Self {
        let mut dropped = Self::default();
        // Some programs end the list with a NUL.
        let lines = list.split(|byte| matches!(byte, b'\n' | b'\r' | 0));
        for line in lines.map(<[u8]>::trim_ascii).filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
            match file(line, machine) {
                Some(file) if dropped.files.len() < MOST_FILES => dropped.files.push(file),
                _ => dropped.others += 1,
            }
        }
        dropped
    }
}

/// The path that a URL names on this machine.
fn file(url: &[u8], machine: &str) -> Option<PathBuf> {
    const SCHEME: &[u8] = b"file:";
    let (scheme, rest) = url.split_at_checked(SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    // `file:/path` names no machine.
    let path = match rest.strip_prefix(b"//") {
        Some(rest) => {
            let (host, path) = rest.split_at(rest.iter().position(|byte| *byte == b'/')?);
            let is_here =
                [&b""[..], b"localhost", machine.as_bytes()].iter().any(|own| host.eq_ignore_ascii_case(own));
            if !is_here {
                return None;
            }
            path
        }
        None => rest,
    };
    let path = unescaped(path);
    // No file has a NUL in its name.
    (path.starts_with(b"/") && !path.contains(&0)).then(|| as_path(path))?
}

#[cfg(unix)]
fn as_path(bytes: Vec<u8>) -> Option<PathBuf> {
    Some(PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes)))
}

#[cfg(not(unix))]
fn as_path(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &str) -> (Vec<String>, usize) {
        let Dropped { files, others } = Dropped::read(list.as_bytes(), "desk");
        (files.iter().map(|file| file.to_str().unwrap().to_owned()).collect(), others)
    }

    #[test]
    fn files_of_this_machine_are_taken() {
        let list = "# a comment\r\nfile:///home/ann/a%20b.png\r\nfile://desk/tmp/%E4%BD%A0.jpg\r\n\
                    FILE:///c\r\nfile:/d\nfile://localhost/100%\0";
        assert_eq!(
            read(list),
            (["/home/ann/a b.png", "/tmp/你.jpg", "/c", "/d", "/100%"].map(String::from).into(), 0)
        );
    }

    #[test]
    fn what_is_no_file_of_this_machine_is_counted() {
        for other in [
            "https://desk/a.png",
            "file://lab/a.png",
            "file:a.png",
            "file://",
            "file:",
            "a.png",
            "file:///a%00",
        ] {
            assert_eq!(read(other), (vec![], 1), "{other}");
        }
        assert_eq!(read("\r\n\r\n"), (vec![], 0));
        let many = "file:///a\r\n".repeat(MOST_FILES + 3);
        assert_eq!((read(&many).0.len(), read(&many).1), (MOST_FILES, 3));
    }

    #[test]
    fn names_need_not_be_text() {
        let Dropped { files, .. } = Dropped::read(b"file:///%ff%fe", "desk");
        assert_eq!((files.len(), files[0].to_str()), (1, None));
    }
}

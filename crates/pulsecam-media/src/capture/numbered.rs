//! File names with a placeholder for a number, `shots/%04d.jpg`, and the numbers that exist.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf, is_separator},
};

/// Maximum digits to pad to: more than a u64 ever has.
const MAX_WIDTH: usize = 20;

/// A path with a number: `%d`, or `%04d` for at least four digits; `%%` is a percent sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbered {
    before: OsString,
    width: usize,
    after: OsString,
}

impl Numbered {
    /// `None` without a placeholder. The last one of the file name is used; one in a folder's name only if
    /// the file name has none, because `100%done/` is a plausible name.
    pub(super) fn parse(text: &OsStr) -> Option<Self> {
        let bytes = text.as_encoded_bytes();
        let separator = bytes.iter().rposition(|&byte| is_separator(char::from(byte)));
        let name = separator.map_or(0, |at| at + 1);
        let (from, to, width) = last_place(bytes, name).or_else(|| last_place(bytes, 0))?;
        Some(Self { before: os(&bytes[..from]), width, after: os(&bytes[to..]) })
    }

    /// The same with every `%%` replaced by a percent sign; `None` if there is none.
    pub(super) fn unescaped(&self) -> Option<Self> {
        let single = |text: &OsStr| os(&replaced(text.as_encoded_bytes()));
        let other = Self { before: single(&self.before), width: self.width, after: single(&self.after) };
        (other != *self).then_some(other)
    }

    /// The path with this number.
    pub(super) fn path(&self, number: u64) -> PathBuf {
        let mut path = self.before.clone();
        path.push(self.digits(number));
        path.push(&self.after);
        path.into()
    }

    /// The number as written in the path.
    pub(super) fn digits(&self, number: u64) -> String {
        format!("{number:0width$}", width = self.width)
    }

    /// The numbers for which a file exists, in order. Names that a number would not produce are ignored: `7`
    /// and `00007` for `%04d`.
    pub(super) fn present(&self) -> Vec<u64> {
        let before = self.before.as_encoded_bytes();
        let name = before.iter().rposition(|&byte| is_separator(char::from(byte))).map_or(0, |at| at + 1);
        let folder = os(&before[..name]);
        let folder = if folder.is_empty() { Path::new(".") } else { Path::new(&folder) };
        let after = self.after.as_encoded_bytes();
        // In a folder name with a number, the name ends at the next separator.
        let end = after.iter().position(|&byte| is_separator(char::from(byte))).unwrap_or(after.len());
        let number = |entry: &OsStr| {
            let digits =
                entry.as_encoded_bytes().strip_prefix(&before[name..])?.strip_suffix(&after[..end])?;
            let digits = std::str::from_utf8(digits).ok()?;
            let number = digits.parse().ok()?; // too large for a u64
            (digits == self.digits(number)).then_some(number)
        };
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let entries = entries.map_while(Result::ok);
        let mut numbers: Vec<u64> = entries
            .filter_map(|entry| number(&entry.file_name()))
            .filter(|&number| self.path(number).is_file())
            .collect();
        numbers.sort_unstable();
        numbers
    }
}

/// The last placeholder from `start` on: its start, end and width. `%%` is none, nor is its second half.
fn last_place(bytes: &[u8], start: usize) -> Option<(usize, usize, usize)> {
    let (mut at, mut found) = (start, None);
    while at < bytes.len() {
        if bytes[at] != b'%' {
            at += 1;
        } else if bytes.get(at + 1) == Some(&b'%') {
            at += 2;
        } else if let Some((length, width)) = place(&bytes[at + 1..]) {
            found = Some((at, at + 1 + length, width));
            at += 1 + length;
        } else {
            at += 1;
        }
    }
    found
}

/// Parses what follows a percent sign, `d` or `04d`: its length and the padding width.
fn place(rest: &[u8]) -> Option<(usize, usize)> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if rest.get(digits) != Some(&b'd') {
        return None;
    }
    let width = match rest.get(..digits)? {
        [] | [b'0'] => 0,
        [b'0', width @ ..] => std::str::from_utf8(width).ok()?.parse().ok()?,
        _ => return None,
    };
    (width <= MAX_WIDTH).then_some((digits + 1, width))
}

fn replaced(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, behind @ ..] = rest {
        out.push(*first);
        rest = if rest.starts_with(b"%%") { &behind[1..] } else { behind };
    }
    out
}

/// A part of a path that was cut at an ASCII character.
fn os(bytes: &[u8]) -> OsString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        OsStr::from_bytes(bytes).to_owned()
    }
    #[cfg(not(unix))]
    {
        // Only changes names that are not Unicode, which then match no file.
        String::from_utf8_lossy(bytes).into_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Numbered> {
        Numbered::parse(OsStr::new(text))
    }

    #[test]
    fn a_number_has_a_place_or_not() {
        let path = |text, number| Some(parse(text)?.path(number).display().to_string());
        for (text, number, wanted) in [
            ("shots/%04d.jpg", 7, "shots/0007.jpg"),
            ("shots/%04d.jpg", 12_345, "shots/12345.jpg"),
            ("%d", 3, "3"),
            ("%0d", 3, "3"),
            ("100%/a%02db.jpg", 5, "100%/a05b.jpg"),
            ("100%done/%04d.jpg", 5, "100%done/0005.jpg"),
            ("50%d/%04d.jpg", 5, "50%d/0005.jpg"),
            ("50%d/pic.jpg", 5, "505/pic.jpg"),
            ("%d_%03d.png", 5, "%d_005.png"),
            ("a%%d%d", 5, "a%%d5"),
        ] {
            assert_eq!(path(text, number).as_deref(), Some(wanted), "{text}");
        }
        for text in ["shots/1.jpg", "%4d.jpg", "%x", "%", "", "%099999d", "%0+3d", "%%d", "100%/a"] {
            assert_eq!(parse(text), None, "{text}");
        }
        let unescaped =
            |text| parse(text).unwrap().unescaped().map(|other| other.path(5).display().to_string());
        assert_eq!(unescaped("50%%/a%%_%d.jpg").as_deref(), Some("50%/a%_5.jpg"));
        assert_eq!(unescaped("a/%d%%%%.jpg").as_deref(), Some("a/5%%.jpg"));
        assert_eq!(unescaped("a/%d.jpg"), None);
    }

    #[test]
    fn the_numbers_are_those_of_files_whose_names_are_written_so() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "0002.jpg",
            "0010.jpg",
            "12345.jpg",
            "3.jpg",
            "00004.jpg",
            "0005.png",
            "-006.jpg",
            "+007.jpg",
            "99999999999999999999999.jpg",
            "18446744073709551615.jpg",
            "a008.jpg",
            "٠٠٠٩.jpg",
            ".jpg",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("0001.jpg")).unwrap();
        let present = |text: &str| Numbered::parse(folder.path().join(text).as_os_str()).unwrap().present();
        assert_eq!(present("%04d.jpg"), [2, 10, 12_345, u64::MAX]);
        assert_eq!(present("%d.jpg"), [3, 12_345, u64::MAX]);
        assert!(present("none/%d.jpg").is_empty());
        for number in [3, 5] {
            fs::create_dir(folder.path().join(format!("f{number}"))).unwrap();
        }
        fs::write(folder.path().join("f5/p.jpg"), "").unwrap();
        assert_eq!(present("f%d/p.jpg"), [5]);
    }

    #[cfg(unix)]
    #[test]
    fn names_need_not_be_unicode() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let pattern = folder.path().join(OsStr::from_bytes(b"caf\xe9_%02d.jpg"));
        fs::write(folder.path().join(OsStr::from_bytes(b"caf\xe9_07.jpg")), "").unwrap();
        assert_eq!(Numbered::parse(pattern.as_os_str()).unwrap().present(), [7]);
    }
}

//! Where configuration files are, and reading them.

use std::{
    ffi::OsString,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::fault::Fault;

/// The file of a relay that runs as a service.
const SYSTEM: &str = "/etc/pulsecam/relay.toml";

/// Largest file that is read: a person writes a few hundred lines.
const MAX_BYTES: u64 = 1024 * 1024;

/// The user's file, by the XDG base directory specification.
pub(super) fn of_user(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // The specification wants relative paths to be ignored.
    let folder = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))?;
    Some(base.join("pulsecam").join("config.toml"))
}

/// The relay's file.
pub(super) fn of_system() -> Option<PathBuf> {
    cfg!(unix).then(|| PathBuf::from(SYSTEM))
}

/// Reads a file; `None` if it does not exist.
pub(super) fn read(path: &Path) -> Result<Option<String>, Fault> {
    let unreadable = |reason: String| Fault::Unreadable { path: path.to_owned(), reason };
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(unreadable("it is larger than 1 MiB".into()));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| unreadable("it is not valid UTF-8".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Option<PathBuf> {
        of_user(&|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn the_users_file_is_found_by_xdg() {
        let home = ("HOME", "/home/ann");
        assert_eq!(of(&[home]), Some("/home/ann/.config/pulsecam/config.toml".into()));
        assert_eq!(of(&[home, ("XDG_CONFIG_HOME", "/x")]), Some("/x/pulsecam/config.toml".into()));
        for ignored in ["", "relative"] {
            let file = of(&[home, ("XDG_CONFIG_HOME", ignored)]);
            assert_eq!(file, Some("/home/ann/.config/pulsecam/config.toml".into()));
        }
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_missing_file_is_none_and_a_wrong_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        assert!(read(&file).unwrap().is_none());
        fs::write(&file, "name = \"小明\"").unwrap();
        assert_eq!(read(&file).unwrap().unwrap(), "name = \"小明\"");
        assert!(read(&file.join("below")).unwrap().is_none());
        fs::write(&file, [0xff, 0xfe]).unwrap();
        assert!(read(&file).unwrap_err().to_string().contains("UTF-8"));
        fs::write(&file, vec![b' '; MAX_BYTES as usize + 1]).unwrap();
        assert!(read(&file).unwrap_err().to_string().contains("1 MiB"));
        assert!(read(folder.path()).is_err(), "a folder");
    }
}

//! Parses the text that selects a source. Does no I/O: only [opening](Spec::open) looks at the disk.

mod open;

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::PathBuf,
    str::FromStr,
};

pub use self::open::Settings;
use super::{
    Error,
    camera::{self, Which},
    numbered::Numbered,
};

/// Selects a source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spec {
    /// `camera`, `camera:1`, `camera:NAME`, `camera:/dev/video1`.
    Camera(Which),
    /// `pattern`: the test picture.
    Pattern,
    /// `-`: a stream of JPEGs on standard input. A pipe is live: the newest picture is used.
    Stdin,
    /// `photo:PATH`: a photo, or a folder of photos, in motion.
    Photo(PathBuf),
    /// `mjpeg:PATH`: a file of concatenated JPEGs, or a pipe with them.
    Mjpeg(PathBuf),
    /// `recording:PATH`: a recording, at its own timing.
    Recording(PathBuf),
    /// `shots/%04d.jpg`: numbered pictures.
    Sequence(OsString),
    /// Any other path: its content decides when it is opened.
    Path(PathBuf),
}

impl FromStr for Spec {
    type Err = Error;

    /// Accepts any text but the empty one; whether the source exists is checked when it is opened.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text.as_ref())
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Camera(which) => which.fmt(f),
            Self::Pattern => f.write_str("pattern"),
            Self::Stdin => f.write_str("-"),
            Self::Photo(path) => write!(f, "photo:{}", path.display()),
            Self::Mjpeg(path) => write!(f, "mjpeg:{}", path.display()),
            Self::Recording(path) => write!(f, "recording:{}", path.display()),
            Self::Sequence(text) => text.display().fmt(f),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

impl Spec {
    /// Parses a user's text, including file names that are not Unicode.
    ///
    /// # Errors
    /// [`Error::NoSuchSource`] for the empty text.
    pub fn parse(text: &OsStr) -> Result<Self, Error> {
        if let Some(Ok(which)) = text.to_str().and_then(|text| text.strip_prefix("camera:")).map(str::parse) {
            return Ok(Self::Camera(which));
        }
        Ok(match text.to_str() {
            Some("") => return Err(Error::NoSuchSource(String::new())),
            Some("camera") => Self::Camera(Which::First),
            Some("pattern") => Self::Pattern,
            Some("-") => Self::Stdin,
            _ => {
                if let Some(path) = behind(text, "photo:") {
                    Self::Photo(path)
                } else if let Some(path) = behind(text, "mjpeg:") {
                    Self::Mjpeg(path)
                } else if let Some(path) = behind(text, "recording:") {
                    Self::Recording(path)
                } else if Numbered::parse(text).is_some() {
                    Self::Sequence(text.into())
                } else {
                    Self::Path(text.into())
                }
            }
        })
    }

    /// The default source: a camera if there is one, else the test picture.
    #[must_use]
    pub fn default_here() -> Self {
        if camera::any() {
            return Self::Camera(Which::First);
        }
        tracing::info!("no camera was found: using the test picture instead");
        Self::Pattern
    }

    /// The selected camera, if the source is a camera.
    #[must_use]
    pub const fn camera(&self) -> Option<&Which> {
        if let Self::Camera(which) = self { Some(which) } else { None }
    }
}

/// The rest of a text after a prefix.
fn behind(text: &OsStr, prefix: &str) -> Option<PathBuf> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        Some(PathBuf::from(OsStr::from_bytes(text.as_bytes().strip_prefix(prefix.as_bytes())?)))
    }
    #[cfg(not(unix))]
    {
        text.to_str()?.strip_prefix(prefix).map(PathBuf::from)
    }
}

#[cfg(test)]
mod tests;

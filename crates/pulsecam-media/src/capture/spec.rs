//! Parses the text that selects a source, and opens the source.
//!
//! Parsing does no I/O; only opening looks at the disk. The content of a path decides: a folder or a photo is
//! shown in motion, a file of several JPEGs is played. A prefix overrides a wrong guess.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use super::{
    Error, Source,
    camera::{self, Interface, PixelFormat, Setting, Wanted, Which},
    live::Live,
    mjpeg::{self, Mjpeg},
    motion::Motion,
    numbered::Numbered,
    pace::DEFAULT_FPS,
    pattern::Pattern,
    playback::Playback,
    probe::{Kind, PROBED, described, probe},
    recording::Recording,
    resize::Resize,
    sequence::Sequence,
    splitter::{MAX_JPEG, Splitter},
};
use crate::jpeg::{self, MAX_DIMENSION, MAX_PIXELS};

/// The size of generated sources.
const DEFAULT_SIZE: (usize, usize) = (1280, 720);

/// Extensions of files that are treated as streams unless they have another format.
const MJPEG_EXTENSIONS: [&str; 2] = ["mjpeg", "mjpg"];

/// Bytes that are read to decide whether a file without such an extension is a stream. Two of the largest
/// pictures, and what may surround them.
const GUESSED_FROM: u64 = 2 * MAX_JPEG as u64 + (1 << 20);

/// Selects a source.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// Options of a source.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Width and height. Without it, a camera is asked for about 1280x720, generated sources have that size,
    /// and others keep their own. A camera uses the nearest size that it has.
    pub size: Option<(usize, usize)>,
    /// Frames per second; 30 if unknown.
    pub fps: Option<f64>,
    /// Whether files start again at their end. Photos and the test picture never end.
    pub repeat: bool,
    /// The first number of a sequence; without it, the lowest that exists.
    pub start_number: Option<u64>,
    /// Playback controls of a film for a person who can pause it.
    pub playback: Option<Playback>,
    /// Options of cameras.
    pub camera: CameraSettings,
}

/// Options of a camera.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraSettings {
    /// The only acceptable pixel format; without it, the cheapest one.
    pub format: Option<PixelFormat>,
    /// Waits for a camera that is missing or cannot be opened at the start.
    pub wait: bool,
    /// Silence after which a camera counts as stalled and is reopened.
    pub stall_limit: Duration,
    /// Controls to set, in this order, each time it is opened.
    pub controls: Vec<Setting>,
    /// The programming interface to use.
    pub interface: Interface,
}

impl Default for CameraSettings {
    fn default() -> Self {
        Self {
            format: None,
            wait: false,
            stall_limit: Self::STALL_LIMIT,
            controls: Vec::new(),
            interface: Interface::Auto,
        }
    }
}

impl CameraSettings {
    /// The default: cameras pause for up to a second when they adapt to darkness, but not for two.
    pub const STALL_LIMIT: Duration = Duration::from_secs(2);
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

    /// Opens the source. It must be read on the thread that opens it.
    ///
    /// # Errors
    /// [`Error::BadSize`] for a size that no picture can have, and the errors of the source itself.
    pub fn open(&self, settings: &Settings) -> Result<Box<dyn Source>, Error> {
        if let Some((width, height)) = settings.size {
            let sides = 1..=MAX_DIMENSION;
            if !sides.contains(&width) || !sides.contains(&height) || width * height > MAX_PIXELS {
                return Err(Error::BadSize { width, height });
            }
        }
        let fps = settings.fps.unwrap_or(DEFAULT_FPS);
        let size = settings.size.unwrap_or(DEFAULT_SIZE);
        let source: Box<dyn Source> = match self {
            Self::Pattern => return Ok(Box::new(Pattern::new(size, fps))),
            Self::Photo(path) => return Ok(Box::new(Motion::open(existing(path)?, size, fps)?)),
            // Looking inside would consume its data.
            Self::Path(path) | Self::Mjpeg(path) if is_pipe(path) => pipe(path, settings.fps)?,
            Self::Path(path) => return Self::look(existing(path)?)?.open(settings),
            // A name such as 100%done.jpg looks like a pattern.
            Self::Sequence(text) if Path::new(text).exists() => {
                return Self::Path(text.into()).open(settings);
            }
            // Never resized: the camera's JPEGs would have to be decoded.
            Self::Camera(which) => {
                let wanted =
                    Wanted { size: settings.size, fps: settings.fps, format: settings.camera.format };
                return Ok(Box::new(camera::open(which, wanted, settings.camera.clone())?));
            }
            Self::Stdin => stdin(settings)?,
            // Sound chunks may look like pictures, so a container is read as one.
            Self::Mjpeg(path) if probe(&start(existing(path)?)?).is_some_and(Kind::is_film) => {
                return Self::Recording(path.clone()).open(settings);
            }
            Self::Mjpeg(path) => Box::new(Mjpeg::open(path, fps, settings)?),
            Self::Recording(path) => Box::new(Recording::open(path, settings)?),
            Self::Sequence(text) => Box::new(Sequence::open(text, fps, settings)?),
        };
        // These have their own size; frames that already fit pass through unchanged.
        Ok(match settings.size {
            Some(size) => Box::new(Resize::new(source, size)?),
            None => source,
        })
    }

    /// Decides by the content of a file or folder; never returns [`Spec::Path`].
    fn look(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            return Ok(Self::Photo(path.into()));
        }
        let start = start(path)?;
        let kind = probe(&start);
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let named_so = MJPEG_EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known));
        match kind {
            Some(kind) if kind.is_film() => Ok(Self::Recording(path.into())),
            Some(kind) if !kind.may_hold_jpegs() && !kind.is_still() => {
                let name = path.display().to_string();
                Err(Error::other(&name, kind.to_string(), kind.advice_for_file()))
            }
            Some(kind) if !kind.may_hold_jpegs() => Ok(Self::Photo(path.into())),
            Some(Kind::Multipart | Kind::Http) => Ok(Self::Mjpeg(path.into())),
            _ if named_so => Ok(Self::Mjpeg(path.into())),
            Some(Kind::Jpeg) if !has_more_than_one(path)? => Ok(Self::Photo(path.into())),
            Some(Kind::Jpeg) => Ok(Self::Mjpeg(path.into())),
            // The dump of a stream may start with anything. Other files are refused without being read into
            // memory.
            _ if has_more_than_one(path)? => Ok(Self::Mjpeg(path.into())),
            _ => {
                Err(Error::NotAPicture { path: path.into(), reason: format!("it is {}", described(&start)) })
            }
        }
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

/// Whether a path can be read only once: a FIFO, a device, a socket.
fn is_pipe(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

fn pipe(path: &Path, fps: Option<f64>) -> Result<Box<dyn Source>, Error> {
    // A socket cannot be reopened by this name.
    if ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].iter().any(|name| path == Path::new(name)) {
        return Ok(Box::new(Live::stdin(Box::new(std::io::stdin()), fps)?));
    }
    Ok(Box::new(Live::open(path, fps)?))
}

/// Standard input: live, unless it is a file.
fn stdin(settings: &Settings) -> Result<Box<dyn Source>, Error> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        let name = || "standard input".to_owned();
        let io = |source| Error::Io { name: name(), source };
        let file = File::from(std::io::stdin().as_fd().try_clone_to_owned().map_err(io)?);
        if file.metadata().map_err(io)?.is_file() {
            let mut file = file;
            let (_, start) = mjpeg::beginning(&mut file).map_err(io)?;
            if probe(&start).is_some_and(Kind::is_film) {
                return Spec::Recording("-".into()).open(settings);
            }
            let fps = settings.fps.unwrap_or(DEFAULT_FPS);
            return Ok(Box::new(Mjpeg::read(file, name(), fps, settings)?));
        }
        Ok(Box::new(Live::stdin(Box::new(file), settings.fps)?))
    }
    #[cfg(not(unix))]
    {
        Ok(Box::new(Live::stdin(Box::new(std::io::stdin()), settings.fps)?))
    }
}

/// The first bytes of a file.
fn start(path: &Path) -> Result<Vec<u8>, Error> {
    let io = |source| Error::Io { name: path.display().to_string(), source };
    let mut start = Vec::new();
    File::open(path).map_err(io)?.take(PROBED as u64).read_to_end(&mut start).map_err(io)?;
    Ok(start)
}

fn existing(path: &Path) -> Result<&Path, Error> {
    if path.exists() { Ok(path) } else { Err(Error::NoSuchSource(path.display().to_string())) }
}

/// Whether a file starts with two JPEGs of the same size. Phones append previews and depth maps to a photo,
/// which are smaller.
fn has_more_than_one(path: &Path) -> Result<bool, Error> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|source| Error::Io { name: name.clone(), source })?;
    let mut splitter = Splitter::new(file.take(GUESSED_FROM), name);
    let mut next_size = || {
        let jpeg = splitter.next_jpeg().ok()??;
        jpeg::header(&jpeg).ok().map(|header| (header.width, header.height))
    };
    let first = next_size();
    Ok(first.is_some() && first == next_size())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        capture::FrameData,
        jpeg::Encoder,
        picture::{Picture, Pixels},
    };

    const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data");

    #[test]
    fn texts_are_understood_and_given_back() {
        for (text, wanted) in [
            ("camera", Spec::Camera(Which::First)),
            ("camera:3", Spec::Camera(Which::Index(3))),
            ("camera:C920: HD", Spec::Camera(Which::Name("C920: HD".into()))),
            ("camera:/dev/video2", Spec::Camera(Which::Name("/dev/video2".into()))),
            ("pattern", Spec::Pattern),
            ("-", Spec::Stdin),
            ("photo:a b.jpg", Spec::Photo("a b.jpg".into())),
            ("mjpeg:clip.avi", Spec::Mjpeg("clip.avi".into())),
            ("shots/%04d.jpg", Spec::Sequence("shots/%04d.jpg".into())),
            ("photos/", Spec::Path("photos/".into())),
            ("C:\\photo.jpg", Spec::Path("C:\\photo.jpg".into())),
            ("cameras", Spec::Path("cameras".into())),
        ] {
            let spec: Spec = text.parse().unwrap();
            assert_eq!(spec, wanted);
            assert_eq!(spec.to_string(), text);
        }
        assert_eq!("camera:".parse::<Spec>().unwrap(), Spec::Camera(Which::First));
        assert!(matches!("".parse::<Spec>(), Err(Error::NoSuchSource(_))));
    }

    fn small_jpeg(side: usize) -> Vec<u8> {
        let picture = Picture { width: side, height: side, pixels: Pixels::Rgb(vec![99; side * side * 3]) };
        Encoder::new(80).unwrap().encode(&picture).unwrap().to_vec()
    }

    #[test]
    fn a_path_is_what_its_content_makes_it() {
        let folder = tempfile::tempdir().unwrap();
        let look = |name: &str, content: Vec<u8>| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            Spec::look(&path).unwrap()
        };
        let is_stream = |spec| matches!(spec, Spec::Mjpeg(_));
        let (large, small) = (small_jpeg(32), small_jpeg(16));
        assert!(is_stream(look("two.jpg", [&large[..], b"--boundary\r\n", &large].concat())));
        assert!(is_stream(look("one.MJPG", large.clone())));
        assert!(!is_stream(look("one.jpg", large.clone())));
        assert!(!is_stream(look("phone.jpg", [&large[..], &small].concat())));
        assert!(!is_stream(Spec::look(folder.path()).unwrap()));
    }

    fn first(text: &str, size: Option<(usize, usize)>) -> Result<FrameData, Error> {
        let spec: Spec = text.parse()?;
        let settings = Settings { size, fps: Some(1000.0), ..Settings::default() };
        Ok(spec.open(&settings)?.next_frame()?.unwrap().data)
    }

    #[test]
    fn sources_give_the_size_asked_for_and_pass_through_where_none_was() {
        let folder = tempfile::tempdir().unwrap();
        let (clip, shots) = (folder.path().join("clip.mjpeg"), folder.path().join("%d.jpg"));
        std::fs::write(&clip, small_jpeg(32)).unwrap();
        std::fs::write(folder.path().join("0.jpg"), small_jpeg(32)).unwrap();
        let photo = format!("{DATA}/coffee_600x400.jpg");
        let (clip, shots) = (clip.to_str().unwrap(), shots.to_str().unwrap());
        for text in [clip, shots, &photo, DATA, "pattern"] {
            match first(text, Some((64, 36))).unwrap() {
                FrameData::Picture(picture) => assert_eq!((picture.width, picture.height), (64, 36)),
                FrameData::Jpeg(_) => panic!("{text} was not resized"),
            }
        }
        for text in [clip, shots] {
            for size in [None, Some((32, 32))] {
                assert!(matches!(first(text, size), Ok(FrameData::Jpeg(jpeg)) if jpeg == small_jpeg(32)));
            }
        }
    }

    #[test]
    fn a_file_whose_name_looks_like_a_pattern_is_that_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("100%done.jpg");
        std::fs::write(&path, small_jpeg(32)).unwrap();
        assert!(matches!(first(path.to_str().unwrap(), None), Ok(FrameData::Picture(_))));
    }

    #[test]
    fn what_is_not_there_and_what_cannot_be_is_told() {
        assert!(matches!(first("/nowhere/at all", None), Err(Error::NoSuchSource(_))));
        assert!(matches!(first("photo:/nowhere", None), Err(Error::NoSuchSource(_))));
        assert!(matches!(first(&format!("{DATA}/README.md"), None), Err(Error::NotAPicture { .. })));
        assert!(matches!(first(&format!("mjpeg:{DATA}/README.md"), None), Err(Error::NotMjpeg { .. })));
        // Pictures from phones, whose file structure is that of films.
        let folder = tempfile::tempdir().unwrap();
        for (brand, name) in [("heic", "HEIC"), ("mif1", "HEIC"), ("avif", "AVIF")] {
            let path = folder.path().join(brand);
            std::fs::write(&path, format!("\0\0\0\x18ftyp{brand}\0\0\0\0{brand}miaf")).unwrap();
            let error = first(path.to_str().unwrap(), None).unwrap_err().to_string();
            assert!(error.contains(name), "{brand}: {error}");
        }
        for size in [(0, 5), (5, 0), (MAX_DIMENSION + 1, 5), (MAX_DIMENSION, MAX_DIMENSION)] {
            assert!(matches!(first("pattern", Some(size)), Err(Error::BadSize { .. })), "{size:?}");
        }
    }
}

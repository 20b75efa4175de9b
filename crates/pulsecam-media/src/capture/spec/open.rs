//! Opens the source that a [`Spec`] selects.
//!
//! The content of a path decides: a folder or a photo is shown in motion, a file of several JPEGs is played. A
//! prefix overrides a wrong guess.

use std::{fs::File, io::Read, path::Path};

use super::Spec;
use crate::{
    capture::{
        CameraSettings, Error, Source,
        camera::{self, Wanted},
        live::LiveSource,
        mjpeg::{self, Mjpeg},
        motion::Motion,
        pace::DEFAULT_FPS,
        pattern::Pattern,
        playback::Playback,
        recording::Recording,
        resize::Resize,
        sequence::Sequence,
        splitter::{MAX_JPEG, Splitter},
        stdin,
        transform::Transformed,
        turn::Turn,
    },
    jpeg::{self, MAX_DIMENSION, MAX_PIXELS},
    picture::Orientation,
    signature::{FileKind, PROBED, described, probe},
};

/// The size of generated sources.
const DEFAULT_SIZE: (usize, usize) = (1280, 720);

/// Extensions of files that are treated as streams unless they have another format.
const MJPEG_EXTENSIONS: [&str; 2] = ["mjpeg", "mjpg"];

/// Bytes that are read to decide whether a file without such an extension is a stream. Two of the largest
/// pictures, and what may surround them.
const GUESSED_FROM: u64 = 2 * MAX_JPEG as u64 + (1 << 20);

/// Options of a source.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Settings {
    /// Width and height. Without it, a camera is asked for about 1280x720, generated sources have that size,
    /// and others keep their own. A camera uses the nearest size that it has.
    pub size: Option<(usize, usize)>,
    /// How every picture is turned, after it got its size.
    pub orientation: Orientation,
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

impl Settings {
    /// Sets [`Settings::size`].
    #[must_use]
    pub fn with_size(self, size: impl Into<Option<(usize, usize)>>) -> Self {
        Self { size: size.into(), ..self }
    }

    /// Sets [`Settings::orientation`].
    #[must_use]
    pub fn with_orientation(self, orientation: Orientation) -> Self {
        Self { orientation, ..self }
    }

    /// Sets [`Settings::fps`].
    #[must_use]
    pub fn with_fps(self, fps: impl Into<Option<f64>>) -> Self {
        Self { fps: fps.into(), ..self }
    }

    /// Sets [`Settings::repeat`].
    #[must_use]
    pub fn with_repeat(self, repeat: bool) -> Self {
        Self { repeat, ..self }
    }

    /// Sets [`Settings::start_number`].
    #[must_use]
    pub fn with_start_number(self, start_number: impl Into<Option<u64>>) -> Self {
        Self { start_number: start_number.into(), ..self }
    }

    /// Sets [`Settings::playback`].
    #[must_use]
    pub fn with_playback(self, playback: impl Into<Option<Playback>>) -> Self {
        Self { playback: playback.into(), ..self }
    }

    /// Sets [`Settings::camera`].
    #[must_use]
    pub fn with_camera(self, camera: CameraSettings) -> Self {
        Self { camera, ..self }
    }
}

impl Spec {
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
        let source = self.open_unturned(settings)?;
        Ok(match settings.orientation {
            Orientation::Upright => source,
            orientation => Box::new(Transformed::new(source, Turn::new(orientation)?)),
        })
    }

    fn open_unturned(&self, settings: &Settings) -> Result<Box<dyn Source>, Error> {
        let fps = settings.fps.unwrap_or(DEFAULT_FPS);
        let size = settings.size.unwrap_or(DEFAULT_SIZE);
        let source: Box<dyn Source> = match self {
            Self::Pattern => return Ok(Box::new(Pattern::new(size, fps))),
            Self::Photo(path) => return Ok(Box::new(Motion::open(existing(path)?, size, fps)?)),
            // Looking inside would consume its data.
            Self::Path(path) | Self::Mjpeg(path) if is_pipe(path) => pipe(path, settings.fps)?,
            Self::Path(path) => return Self::look(existing(path)?)?.open_unturned(settings),
            // A name such as 100%done.jpg looks like a pattern.
            Self::Sequence(text) if Path::new(text).exists() => {
                return Self::Path(text.into()).open_unturned(settings);
            }
            // Never resized: the camera's JPEGs would have to be decoded.
            Self::Camera(which) => {
                let wanted =
                    Wanted { size: settings.size, fps: settings.fps, format: settings.camera.format };
                return Ok(Box::new(camera::open(which, wanted, settings.camera.clone())?));
            }
            Self::Stdin => standard_input(settings)?,
            // Sound chunks may look like pictures, so a container is read as one.
            Self::Mjpeg(path) if probe(&start(existing(path)?)?).is_some_and(FileKind::is_film) => {
                return Self::Recording(path.clone()).open_unturned(settings);
            }
            Self::Mjpeg(path) => Box::new(Mjpeg::open(path, fps, settings)?),
            Self::Recording(path) => Box::new(Recording::open(path, settings)?),
            Self::Sequence(text) => Box::new(Sequence::open(text, fps, settings)?),
        };
        // These have their own size; frames that already fit pass through unchanged.
        Ok(match settings.size {
            Some(size) => Box::new(Transformed::new(source, Resize::new(size)?)),
            None => source,
        })
    }

    /// Decides by the content of a file or folder; never returns [`Spec::Path`].
    pub(super) fn look(path: &Path) -> Result<Self, Error> {
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
            Some(FileKind::Multipart | FileKind::Http) => Ok(Self::Mjpeg(path.into())),
            _ if named_so => Ok(Self::Mjpeg(path.into())),
            Some(FileKind::Jpeg) if !has_more_than_one(path)? => Ok(Self::Photo(path.into())),
            Some(FileKind::Jpeg) => Ok(Self::Mjpeg(path.into())),
            // The dump of a stream may start with anything. Other files are refused without being read into
            // memory.
            _ if has_more_than_one(path)? => Ok(Self::Mjpeg(path.into())),
            _ => {
                Err(Error::NotAPicture { path: path.into(), reason: format!("it is {}", described(&start)) })
            }
        }
    }
}

/// Whether a path can be read only once: a FIFO, a device, a socket.
fn is_pipe(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

fn pipe(path: &Path, fps: Option<f64>) -> Result<Box<dyn Source>, Error> {
    // A socket cannot be reopened by this name.
    if ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].iter().any(|name| path == Path::new(name)) {
        return Ok(Box::new(LiveSource::stdin(Box::new(std::io::stdin()), fps)?));
    }
    Ok(Box::new(LiveSource::open(path, fps)?))
}

/// Standard input: live, unless it is a file.
fn standard_input(settings: &Settings) -> Result<Box<dyn Source>, Error> {
    let name = || "standard input".to_owned();
    let io = |source| Error::Io { name: name(), source };
    let mut file = stdin::unbuffered().map_err(io)?;
    // A console of Windows has no metadata.
    if !file.metadata().is_ok_and(|it| it.is_file()) {
        return Ok(Box::new(LiveSource::stdin(Box::new(file), settings.fps)?));
    }
    let (_, start) = mjpeg::beginning(&mut file).map_err(io)?;
    if probe(&start).is_some_and(FileKind::is_film) {
        return Spec::Recording("-".into()).open_unturned(settings);
    }
    let fps = settings.fps.unwrap_or(DEFAULT_FPS);
    Ok(Box::new(Mjpeg::read(file, name(), fps, settings)?))
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

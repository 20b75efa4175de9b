//! Shows a stream as a camera of this machine, which other programs read.

mod card;
mod choice;
mod feed;
mod screen;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use tokio_util::sync::CancellationToken;
use tracing::warn;

use self::screen::{REPEAT, Screen};
use super::{
    Codec, Error,
    limit::Limit,
    link::{self, Reached, Target},
    output::Output,
    runtime, signal,
};
use crate::{
    i18n::{Language, Translations},
    jpeg::{DecodeLimits, Strips},
    picture::Canvas,
    pipeline::{Arrival, Viewer, receive},
    stream_id::StreamId,
    virtual_camera::{self, VirtualCamera, loopbacks},
};

/// What to show, from which relay, and on which device.
pub(crate) struct Options {
    pub(crate) target: Target,
    /// The device of v4l2loopback.
    pub(crate) device: PathBuf,
    /// Shows the stream with this name; without it, the first.
    pub(crate) stream: Option<String>,
    /// The size of the pictures; without it, that of the first one.
    pub(crate) size: Option<(usize, usize)>,
    /// The language of the cards; without it, the system's.
    pub(crate) lang: Option<Language>,
    pub(crate) codec: Codec,
    pub(crate) limit: Limit,
    /// Prints events as JSON.
    pub(crate) json: bool,
}

/// Shows a stream until the limit is reached, the device fails, or a signal comes.
///
/// # Errors
/// [`Error::VirtualCamera`] if the device cannot be used; [`Error::Nothing`] if there was nothing to show.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let Options { target, device, stream, size, lang, codec, limit, json } = options;
    let output = Output::lasting(*json);
    let words = Translations::new(lang.unwrap_or_else(Language::system_default));
    VirtualCamera::check(device)?;
    let device_path = device.canonicalize().unwrap_or_else(|_| device.clone());
    for loopback in loopbacks().iter().filter(|loopback| device_path == Path::new(&loopback.path)) {
        loopback.problems().iter().for_each(|problem| warn!("{}: {problem}", device.display()));
    }
    let mut screen = Screen::new(device.clone(), *size, stream.clone(), words, output);
    screen.open()?;
    let runtime = runtime(1)?;
    let mut signal = signal::listen(&runtime);
    let (link, inbox) = runtime.block_on(link::open(target.config.clone(), &mut signal))?;
    let reached = Reached::watch(&link, runtime.handle(), target.advice);
    let feeding = Feeding {
        screen: Arc::new(Mutex::new(screen)),
        frames: limit.frames,
        codec: *codec,
        stop: CancellationToken::new(),
        failure: Arc::default(),
    };
    let repeating = feeding.clone();
    let repeater = thread::Builder::new().name("virtual camera".into()).spawn(move || {
        while !repeating.stop.is_cancelled() {
            repeating.with_screen(|screen| screen.refresh(Instant::now()));
            thread::sleep(REPEAT);
        }
    })?;
    let Feeding { stop, screen, failure, .. } = feeding.clone();
    receive(&link, inbox, feeding)?;
    runtime.block_on(async {
        let reporting = link::report_with_advice(&link, output, target.advice);
        limit.end(&mut signal, stop.cancelled()).await;
        stop.cancel();
        drop(reporting);
    });
    let _ = repeater.join(); // its panic is printed
    let screen = screen.lock().unwrap_or_else(PoisonError::into_inner);
    screen.summary();
    if let Some(failure) = failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(failure.into());
    }
    let nothing = || reached.failure(&link).unwrap_or_else(|| screen.nothing());
    (screen.frames() > 0)
        .then_some(())
        .ok_or_else(|| Error::Nothing(format!("nothing was shown: {}", nothing())))
}

/// Receives frames for the virtual camera.
#[derive(Clone)]
struct Feeding {
    screen: Arc<Mutex<Screen>>,
    /// Stops after this many frames.
    frames: Option<u64>,
    codec: Codec,
    stop: CancellationToken,
    failure: Arc<Mutex<Option<virtual_camera::Error>>>,
}

impl Feeding {
    fn lock(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops at the first failure.
    fn with_screen(&self, act: impl FnOnce(&mut Screen) -> Result<(), virtual_camera::Error>) {
        if let Err(error) = act(&mut self.lock()) {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            self.stop.cancel();
        }
    }
}

impl Viewer for Feeding {
    fn wants_pixels(&self, stream: StreamId) -> bool {
        self.lock().wants(stream)
    }

    /// Nobody is told the pictures' age.
    fn reads_stamps(&self) -> bool {
        false
    }

    fn strips(&self) -> Strips {
        self.codec.strips
    }

    fn limits(&self) -> DecodeLimits {
        self.codec.limits
    }

    fn tile_size(&self, _stream: StreamId, own: (usize, usize)) -> Option<(usize, usize)> {
        self.lock().room(own)
    }

    fn spare(&mut self) -> Canvas {
        self.lock().spare()
    }

    fn take(&mut self, arrival: Arrival) -> bool {
        if self.stop.is_cancelled() {
            return false;
        }
        let now = Instant::now();
        match arrival {
            Arrival::Frame(frame) => self.with_screen(|screen| screen.frame(*frame, now)),
            Arrival::Left { id } => self.with_screen(|screen| screen.leave(id, now)),
            // A stream of damaged frames falls silent.
            Arrival::Damaged { .. }
            | Arrival::Text { .. }
            | Arrival::UnreadableText { .. }
            | Arrival::Image { .. } => {}
        }
        if self.frames.is_some_and(|frames| self.lock().frames() >= frames) {
            self.stop.cancel();
        }
        !self.stop.is_cancelled()
    }
}

//! What is sent, and how.

use std::{path::Path, time::Duration};

use super::{limit::Limit, name};
use crate::{
    capture::{Error, Playback, Settings, Source, Spec, Which, camera_label},
    jpeg::Strips,
    link::{self, Link},
    pipeline::{Freshness, Job},
};

/// How often the relay is asked how old frames get: within half a second it is known that they get too old.
const REPORT_INTERVAL: Duration = Duration::from_millis(250);

/// What to stream.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The source; without one, a camera if there is any, else the test picture.
    pub(crate) spec: Option<Spec>,
    pub(crate) settings: Settings,
    /// JPEG quality.
    pub(crate) quality: Option<u8>,
    /// The stream's name for the others, and that of whoever sends it.
    pub(crate) name: Option<String>,
    /// Leaves out frames that are the same as the one before.
    pub(crate) skip_still: bool,
    /// How long frames may wait in queues on their way before less is sent; without it, nothing adapts.
    pub(crate) max_age: Option<Duration>,
}

impl Options {
    /// Opens it, on the thread that calls. A film obeys these controls, if there are any.
    pub(crate) fn opener(
        &self,
        playback: Option<Playback>,
    ) -> impl FnMut() -> Result<Box<dyn Source>, Error> + Send + use<> {
        let spec = self.spec.clone().unwrap_or_else(|| {
            // Who waits for a camera does not want the test picture instead.
            if self.settings.camera.wait { Spec::Camera(Which::First) } else { Spec::default_here() }
        });
        let settings = Settings { playback, ..self.settings.clone() };
        move || spec.open(&settings)
    }

    /// How it is sent over a link.
    pub(crate) fn job(&self, limit: Limit, strips: Strips, link: &Link) -> Job {
        Job {
            quality: self.quality,
            name: self.name(),
            frames: limit.frames,
            time: limit.time,
            strips,
            skip_still: self.skip_still,
            freshness: self.max_age.map(|max_age| Freshness { max_age, reports: link.reports() }),
            viewers: Some(link.viewers()),
            mirror: None,
            switch: None,
        }
    }

    /// The stream's name for the others.
    pub(crate) fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| {
            // Without a source it is the first camera, if there is any.
            let camera = self.spec.as_ref().map_or(Some(&Which::First), Spec::camera);
            name::stream_name(camera.and_then(camera_label))
        })
    }

    /// The name of the file that is the source, if it is one.
    pub(crate) fn file_name(&self) -> Option<String> {
        let path = match self.spec.as_ref()? {
            Spec::Path(path) | Spec::Photo(path) | Spec::Mjpeg(path) | Spec::Recording(path) => path,
            Spec::Sequence(text) => Path::new(text),
            Spec::Camera(_) | Spec::Pattern | Spec::Stdin => return None,
        };
        Some(path.file_name()?.to_string_lossy().into_owned())
    }

    /// The stream's name where it is played for who sits here: the file's, unless another was given.
    pub(crate) fn film_name(&self) -> String {
        self.name.clone().or_else(|| self.file_name()).unwrap_or_else(|| self.name())
    }

    /// The name of who sits at this end, for the others.
    pub(crate) fn person(&self) -> String {
        self.name.clone().unwrap_or_else(name::own_name)
    }

    /// The link over which it is sent: one that hears what becomes of the frames.
    pub(crate) fn reported(&self, config: link::Config) -> link::Config {
        link::Config { report: self.max_age.map(|_| REPORT_INTERVAL), ..config }
    }
}

//! The source to send, and how to send it.

use std::{path::Path, time::Duration};

use super::{limit::Limit, name};
use crate::{
    capture::{Error, Playback, Settings, Source, Spec, Which, camera_label},
    jpeg::Strips,
    link::{self, Link},
    pipeline::{AdaptOptions, Job},
};

/// Interval between the relay's reports on the age of frames: congestion is noticed within half a second.
const REPORT_INTERVAL: Duration = Duration::from_millis(250);

/// What to stream, and how.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The source; without one, a camera if there is any, else the test pattern.
    pub(crate) spec: Option<Spec>,
    pub(crate) settings: Settings,
    /// JPEG quality.
    pub(crate) quality: Option<u8>,
    /// The name of the stream and of its sender, as shown to others.
    pub(crate) name: Option<String>,
    /// Skips frames that are equal to the previous one.
    pub(crate) skip_still: bool,
    /// Queueing delay of frames above which less is sent; without it, nothing adapts.
    pub(crate) max_age: Option<Duration>,
}

impl Options {
    /// Returns a function that opens the source on the calling thread. A film obeys `playback`.
    pub(crate) fn opener(
        &self,
        playback: Option<Playback>,
    ) -> impl FnMut() -> Result<Box<dyn Source>, Error> + Send + use<> {
        let spec = self.spec.clone().unwrap_or_else(|| {
            // A user who waits for a camera does not want the test pattern instead.
            if self.settings.camera.wait { Spec::Camera(Which::First) } else { Spec::default_here() }
        });
        let settings = self.settings.clone().with_playback(playback);
        move || spec.open(&settings)
    }

    /// The job that sends it over a link.
    pub(crate) fn job(&self, limit: Limit, strips: Strips, link: &Link) -> Job {
        Job {
            quality: self.quality,
            name: self.name(),
            frames: limit.frames,
            time: limit.time,
            strips,
            skip_still: self.skip_still,
            adapt: self.max_age.map(|max_age| AdaptOptions { max_age, reports: link.reports() }),
            viewers: Some(link.viewers()),
            self_view: None,
            switch: None,
            selector: None,
        }
    }

    /// The stream's name, as shown to others.
    pub(crate) fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| {
            // Without a source, it is the first camera, if there is one.
            let camera = self.spec.as_ref().map_or(Some(&Which::First), Spec::camera);
            name::stream_name(camera.and_then(camera_label))
        })
    }

    /// The name of the file that is the source, if it is one.
    pub(crate) fn file_name(&self) -> Option<String> {
        let path = match self.spec.as_ref()? {
            Spec::Path(path) | Spec::Photo(path) | Spec::Mjpeg(path) | Spec::Recording(path) => path,
            Spec::Sequence(text) => Path::new(text),
            _ => return None,
        };
        Some(path.file_name()?.to_string_lossy().into_owned())
    }

    /// The stream's name if it is played here: the file's name, unless another was given.
    pub(crate) fn film_name(&self) -> String {
        self.name.clone().or_else(|| self.file_name()).unwrap_or_else(|| self.name())
    }

    /// The user's name, as shown to others.
    pub(crate) fn person(&self) -> String {
        self.name.clone().unwrap_or_else(name::own_name)
    }

    /// Adds reports on delivered frames to a link's configuration, if the source adapts.
    pub(crate) fn reported(&self, config: link::Config) -> link::Config {
        config.with(|config| config.report = self.max_age.map(|_| REPORT_INTERVAL))
    }
}

//! Options of a source, which `send`, `call` and `demo` share.

use std::{path::Path, time::Duration};

use clap::builder::{OsStringValueParser, TypedValueParser};

use super::{limit::Limit, values};
use crate::{
    capture::{
        CameraSettings, Error, Interface, PixelFormat, Playback, Setting, Settings, Source, Spec, Which,
        camera_label,
    },
    jpeg::Strips,
    link::{self, Link},
    pipeline::{Freshness, Job},
};

/// What to stream.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Source")]
pub(super) struct SourceArgs {
    /// camera[:N|:NAME|:/dev/videoN], pattern, a photo, a folder of photos, a recording, an MJPEG file or pipe, numbered pictures as in
    /// shots/%04d.jpg (%% is a percent sign), or - for MJPEG on standard input [default: camera where there is one, else pattern]
    #[arg(long, value_name = "S", value_parser = spec(), env = "PULSECAM_SOURCE")]
    source: Option<Spec>,
    /// Size in pixels; a camera gives the nearest it has, other JPEG of another size is decoded and scaled
    #[arg(long, value_name = "WxH", value_parser = values::picture_size, env = "PULSECAM_SIZE")]
    size: Option<(usize, usize)>,
    /// Frames a second; a camera gives the nearest it has, of a pipe at most so many go on, the newest
    #[arg(long, value_name = "N", value_parser = values::frame_rate, env = "PULSECAM_FPS")]
    fps: Option<f64>,
    /// JPEG quality from 1 to 100 [default: 80; JPEG that comes in stays as it is]
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: Option<u8>,
    /// The stream's name for the others [default: user@host; with the camera's name, as in ann@desk (C920), if there are several or
    /// --source names one]
    #[arg(long, value_name = "NAME", env = "PULSECAM_NAME")]
    name: Option<String>,
    /// Begin again at the end of a file
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_REPEAT")]
    repeat: bool,
    /// Number of the first picture of a numbered sequence, as in --source shots/%04d.jpg --start-number 100 [default: the lowest
    /// there is]
    #[arg(long, value_name = "N", env = "PULSECAM_START_NUMBER")]
    start_number: Option<u64>,
    /// Leave out frames that are the same as the one before; one goes out each second all the same
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_SKIP_STILL")]
    skip_still: bool,
    /// How long frames may wait in queues on their way, beyond what the distance takes; if they wait longer or get lost, less is
    /// sent: lower quality, then fewer frames, then smaller ones
    #[arg(long, value_name = "TIME", default_value = "200ms", value_parser = values::some_time, env = "PULSECAM_MAX_AGE")]
    max_age: Duration,
    /// Adapt quality, frame rate and size to what the link carries: auto or off
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "off"], env = "PULSECAM_ADAPT")]
    adapt: String,
    #[command(flatten)]
    camera: CameraArgs,
}

/// How often the relay is asked how old frames get: within half a second it is known that they get too old.
const REPORT_INTERVAL: Duration = Duration::from_millis(250);

/// How a camera shall be.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Camera")]
struct CameraArgs {
    /// How its pixels shall come: auto, or one of mjpeg, nv12, i420, yuyv, uyvy, rgb, bgr, grey
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = pixel_format, env = "PULSECAM_PIXEL_FORMAT")]
    pixel_format: Wish,
    /// Set a control, such as exposure=200; can be given several times (pulsecam cameras --controls lists them)
    #[arg(long = "set", value_name = "CONTROL=VALUE", env = "PULSECAM_SET", value_delimiter = ',')]
    controls: Vec<Setting>,
    /// Wait for a camera that is not there yet
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_WAIT")]
    wait: bool,
    /// Silence after which a camera is opened anew
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = values::some_time, env = "PULSECAM_CAMERA_TIMEOUT")]
    camera_timeout: Duration,
    /// By which interface cameras are reached, for comparing: auto or nokhwa
    #[arg(long, value_name = "API", default_value = "auto", value_parser = interface, hide_short_help = true, env = "PULSECAM_CAMERA_API")]
    camera_api: Interface,
}

/// A pixel format, or whichever is best. A type of its own: clap takes an `Option` for an argument that may be missing.
#[derive(Clone, Copy, Debug)]
struct Wish(Option<PixelFormat>);

fn pixel_format(text: &str) -> Result<Wish, String> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(Wish(None));
    }
    text.parse().map(|format| Wish(Some(format))).map_err(|error| format!("{error}, or auto"))
}

fn interface(text: &str) -> Result<Interface, String> {
    match text {
        "auto" => Ok(Interface::Auto),
        "nokhwa" => Ok(Interface::Nokhwa),
        _ => Err("auto or nokhwa".into()),
    }
}

/// A source, also one whose name is no Unicode.
pub(super) fn spec() -> impl TypedValueParser<Value = Spec> {
    OsStringValueParser::new().try_map(|text| Spec::parse(&text))
}

impl SourceArgs {
    /// The same with this source, where none was named.
    pub(super) fn of(self, source: Spec) -> Result<Self, super::Error> {
        match self.source {
            None => Ok(Self { source: Some(source), ..self }),
            Some(_) => Err(super::Error::Usage("the file is the source: leave --source out".into())),
        }
    }

    /// Opens it, on the thread that calls. A film obeys these controls, if there are any.
    pub(super) fn opener(
        &self,
        playback: Option<Playback>,
    ) -> impl FnMut() -> Result<Box<dyn Source>, Error> + Send + use<> {
        let spec = self.source.clone().unwrap_or_else(|| {
            // Who waits for a camera does not want the test picture instead.
            if self.camera.wait { Spec::Camera(Which::First) } else { Spec::default_here() }
        });
        let CameraArgs { pixel_format, controls, wait, camera_timeout, camera_api } = &self.camera;
        let camera = CameraSettings::default()
            .with_format(pixel_format.0)
            .with_wait(*wait)
            .with_stall_limit(*camera_timeout)
            .with_controls(controls.clone())
            .with_interface(*camera_api);
        let settings = Settings::default()
            .with_size(self.size)
            .with_fps(self.fps)
            .with_repeat(self.repeat)
            .with_start_number(self.start_number)
            .with_playback(playback)
            .with_camera(camera);
        move || spec.open(&settings)
    }

    /// How it is sent over a link.
    pub(super) fn job(&self, limit: Limit, strips: Strips, link: &Link) -> Job {
        Job {
            quality: self.quality,
            name: self.name(),
            frames: limit.frames,
            time: limit.time,
            strips,
            skip_still: self.skip_still,
            freshness: self.adapts().then(|| Freshness { max_age: self.max_age, reports: link.reports() }),
            viewers: Some(link.viewers()),
            mirror: None,
            switch: None,
        }
    }

    /// The stream's name for the others.
    pub(super) fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| {
            // Without a source it is the first camera, if there is any.
            let camera = self.source.as_ref().map_or(Some(&Which::First), Spec::camera);
            values::stream_name(camera.and_then(camera_label))
        })
    }

    /// The name of the file that is the source, if it is one.
    pub(super) fn file_name(&self) -> Option<String> {
        let path = match self.source.as_ref()? {
            Spec::Path(path) | Spec::Photo(path) | Spec::Mjpeg(path) | Spec::Recording(path) => path,
            Spec::Sequence(text) => Path::new(text),
            _ => return None,
        };
        Some(path.file_name()?.to_string_lossy().into_owned())
    }

    /// The stream's name where it is played for who sits here: the file's, unless another was given.
    pub(super) fn film_name(&self) -> String {
        self.name.clone().or_else(|| self.file_name()).unwrap_or_else(|| self.name())
    }

    /// The name of who sits at this end, for the others.
    pub(super) fn person(&self) -> String {
        self.name.clone().unwrap_or_else(values::own_name)
    }

    fn adapts(&self) -> bool {
        self.adapt != "off"
    }

    /// The link over which it is sent: one that hears what becomes of the frames.
    pub(super) fn reported(&self, config: link::Config) -> link::Config {
        link::Config { report: self.adapts().then_some(REPORT_INTERVAL), ..config }
    }
}

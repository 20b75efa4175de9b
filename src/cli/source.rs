//! Options of a source, shared by `send`, `call`, `demo` and `play`.

use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};

use super::{Error, values};
use crate::{
    app::source::Options,
    capture::{CameraSettings, ControlSetting, Interface, PixelFormat, Settings, Spec},
    picture::Orientation,
};

/// What to stream.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Source")]
pub(super) struct SourceArgs {
    /// camera[:N|:NAME|:/dev/videoN], pattern, a photo, a folder of photos, a recording, an MJPEG file or
    /// pipe, numbered pictures as in shots/%04d.jpg (%% is a percent sign), or - for MJPEG on standard input
    /// [default: camera if there is one, else pattern]
    #[arg(long, value_name = "S", value_parser = spec(), env = "PULSECAM_SOURCE")]
    source: Option<Spec>,
    /// Size in pixels; a camera uses its nearest mode, any other JPEG is decoded and scaled to it
    #[arg(long, value_name = "WxH", value_parser = values::picture_size, env = "PULSECAM_SIZE")]
    size: Option<(usize, usize)>,
    /// Turn the picture clockwise: 0, 90, 180 or 270 degrees, after --size
    #[arg(long, value_name = "DEGREES", default_value = "0", value_parser = ["0", "90", "180", "270"], env = "PULSECAM_ROTATE")]
    rotate: String,
    /// Exchange left and right, for all viewers
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_MIRROR")]
    mirror: bool,
    /// Exchange top and bottom
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_FLIP")]
    flip: bool,
    /// Frames per second; a camera uses its nearest mode, a pipe is limited to its newest N frames per second
    #[arg(long, value_name = "N", value_parser = values::frame_rate, env = "PULSECAM_FPS")]
    fps: Option<f64>,
    /// JPEG quality from 1 to 100 [default: 80; JPEG input is sent unchanged]
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100), env = "PULSECAM_QUALITY")]
    quality: Option<u8>,
    /// Name of the stream, as shown to others [default: user@host; with the camera's name, as in ann@desk
    /// (C920), if there are several or --source names one]
    #[arg(long, value_name = "NAME", env = "PULSECAM_NAME")]
    name: Option<String>,
    /// Repeat a file from its start when it ends
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_REPEAT")]
    repeat: bool,
    /// Number of the first picture of a numbered sequence, as in --source shots/%04d.jpg --start-number 100
    /// [default: the lowest]
    #[arg(long, hide_short_help = true, value_name = "N", env = "PULSECAM_START_NUMBER")]
    start_number: Option<u64>,
    /// Skip frames that are equal to the previous one; one is still sent each second
    #[arg(long, hide_short_help = true, value_parser = values::flag(), env = "PULSECAM_SKIP_STILL")]
    skip_still: bool,
    /// Target queueing delay of frames between camera and viewers, without the network's own delay; above it,
    /// or if frames are lost, lower the quality, then the frame rate, then the size
    #[arg(long, hide_short_help = true, value_name = "TIME", default_value = "200ms", value_parser = values::some_time, env = "PULSECAM_MAX_AGE")]
    max_age: Duration,
    /// Adapt quality, frame rate and size to the capacity of the link: auto or off
    #[arg(long, hide_short_help = true, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "off"], env = "PULSECAM_ADAPT")]
    adapt: String,
    #[command(flatten)]
    camera: CameraArgs,
}

/// How to open a camera.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Camera")]
pub(super) struct CameraArgs {
    /// Pixel format to request from the camera: auto, mjpeg, nv12, i420, yuyv, uyvy, rgb, bgr or grey
    #[arg(long, hide_short_help = true, value_name = "FORMAT", default_value = "auto", value_parser = pixel_format, env = "PULSECAM_PIXEL_FORMAT")]
    pixel_format: PixelFormatArg,
    /// Set a control, such as exposure=200; can be repeated (pulsecam cameras --controls lists them)
    #[arg(long = "set", value_name = "CONTROL=VALUE", env = "PULSECAM_SET", value_delimiter = ',')]
    controls: Vec<ControlSetting>,
    /// Wait for the camera to be connected
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_WAIT")]
    wait: bool,
    /// Reopen the camera after this long without a frame
    #[arg(long, hide_short_help = true, value_name = "TIME", default_value = "2s", value_parser = values::some_time, env = "PULSECAM_CAMERA_TIMEOUT")]
    camera_timeout: Duration,
    /// Interface to cameras, for comparison: auto or nokhwa
    #[arg(long, value_name = "API", default_value = "auto", value_parser = interface, hide_short_help = true, env = "PULSECAM_CAMERA_API")]
    camera_api: Interface,
}

/// A pixel format, or automatic. Not an `Option`, which clap takes for an argument that may be missing.
#[derive(Clone, Copy, Debug)]
struct PixelFormatArg(Option<PixelFormat>);

fn pixel_format(text: &str) -> Result<PixelFormatArg, String> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(PixelFormatArg(None));
    }
    text.parse().map(|format| PixelFormatArg(Some(format))).map_err(|error| format!("{error}, or auto"))
}

fn interface(text: &str) -> Result<Interface, String> {
    match text {
        "auto" => Ok(Interface::Auto),
        "nokhwa" => Ok(Interface::Nokhwa),
        _ => Err("expected auto or nokhwa".into()),
    }
}

/// Parses a source, whose path may not be Unicode.
pub(super) fn spec() -> impl TypedValueParser<Value = Spec> {
    OsStringValueParser::new().try_map(|text| Spec::parse(&text))
}

impl CameraArgs {
    /// The settings of the camera.
    pub(super) fn settings(&self) -> CameraSettings {
        CameraSettings::default()
            .with_format(self.pixel_format.0)
            .with_wait(self.wait)
            .with_stall_limit(self.camera_timeout)
            .with_controls(self.controls.clone())
            .with_interface(self.camera_api)
    }
}

impl SourceArgs {
    fn orientation(&self) -> Orientation {
        let quarters = match self.rotate.as_str() {
            "90" => 1,
            "180" => 2,
            "270" => 3,
            _ => 0,
        };
        Orientation::turned(quarters, self.mirror, self.flip)
    }

    /// The options of the application.
    pub(super) fn options(&self) -> Options {
        let settings = Settings::default()
            .with_size(self.size)
            .with_orientation(self.orientation())
            .with_fps(self.fps)
            .with_repeat(self.repeat)
            .with_start_number(self.start_number)
            .with_camera(self.camera.settings());
        Options {
            spec: self.source.clone(),
            settings,
            quality: self.quality,
            name: self.name.clone(),
            skip_still: self.skip_still,
            max_age: (self.adapt != "off").then_some(self.max_age),
        }
    }

    /// The same with this source.
    ///
    /// # Errors
    /// `--source` names one too: wrong usage.
    pub(super) fn options_for(&self, source: Spec) -> Result<Options, Error> {
        match self.source {
            None => Ok(Options { spec: Some(source), ..self.options() }),
            Some(_) => Err(Error::Usage("the file is the source: omit --source".into())),
        }
    }
}

//! A simulated camera that films the window, with a delay that it knows.
//!
//! It proves the measurement without hardware: each picture is made of what the X server showed during an
//! exposure, seen at an angle, blurred and noisy ([`Optics::webcam`]), and is given out after the delay. What was
//! found is then compared with what was, frame by frame.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use x11rb::{
    connection::Connection,
    protocol::xproto::{AtomEnum, ConnectionExt, ImageFormat, ImageOrder, Window},
    rust_connection::RustConnection,
};

use super::{report::Known, samples::FrameKey, session::Session, window::TITLE};
use crate::{
    bench::{
        fiducial::Luma,
        optics::{Camera, Optics},
    },
    capture::{Error, Frame, FrameData, Source},
    clock::Timestamp,
    picture::{Picture, Pixels, Subsampling},
};

/// How a simulated camera is set.
#[derive(Clone, Copy, Debug)]
pub struct Simulation {
    /// Width and height of its pictures.
    pub size: (usize, usize),
    /// Frames per second.
    pub fps: f64,
    /// From when the sheet is lit, in the middle, until the picture is given out.
    pub delay: Duration,
}

/// Looks at the screen during one exposure. With a shutter of half of them, a row is exposed to two.
const LOOKS: u32 = 4;

/// From one look to the next: all of them take 12 ms, as a webcam's exposure and readout in a bright room.
const BETWEEN_LOOKS: Duration = Duration::from_millis(4);

/// When the exposure of the sheet's middle begins, as a share of the time from the first look to the last. The
/// shutter rolls from the first look to 2/3 of it, and that row is at two fifths of the picture: the text is
/// below the sheet. The beginning counts: a stamp that changes during the exposure is not read, so the newest
/// one in a picture was there when it began.
const SHEET_LIT: f64 = 2.0 / 3.0 * 0.41;

/// Longest time for all looks: a camera's exposure does not depend on how busy the machine is, so a picture that
/// took longer is dropped.
const MAX_EXPOSURE: Duration = Duration::from_millis(26);

/// Part of a frame's interval by which exposures are moved against an even rhythm: a real camera's drift against
/// the screen's is as good, but takes minutes.
const DRIFT: f64 = 0.3;

/// Longest wait for the window.
const OPENING: Duration = Duration::from_secs(10);

/// Pictures on their way.
const MAX_UNDER_WAY: usize = 16;

/// A picture that was taken.
struct Taken {
    picture: Luma,
    known: Known,
}

/// The camera as a source.
pub(super) struct SimulatedCamera {
    simulation: Simulation,
    session: Arc<Session>,
    taken: mpsc::Receiver<Taken>,
    seq: u64,
}

impl SimulatedCamera {
    /// Starts the camera; it finds the window once that is open.
    pub(super) fn new(simulation: Simulation, session: Arc<Session>) -> Result<Self, Error> {
        let (give, taken) = mpsc::sync_channel(MAX_UNDER_WAY);
        thread::Builder::new()
            .name("film".into())
            .spawn(move || {
                if let Err(reason) = film(simulation, &give) {
                    tracing::warn!("the simulated camera: {reason}");
                }
            })
            .map_err(|error| failed(&error.to_string()))?;
        Ok(Self { simulation, session, taken, seq: 0 })
    }
}

impl Source for SimulatedCamera {
    fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let Ok(Taken { picture, known }) = self.taken.recv() else { return Ok(None) };
        let late = Timestamp::now().since(known.light);
        thread::sleep(self.simulation.delay.saturating_sub(late));
        let captured = Timestamp::now();
        let key: FrameKey = captured.as_micros();
        self.session.state().samples.known(key, known);
        let (width, height) = (picture.width, picture.height);
        let pixels = Pixels::Planar(Subsampling::Grey, picture.pixels);
        self.seq += 1;
        let data = FrameData::Picture(Arc::new(Picture { width, height, pixels }));
        Ok(Some(Frame::new(self.seq - 1, captured, data)))
    }

    fn describe(&self) -> String {
        let Simulation { size: (width, height), fps, delay } = self.simulation;
        let delay = humantime::format_duration(delay);
        format!("simulated camera with a delay of {delay}, {width}x{height}, {fps} fps")
    }
}

fn failed(reason: &str) -> Error {
    Error::Picture { name: "the simulated camera".into(), reason: reason.to_owned() }
}

/// Takes pictures until nobody wants them.
fn film(simulation: Simulation, give: &mpsc::SyncSender<Taken>) -> Result<(), String> {
    let screen = Screen::open()?;
    let mut camera: Option<((usize, usize), Camera)> = None;
    let interval = Duration::from_secs_f64(1.0 / simulation.fps);
    let (mut due, mut phase) = (Instant::now(), 0.0);
    loop {
        phase = (phase + 0.618_033_988_75) % 1.0;
        thread::sleep((due + interval.mul_f64(DRIFT * phase)).saturating_duration_since(Instant::now()));
        // A camera does not catch up.
        due = (due + interval).max(Instant::now());
        let Some((looks, known)) = screen.expose()? else { continue };
        let Some(first) = looks.first() else { continue };
        let size = (first.width, first.height);
        if camera.as_ref().is_none_or(|(known, _)| *known != size) {
            let optics = Optics::webcam(simulation.size);
            camera = Camera::new(optics, size).map(|camera| (size, camera));
        }
        let Some((_, camera)) = &mut camera else { return Err("the window has no size".into()) };
        if give.send(Taken { picture: camera.expose(&looks), known }).is_err() {
            return Ok(());
        }
    }
}

/// The window as the X server shows it.
struct Screen {
    connection: RustConnection,
    window: Window,
}

impl Screen {
    /// Finds the window, once it is open.
    fn open() -> Result<Self, String> {
        let (connection, screen) = x11rb::connect(None).map_err(|error| error.to_string())?;
        let setup = connection.setup();
        if setup.image_byte_order != ImageOrder::LSB_FIRST {
            return Err("the X server has another byte order".into());
        }
        let root = setup.roots.get(screen).ok_or("the X server has no screen")?.root;
        let deadline = Instant::now() + OPENING;
        while Instant::now() < deadline {
            if let Some(window) = find(&connection, root) {
                return Ok(Self { connection, window });
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("no window {TITLE:?} was found"))
    }

    /// What the window shows at even intervals, and when that was; `None` if it took too long.
    fn expose(&self) -> Result<Option<(Vec<Luma>, Known)>, String> {
        let (begin, mut seen) = (Instant::now(), Vec::new());
        for look in 0..LOOKS {
            thread::sleep((begin + BETWEEN_LOOKS * look).saturating_duration_since(Instant::now()));
            seen.push(self.look()?);
        }
        if begin.elapsed() > MAX_EXPOSURE {
            return Ok(None);
        }
        let (Some(first), Some(last)) = (seen.first(), seen.last()) else { return Ok(None) };
        let exposure = last.asked.micros_since(first.asked);
        let light = first.asked.offset((exposure as f64 * SHEET_LIT) as i64);
        let within = light.since(first.asked).max(last.answered.since(light));
        // Only now: it takes time, which would lengthen the exposure.
        let looks = seen.iter().filter_map(|look| Luma::of_bgrx(look.width, look.height, &look.image));
        Ok(Some((looks.collect(), Known { light, within })))
    }

    fn look(&self) -> Result<Look, String> {
        let told = |error: &dyn std::fmt::Display| format!("the window cannot be filmed: {error}");
        let size = self.connection.get_geometry(self.window).map_err(|error| told(&error))?;
        let size = size.reply().map_err(|error| told(&error))?;
        let (width, height) = (size.width, size.height);
        // The server has just answered, so it is awake: it looks when it is asked, and then sends for long.
        let asked = Timestamp::now();
        let image = self.connection.get_image(ImageFormat::Z_PIXMAP, self.window, 0, 0, width, height, !0);
        let image = image.map_err(|error| told(&error))?.reply().map_err(|error| told(&error))?.data;
        let answered = Timestamp::now();
        Ok(Look { width: width.into(), height: height.into(), image, asked, answered })
    }
}

/// The window at one moment.
struct Look {
    width: usize,
    height: usize,
    /// Four bytes per pixel, blue first.
    image: Vec<u8>,
    /// The server looked at or after this.
    asked: Timestamp,
    answered: Timestamp,
}

/// The window with our title, below this one.
fn find(connection: &RustConnection, parent: Window) -> Option<Window> {
    let children = connection.query_tree(parent).ok()?.reply().ok()?.children;
    children.into_iter().find_map(|child| {
        let property = connection.get_property(false, child, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64);
        let name = property.ok()?.reply().ok()?.value;
        if name == TITLE.as_bytes() { Some(child) } else { find(connection, child) }
    })
}

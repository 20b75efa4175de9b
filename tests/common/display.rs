//! A display with the program's window on it: pictures of it, keys and clicks.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use image::RgbImage;
use x11rb::{
    connection::Connection,
    protocol::xproto::{ConnectionExt, CreateWindowAux, MapState, WindowClass},
};

use super::{
    program::{PATIENCE, Running, pulsecam},
    xvfb::Xvfb,
};

/// Size of the window and of its display.
pub const WINDOW: (u32, u32) = (800, 600);

/// A separate X server, exactly as large as the window.
pub struct Display {
    _server: Xvfb,
    pub name: String,
}

impl Display {
    /// A display as large as the window.
    pub fn start() -> Self {
        Self::of(WINDOW)
    }

    /// A display of this size.
    pub fn of(size: (u32, u32)) -> Self {
        let server = Xvfb::start(size);
        let name = server.name.clone();
        Self { _server: server, name }
    }

    /// A picture of the whole display.
    pub fn screenshot(&self) -> RgbImage {
        let output = Command::new("import")
            .args(["-display", &self.name, "-window", "root", "png:-"])
            .output()
            .expect("import runs (make deps)");
        assert!(output.status.success(), "{output:?}");
        let shot = image::load_from_memory(&output.stdout).unwrap().into_rgb8();
        // Kept to investigate failures.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        shot.save(folder.join(format!("window-{}.png", self.name.trim_start_matches(':')))).unwrap();
        shot
    }

    /// Waits until `wanted` accepts a screenshot; returns it.
    pub fn shows(&self, what: &str, wanted: impl Fn(&RgbImage) -> bool) -> RgbImage {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shot = self.screenshot();
            if wanted(&shot) {
                return shot;
            }
            assert!(
                Instant::now() < deadline,
                "the window never shows {what}; see {}",
                env!("CARGO_TARGET_TMPDIR")
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses a key in the window.
    pub fn key(&self, key: &str) {
        self.xdotool(&["search", "--onlyvisible", "--name", "pulsecam", "windowfocus"]);
        // To the window with the focus, as from a keyboard: the window may be gone before the key is
        // released.
        self.xdotool(&["key", key]);
    }

    /// Presses the button there, as long as a finger does.
    pub fn click(&self, x: u32, y: u32) {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string()]);
        self.xdotool(&["mousedown", "1", "sleep", "0.1", "mouseup", "1"]);
    }

    /// Types a text.
    pub fn write(&self, text: &str) {
        self.xdotool(&["type", "--delay", "20", text]);
    }

    /// Runs xdotool.
    pub fn xdotool(&self, arguments: &[&str]) {
        let status = Command::new("xdotool").env("DISPLAY", &self.name).args(arguments).status();
        assert!(status.expect("xdotool runs (make deps)").success(), "{arguments:?}");
    }

    /// The number of the window whose title begins with this.
    pub fn window(&self, title: &str) -> String {
        let search = ["search", "--sync", "--name", title];
        let found = Command::new("xdotool").env("DISPLAY", &self.name).args(search).output().unwrap();
        String::from_utf8(found.stdout).unwrap().lines().next().expect("a window").to_owned()
    }

    /// Changes a property of a window, as a window manager does.
    pub fn xprop(&self, window: &str, arguments: &[&str]) {
        let status =
            Command::new("xprop").args(["-display", &self.name, "-id", window]).args(arguments).status();
        assert!(status.expect("xprop runs (make deps)").success(), "{arguments:?}");
    }

    /// Properties of a window, as xprop prints them.
    pub fn read_xprop(&self, arguments: &[&str]) -> String {
        let output = Command::new("xprop").args(["-display", &self.name]).args(arguments).output();
        String::from_utf8_lossy(&output.expect("xprop runs (make deps)").stdout).into_owned()
    }

    /// A viewer with a window on this display.
    pub fn view(&self, host: &str, folder: &Path) -> Running {
        self.open(&["view", host], folder)
    }

    /// The program with a window on this display, its events as JSON.
    pub fn open(&self, what: &[&str], folder: &Path) -> Running {
        self.open_with(what, folder, &[])
    }

    /// The same with these variables of the environment.
    pub fn open_with(&self, what: &[&str], folder: &Path, variables: &[(&str, &str)]) -> Running {
        let size = format!("{}x{}", WINDOW.0, WINDOW.1);
        let folder = folder.to_str().unwrap();
        let arguments =
            ["--window", &size, "--json", "--save", folder, "--max-backoff", "300ms", "--lang", "en"];
        let mut command = pulsecam();
        command.args(what).args(arguments).env("DISPLAY", &self.name).env("LANG", "C.UTF-8");
        command.envs(variables.iter().copied());
        Running::spawn(&mut command)
    }
}

/// A window manager; killed when dropped.
pub struct Manager(Child);

impl Manager {
    /// Starts openbox.
    pub fn start(display: &Display) -> Self {
        let quiet = || Stdio::null();
        let mut command = Command::new("openbox");
        command.env("DISPLAY", &display.name).stdin(quiet()).stdout(quiet()).stderr(quiet());
        let manager = Self(command.spawn().expect("openbox runs (make deps)"));
        // It announces itself before it is ready: a window that comes in between is never shown.
        wait("the window manager", || {
            let is_announced =
                || display.read_xprop(&["-root", "_NET_SUPPORTING_WM_CHECK"]).contains("window id");
            is_announced() && shows_new_windows(display)
        });
        manager
    }
}

/// Whether a new window is shown before long.
fn shows_new_windows(display: &Display) -> bool {
    let (connection, screen) = x11rb::connect(Some(&display.name)).unwrap();
    let root = &connection.setup().roots[screen];
    let window = connection.generate_id().unwrap();
    let (class, visual, aux) = (WindowClass::INPUT_OUTPUT, root.root_visual, CreateWindowAux::new());
    connection
        .create_window(root.root_depth, window, root.root, 0, 0, 10, 10, 0, class, visual, &aux)
        .unwrap();
    connection.map_window(window).unwrap();
    let state = || connection.get_window_attributes(window).unwrap().reply().unwrap().map_state;
    (0..20).any(|_| {
        thread::sleep(Duration::from_millis(20));
        state() == MapState::VIEWABLE
    })
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something is there.
pub fn wait(what: &str, is_there: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_there() {
        assert!(Instant::now() < deadline, "{what} does not come");
        thread::sleep(Duration::from_millis(30));
    }
}

/// Whether a pixel has about this colour.
pub fn near(shot: &RgbImage, x: u32, y: u32, wanted: [u8; 3]) -> bool {
    shot.get_pixel(x, y).0.iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) < 25)
}

/// Number of pixels in a region that could belong to light text.
pub fn light(shot: &RgbImage, across: std::ops::Range<u32>, down: std::ops::Range<u32>) -> usize {
    let (width, height) = shot.dimensions();
    down.filter(|y| *y < height)
        .flat_map(|y| across.clone().filter(|x| *x < width).map(move |x| (x, y)))
        .filter(|&(x, y)| shot.get_pixel(x, y).0.iter().all(|channel| *channel > 170))
        .count()
}

/// The first pixel of this colour in a region, row by row.
pub fn find(
    shot: &RgbImage,
    across: std::ops::Range<u32>,
    down: std::ops::Range<u32>,
    colour: [u8; 3],
) -> Option<(u32, u32)> {
    let (width, height) = shot.dimensions();
    down.filter(|y| *y < height)
        .flat_map(|y| across.clone().filter(|x| *x < width).map(move |x| (x, y)))
        .find(|&(x, y)| near(shot, x, y, colour))
}

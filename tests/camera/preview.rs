//! `pulsecam cameras --preview`: in a window, in a terminal, and without either.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    PATIENCE,
    program::{pulsecam, run},
    vivid::Vivid,
};

/// Yellow, cyan, green, magenta, red and blue of the camera's colour bars.
const BARS: [[u8; 3]; 6] =
    [[191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191]];

/// Deviation per channel due to JPEG and scaling.
const TOLERANCE: u8 = 32;

fn is_near(colour: [u8; 3], wanted: [u8; 3]) -> bool {
    colour.iter().zip(wanted).all(|(channel, wanted)| channel.abs_diff(wanted) <= TOLERANCE)
}

/// An X server that keeps its screen in a file; killed when dropped.
struct Display {
    server: Child,
    folder: tempfile::TempDir,
}

impl Display {
    const NAME: &str = ":9";

    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Command::new("Xvfb")
            .args([Self::NAME, "-screen", "0", "800x600x24", "-nolisten", "tcp", "-fbdir"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let display = Self { server, folder };
        let deadline = Instant::now() + PATIENCE;
        while !Path::new("/tmp/.X11-unix/X9").exists() || display.screen().is_none() {
            assert!(Instant::now() < deadline, "the X server does not start");
            thread::sleep(Duration::from_millis(50));
        }
        display
    }

    /// The file with the screen, once the server has written its header.
    fn screen(&self) -> Option<Vec<u8>> {
        let file = fs::read(self.folder.path().join("Xvfb_screen0")).ok()?;
        file.get(..4)?.iter().any(|byte| *byte != 0).then_some(file)
    }

    /// The colours of the screen.
    fn pixels(&self) -> Vec<[u8; 3]> {
        let file = self.screen().unwrap();
        // A header of numbers of four bytes, colours of 12 bytes each, then the pixels.
        let number = |at: usize| u32::from_be_bytes(file[4 * at..4 * at + 4].try_into().unwrap()) as usize;
        let (header, bits, colours) = (number(0), number(11), number(19));
        assert_eq!(bits, 32);
        file[header + 12 * colours..].chunks_exact(4).map(|pixel| [pixel[2], pixel[1], pixel[0]]).collect()
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A program that does not keep the camera if a test fails.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_preview_shows_the_camera_in_a_window() {
    let (vivid, display) = (Vivid::ready(), Display::start());
    let window = pulsecam()
        .args(["cameras", "--preview", &format!("camera:{}", vivid.path()), "--window", "640x480"])
        .env("DISPLAY", Display::NAME)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut window = Ended(window);
    let share = |pixels: &[[u8; 3]], bar| {
        pixels.iter().filter(|pixel| is_near(**pixel, bar)).count() as f64 / pixels.len() as f64
    };
    let deadline = Instant::now() + 2 * PATIENCE;
    loop {
        let pixels = display.pixels();
        let shares = BARS.map(|bar| share(&pixels, bar));
        if shares.iter().all(|share| *share > 0.02) {
            break;
        }
        assert_eq!(window.0.try_wait().unwrap(), None, "it ended by itself");
        assert!(Instant::now() < deadline, "the bars have these shares of the screen: {shares:?}");
        thread::sleep(Duration::from_millis(200));
    }
    assert!(Command::new("kill").args(["-INT", &window.0.id().to_string()]).status().unwrap().success());
    assert!(window.0.wait().unwrap().success());
}

/// Runs the preview in a terminal of 80x24; returns what it wrote.
fn in_a_terminal(arguments: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (log, program) = (folder.path().join("typescript"), pulsecam());
    let program = program.get_program().to_str().unwrap();
    let line = format!("stty rows 24 cols 80; {program} cameras --preview {arguments}; echo ended with $?");
    let status = Command::new("script")
        .args(["-q", "-c", &line, log.to_str().unwrap()])
        .env("TERM", "xterm-256color")
        .env("COLORTERM", "truecolor")
        .env_remove("DISPLAY")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    String::from_utf8_lossy(&fs::read(log).unwrap()).into_owned()
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_preview_shows_the_camera_in_the_terminal() {
    let vivid = Vivid::ready();
    let written = in_a_terminal(&format!("camera:{} --lang en --for 8s", vivid.path()));
    assert!(written.contains("ended with 0"), "{written}");
    assert!(written.contains("vivid"), "the camera's name: {written}");
    let colour = |rest: &str| -> Option<[u8; 3]> {
        let mut channels = rest.split([';', 'm']).map(|part| part.parse().ok());
        Some([channels.next()??, channels.next()??, channels.next()??])
    };
    let colours: Vec<_> = written.split("38;2;").skip(1).filter_map(colour).collect();
    for bar in BARS {
        assert!(
            colours.iter().any(|colour| is_near(*colour, bar)),
            "no {bar:?} among {} colours",
            colours.len()
        );
    }
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_preview_without_window_and_terminal_tells_what_arrives() {
    let vivid = Vivid::ready();
    let camera = format!("camera:{}", vivid.path());
    let output = run(&["cameras", "--preview", &camera, "--no-window", "--json", "--frames", "3"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.lines().filter(|line| line.contains(r#""event":"frame""#)).count() >= 3, "{told}");
}

#[test]
#[ignore = "needs the virtual machine: make test-camera"]
fn a_preview_of_a_camera_that_is_not_there_is_an_error() {
    let output = run(&["cameras", "--preview", "camera:/dev/video77", "--no-window"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("there is no camera"), "{told}");
}

//! An X server without a screen, for one test.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// A running X server; killed when dropped.
pub struct Xvfb {
    server: Child,
    /// Its name, for `DISPLAY`.
    pub name: String,
}

impl Xvfb {
    /// Starts it with a screen of this size. It keeps its keyboard layout when its last client has left.
    pub fn start((width, height): (u32, u32)) -> Self {
        let screen = format!("{width}x{height}x24");
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb runs (make deps)");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Self { server, name: format!(":{}", number.trim()) }
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

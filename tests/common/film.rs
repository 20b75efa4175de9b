//! Films in plain colours, made by ffmpeg.

use std::{path::Path, process::Command};

/// Writes a film at ten frames per second, in each of these colours for its number of seconds.
pub fn write(path: &Path, parts: &[([u8; 3], u32)]) -> String {
    let mut graph = String::new();
    for (index, ([red, green, blue], seconds)) in parts.iter().enumerate() {
        let colour = format!("0x{red:02x}{green:02x}{blue:02x}");
        graph += &format!("color=c={colour}:s=160x120:r=10:d={seconds}[{index}];");
    }
    let inputs: String = (0..parts.len()).map(|index| format!("[{index}]")).collect();
    graph += &format!("{inputs}concat=n={},format=yuvj420p", parts.len());
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-filter_complex", &graph, "-c:v", "mjpeg", "-q:v", "2"]).arg(path);
    assert!(command.status().expect("ffmpeg runs (make deps)").success());
    path.to_str().unwrap().to_owned()
}

//! The Qt program that the tests talk to (`tests/qt/peer.cpp`, see its README).

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// Builds the peer if its source has changed, beside the test programs.
pub fn peer() -> &'static Path {
    static PEER: OnceLock<PathBuf> = OnceLock::new();
    PEER.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/qt/peer.cpp");
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("qt-peer");
        let newer = |a: &Path, b: &Path| {
            a.metadata()?
                .modified()?
                .cmp(&b.metadata()?.modified()?)
                .is_gt()
                .then_some(())
                .ok_or(std::io::ErrorKind::Other.into())
        };
        if (newer(&program, &source) as std::io::Result<()>).is_ok() {
            return program;
        }
        let flags = |kind: &str| -> Vec<String> {
            let output = Command::new("pkg-config")
                .args([kind, "Qt5Core", "Qt5Gui", "Qt5Network"])
                .output()
                .expect("pkg-config runs (make deps)");
            assert!(output.status.success(), "Qt 5 is missing (make deps): {output:?}");
            String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
        };
        // Several test processes may build at once: each uses its own name, the last one wins.
        let own = program.with_extension(std::process::id().to_string());
        let status = Command::new("g++")
            .args(["-O1", "-fPIC"])
            .args(flags("--cflags"))
            .args([source.as_path(), Path::new("-o"), &own])
            .args(flags("--libs"))
            .status()
            .expect("g++ runs (make deps)");
        assert!(status.success(), "the Qt peer does not build");
        std::fs::rename(own, &program).unwrap();
        program
    })
}

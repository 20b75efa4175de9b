//! Why a virtual camera cannot be used.

use std::path::{Path, PathBuf};

use super::loopback::{Loopback, load_command};
use crate::capture::{
    DeviceUser,
    camera::device::{hint, list},
};

/// Why nothing can be written to a virtual camera.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// This build, or this system, has no virtual cameras.
    #[error("virtual cameras need Linux, and a build with support for cameras")]
    NoSupport,
    /// There is no such device.
    #[error("there is no {}: {}{}", path.display(), load_command(number(path), "pulsecam"), available(others))]
    NotThere {
        /// The device that was named.
        path: PathBuf,
        /// The devices of v4l2loopback that there are.
        others: Vec<Loopback>,
    },
    /// It is something else: a file, or a camera.
    #[error(
        "{} is {what}, not a virtual camera: load one with {}{}",
        path.display(), load_command(None, "pulsecam"), available(others)
    )]
    NotAnOutput {
        /// The device that was named.
        path: PathBuf,
        /// What it is, with its article.
        what: String,
        /// The devices of v4l2loopback that there are.
        others: Vec<Loopback>,
    },
    /// Another program feeds it.
    #[error("{} is in use by {}: end that program, or use another device", path.display(), list(users))]
    Busy {
        /// The device.
        path: PathBuf,
        /// The programs that have it open.
        users: Vec<DeviceUser>,
    },
    /// This user may not open it.
    #[error("no permission to open {}{}", path.display(), hint(group.as_deref()))]
    Denied {
        /// The device.
        path: PathBuf,
        /// The group whose members may open it.
        group: Option<String>,
    },
    /// It keeps pixels in another layout: the program that set it, or one that reads it, still has it open.
    #[error(
        "{} takes neither I420 nor YUYV, but {found}: end the programs that have it open ({})",
        path.display(), list(users)
    )]
    Layout {
        /// The device.
        path: PathBuf,
        /// The layout and size that it has.
        found: String,
        /// The programs that have it open.
        users: Vec<DeviceUser>,
    },
    /// Versions of the module before 0.14 take no more pictures once a program has ended that only wrote to it.
    #[error(
        "{} takes no pictures, as the last program that fed it left it: sudo modprobe -r v4l2loopback && {}",
        path.display(), load_command(number(path), "pulsecam")
    )]
    Stuck {
        /// The device.
        path: PathBuf,
    },
    /// The system reported an error.
    #[error("{}: cannot {what}: {source}", path.display())]
    Io {
        /// The device.
        path: PathBuf,
        /// The failed action, completing "cannot …".
        what: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
}

/// The number of a device in `/dev`.
pub(super) fn number(path: &Path) -> Option<u32> {
    path.to_str()?.strip_prefix("/dev/video")?.parse().ok()
}

fn available(others: &[Loopback]) -> String {
    if others.is_empty() {
        return String::new();
    }
    let named = |device: &Loopback| format!("{} ({})", device.path, device.name);
    format!("; available: {}", others.iter().map(named).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_is_one_line_with_what_to_do() {
        let path = PathBuf::from("/dev/video9");
        let others = vec![Loopback { path: "/dev/video3".into(), name: "OBS".into(), ..Loopback::default() }];
        let users = vec![DeviceUser { pid: 7, program: "obs".into() }];
        let missing = Error::NotThere { path: path.clone(), others: others.clone() };
        assert_eq!(
            missing.to_string(),
            "there is no /dev/video9: sudo modprobe v4l2loopback video_nr=9 exclusive_caps=1 \
             card_label=pulsecam; available: /dev/video3 (OBS)"
        );
        let camera =
            Error::NotAnOutput { path: path.clone(), what: "a camera (C920)".into(), others: vec![] };
        assert!(camera.to_string().starts_with("/dev/video9 is a camera (C920), not a virtual camera: load"));
        let busy = Error::Busy { path: path.clone(), users: users.clone() };
        assert!(busy.to_string().starts_with("/dev/video9 is in use by obs (process 7): end"), "{busy}");
        let unknown = Error::Busy { path: path.clone(), users: vec![] };
        assert!(unknown.to_string().contains("in use by another program"));
        let layout = Error::Layout { path: path.clone(), found: "RGB3 at 640x480".into(), users };
        assert!(layout.to_string().contains("but RGB3 at 640x480: end the programs"), "{layout}");
        let stuck = Error::Stuck { path };
        assert!(stuck.to_string().contains("modprobe -r v4l2loopback && sudo modprobe"), "{stuck}");
        assert!(!stuck.to_string().contains('\n'));
    }
}

//! Finds the processes that have a device open, as far as this user may see.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::device::DeviceUser;

/// How long an answer is cached. A busy camera is retried four times a second, and walking the open files of
/// every process takes tens of milliseconds on a desktop.
const STANDS: Duration = Duration::from_secs(5);

/// Other programs that have the device open, at most a few seconds out of date.
pub(super) fn lately(device: &Path) -> Vec<DeviceUser> {
    static LATEST: Mutex<Option<Answer>> = Mutex::new(None);
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    Answer::current(&mut latest, device, Instant::now(), of).users.clone()
}

/// Cached result: the programs that had a device open, and when.
#[derive(Debug)]
struct Answer {
    device: PathBuf,
    at: Instant,
    users: Vec<DeviceUser>,
}

impl Answer {
    /// The cached answer, or a new one if it is about another device or too old.
    fn current<'a>(
        latest: &'a mut Option<Self>,
        device: &Path,
        now: Instant,
        ask: impl FnOnce(&Path) -> Vec<DeviceUser>,
    ) -> &'a Self {
        let stands =
            |answer: &Self| answer.device == device && now.saturating_duration_since(answer.at) < STANDS;
        if !latest.as_ref().is_some_and(stands) {
            *latest = None;
        }
        latest.get_or_insert_with(|| Self { device: device.to_owned(), at: now, users: ask(device) })
    }
}

/// Other programs that have the device open. Root sees all, other users only their own.
pub(crate) fn of(device: &Path) -> Vec<DeviceUser> {
    let Ok(node) = fs::metadata(device) else { return Vec::new() };
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut users: Vec<_> = numbers
        .filter(|&pid: &u32| pid != std::process::id() && has_open(pid, node.rdev(), node.ino()))
        .map(|pid| DeviceUser { pid, program: program(pid) })
        .collect();
    users.sort_by_key(|user| user.pid);
    users
}

fn has_open(pid: u32, device: u64, inode: u64) -> bool {
    let Ok(handles) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    // `metadata` follows the link to the open file, whatever name it was opened under. An ordinary file has
    // no device number.
    handles.flatten().any(|handle| {
        fs::metadata(handle.path()).is_ok_and(|open| {
            if device == 0 { open.ino() == inode && open.rdev() == 0 } else { open.rdev() == device }
        })
    })
}

fn program(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm"))
        .map_or_else(|_| "a program".into(), |name| name.trim().into())
}

#[cfg(test)]
mod tests {
    use std::{io::BufRead, process};

    use super::*;

    #[test]
    fn a_camera_that_stays_busy_is_looked_up_seldom() {
        let (mut latest, start, mut asked) = (None, Instant::now(), 0);
        // Retried four times a second for a minute.
        for quarter in 0..240_u32 {
            let now = start + quarter * Duration::from_millis(250);
            Answer::current(&mut latest, Path::new("/dev/video0"), now, |_| {
                asked += 1;
                vec![DeviceUser { pid: asked, program: "zoom".into() }]
            });
        }
        assert_eq!(asked, 12);
        let other = Answer::current(&mut latest, Path::new("/dev/video1"), start, |_| Vec::new());
        assert_eq!(other.users, [], "another camera is looked up again");
    }

    #[test]
    fn another_process_that_has_a_file_open_is_found_and_this_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device");
        fs::write(&path, "").unwrap();
        let _ours = fs::File::open(&path).unwrap();
        assert_eq!(of(&path), []);
        let mut child = process::Command::new("sh")
            .args(["-c", "exec 3<\"$0\"; echo open; read wait"])
            .arg(&path)
            .stdin(process::Stdio::piped())
            .stdout(process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let users = of(&path);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(users, [DeviceUser { pid: child.id(), program: "sh".into() }]);
        assert_eq!(of(&folder.path().join("missing")), []);
    }
}

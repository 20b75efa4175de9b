//! Who has a device open, as far as this user may see.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use super::device::User;

/// The programs that have the device open, but for this one. Root sees all, others their own.
pub(super) fn of(device: &Path) -> Vec<User> {
    let Ok(node) = fs::metadata(device) else { return Vec::new() };
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut users: Vec<_> = numbers
        .filter(|&pid: &u32| pid != std::process::id() && has_open(pid, node.rdev(), node.ino()))
        .map(|pid| User { pid, program: program(pid) })
        .collect();
    users.sort_by_key(|user| user.pid);
    users
}

fn has_open(pid: u32, device: u64, inode: u64) -> bool {
    let Ok(handles) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    // Following the link stats what is open, under whichever name it was opened. An ordinary file has no device number.
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
        assert_eq!(users, [User { pid: child.id(), program: "sh".into() }]);
        assert_eq!(of(&folder.path().join("missing")), []);
    }
}

//! Device nodes on Linux, as the kernel lists them.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use super::device::DeviceInfo;

const CLASS: &str = "/sys/class/video4linux";

/// Lists the capture nodes by number. Reads a few small files and opens no device.
pub(super) fn all() -> Vec<DeviceInfo> {
    all_in(Path::new(CLASS))
}

fn all_in(class: &Path) -> Vec<DeviceInfo> {
    let Ok(entries) = fs::read_dir(class) else { return Vec::new() };
    let mut nodes: Vec<_> = entries.flatten().filter_map(|entry| found(&entry.path())).collect();
    nodes.sort_by_key(|node| node.index);
    nodes
}

fn found(entry: &Path) -> Option<DeviceInfo> {
    let node = entry.file_name()?.to_str()?;
    let index = node.strip_prefix("video")?.parse().ok()?;
    let name = fs::read(entry.join("name")).unwrap_or_default();
    // A camera's second node is for metadata; the kernel counts a device's nodes.
    let number = fs::read_to_string(entry.join("index")).unwrap_or_default();
    if number.trim().parse().unwrap_or(0_u32) > 0 && is_metadata_sibling(entry) {
        return None;
    }
    if is_idle_loopback(entry) {
        return None;
    }
    let bus_path = fs::canonicalize(entry.join("device")).unwrap_or_default();
    Some(DeviceInfo {
        index,
        name: String::from_utf8_lossy(&name).trim().to_owned(),
        path: format!("/dev/{node}"),
        bus_path: bus_path.display().to_string(),
    })
}

/// The UVC driver creates nodes in pairs, the capture node first.
fn is_metadata_sibling(entry: &Path) -> bool {
    fs::read_link(entry.join("device/driver"))
        .is_ok_and(|driver| driver.file_name().is_some_and(|name| name == "uvcvideo"))
}

/// Whether it is a device of v4l2loopback to which no program writes: it gives no pictures.
fn is_idle_loopback(entry: &Path) -> bool {
    entry.join("max_openers").exists()
        && fs::read_to_string(entry.join("format")).is_ok_and(|format| format.trim().is_empty())
}

/// The group that owns a device node and may open it.
pub(crate) fn group_of(path: &Path) -> Option<String> {
    let gid = fs::metadata(path).ok()?.gid();
    group_in(&fs::read_to_string("/etc/group").ok()?, gid)
}

fn group_in(groups: &str, gid: u32) -> Option<String> {
    let group = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(gid)).then_some(name)
    });
    // Nobody should be advised to join root's group.
    group.filter(|_| gid != 0).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_sorted_by_number_and_named_whatever_they_hold() {
        let class = tempfile::tempdir().unwrap();
        for (node, name) in [
            ("video10", &b"Ten\n"[..]),
            ("video2", b"T\xffwo\n"),
            ("v4l-subdev0", b"sensor\n"),
            ("videox", b""),
        ] {
            let entry = class.path().join(node);
            fs::create_dir(&entry).unwrap();
            fs::write(entry.join("name"), name).unwrap();
        }
        let found = all_in(class.path());
        let told: Vec<_> = found.iter().map(|node| (node.index, &*node.name, &*node.path)).collect();
        assert_eq!(told, [(2, "T\u{fffd}wo", "/dev/video2"), (10, "Ten", "/dev/video10")]);
        // v4l2loopback, fed and not.
        for (node, format) in [("video2", "\n"), ("video10", "YU12:640x480@30\n")] {
            fs::write(class.path().join(node).join("max_openers"), "10\n").unwrap();
            fs::write(class.path().join(node).join("format"), format).unwrap();
        }
        let found: Vec<_> = all_in(class.path()).iter().map(|node| node.index).collect();
        assert_eq!(found, [10], "what nobody feeds is no camera");
        assert!(all_in(&class.path().join("missing")).is_empty());
    }

    #[test]
    fn a_second_node_is_left_out_only_where_the_driver_makes_pairs() {
        let class = tempfile::tempdir().unwrap();
        for (node, driver) in [("video1", "uvcvideo"), ("video3", "bcm2835")] {
            let entry = class.path().join(node);
            fs::create_dir_all(entry.join("device")).unwrap();
            fs::write(entry.join("index"), "1\n").unwrap();
            std::os::unix::fs::symlink(format!("/drivers/{driver}"), entry.join("device/driver")).unwrap();
        }
        let found = all_in(class.path());
        assert_eq!(found.iter().map(|node| node.index).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn the_group_is_looked_up_by_number() {
        let groups = "root:x:0:\nvideo:x:44:ann,bob\nbroken\nplugdev:x:46:ann\n";
        assert_eq!(group_in(groups, 44).as_deref(), Some("video"));
        assert_eq!(group_in(groups, 0), None);
        assert_eq!(group_in(groups, 7), None);
    }
}

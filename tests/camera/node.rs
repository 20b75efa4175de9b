//! The video devices as the kernel lists them, read without opening any.

use std::fs;

const CLASS: &str = "/sys/class/video4linux";

/// One `/dev/videoN`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    pub number: usize,
    pub name: String,
    /// The first node of its device: a UVC camera's second one is for metadata.
    pub is_capture: bool,
    /// Where it is plugged in; differs each time.
    device: String,
}

impl Node {
    /// All nodes, by number.
    pub fn all() -> Vec<Self> {
        let mut nodes: Vec<_> = fs::read_dir(CLASS)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let path = entry.path();
                // A node that disappears while it is read is skipped.
                let read = |file| Some(fs::read_to_string(path.join(file)).ok()?.trim().to_owned());
                Some(Self {
                    number: entry.file_name().to_str()?.strip_prefix("video")?.parse().ok()?,
                    name: read("name")?,
                    is_capture: read("index")? == "0",
                    device: fs::canonicalize(path.join("device")).ok()?.display().to_string(),
                })
            })
            .collect();
        nodes.sort();
        nodes
    }

    pub fn path(&self) -> String {
        format!("/dev/video{}", self.number)
    }
}

//! Log lines for journald, if standard error goes to it.
//!
//! Each line starts with its priority (sd-daemon(3)), so that `journalctl -p warning` finds what matters.
//! Lines have no time, which journald adds, and no colours.

use std::io::{self, Write};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::line_writer::LineSender;

/// Prefix of the line that reports the program's error.
pub(super) const ERROR: &str = "<3>";

/// Whether standard error is a stream to the journal.
///
/// The variable alone is no proof: a child of a service inherits it, but may have another standard error.
#[cfg(unix)]
pub(super) fn is_read() -> bool {
    use std::os::{fd::AsFd, unix::fs::MetadataExt};

    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let about = io::stderr().as_fd().try_clone_to_owned().and_then(|fd| std::fs::File::from(fd).metadata());
    about.is_ok_and(|about| stream == format!("{}:{}", about.dev(), about.ino()))
}

/// This system has no journal.
#[cfg(not(unix))]
pub(super) const fn is_read() -> bool {
    false
}

/// Makes the writer of each line.
pub(super) struct Journal(pub(super) LineSender);

/// Writes the line of one event.
pub(super) struct Line {
    sender: LineSender,
    priority: &'static str,
}

impl<'a> MakeWriter<'a> for Journal {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { sender: self.0.clone(), priority: priority(Level::INFO) }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Line {
        Line { priority: priority(*about.level()), ..self.make_writer() }
    }
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.sender.send(&marked(line, self.priority));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => ERROR,
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    }
}

/// Prefixes each line with the priority: a line break in a message must not let it choose another priority.
fn marked(text: &[u8], priority: &str) -> Vec<u8> {
    let mut marked = Vec::with_capacity(priority.len() + text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        marked.extend_from_slice(priority.as_bytes());
        marked.extend_from_slice(line);
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_priority_whatever_it_says() {
        assert_eq!(marked(b"one line\n", priority(Level::WARN)), b"<4>one line\n");
        assert_eq!(marked(b"said\n<0>panic!\n", priority(Level::INFO)), b"<6>said\n<6><0>panic!\n");
        assert_eq!(priority(Level::ERROR), "<3>");
        assert_eq!(priority(Level::TRACE), "<7>");
    }
}

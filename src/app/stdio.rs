//! Unbuffered standard output and standard error: after an error, the content of std's buffer would be
//! unknown.

use std::io;

/// Writes to standard output as much as it takes, once it takes anything.
pub(super) fn output(bytes: &[u8]) -> io::Result<usize> {
    #[cfg(unix)]
    return unix::write(&io::stdout(), bytes);
    #[cfg(not(unix))]
    return other::write(&mut io::stdout(), bytes);
}

/// The same for standard error.
pub(super) fn error(bytes: &[u8]) -> io::Result<usize> {
    #[cfg(unix)]
    return unix::write(&io::stderr(), bytes);
    #[cfg(not(unix))]
    return other::write(&mut io::stderr(), bytes);
}

/// Whether standard output takes something now, without waiting.
pub(super) fn output_is_ready() -> bool {
    #[cfg(unix)]
    return unix::is_ready(&io::stdout());
    #[cfg(not(unix))]
    return true;
}

/// Standard output as a [`Write`](io::Write), for data that is not text.
pub(super) struct Pipe;

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        output(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until the reader of standard output has closed its end; for ever if it is not a pipe.
pub(super) fn reader_gone() {
    #[cfg(unix)]
    unix::wait_closed(&io::stdout());
    #[cfg(not(unix))]
    std::thread::park();
}

/// Syncs standard output to the disk, if it is a file: a network file system may report a full disk only
/// then.
pub(super) fn store_output() -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        let file = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
        if file.metadata()?.is_file() {
            file.sync_all()?;
        }
    }
    Ok(())
}

#[cfg(unix)]
mod unix {
    use std::{io, os::fd::AsFd};

    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        io::{Errno, write as give},
    };

    /// `poll` reports errors and a closed end without any requested events.
    pub(super) fn wait_closed(of: &impl AsFd) {
        while let Err(Errno::INTR) = poll(&mut [PollFd::new(of, PollFlags::empty())], None) {}
    }

    pub(super) fn is_ready(to: &impl AsFd) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut to = [PollFd::new(to, PollFlags::OUT)];
        poll(&mut to, Some(&now)).is_ok_and(|ready| ready > 0) && to[0].revents().contains(PollFlags::OUT)
    }

    /// Waits if the terminal was made non-blocking by another program that shares it.
    pub(super) fn write(to: &impl AsFd, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match give(to, bytes) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => match poll(&mut [PollFd::new(to, PollFlags::OUT)], None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                },
                written => return Ok(written?),
            }
        }
    }
}

#[cfg(not(unix))]
mod other {
    use std::io::{self, Write};

    pub(super) fn write(to: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
        let written = to.write(bytes)?;
        to.flush().map(|()| written)
    }
}

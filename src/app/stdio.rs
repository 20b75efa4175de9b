//! Standard output and standard error as the system has them, without std's buffer: after an error nobody would know what is left in it.

use std::io;

/// Writes what standard output takes of it, as soon as it takes anything.
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

/// Standard output for what is not text; each write takes what it takes, as soon as it takes anything.
pub(super) struct Pipe;

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        output(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until whoever reads standard output has closed the other end; for ever if it is no pipe.
pub(super) fn reader_gone() {
    #[cfg(unix)]
    unix::wait_closed(&io::stdout());
    #[cfg(not(unix))]
    std::thread::park();
}

/// Asks for what was written to standard output to be on the disk, if it is a file: a network disk says only then that it is full.
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
        event::{PollFd, PollFlags, poll},
        io::{Errno, write as give},
    };

    /// Errors and a closed end are reported without being asked for.
    pub(super) fn wait_closed(of: &impl AsFd) {
        while let Err(Errno::INTR) = poll(&mut [PollFd::new(of, PollFlags::empty())], None) {}
    }

    /// A terminal may have been switched to not wait by another program that has it: then this waits.
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

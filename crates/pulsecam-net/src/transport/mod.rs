//! Keeps stale frames out of the kernel's send buffer, and writes whole messages.
//!
//! Linux grows a socket's send buffer to megabytes; on a slow link those are seconds of old video that
//! nothing newer can pass. With `TCP_NOTSENT_LOWAT` the kernel takes bytes only while fewer than that many
//! are unsent, so that the next message is chosen as late as possible: measured, a fifteenth of the age at
//! the same throughput. See `docs/architecture.md`.

mod batch;
mod connection;
mod message_writer;
mod pacing;
mod partial_message;
mod send_half;
mod watermark;

use std::io;

use tokio::net::TcpStream;

pub(crate) use self::send_half::{set_notsent_lowat, try_write_vectored};

pub use self::{
    connection::{Binding, Connection, Incoming, Listen, ReceiveHalf},
    message_writer::{MessageWriter, WriteHooks, Written, drain},
    send_half::{PolledWriter, SendHalf},
};

/// Unsent bytes that the kernel may hold. They are few enough to be sent in a moment on any link that carries
/// video, and enough to keep a fast one busy between two wake-ups.
pub const NOTSENT_LOWAT: u32 = 16 << 10;

/// Configures a socket for video. It gets no Nagle delay, and an almost empty send queue if the system
/// supports it.
///
/// # Errors
/// The system's error; a socket without these options is unsuitable for video.
pub fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(NOTSENT_LOWAT)?;
    // On other systems a small fixed buffer comes closest: 194 ms instead of 144 in the same measurement.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    socket2::SockRef::from(stream).set_send_buffer_size(64 << 10)?;
    Ok(())
}

/// Raises this process's limit of open files to its maximum. The usual 1024 exists for programs that use
/// `select`, and this one does not.
pub fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        let _ = setrlimit(Resource::Nofile, limit); // if it fails, accept reports the lack
    }
}

//! Keeps the kernel from hiding stale frames, and writes messages whole.
//!
//! Linux grows a socket's send buffer to megabytes; on a slow link those are seconds of old video
//! behind which nothing newer can pass. With `TCP_NOTSENT_LOWAT` the kernel takes bytes only while fewer
//! than that many wait to be sent, so that the choice of what goes next is made as late as possible:
//! measured, a fifteenth of the age at the same throughput. See `docs/architecture.md`.

mod batch;
mod connection;
mod gate;
mod outlet;
mod pen;

use std::io;

use tokio::net::TcpStream;

pub(crate) use self::outlet::{allow_unsent, give};

pub use self::{
    connection::{Binding, Connection, Incoming, Input, Listen},
    outlet::{Outlet, Polled},
    pen::{Feed, Pen, Written, drain},
};

/// Unsent bytes that the kernel may hold. Small enough to be sent in a moment on any link that carries
/// video, large enough to keep a fast one busy between two wake-ups.
pub const NOTSENT_LOWAT: u32 = 16 << 10;

/// Sets up either end of a link: no Nagle delay, and an almost empty send queue where the system can.
///
/// # Errors
/// What the system says; a socket that refuses these is of no use for video.
pub fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(NOTSENT_LOWAT)?;
    // Elsewhere a small fixed buffer is the nearest thing: 194 ms instead of 144 in the same trial.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    socket2::SockRef::from(stream).set_send_buffer_size(64 << 10)?;
    Ok(())
}

/// Lets this process have as many connections as it may: the usual limit of 1024 open files is there for programs that use
/// `select`, which this does not.
pub fn make_room_for_connections() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        let _ = setrlimit(Resource::Nofile, limit); // then fewer connections are possible, and a failing accept says so
    }
}

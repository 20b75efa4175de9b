//! The service manager that started the program, if one did (systemd): the socket that it passed, and
//! notifications (sd_notify(3)).
//!
//! Notifications are sent by our own code: the existing crates block until the manager takes a message, and a
//! manager that hangs must not stop frames.

#[cfg(target_os = "linux")]
use std::io;
use std::{
    env,
    net::TcpListener,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::Error;

/// Watchdog messages per watchdog timeout, so that some may be late.
const SIGNS: u32 = 4;

/// The service manager; does nothing if there is none.
#[derive(Debug)]
pub(super) struct Manager {
    ear: Option<notify_socket::NotifySocket>,
    watchdog: Option<Watchdog>,
}

impl Manager {
    /// Reads the manager's socket and watchdog timeout from the environment.
    pub(super) fn from_env() -> Self {
        let variable = |name| env::var(name).ok();
        let watchdog = time_limit(variable("WATCHDOG_USEC").as_deref(), variable("WATCHDOG_PID").as_deref());
        Self {
            ear: env::var_os("NOTIFY_SOCKET").and_then(notify_socket::NotifySocket::new),
            watchdog: watchdog.map(Watchdog::new),
        }
    }

    /// Reports that the relay accepts clients.
    pub(super) fn ready(&self) {
        self.tell("READY=1");
    }

    /// Reports that the relay is stopping.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// Reports a reload; [`Manager::ready`] reports its end.
    pub(super) fn reloading(&self) {
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={}", notify_socket::monotonic_micros()));
    }

    /// Reports that the program is alive, if a message is due.
    ///
    /// To be called often, from the task that must not hang.
    pub(super) fn alive(&self, now: Instant) {
        if self.watchdog.as_ref().is_some_and(|watchdog| watchdog.is_due(now)) {
            self.tell("WATCHDOG=1");
        }
    }

    fn tell(&self, message: &str) {
        if let Some(ear) = &self.ear
            && let Err(error) = ear.say(message)
        {
            let what = message.lines().next().unwrap_or_default();
            tracing::warn!("cannot send {what} to the service manager: {error}");
        }
    }
}

/// The watchdog timeout of this process, from `WATCHDOG_USEC` and `WATCHDOG_PID`.
fn time_limit(micros: Option<&str>, process: Option<&str>) -> Option<Duration> {
    let ours = process.is_none_or(|id| id.parse() == Ok(std::process::id()));
    let micros = micros?.parse().ok().filter(|micros| ours && *micros > 0)?;
    Some(Duration::from_micros(micros))
}

/// When to send watchdog messages.
#[derive(Debug)]
struct Watchdog {
    pause: Duration,
    last: Mutex<Option<Instant>>,
}

impl Watchdog {
    fn new(limit: Duration) -> Self {
        Self { pause: limit / SIGNS, last: Mutex::new(None) }
    }

    /// Whether a message is due; if so, the next one is due after a pause.
    fn is_due(&self, now: Instant) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| now.saturating_duration_since(last) >= self.pause);
        if due {
            *last = Some(now);
        }
        due
    }
}

/// The listener that the service manager passed (sd_listen_fds(3)), if it passed one.
///
/// To be called once, before there are threads that could start programs, which would inherit the variables.
///
/// # Errors
/// The passed socket is not a listener, or there are several.
#[cfg(target_os = "linux")]
pub(super) fn inherited_listener() -> Result<Option<TcpListener>, Error> {
    let mut passed = listenfd::ListenFd::from_env();
    if passed.len() > 1 {
        return Err(Error::Inherited(format!("{} sockets instead of one", passed.len())));
    }
    let none = |error: io::Error| Error::Inherited(error.to_string());
    let Some(listener) = passed.take_tcp_listener(0).map_err(none)? else { return Ok(None) };
    if !socket2::SockRef::from(&listener).is_listener().map_err(none)? {
        return Err(Error::Inherited("a connection instead of a listening socket: set Accept=no".into()));
    }
    listener.set_nonblocking(true).map_err(none)?;
    Ok(Some(listener))
}

/// Other systems have no manager that passes sockets.
#[cfg(not(target_os = "linux"))]
pub(super) fn inherited_listener() -> Result<Option<TcpListener>, Error> {
    Ok(None)
}

#[cfg(target_os = "linux")]
mod notify_socket {
    use std::{
        ffi::OsString,
        io,
        os::{
            linux::net::SocketAddrExt,
            unix::{
                ffi::OsStrExt,
                net::{SocketAddr, UnixDatagram},
            },
        },
    };

    use rustix::time::{ClockId, clock_gettime};

    /// The manager's socket.
    #[derive(Debug)]
    pub(super) struct NotifySocket {
        socket: UnixDatagram,
        address: SocketAddr,
    }

    impl NotifySocket {
        /// `None` if the address is invalid or no socket can be created; the program runs without it.
        pub(super) fn new(path: OsString) -> Option<Self> {
            let address = match path.as_bytes().strip_prefix(b"@") {
                Some(name) => SocketAddr::from_abstract_name(name),
                None => SocketAddr::from_pathname(path),
            };
            let socket = UnixDatagram::unbound().and_then(|socket| {
                socket.set_nonblocking(true)?;
                Ok(socket)
            });
            Some(Self { socket: socket.ok()?, address: address.ok()? })
        }

        /// Sends without waiting; `WouldBlock` if the manager's queue is full.
        pub(super) fn say(&self, message: &str) -> io::Result<()> {
            self.socket.send_to_addr(message.as_bytes(), &self.address).map(drop)
        }
    }

    /// The time by which the manager distinguishes reloads.
    pub(super) fn monotonic_micros() -> i64 {
        let now = clock_gettime(ClockId::Monotonic);
        now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
    }
}

/// Other systems have no such manager.
#[cfg(not(target_os = "linux"))]
mod notify_socket {
    use std::{ffi::OsString, io};

    #[derive(Debug)]
    pub(super) enum NotifySocket {}

    impl NotifySocket {
        pub(super) fn new(_: OsString) -> Option<Self> {
            None
        }

        pub(super) fn say(&self, _: &str) -> io::Result<()> {
            match *self {}
        }
    }

    pub(super) fn monotonic_micros() -> i64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_watchdog_messages_are_sent_per_timeout() {
        let watchdog = Watchdog::new(Duration::from_secs(20));
        let start = Instant::now();
        let told: Vec<_> =
            (0..20).filter(|second| watchdog.is_due(start + Duration::from_secs(*second))).collect();
        assert_eq!(told, [0, 5, 10, 15]);
    }

    #[test]
    fn a_watchdog_of_another_process_is_not_ours() {
        let ours = std::process::id().to_string();
        assert_eq!(time_limit(Some("3000000"), None), Some(Duration::from_secs(3)));
        assert_eq!(time_limit(Some("3000000"), Some(&ours)), Some(Duration::from_secs(3)));
        assert_eq!(time_limit(Some("3000000"), Some("1")), None);
        assert_eq!(time_limit(Some("0"), None), None);
        assert_eq!(time_limit(Some("soon"), None), None);
        assert_eq!(time_limit(None, None), None);
    }
}

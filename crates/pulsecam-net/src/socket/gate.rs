//! How much the kernel may hold of a message that is being written.

use std::{io, time::Duration};

use super::{NOTSENT_LOWAT, Outlet};

/// As [`NOTSENT_LOWAT`], of a message that is being written, on a link that has shown to be fast. What has begun must be finished
/// anyway, and each 16 KiB would take a wake-up. Not more: should the link turn slow, the rest of it must not take so long
/// that the link seems dead.
const STARTED_LOWAT: u32 = 512 << 10;

/// A full socket that takes more so soon belongs to a fast link.
const FAST: Duration = Duration::from_millis(2);

/// A full socket that takes this long belongs to a slow one.
const SLOW: Duration = Duration::from_millis(20);

/// How many unsent bytes the kernel may hold: few before a message, more of one that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gate {
    /// What it may hold of a message that has begun.
    started: u32,
    /// What the socket is set to.
    set: u32,
}

impl Gate {
    pub(super) const fn new() -> Self {
        Self { started: NOTSENT_LOWAT, set: NOTSENT_LOWAT }
    }

    /// The socket was full for so long in the middle of a message.
    pub(super) fn waited(&mut self, time: Duration) {
        if time < FAST {
            self.started = self.started.saturating_mul(4).min(STARTED_LOWAT);
        } else if time > SLOW {
            self.started = NOTSENT_LOWAT;
        }
    }

    /// A message has begun and is not out.
    pub(super) fn lift(&mut self, outlet: &dyn Outlet) -> io::Result<()> {
        self.allow(outlet, self.started)
    }

    /// It is out: what goes next is chosen late again.
    pub(super) fn close(&mut self, outlet: &dyn Outlet) -> io::Result<()> {
        self.allow(outlet, NOTSENT_LOWAT)
    }

    fn allow(&mut self, outlet: &dyn Outlet, bytes: u32) -> io::Result<()> {
        if self.set != bytes {
            outlet.allow_unsent(bytes)?;
            self.set = bytes;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_may_hold_more_of_what_has_begun_while_the_link_is_fast() {
        let mut gate = Gate::new();
        for _ in 0..10 {
            gate.waited(FAST / 2);
        }
        assert_eq!(gate.started, STARTED_LOWAT);
        gate.waited(FAST * 2);
        assert_eq!(gate.started, STARTED_LOWAT, "a hiccup");
        gate.waited(SLOW * 2);
        assert_eq!(gate.started, NOTSENT_LOWAT);
        gate.waited(FAST * 2);
        assert_eq!(gate.started, NOTSENT_LOWAT);
    }
}

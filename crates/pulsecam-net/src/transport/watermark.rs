//! The number of unsent bytes that the kernel may hold, before and within a message.

use std::{io, time::Duration};

use super::{NOTSENT_LOWAT, SendHalf};

/// [`NOTSENT_LOWAT`] within a started message, on a link that has proved to be fast. A started message must
/// be finished anyway, and every 16 KiB would take a wake-up. Not more: if the link turns slow, the rest must
/// not take so long that the link seems dead.
const STARTED_LOWAT: u32 = 512 << 10;

/// A full socket that takes more within this time belongs to a fast link.
const FAST: Duration = Duration::from_millis(2);

/// A full socket that takes longer than this belongs to a slow link.
const SLOW: Duration = Duration::from_millis(20);

/// The limit of unsent bytes: low between messages, higher within a started one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SendWatermark {
    /// The limit within a started message.
    started: u32,
    /// The current setting of the socket.
    set: u32,
}

impl SendWatermark {
    pub(super) const fn new() -> Self {
        Self { started: NOTSENT_LOWAT, set: NOTSENT_LOWAT }
    }

    /// Records that the socket was full for `time` in the middle of a message.
    pub(super) fn waited(&mut self, time: Duration) {
        if time < FAST {
            self.started = self.started.saturating_mul(4).min(STARTED_LOWAT);
        } else if time > SLOW {
            self.started = NOTSENT_LOWAT;
        }
    }

    /// Raises the limit: a message has been started and is not finished.
    pub(super) fn raise(&mut self, half: &dyn SendHalf) -> io::Result<()> {
        self.allow(half, self.started)
    }

    /// Lowers the limit: the message is written, and the next one must be chosen late.
    pub(super) fn lower(&mut self, half: &dyn SendHalf) -> io::Result<()> {
        self.allow(half, NOTSENT_LOWAT)
    }

    fn allow(&mut self, half: &dyn SendHalf, bytes: u32) -> io::Result<()> {
        if self.set != bytes {
            half.set_notsent_lowat(bytes)?;
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
        let mut watermark = SendWatermark::new();
        for _ in 0..10 {
            watermark.waited(FAST / 2);
        }
        assert_eq!(watermark.started, STARTED_LOWAT);
        watermark.waited(FAST * 2);
        assert_eq!(watermark.started, STARTED_LOWAT, "a hiccup");
        watermark.waited(SLOW * 2);
        assert_eq!(watermark.started, NOTSENT_LOWAT);
        watermark.waited(FAST * 2);
        assert_eq!(watermark.started, NOTSENT_LOWAT);
    }
}

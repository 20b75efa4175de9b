//! The counters of a link.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::wire::FrameInfo;

/// The counters of a link, since it was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkCounters {
    /// Frames given to the link: sent, replaced, given while down, too large, or waiting.
    pub frames_given: u64,
    /// Frames whose writing began.
    pub frames_sent: u64,
    /// Those of them that were placeholder cards.
    pub cards_sent: u64,
    /// Frames that a newer one replaced before the link could take them.
    pub frames_replaced: u64,
    /// Frames given while the link was down, or waiting when it went down; counted once it is up again.
    pub frames_while_down: u64,
    /// Frames over [`Config::max_message`](super::Config::max_message).
    pub frames_too_large: u64,
    /// Frames that were dropped because they arrived after newer ones of their stream. They came over a
    /// connection that their sender had given up.
    pub frames_late: u64,
    /// Frames that arrived in pieces: our relay passed them on while they arrived there.
    pub frames_in_pieces: u64,
    /// Frames of which only the beginning arrived: their sender stalled or left while our relay passed them on.
    pub frames_torn: u64,
    /// Receipts of frames, for which the relay asks while its link to us is slow.
    pub receipts_sent: u64,
    /// Times that the relay was told how many frames are wanted: the viewer is slower than what arrives.
    pub credits_sent: u64,
    /// Received messages over [`Config::max_message`](super::Config::max_message); skipped.
    pub messages_skipped: u64,
    /// Texts and images that were given up.
    pub undeliverable: u64,
    /// Grows while a delivery makes progress. It counts steps of connecting that were not reached before, and
    /// each time that a full socket takes more of a message.
    pub progress: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Connections that came up.
    pub sessions: u64,
}

#[derive(Debug, Default)]
pub(super) struct AtomicCounters {
    pub(super) frames_given: AtomicU64,
    pub(super) frames_sent: AtomicU64,
    pub(super) cards_sent: AtomicU64,
    pub(super) frames_while_down: AtomicU64,
    pub(super) written_on: AtomicU64,
    farthest: AtomicU64,
    pub(super) bytes_received: AtomicU64,
    pub(super) sessions: AtomicU64,
    pub(super) undeliverable: AtomicU64,
    pub(super) frames_too_large: AtomicU64,
    pub(super) frames_late: AtomicU64,
    pub(super) frames_in_pieces: AtomicU64,
    pub(super) frames_torn: AtomicU64,
    pub(super) receipts_sent: AtomicU64,
    pub(super) credits_sent: AtomicU64,
    pub(super) messages_skipped: AtomicU64,
}

impl LinkCounters {
    /// Frames that still wait.
    #[must_use]
    pub const fn frames_waiting(&self) -> u64 {
        let settled =
            self.frames_sent + self.frames_replaced + self.frames_while_down + self.frames_too_large;
        self.frames_given.saturating_sub(settled)
    }
}

/// The steps of connecting.
#[derive(Clone, Copy, Debug)]
pub(super) enum ConnectStage {
    /// The connection is established.
    Connected = 1,
    /// The TLS handshake is done, if TLS is used.
    Agreed,
    /// The key was accepted, if there is one.
    Entered,
    /// The relay has answered.
    Answered,
}

impl AtomicCounters {
    /// Counts a frame whose writing began.
    pub(super) fn frame_sent(&self, info: &FrameInfo) {
        self.cards_sent.fetch_add(info.card.is_some().into(), Relaxed);
        self.frames_sent.fetch_add(1, Relaxed);
    }

    /// Records that connecting has reached this step. Only a new farthest step counts as progress.
    pub(super) fn reached(&self, step: ConnectStage) {
        self.farthest.fetch_max(step as u64, Relaxed);
    }

    /// The counters, with the frames that the outbox replaced.
    pub(super) fn counters(&self, frames_replaced: u64) -> LinkCounters {
        let counters = LinkCounters {
            frames_given: 0,
            frames_sent: self.frames_sent.load(Relaxed),
            cards_sent: self.cards_sent.load(Relaxed),
            frames_replaced,
            frames_while_down: self.frames_while_down.load(Relaxed),
            frames_too_large: self.frames_too_large.load(Relaxed),
            frames_late: self.frames_late.load(Relaxed),
            frames_in_pieces: self.frames_in_pieces.load(Relaxed),
            frames_torn: self.frames_torn.load(Relaxed),
            receipts_sent: self.receipts_sent.load(Relaxed),
            credits_sent: self.credits_sent.load(Relaxed),
            messages_skipped: self.messages_skipped.load(Relaxed),
            undeliverable: self.undeliverable.load(Relaxed),
            progress: self.written_on.load(Relaxed) + self.farthest.load(Relaxed),
            bytes_received: self.bytes_received.load(Relaxed),
            sessions: self.sessions.load(Relaxed),
        };
        // Read last, because the fate of a frame is counted after the frame itself.
        LinkCounters { frames_given: self.frames_given.load(Relaxed), ..counters }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_again_is_no_progress() {
        let counters = AtomicCounters::default();
        for _ in 0..3 {
            counters.reached(ConnectStage::Connected);
            counters.reached(ConnectStage::Agreed);
        }
        assert_eq!(counters.counters(0).progress, 2);
        counters.reached(ConnectStage::Entered);
        counters.written_on.fetch_add(1, Relaxed);
        counters.reached(ConnectStage::Connected);
        assert_eq!(counters.counters(0).progress, 4);
    }
}

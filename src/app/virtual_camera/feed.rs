//! What a virtual camera shows now: the stream's picture, or a card with the reason why there is none.
//!
//! Those who look at it see no tile with an age below it, so a frozen picture must not stay.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::wire::FrameInfo;

/// Silence after which a card is shown: an interruption of a radio link is shorter, and a picture that stands still
/// for longer is taken for live.
const PATIENCE: Duration = Duration::from_secs(3);

/// Longest interval between frames of a slow stream (a time lapse) that does not count as silence.
const SLOWEST_PACE: Duration = Duration::from_secs(4);

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Card {
    /// Nothing comes.
    NoSignal,
    /// Its sender switched the camera off.
    CameraOff,
    /// Its sender has left.
    Left,
}

/// What to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    Picture,
    Card(Card),
}

/// Follows the stream that is shown.
#[derive(Debug, Default)]
pub(super) struct Feed {
    /// When the last frame came.
    last: Option<Instant>,
    pace: Duration,
    is_off: bool,
    has_left: bool,
}

impl Feed {
    /// Begins with the frames of another stream.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Takes note of a frame; `card`: what its sender says about it.
    pub(super) fn frame(&mut self, card: Option<&str>, now: Instant) {
        let since = self.last.map(|last| now.saturating_duration_since(last));
        self.pace = since.unwrap_or_default().min(SLOWEST_PACE);
        self.last = Some(now);
        self.is_off = card == Some(FrameInfo::CAMERA_OFF);
        self.has_left = false;
    }

    /// Takes note that the sender has left.
    pub(super) fn leave(&mut self) {
        self.has_left = true;
    }

    /// Whether nothing comes any more.
    pub(super) fn is_silent(&self, now: Instant) -> bool {
        let patience = PATIENCE.max(self.pace * 5 / 2);
        self.has_left || self.last.is_none_or(|last| now.saturating_duration_since(last) > patience)
    }

    /// What to show now.
    pub(super) fn show(&self, now: Instant) -> Show {
        if self.has_left {
            Show::Card(Card::Left)
        } else if self.is_silent(now) {
            Show::Card(Card::NoSignal)
        } else if self.is_off {
            Show::Card(Card::CameraOff)
        } else {
            Show::Picture
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_stream_that_falls_silent_becomes_a_card_and_returns() {
        let (mut feed, start) = (Feed::default(), Instant::now());
        assert_eq!(feed.show(start), Show::Card(Card::NoSignal), "nothing came yet");
        feed.frame(None, start);
        assert_eq!(feed.show(start + PATIENCE), Show::Picture);
        assert_eq!(feed.show(start + PATIENCE + SECOND), Show::Card(Card::NoSignal));
        feed.frame(None, start + 60 * SECOND);
        assert_eq!(feed.show(start + 60 * SECOND), Show::Picture);
    }

    #[test]
    fn slow_streams_are_not_silent_between_their_frames() {
        let (mut feed, start) = (Feed::default(), Instant::now());
        feed.frame(None, start);
        feed.frame(None, start + 4 * SECOND);
        assert!(!feed.is_silent(start + 14 * SECOND));
        assert!(feed.is_silent(start + 15 * SECOND));
    }

    #[test]
    fn senders_say_that_their_camera_is_off_and_the_relay_that_they_have_left() {
        let (mut feed, start) = (Feed::default(), Instant::now());
        feed.frame(Some(FrameInfo::CAMERA_OFF), start);
        assert_eq!(feed.show(start), Show::Card(Card::CameraOff));
        feed.frame(Some(FrameInfo::NO_SIGNAL), start);
        assert_eq!(feed.show(start), Show::Picture, "the sender's own card tells why");
        feed.leave();
        assert_eq!((feed.show(start), feed.is_silent(start)), (Show::Card(Card::Left), true));
        feed.frame(None, start);
        assert_eq!(feed.show(start), Show::Picture);
        feed.restart();
        assert_eq!(feed.show(start), Show::Card(Card::NoSignal));
    }
}

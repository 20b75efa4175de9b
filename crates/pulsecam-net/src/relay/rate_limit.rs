//! The rate and size limits of one client.

use std::{
    num::{NonZeroU32, NonZeroU64},
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{Limits, event::LeaveReason, token_bucket::TokenBucket};
use crate::wire::{Message, MessageKind};

/// Bytes of the size field, which does not count itself.
const SIZE_FIELD: usize = 4;

/// What a client has sent recently, compared with its limits.
pub(super) struct RateLimiter {
    limits: Limits,
    messages: Option<(NonZeroU32, TokenBucket)>,
    bytes: Option<(NonZeroU64, TokenBucket)>,
    deliveries: Option<TokenBucket>,
}

impl RateLimiter {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let messages = limits.messages_per_s.map(|rate| (rate, TokenBucket::new(rate.get().into(), now)));
        let bytes = limits.bytes_per_s.map(|rate| (rate, TokenBucket::new(rate.get() as f64, now)));
        let deliveries = limits.deliveries_per_s.map(|rate| TokenBucket::new(rate.get().into(), now));
        Self { limits: *limits, messages, bytes, deliveries }
    }

    /// How long to pause reading the client after one of its messages went to `others` clients.
    pub(super) fn pause(&mut self, others: usize, now: Instant) -> Duration {
        self.deliveries.as_mut().map_or(Duration::ZERO, |left| left.spend(others as f64, now))
    }

    /// Checks a message against the limits.
    pub(super) fn verify(&mut self, message: &Message, now: Instant) -> Result<(), LeaveReason> {
        if let Some((rate, left)) = &mut self.messages
            && !left.take(1.0, now)
        {
            return Err(LeaveReason::TooManyMessages(*rate));
        }
        if let Some((rate, left)) = &mut self.bytes
            && !left.take(message.wire_len() as f64, now)
        {
            return Err(LeaveReason::TooManyBytes(*rate));
        }
        let (found, allowed) = (message.payload().map_or(0, Bytes::len), self.limits.text);
        if message.kind() == MessageKind::Text && found > allowed as usize {
            let size = u32::try_from(message.wire_len() - SIZE_FIELD).unwrap_or(u32::MAX);
            return Err(LeaveReason::LongText { found, allowed, size });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Origin;

    fn text(bytes: usize) -> Message {
        Message::text(&"x".repeat(bytes / 2), &Origin::default()).unwrap()
    }

    fn count(limits: Limits, message: &Message) -> (usize, String) {
        let now = Instant::now();
        let mut rate_limiter = RateLimiter::new(&limits, now);
        let judged = (0..1000).map(|_| rate_limiter.verify(message, now));
        let mut allowed = 0;
        for result in judged {
            match result {
                Ok(()) => allowed += 1,
                Err(reason) => return (allowed, reason.to_string()),
            }
        }
        (allowed, String::new())
    }

    #[test]
    fn messages_bytes_and_the_length_of_texts_have_limits() {
        let none =
            Limits { messages_per_s: None, bytes_per_s: None, deliveries_per_s: None, ..Limits::default() };
        assert_eq!(count(none, &text(100)), (1000, String::new()));
        let messages = Limits { messages_per_s: NonZeroU32::new(50), ..none };
        assert_eq!(count(messages, &text(10)), (100, "sent more than 50 messages a second".into()));
        let message = text(1000);
        let bytes = Limits { bytes_per_s: NonZeroU64::new(5 * message.wire_len() as u64), ..none };
        let (allowed, reason) = count(bytes, &message);
        assert_eq!(allowed, 10);
        assert!(reason.contains("bytes a second"), "{reason}");
        let mut rate_limiter =
            RateLimiter::new(&Limits { deliveries_per_s: NonZeroU32::new(1000), ..none }, Instant::now());
        let now = Instant::now();
        assert_eq!(
            (0..40).map(|_| rate_limiter.pause(50, now)).max(),
            Some(Duration::ZERO),
            "2 s of the rate"
        );
        assert!(rate_limiter.pause(50, now) > Duration::from_millis(40), "then it has to wait");
        let short = Limits { text: 1000, ..none };
        assert_eq!(count(short, &text(996)).0, 1000, "including the length before it");
        let (allowed, reason) = count(short, &text(1000));
        assert_eq!((allowed, reason.contains("a text of 1004 bytes; at most 1000")), (0, true), "{reason}");
    }
}

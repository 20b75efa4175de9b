//! Rate limits: a token bucket, and the limits on what one client sends.

use std::{
    num::{NonZeroU32, NonZeroU64},
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{config::Limits, reason::LeaveReason};
use crate::wire::{Message, MessageKind};

/// The time for which unused rate is saved. A sender that was delayed by its own machine can catch up at
/// once.
const BURST: Duration = Duration::from_secs(2);

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

    /// Takes `pieces` deliveries out of the upper half of what is saved up; returns whether they were there.
    /// Pieces of a frame may be left out, so they never cause a pause.
    pub(super) fn takes_spare(&mut self, pieces: usize, now: Instant) -> bool {
        self.deliveries.as_mut().is_none_or(|left| left.take_spare(pieces as f64, now))
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

/// A token bucket: a rate with room for a burst (as in RFC 2697).
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenBucket {
    per_second: f64,
    left: f64,
    at: Instant,
}

impl TokenBucket {
    /// Creates a full bucket.
    pub(super) fn new(per_second: f64, now: Instant) -> Self {
        Self { per_second, left: per_second * BURST.as_secs_f64(), at: now }
    }

    /// Takes `amount` if anything is left. One large amount may take more than there is; later ones have to
    /// wait for it.
    pub(super) fn take(&mut self, amount: f64, now: Instant) -> bool {
        self.grow(now);
        let allowed = self.left > 0.0;
        if allowed {
            self.left -= amount;
        }
        allowed
    }

    /// Takes `amount` if half of the burst remains.
    pub(super) fn take_spare(&mut self, amount: f64, now: Instant) -> bool {
        self.grow(now);
        let allowed = self.left - amount >= self.most() / 2.0;
        if allowed {
            self.left -= amount;
        }
        allowed
    }

    /// Takes `amount` even if it is not there; returns the time until something is left again.
    pub(super) fn spend(&mut self, amount: f64, now: Instant) -> Duration {
        self.grow(now);
        self.left -= amount;
        Duration::try_from_secs_f64(-self.left / self.per_second).unwrap_or(Duration::ZERO)
    }

    /// Whether the bucket is full, so that it need not be remembered.
    pub(super) fn is_full(&mut self, now: Instant) -> bool {
        self.grow(now);
        self.left >= self.most()
    }

    fn grow(&mut self, now: Instant) {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + since * self.per_second).min(self.most());
        self.at = now;
    }

    fn most(&self) -> f64 {
        self.per_second * BURST.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Origin;

    const MS: Duration = Duration::from_millis(1);

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

    #[test]
    fn the_rate_is_kept_and_a_burst_is_let_through() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(100.0, start);
        assert!(bucket.is_full(start));
        assert_eq!((0..300).filter(|_| bucket.take(1.0, start)).count(), 200, "2 s of the rate at once");
        assert!(!bucket.is_full(start + 1_999 * MS) && bucket.is_full(start + 2_001 * MS));
        let mut bucket = TokenBucket::new(100.0, start);
        // Twice the rate for 10 s: the burst, and the rate.
        let let_through = (0..2_000).filter(|step| bucket.take(1.0, start + 5 * *step * MS)).count();
        assert!((1_195..=1_205).contains(&let_through), "{let_through}");
    }

    #[test]
    fn what_is_larger_than_a_burst_passes_alone() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(100.0, start);
        assert!(bucket.take(1_000.0, start));
        assert!(!bucket.take(1.0, start + 7_900 * MS));
        assert!(bucket.take(1.0, start + 8_100 * MS));
    }

    #[test]
    fn only_the_upper_half_is_spare() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(100.0, start);
        assert_eq!((0..300).filter(|_| bucket.take_spare(1.0, start)).count(), 100);
        assert!(!bucket.take_spare(2.0, start + 10 * MS) && bucket.take_spare(2.0, start + 21 * MS));
        assert_eq!((0..300).filter(|_| bucket.take(1.0, start + 21 * MS)).count(), 101);
    }

    #[test]
    fn what_was_spent_too_much_is_waited_for() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(100.0, start);
        assert_eq!(bucket.spend(200.0, start), Duration::ZERO);
        assert_eq!(bucket.spend(50.0, start), 500 * MS);
        assert_eq!(bucket.spend(0.0, start + 500 * MS), Duration::ZERO);
        assert_eq!(
            bucket.spend(1e300, start + 500 * MS),
            Duration::ZERO,
            "a longer time than a Duration holds"
        );
    }

    #[test]
    fn a_clock_that_stands_still_or_jumps_back_gives_nothing() {
        let start = Instant::now() + 10_000 * MS;
        let mut bucket = TokenBucket::new(10.0, start);
        while bucket.take(1.0, start) {}
        assert!(!bucket.take(1.0, start) && !bucket.take(1.0, start - 5_000 * MS));
    }
}

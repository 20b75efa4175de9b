//! Resends texts and images that were unconfirmed when a connection ended, or gives them up.

use std::sync::atomic::Ordering::Relaxed;

use tracing::error;

use super::{
    Down, Undeliverable,
    hub::Hub,
    outbound::Outbound,
    session::{Outbox, Retained},
};
use crate::{queue::Dequeued, wire::CloseReason};

/// The number of connections that may end while a message is the only one unconfirmed. An outage ends one or
/// two; a relay that rejects the message ends all of them, and everything behind it would wait for ever.
const MAX_TRIES: u32 = 5;

/// Bytes of the size field, which does not count itself.
const SIZE_FIELD: usize = 4;

/// Puts unconfirmed messages back to the front of the queue, except one that the relay rejects.
pub(super) fn take_unacked(
    hub: &Hub,
    outbox: &mut Outbox,
    kept: &mut Retained,
    why: &Down,
    close_reason: Option<&CloseReason>,
    answered: bool,
) {
    let mut again = kept.unacked.take_unacked();
    let refused = close_reason.and_then(|close_reason| close_reason.refused);
    let size = |taken: &Dequeued<(), Outbound>| match &taken.item {
        Outbound::Message(attempt) => u32::try_from(attempt.message.wire_len() - SIZE_FIELD).ok(),
        Outbound::Heartbeat | Outbound::Frame { .. } => None,
    };
    let culprit = refused.and_then(|refused| again.iter().position(|taken| size(taken) == Some(refused)));
    let largest = match (refused, culprit) {
        // It must have been a frame.
        (Some(refused), None) => refused.saturating_sub(1),
        _ if close_reason.is_some() => hub.largest.load(Relaxed),
        // The next connection may be to a relay with other limits.
        _ => u32::MAX,
    };
    hub.largest.store(largest, Relaxed);
    // A message that is the only unconfirmed one is suspected, unless nothing there proved to be a relay.
    let suspect = again.len() == 1 && (answered || close_reason.is_some());
    // Messages are settled in order, and all but the culprit are sent again: those before it first.
    let mut gone = None;
    if culprit == Some(0) {
        gone = again.pop_front().map(|_| Undeliverable::Refused(why.clone()));
    } else if suspect && let Some(Outbound::Message(attempt)) = again.front_mut().map(|taken| &mut taken.item)
    {
        attempt.tries += 1;
        if attempt.tries >= MAX_TRIES {
            gone = Some(Undeliverable::GivenUp { tries: attempt.tries, why: why.clone() });
            again.pop_front();
        }
    }
    kept.retrying = kept.retrying.saturating_sub(gone.is_some().into()).max(again.len() as u64);
    for unconfirmed in again.into_iter().rev() {
        outbox.requeue(unconfirmed);
    }
    if let Some(undeliverable) = gone {
        error!("a message is given up: {undeliverable}");
        hub.counters.undeliverable.fetch_add(1, Relaxed);
        hub.deliveries().settle(&Err(undeliverable));
    }
}

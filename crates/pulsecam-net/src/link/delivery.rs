//! The outcome of each text and image that is sent: taken by the relay, or given up.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::Down;

/// Why a message was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undeliverable {
    /// The relay closed the connection and gave this message as the reason.
    #[error("{0}")]
    Refused(Down),
    /// The connection ended each time the message was sent.
    #[error("the connection ended each of the {tries} times it was sent, the last time: {why}")]
    GivenUp {
        /// The number of attempts.
        tries: u32,
        /// Why the connection ended the last time.
        why: Down,
    },
    /// The link was closed before.
    #[error("the link was closed before it was delivered")]
    LinkClosed,
}

type Outcome = Result<(), Undeliverable>;

/// Reports the outcome of one message; may be dropped.
#[derive(Debug)]
pub struct Receipt(oneshot::Receiver<Outcome>);

impl Receipt {
    /// Waits until the relay has taken this message: it has answered a heartbeat that was sent after it.
    /// Continues through outages.
    ///
    /// # Errors
    /// Why it will not be delivered.
    pub async fn delivered(self) -> Result<(), Undeliverable> {
        self.0.await.unwrap_or(Err(Undeliverable::LinkClosed))
    }
}

/// The accepted messages without an outcome, oldest first. They are settled in the order in which they were
/// accepted.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    open: VecDeque<oneshot::Sender<Outcome>>,
    /// The total number of settled messages.
    settled: u64,
    flushes: Vec<Flush>,
}

/// A caller that waits for all messages up to one.
#[derive(Debug)]
struct Flush {
    upto: u64,
    failed: Option<Undeliverable>,
    done: oneshot::Sender<Outcome>,
}

impl Deliveries {
    /// Adds an accepted message.
    pub(super) fn accept(&mut self) -> Receipt {
        let (open, receipt) = oneshot::channel();
        self.open.push_back(open);
        Receipt(receipt)
    }

    /// Sets the outcome of the oldest open message.
    pub(super) fn settle(&mut self, outcome: &Outcome) {
        let Some(open) = self.open.pop_front() else { return };
        let _ = open.send(outcome.clone()); // its receipt was dropped
        self.settled += 1;
        for flush in &mut self.flushes {
            if flush.failed.is_none() {
                flush.failed = outcome.clone().err();
            }
        }
        let settled = self.settled;
        for done in self.flushes.extract_if(.., |flush| flush.upto <= settled || flush.done.is_closed()) {
            let _ = done.done.send(done.failed.map_or(Ok(()), Err)); // the wait was cancelled
        }
    }

    /// Waits for all messages that are open now, and no later ones.
    pub(super) fn flush(&mut self) -> Receipt {
        let (done, receipt) = oneshot::channel();
        if self.open.is_empty() {
            let _ = done.send(Ok(())); // the receiver exists
        } else {
            self.flushes.retain(|flush| !flush.done.is_closed());
            let upto = self.settled + self.open.len() as u64;
            self.flushes.push(Flush { upto, failed: None, done });
        }
        Receipt(receipt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(mut receipt: Receipt) -> Option<Outcome> {
        receipt.0.try_recv().ok()
    }

    const REFUSED: Outcome = Err(Undeliverable::Refused(Down::Closed));

    #[test]
    fn each_receipt_tells_of_its_own_message() {
        let mut deliveries = Deliveries::default();
        let frame_acks = [(); 3].map(|()| deliveries.accept());
        deliveries.settle(&Ok(()));
        deliveries.settle(&REFUSED);
        assert_eq!(frame_acks.map(now), [Some(Ok(())), Some(REFUSED), None]);
    }

    #[test]
    fn a_flush_is_about_the_messages_that_were_open_when_it_was_called() {
        let mut deliveries = Deliveries::default();
        assert_eq!(now(deliveries.flush()), Some(Ok(())), "nothing is open");
        let _first = deliveries.accept();
        let one = deliveries.flush();
        let _second = deliveries.accept();
        let both = deliveries.flush();
        deliveries.settle(&Ok(()));
        assert_eq!(now(one), Some(Ok(())), "independent of the second");
        let second = deliveries.flush();
        let _third = deliveries.accept();
        deliveries.settle(&REFUSED);
        assert_eq!([both, second].map(now), [Some(REFUSED), Some(REFUSED)]);
        let third = deliveries.flush();
        deliveries.settle(&Ok(()));
        assert_eq!(now(third), Some(Ok(())), "not affected by an earlier failure");
    }

    #[test]
    fn flushes_that_nobody_waits_for_any_more_are_forgotten() {
        let mut deliveries = Deliveries::default();
        let _open = deliveries.accept();
        for _ in 0..1000 {
            drop(deliveries.flush());
        }
        assert!(deliveries.flushes.len() <= 1, "{}", deliveries.flushes.len());
    }

    #[tokio::test]
    async fn a_link_that_is_dropped_delivers_nothing() {
        let mut deliveries = Deliveries::default();
        let receipt = deliveries.accept();
        drop(deliveries);
        assert_eq!(receipt.delivered().await, Err(Undeliverable::LinkClosed));
    }
}

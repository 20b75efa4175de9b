//! Delivers messages: each is acknowledged by the relay, or the reason is reported.

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::time;
use tracing::error;

use super::{
    Error,
    deadline::Deadline,
    link::{Advice, advised, trouble},
    name,
    output::Output,
};
use crate::{
    address::AddressList,
    link::{self, Config, Down, Inbox, Link, Undeliverable, connect},
    wire::{Message, Origin, unique_id},
};

/// Longest time between two checks of the deadline.
const LOOK: Duration = Duration::from_millis(100);

/// Default time without progress after which a delivery is given up.
const DEADLINE: Duration = Duration::from_secs(10);

/// Sender's name, deadline and reporting.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The sender's name, for others.
    pub(crate) name: Option<String>,
    /// Time without progress after which a delivery is given up; without it, the default.
    pub(crate) deadline: Option<Duration>,
    pub(crate) json: bool,
    pub(crate) advice: Advice,
    /// Returns the hint to append to a rejection in the log; empty if there is none.
    pub(crate) hint: fn(&Error) -> String,
}

/// The last event: how many messages were acknowledged.
#[derive(Serialize)]
#[serde(tag = "event", rename = "summary")]
struct Delivered {
    messages: u64,
}

/// Counts delivered and rejected messages.
#[derive(Debug)]
pub(super) struct Outcome {
    delivered: u64,
    refused: u64,
    /// The newest rejection: logged if more messages follow, else returned as the error.
    last: Option<Error>,
    hint: fn(&Error) -> String,
}

impl Outcome {
    /// No messages yet. `hint`: what to append to a rejection that is logged.
    pub(super) const fn new(hint: fn(&Error) -> String) -> Self {
        Self { delivered: 0, refused: 0, last: None, hint }
    }

    /// Counts a result; a rejected message is no error here.
    ///
    /// # Errors
    /// Any other error.
    pub(super) fn count(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        if let Some(before) = self.last.take() {
            error!("{before}{}", (self.hint)(&before));
        }
        match result {
            Ok(()) => self.delivered += 1,
            Err(refused @ (Error::Refused { .. } | Error::LineTooLong { .. })) => {
                self.refused += 1;
                self.last = Some(refused);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Reports the summary.
    ///
    /// # Errors
    /// A message was rejected.
    pub(super) fn end(self, output: Output) -> Result<(), Error> {
        let Self { delivered, refused, last, hint } = self;
        output.last(&Delivered { messages: delivered }, None);
        match (refused, delivered + refused, last) {
            (0, ..) => Ok(()),
            (1, 1, Some(only)) => Err(only),
            (refused, of, last) => {
                if let Some(last) = last {
                    error!("{last}{}", hint(&last));
                }
                Err(Error::SomeRefused { refused, of })
            }
        }
    }
}

impl Options {
    pub(super) fn output(&self) -> Output {
        Output::lasting(self.json)
    }

    /// The origin of one message, with an id of its own.
    pub(super) fn origin(&self) -> Origin {
        let from = self.name.clone().unwrap_or_else(name::own_name);
        Origin::named(from).with_id(unique_id())
    }

    /// Starts a link. `runs`: whether the deadline counts, here and below.
    pub(super) async fn connect(
        &self,
        what: &str,
        config: Config,
        runs: impl Fn() -> bool,
    ) -> Result<(Link, Inbox), Error> {
        let relay = config.host.clone();
        let connected = self.moving(connect(config), || 0, runs).await;
        Ok(connected.ok_or_else(|| {
            let host =
                relay.parse().map_or_else(|_| relay.clone(), |relay: AddressList| relay.first().host());
            let why = Down::Resolving { host, limit: self.limit() };
            self.late(what, &relay, why.to_string(), true)
        })??)
    }

    /// Sends a message and waits until the relay has acknowledged it.
    pub(super) async fn deliver(
        &self,
        link: &Link,
        what: &str,
        message: Message,
        runs: impl Fn() -> bool,
    ) -> Result<(), Error> {
        let refused = |why: String| Error::Refused { what: what.to_owned(), why };
        let receipt = link.send(message).map_err(|error| match error {
            link::Error::Message(fault) => refused(fault.to_string()),
            error => error.into(),
        })?;
        // An error that retrying cannot fix ends the delivery at once.
        let unreachable = |why: String| {
            let (what, host) = (what.to_owned(), link.host().to_owned());
            Error::Undeliverable { what, host, why }
        };
        let delivering = async {
            tokio::select! {
                biased;
                delivered = receipt.delivered() => delivered.map_err(|why| match why {
                    Undeliverable::LinkClosed => unreachable(why.to_string()),
                    why => refused(undelivered(&why, self.advice)),
                }),
                why = link.permanent_failure() => Err(unreachable(advised(&why, self.advice))),
            }
        };
        let progress = || link.counters().progress;
        self.moving(delivering, progress, runs).await.unwrap_or_else(|| {
            let (why, patience) = trouble(link, self.advice);
            Err(self.late(what, link.host(), why, patience))
        })
    }

    fn limit(&self) -> Duration {
        self.deadline.unwrap_or(DEADLINE)
    }

    fn late(&self, what: &str, host: &str, why: String, patience: bool) -> Error {
        Error::NotDelivered { what: what.into(), host: host.into(), deadline: self.limit(), why, patience }
    }

    /// Waits for `work`; `None` if there was no progress for too long.
    async fn moving<T>(
        &self,
        work: impl Future<Output = T>,
        progress: impl Fn() -> u64,
        runs: impl Fn() -> bool,
    ) -> Option<T> {
        let mut work = std::pin::pin!(work);
        let mut deadline = Deadline::new(self.limit());
        loop {
            if deadline.is_over(progress(), runs(), Instant::now()) {
                return None;
            }
            if let Ok(done) = time::timeout(LOOK.min(self.limit()), &mut work).await {
                return Some(done);
            }
        }
    }
}

/// Why a message did not arrive, with advice.
fn undelivered(why: &Undeliverable, advice: Advice) -> String {
    match why {
        Undeliverable::Refused(why) => advised(why, advice),
        other => other.to_string(),
    }
}

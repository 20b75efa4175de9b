//! The addresses of a host, looked up in parallel to the attempts to connect.
//!
//! A lookup may be slow: `.local` names often take 5 s, and so does a dead nameserver. A lookup that is not
//! done when an attempt ends continues, and the next attempt uses its result. Addresses stay valid while a
//! later lookup is slow or fails.

use std::{
    fmt,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    task::{JoinError, JoinHandle},
    time,
};

use crate::{
    address::{Address, LookupError},
    clock::now,
};

/// The time to wait for a fresh answer if an older one is known.
const REFRESH: Duration = Duration::from_millis(250);

/// The least time that each attempt waits for a lookup that has exceeded its limit. It may finish any moment,
/// and each attempt is followed by a pause.
const LEAST: Duration = Duration::from_secs(1);

type Resolved = Result<Vec<SocketAddr>, LookupError>;
type Looking = Pin<Box<dyn Future<Output = Resolved> + Send>>;

/// The known addresses of a host, and the lookup in progress.
pub(super) struct Lookup {
    look_up: Arc<dyn Fn() -> Looking + Send + Sync>,
    known: Vec<SocketAddr>,
    flight: Option<Flight>,
}

/// A lookup in progress.
struct Flight {
    since: Instant,
    task: JoinHandle<Resolved>,
}

/// The result of a lookup.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The addresses.
    Found(Vec<SocketAddr>),
    /// It was not done within this time, and continues.
    Late(Duration),
    /// It failed, and no earlier result is known.
    Failed(LookupError),
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").field("known", &self.known).finish_non_exhaustive()
    }
}

impl Lookup {
    /// Creates a lookup by the system's resolver.
    pub(super) fn new(address: &Address) -> Self {
        let asked = address.clone();
        let look_up = move || -> Looking {
            let address = asked.clone();
            if let Some(addr) = address.literal() {
                return Box::pin(std::future::ready(Ok(vec![addr])));
            }
            // On another thread, because the resolver blocks.
            let asking = tokio::task::spawn_blocking(move || address.look_up());
            Box::pin(async {
                asking.await.unwrap_or_else(|error| Err(LookupError::passing(error.to_string())))
            })
        };
        Self::by(look_up)
    }

    fn by(look_up: impl Fn() -> Looking + Send + Sync + 'static) -> Self {
        Self { look_up: Arc::new(look_up), known: Vec::new(), flight: None }
    }

    /// Waits for the addresses, at most `limit` from the start of the lookup.
    pub(super) async fn addresses(&mut self, limit: Duration) -> Outcome {
        if self.flight.as_ref().is_some_and(|flight| flight.task.is_finished())
            && let Some(flight) = self.flight.take()
        {
            // Done since the last attempt: keeps its result, and starts a newer lookup.
            let _ = self.learn(flight.task.await);
        }
        let begin = || Flight { since: now(), task: tokio::spawn((self.look_up)()) };
        let mut flight = self.flight.take().unwrap_or_else(begin);
        let patience = if self.known.is_empty() {
            let age = now().saturating_duration_since(flight.since);
            limit.saturating_sub(age).max(LEAST.min(limit))
        } else {
            REFRESH
        };
        match time::timeout(patience, &mut flight.task).await {
            Ok(found) => {
                let learnt = self.learn(found);
                match learnt {
                    Err(error) if self.known.is_empty() => Outcome::Failed(error),
                    _ => Outcome::Found(self.known.clone()),
                }
            }
            Err(_) => {
                self.flight = Some(flight);
                if self.known.is_empty() { Outcome::Late(limit) } else { Outcome::Found(self.known.clone()) }
            }
        }
    }

    /// Keeps the addresses found; an error discards nothing.
    fn learn(&mut self, found: Result<Resolved, JoinError>) -> Result<(), LookupError> {
        self.known = found.unwrap_or_else(|error| Err(LookupError::passing(error.to_string())))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    fn found(text: &str) -> Resolved {
        Ok(vec![text.parse().unwrap()])
    }

    fn is(text: &str) -> Outcome {
        Outcome::Found(vec![text.parse().unwrap()])
    }

    /// A resolver with answers after the given seconds, and the number of calls.
    fn resolver(answers: Vec<(u64, Resolved)>) -> (Lookup, Arc<Mutex<usize>>) {
        let asked = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&asked);
        let look_up = move || -> Looking {
            let mut asked = counted.lock().unwrap();
            let (seconds, found) = answers[*asked].clone();
            *asked += 1;
            Box::pin(async move {
                time::sleep(Duration::from_secs(seconds)).await;
                found
            })
        };
        (Lookup::by(look_up), asked)
    }

    #[tokio::test(start_paused = true)]
    async fn a_lookup_that_is_late_goes_on_and_is_not_begun_twice() {
        let (mut lookup, asked) = resolver(vec![(25, found("192.0.2.1:1")), (25, found("192.0.2.2:1"))]);
        assert_eq!(lookup.addresses(LIMIT).await, Outcome::Late(LIMIT));
        assert_eq!(lookup.addresses(LIMIT).await, Outcome::Late(LIMIT));
        assert_eq!(*asked.lock().unwrap(), 1);
        time::sleep(Duration::from_secs(5)).await;
        assert_eq!(lookup.addresses(LIMIT).await, is("192.0.2.1:1"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_found_is_good_while_a_later_lookup_is_slow_or_fails() {
        let gone = Err(LookupError::passing("gone"));
        let answers =
            vec![(1, found("192.0.2.1:1")), (60, found("192.0.2.2:1")), (0, gone), (0, found("192.0.2.3:1"))];
        let (mut lookup, _) = resolver(answers);
        assert_eq!(lookup.addresses(LIMIT).await, is("192.0.2.1:1"));
        let began = time::Instant::now();
        assert_eq!(lookup.addresses(LIMIT).await, is("192.0.2.1:1"), "the second is slow");
        assert_eq!(began.elapsed(), REFRESH);
        time::sleep(Duration::from_secs(60)).await;
        assert_eq!(lookup.addresses(LIMIT).await, is("192.0.2.2:1"), "the second came, the third failed");
        assert_eq!(lookup.addresses(LIMIT).await, is("192.0.2.3:1"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_told_if_nothing_is_known_and_the_next_attempt_asks_again() {
        let failed = LookupError::passing("no network");
        let (mut lookup, _) = resolver(vec![(0, Err(failed.clone())), (0, found("192.0.2.1:1"))]);
        assert_eq!(lookup.addresses(LIMIT).await, Outcome::Failed(failed));
        assert_eq!(lookup.addresses(LIMIT).await, is("192.0.2.1:1"));
    }

    #[tokio::test]
    async fn an_address_is_not_looked_up() {
        let mut lookup = Lookup::new(&"[::1]:7".parse().unwrap());
        assert_eq!(lookup.addresses(LIMIT).await, is("[::1]:7"));
    }
}

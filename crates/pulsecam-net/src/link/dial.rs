//! Attempts to connect: lookup, racing addresses, TLS.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpStream, task::JoinSet, time};
use tracing::info;

use super::{
    Config, Down,
    adaptive_timeout::AdaptiveTimeout,
    counters,
    hub::Hub,
    learnt::Host,
    lookup::{Lookup, Outcome},
    race::{Race, Step, order},
};
use crate::{address::LookupError, clock::now, transport::Connection};

/// The time after which a slow lookup is reported, because a user would wonder.
const NOTICED: Duration = Duration::from_secs(2);

/// The time for looking up a host if there are others. The lookup continues while they are tried.
const SOON: Duration = Duration::from_secs(2);

type Dialing = Pin<Box<dyn Future<Output = io::Result<(Connection, SocketAddr)>> + Send>>;

/// A way to connect without TCP: in memory, or simulated. Returns the connection and the peer's address.
#[derive(Clone)]
pub struct Dial(Arc<dyn Fn(&str) -> Dialing + Send + Sync>);

impl Dial {
    /// Creates one that calls `how` for each attempt, with the host and port of the relay.
    pub fn new<F>(how: impl Fn(&str) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<(Connection, SocketAddr)>> + Send + 'static,
    {
        Self(Arc::new(move |host| Box::pin(how(host))))
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dial")
    }
}

/// Connects to a relay, and remembers its addresses, the one that worked, and the time needed.
#[derive(Debug)]
pub(super) struct Dialer {
    host: Host,
    lookup: Lookup,
    patience: AdaptiveTimeout,
    worked: Option<SocketAddr>,
}

impl Dialer {
    /// Creates a dialer without any history.
    pub(super) fn new(host: Host, config: &Config) -> Self {
        let (lookup, patience) = (Lookup::new(&host.address), AdaptiveTimeout::new(config.connect_timeout));
        Self { host, lookup, patience, worked: None }
    }

    /// Looks the host up for the first time, so that a name that does not exist is reported at once. All
    /// other failures are left to the attempts to connect.
    ///
    /// # Errors
    /// If the name does not exist.
    pub(super) async fn look_up(&mut self, config: &Config, are_several: bool) -> Result<(), LookupError> {
        let looking = self.lookup.addresses(lookup_limit(config, are_several));
        let mut looking = pin!(looking);
        let outcome = match time::timeout(NOTICED, &mut looking).await {
            Ok(outcome) => outcome,
            Err(_) => {
                info!("looking up {} takes a while", self.host.address.host());
                looking.await
            }
        };
        match outcome {
            Outcome::Failed(error) if error.is_final() => Err(error),
            _ => Ok(()),
        }
    }

    /// Connects to the host, with TLS if configured; returns the connection and the peer's address.
    ///
    /// If there are several relays, a slow lookup does not hold up the others.
    pub(super) async fn connect(
        &mut self,
        hub: &Hub,
        are_several: bool,
    ) -> Result<(Connection, SocketAddr), Down> {
        self.patience.begin();
        let relay = self.host.address.to_string();
        if let Some(Dial(dial)) = &hub.config.dial {
            let dial = |()| {
                let dialing = dial(&relay);
                async { dialing.await.map_err(|error| Down::connecting(&error)) }
            };
            return self
                .first(vec![()], hub.config.connect_timeout, dial)
                .await
                .map(|((), connected)| connected);
        }
        let host = self.host.address.host();
        let mut addresses = match self.lookup.addresses(lookup_limit(&hub.config, are_several)).await {
            Outcome::Found(addresses) => addresses,
            Outcome::Late(limit) => return Err(Down::Resolving { host, limit }),
            Outcome::Failed(error) => return Err(Down::Unresolved { host, reason: error.to_string() }),
        };
        addresses.retain(|address| self.host.allows(address.ip()));
        if addresses.is_empty() {
            let why = "it is closer than the relay that told of it, or has no address";
            return Err(Down::Unreachable(why.into()));
        }
        let mut left = order(&addresses, self.worked);
        let mut why = None;
        loop {
            let raced = self.first(left.clone(), hub.config.connect_timeout, tcp).await;
            // A relay's TLS error is more informative than a dead address.
            let (address, stream) = raced.map_err(|error| why.take().unwrap_or(error))?;
            hub.counters.reached(counters::ConnectStage::Connected);
            let Some(client) = &hub.config.tls else {
                return Ok((Connection::tcp(stream).map_err(|error| Down::connecting(&error))?, address));
            };
            let limit = self.patience.limit();
            why = match self.patience.within(client.connect(&relay, stream)).await {
                Some(Ok(connection)) => {
                    hub.counters.reached(counters::ConnectStage::Agreed);
                    return Ok((connection, address));
                }
                Some(Err(error)) => Some(Down::handshake(&error)),
                None => {
                    let within = humantime::format_duration(limit);
                    Some(Down::HandshakeFailed(format!("no answer within {within}")))
                }
            };
            left.retain(|other| *other != address);
        }
    }

    /// The time limit for each step of the current attempt.
    pub(super) const fn patience(&mut self) -> &mut AdaptiveTimeout {
        &mut self.patience
    }

    /// Records that the current attempt led to a relay at this address.
    pub(super) fn entered(&mut self, peer: SocketAddr, hub: &Hub) {
        hub.counters.reached(counters::ConnectStage::Entered);
        self.worked = Some(peer);
        self.patience.succeeded();
    }

    /// Returns the first target that connects. Each has the full time limit, so that a silent one does not
    /// hide another.
    async fn first<A, T, F>(
        &mut self,
        targets: Vec<A>,
        again: Duration,
        begin: impl Fn(A) -> F,
    ) -> Result<(A, T), Down>
    where
        A: Clone + PartialEq + Send + 'static,
        T: Send + 'static,
        F: Future<Output = Result<T, Down>> + Send + 'static,
    {
        let limit = self.patience.limit();
        let mut deadline = now() + limit;
        let mut unbegun = targets.len();
        let mut race = Race::new(targets, again, now());
        let mut running = JoinSet::new();
        let mut why = None;
        loop {
            let until = match race.poll(now()) {
                Step::Begin(target) => {
                    if unbegun > 0 {
                        unbegun -= 1;
                        deadline = now() + limit;
                    }
                    let (attempt, began) = (begin(target.clone()), now());
                    running.spawn(
                        async move { (target, attempt.await, now().saturating_duration_since(began)) },
                    );
                    continue;
                }
                Step::Wait(until) => until.min(deadline),
                Step::Over => return Err(why.unwrap_or(Down::Unreachable("the host has no address".into()))),
            };
            tokio::select! {
                biased;
                Some(ended) = running.join_next() => match ended {
                    Ok((target, Ok(connected), time)) => {
                        self.patience.took(time);
                        return Ok((target, connected)); // the other attempts are dropped
                    }
                    Ok((target, Err(error), _)) => {
                        race.failed(&target, now());
                        why = more_telling(why, error);
                    }
                    Err(_) => {} // the task panicked; the deadline still applies
                },
                () = time::sleep_until(until.into()) => {
                    if until >= deadline {
                        self.patience.ran_out();
                        return Err(more_telling(why, Down::ConnectTimeout(limit)).unwrap_or(Down::ConnectTimeout(limit)));
                    }
                }
            }
        }
    }
}

/// The time for looking up a host.
fn lookup_limit(config: &Config, are_several: bool) -> Duration {
    if are_several { config.resolve_timeout.min(SOON) } else { config.resolve_timeout }
}

/// Returns the more helpful reason. An answer from the host is more informative than silence, and silence
/// more than a missing route.
fn more_telling(one: Option<Down>, other: Down) -> Option<Down> {
    let rank = |why: &Down| match why {
        Down::Refused => 2,
        Down::ConnectTimeout(_) => 1,
        _ => 0,
    };
    match one {
        Some(one) if rank(&one) > rank(&other) => Some(one),
        _ => Some(other),
    }
}

async fn tcp(address: SocketAddr) -> Result<TcpStream, Down> {
    let stream = TcpStream::connect(address).await.map_err(|error| Down::connecting(&error))?;
    // A connection to a local port without a listener can connect to itself.
    if stream.local_addr().ok() == stream.peer_addr().ok() { Err(Down::Refused) } else { Ok(stream) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialer() -> Dialer {
        let config = Config::new("192.0.2.1");
        Dialer::new(Host::named(config.host.parse().unwrap()), &config)
    }

    const BASE: Duration = Duration::from_millis(1500);

    /// Connects to `a` and `b` after the given milliseconds; `x` refuses.
    async fn race(dialer: &mut Dialer, targets: &str, [a, b]: [u64; 2]) -> Result<(char, ()), Down> {
        let begin = |target| async move {
            time::sleep(Duration::from_millis(if target == 'a' { a } else { b })).await;
            if target == 'x' { Err(Down::Refused) } else { Ok(()) }
        };
        dialer.first(targets.chars().collect(), BASE, begin).await
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_swallows_everything_costs_a_step() {
        let (mut dialer, began) = (dialer(), time::Instant::now());
        assert_eq!(race(&mut dialer, "ab", [100_000, 20]).await, Ok(('b', ())));
        assert_eq!(began.elapsed(), Duration::from_millis(270));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_address_has_the_whole_limit_for_itself() {
        let (mut dialer, began) = (dialer(), time::Instant::now());
        assert_eq!(race(&mut dialer, "aaab", [100_000, 1490]).await, Ok(('b', ())));
        assert_eq!(began.elapsed(), Duration::from_millis(750 + 1490));
    }

    #[tokio::test(start_paused = true)]
    async fn a_way_that_takes_longer_than_the_limit_is_gone_at_a_later_try() {
        let (mut dialer, mut tries) = (dialer(), 0);
        loop {
            tries += 1;
            dialer.patience.begin();
            match race(&mut dialer, "b", [0, 1600]).await {
                Ok(_) => break,
                Err(why) => assert_eq!(why, Down::ConnectTimeout(BASE)),
            }
        }
        assert_eq!(tries, 2);
        dialer.patience.succeeded();
        dialer.patience.begin();
        assert_eq!(race(&mut dialer, "b", [0, 1600]).await, Ok(('b', ())), "the time it took is remembered");
    }

    #[tokio::test(start_paused = true)]
    async fn a_way_that_opens_again_is_found_before_a_long_try_is_over() {
        let (mut dialer, began) = (dialer(), time::Instant::now());
        for _ in 0..3 {
            dialer.patience.ran_out();
            dialer.patience.begin();
        }
        // Packets of the first 4 s are lost.
        let begin = |()| async move {
            if began.elapsed() < Duration::from_secs(4) { std::future::pending().await } else { Ok(()) }
        };
        assert_eq!(dialer.first(vec![()], BASE, begin).await, Ok(((), ())));
        assert_eq!(began.elapsed(), Duration::from_millis(4500));
    }

    #[tokio::test(start_paused = true)]
    async fn the_reason_that_tells_more_is_told() {
        let mut dialer = dialer();
        assert_eq!(race(&mut dialer, "xa", [100_000, 0]).await, Err(Down::Refused));
        assert_eq!(race(&mut dialer, "ax", [100_000, 0]).await, Err(Down::Refused));
        assert_eq!(race(&mut dialer, "a", [100_000, 0]).await, Err(Down::ConnectTimeout(BASE)));
    }
}

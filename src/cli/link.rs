//! Options that every client shares, and reporting its link.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::runtime::Handle;
use tracing::warn;

use super::{Error, advice, host::HostOption, output::Output, signal::Stopping, trust::TrustArgs, values};
use crate::{
    address::Address,
    link::{Config, Down, Inbox, Link, Role, State, connect},
};

/// How to reach the relay.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct LinkArgs {
    /// The relay: HOST or HOST:PORT [default: that of --host]
    #[arg(value_name = "HOST[:PORT]")]
    relay: Option<Address>,
    #[command(flatten)]
    host: HostOption,
    #[command(flatten)]
    reach: Reach,
}

/// How to reach a relay that is named in another way.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Reach {
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    #[command(flatten)]
    pub(super) patience: Patience,
}

/// How patient to be with it.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Link")]
pub(super) struct Patience {
    /// Time between two heartbeats
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = values::some_time, env = "PULSECAM_HEARTBEAT")]
    heartbeat: Duration,
    /// Silence after which the link is down (the Qt example waits for 300s)
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = values::some_time, env = "PULSECAM_TIMEOUT")]
    timeout: Duration,
    /// Time to look up a name before that is reported; the lookup goes on
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = values::some_time, env = "PULSECAM_RESOLVE_TIMEOUT")]
    resolve_timeout: Duration,
    /// Time for each step of an attempt to connect (TCP, TLS, key); doubled each time it is not enough, up to 12s
    #[arg(long, value_name = "TIME", default_value = "1.5s", value_parser = values::some_time, env = "PULSECAM_CONNECT_TIMEOUT")]
    connect_timeout: Duration,
    /// The longest pause between two attempts to connect
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = values::some_time, env = "PULSECAM_MAX_BACKOFF")]
    max_backoff: Duration,
    /// The largest message to read or send
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = values::message_limit, env = "PULSECAM_MAX_MESSAGE")]
    max_message: u32,
}

impl Patience {
    pub(super) fn config(&self, host: impl Into<String>, role: Role) -> Result<Config, Error> {
        if self.timeout <= self.heartbeat {
            let reason =
                "--timeout has to be longer than --heartbeat: the answer to one is what keeps the link up";
            return Err(Error::Usage(reason.into()));
        }
        Ok(Config {
            interval: self.heartbeat,
            timeout: self.timeout,
            resolve_timeout: self.resolve_timeout,
            connect_timeout: self.connect_timeout,
            max_backoff: self.max_backoff,
            max_message: self.max_message,
            role,
            ..Config::new(host)
        })
    }
}

impl LinkArgs {
    /// To this relay.
    pub(super) const fn to(relay: Address, reach: Reach) -> Self {
        Self { relay: Some(relay), host: HostOption::NONE, reach }
    }

    /// The relay that is meant.
    pub(super) fn address(&self) -> Result<Address, Error> {
        self.host.or_by_position(self.relay.as_ref())
    }

    pub(super) fn config(&self, role: Role) -> Result<Config, Error> {
        self.reach.config(&self.address()?, role)
    }
}

impl Reach {
    pub(super) fn config(&self, relay: &Address, role: Role) -> Result<Config, Error> {
        let (tls, key) = (self.trust.tls()?, self.trust.key()?);
        Ok(Config { tls, key, ..self.patience.config(relay.to_string(), role)? })
    }
}

/// Starts a link. A signal ends it: to find the relay's address can take a while.
pub(super) async fn open(config: Config, stop: &mut Stopping) -> Result<(Link, Inbox), Error> {
    tokio::select! {
        connected = connect(config) => Ok(connected?),
        _ = stop => Err(Error::Stopped),
    }
}

/// Remembers whether the relay was ever reached.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached(Arc<AtomicBool>);

impl Reached {
    /// Looks from now on, in a task of this runtime.
    pub(super) fn watch(link: &Link, runtime: &Handle) -> Self {
        let reached = Self::default();
        let (mut state, seen) = (link.state(), reached.clone());
        runtime.spawn(async move {
            let up = state.wait_for(|state| matches!(state, State::Up { .. })).await.is_ok();
            seen.0.store(up, Relaxed);
        });
        reached
    }

    /// Why nothing could be done, if the relay was never there.
    pub(super) fn failure(&self, link: &Link) -> Option<String> {
        let is_up = matches!(*link.state().borrow(), State::Up { .. });
        let never = !is_up && !self.0.load(Relaxed);
        never.then(|| format!("the relay at {} was never reached: {}", link.host(), trouble(link).0))
    }
}

/// The link's state as an event.
#[derive(Serialize)]
#[serde(tag = "event", rename = "link")]
struct LinkEvent<'a> {
    state: &'static str,
    host: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_offset_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_uncertainty_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Trying again does not help.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lasting: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in_ms: Option<f64>,
}

/// Reports each change of the link's state as an event, for as long as what is returned is kept: a summary shall be the last word. For
/// a person the log tells the states.
#[must_use]
pub(super) fn report(link: &Link, output: Output) -> Reporting {
    follow(link, output, false)
}

/// The same for a command that tries for ever: if that does not help, it is said what to change and how to end it.
#[must_use]
pub(super) fn report_with_advice(link: &Link, output: Output) -> Reporting {
    follow(link, output, true)
}

fn follow(link: &Link, output: Output, advises: bool) -> Reporting {
    let host = link.host().to_owned();
    let mut state = link.state();
    Reporting(tokio::spawn(async move {
        let mut advised = None;
        loop {
            let now = state.borrow_and_update().clone();
            if output.is_json() {
                output.event(&event(&host, &now), None);
            }
            match now {
                State::Down { why, .. } if advises && why.is_lasting() && advised.as_ref() != Some(&why) => {
                    let hint = advice::to_change(&why).map(|hint| format!("{hint}; ")).unwrap_or_default();
                    warn!("{hint}Ctrl-C ends this, and until then it is tried again now and then");
                    advised = Some(why);
                }
                State::Up { .. } => advised = None,
                State::Down { .. } | State::Connecting => {}
            }
            if state.changed().await.is_err() {
                return;
            }
        }
    }))
}

/// Reports until it is dropped.
#[derive(Debug)]
pub(super) struct Reporting(tokio::task::JoinHandle<()>);

impl Drop for Reporting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn event<'a>(host: &'a str, state: &State) -> LinkEvent<'a> {
    let mut event = LinkEvent {
        state: "connecting",
        host,
        rtt_ms: None,
        clock_offset_ms: None,
        clock_uncertainty_ms: None,
        why: None,
        lasting: false,
        retry_in_ms: None,
    };
    match state {
        State::Connecting => {}
        State::Up { rtt, offset, .. } => {
            event.state = "up";
            event.rtt_ms = rtt.map(millis);
            event.clock_offset_ms = offset.map(|offset| offset.micros as f64 / 1000.0);
            event.clock_uncertainty_ms = offset.map(|offset| millis(offset.uncertainty()));
        }
        State::Down { why, retry_at } => {
            event.state = "down";
            event.why = Some(why.to_string());
            event.lasting = why.is_lasting();
            event.retry_in_ms = Some(millis(retry_at.saturating_duration_since(Instant::now())));
        }
    }
    event
}

/// Milliseconds to the microsecond, as figures in events.
pub(super) fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// What keeps a link from delivering, for a person, and whether more time could help.
pub(super) fn trouble(link: &Link) -> (String, bool) {
    let why = match (&*link.state().borrow(), link.last_down()) {
        (State::Down { why, .. }, _) => why.clone(),
        // It comes up and is sent away by turns.
        (State::Up { .. }, Some(why @ Down::SentAway(_))) => why,
        (State::Up { .. }, _) => return ("the relay has not confirmed it yet".into(), true),
        (State::Connecting, Some(why)) => why,
        (State::Connecting, None) if link.is_connected() => {
            return ("nothing there has answered yet (is it a pulsecam relay?)".into(), true);
        }
        (State::Connecting, None) => return ("still connecting".into(), true),
    };
    (advice::advised(&why), advice::is_a_matter_of_time(&why))
}

/// Keeps what comes in from filling memory where nobody wants it.
pub(super) fn discard(mut inbox: crate::link::Inbox) {
    tokio::spawn(async move { while inbox.recv().await.is_some() {} });
}

/// A link's frames for an encoder's thread to fill.
pub(super) fn sink(link: &Link) -> impl FnMut(crate::wire::FrameInfo, bytes::Bytes) + Send + use<> {
    let link = link.clone();
    move |info, jpeg| link.send_frame(info, jpeg)
}

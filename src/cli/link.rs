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

use super::{Error, output::Output, signal::Stopping, trust::TrustArgs, values};
use crate::link::{Config, Inbox, Link, Role, State, connect};

/// How to reach the relay.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct LinkArgs {
    /// The relay: HOST or HOST:PORT
    #[arg(value_name = "HOST[:PORT]", env = "PULSECAM_HOST")]
    pub(super) host: String,
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
    /// Time for one attempt to connect
    #[arg(long, value_name = "TIME", default_value = "1.5", value_parser = values::some_time, env = "PULSECAM_CONNECT_TIMEOUT")]
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
            connect_timeout: self.connect_timeout,
            max_backoff: self.max_backoff,
            max_message: self.max_message,
            role,
            ..Config::new(host)
        })
    }
}

impl LinkArgs {
    pub(super) fn config(&self, role: Role) -> Result<Config, Error> {
        let (tls, key) = (self.trust.tls()?, self.trust.key()?);
        Ok(Config { tls, key, ..self.patience.config(self.host.as_str(), role)? })
    }
}

/// Starts a link. A signal ends it: to find the relay's address can take a while.
pub(super) async fn open(config: Config, stop: &mut Stopping) -> Result<(Link, Inbox), Error> {
    tokio::select! {
        connected = connect(config) => Ok(connected?),
        signal = stop => Err(Error::Stopped(signal)),
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
        never.then(|| format!("the relay at {} was never reached: {}", link.host(), trouble(link)))
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
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in_ms: Option<f64>,
}

/// Reports each change of the link's state as an event, for as long as what is returned is kept: a summary shall be
/// the last word. For a person the log tells it already.
#[must_use]
pub(super) fn report(link: &Link, output: Output) -> Option<Reporting> {
    if !output.is_json() {
        return None;
    }
    let host = link.host().to_owned();
    let mut state = link.state();
    Some(Reporting(tokio::spawn(async move {
        loop {
            let event = event(&host, &state.borrow_and_update());
            output.event(&event, None);
            if state.changed().await.is_err() {
                return;
            }
        }
    })))
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
            event.retry_in_ms = Some(millis(retry_at.saturating_duration_since(Instant::now())));
        }
    }
    event
}

/// Milliseconds to the microsecond, as figures in events.
pub(super) fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// What keeps a link from delivering, for a person.
pub(super) fn trouble(link: &Link) -> String {
    match (&*link.state().borrow(), link.last_down()) {
        (State::Down { why, .. }, _) => why.to_string(),
        (State::Connecting, Some(why)) => why.to_string(),
        (State::Connecting, None) => "still connecting".into(),
        (State::Up { .. }, _) => "it has not answered a heartbeat yet".into(),
    }
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

//! Starts, watches and reports a client's link.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::runtime::Handle;
use tracing::warn;

use super::{Error, output::Output, signal::Stopping};
use crate::link::{Config, Down, Inbox, Link, State, connect};

/// Returns what to change for this reason why a link is down or a picture cannot be shown, if that is known.
/// `cli` knows which option helps.
pub(crate) type Advice<Why = Down> = fn(&Why) -> Option<&'static str>;

/// A relay, and advice if it cannot be reached.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) config: Config,
    pub(crate) advice: Advice,
}

/// Starts a link; a signal ends the wait, because looking up the relay's address can take a while.
pub(crate) async fn open(config: Config, stop: &mut Stopping) -> Result<(Link, Inbox), Error> {
    tokio::select! {
        connected = connect(config) => Ok(connected?),
        _ = stop => Err(Error::Stopped),
    }
}

/// Whether the relay was ever reached.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    seen: Arc<AtomicBool>,
    advice: Advice,
}

impl Reached {
    /// Watches from now on, in a task of this runtime.
    pub(crate) fn watch(link: &Link, runtime: &Handle, advice: Advice) -> Self {
        let reached = Self { seen: Arc::default(), advice };
        let (mut state, seen) = (link.state(), Arc::clone(&reached.seen));
        runtime.spawn(async move {
            let up = state.wait_for(|state| matches!(state, State::Up { .. })).await.is_ok();
            seen.store(up, Relaxed);
        });
        reached
    }

    /// Why nothing could be done, if the relay was never reached.
    pub(crate) fn failure(&self, link: &Link) -> Option<String> {
        let is_up = matches!(*link.state().borrow(), State::Up { .. });
        let never = !is_up && !self.seen.load(Relaxed);
        let trouble = || trouble(link, self.advice).0;
        never.then(|| format!("the relay at {} was never reached: {}", link.host(), trouble()))
    }
}

/// The event for a state of the link.
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
    /// Retrying does not help.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lasting: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in_ms: Option<f64>,
}

/// Reports each change of the link's state as an event until the result is dropped.
///
/// It is dropped before the summary, which is the last event. For people, the library logs the states.
#[must_use]
pub(crate) fn report(link: &Link, output: Output) -> Reporting {
    follow(link, output, None)
}

/// The same for a command that retries for ever; if that cannot help, logs what to change and how to stop.
#[must_use]
pub(crate) fn report_with_advice(link: &Link, output: Output, advice: Advice) -> Reporting {
    follow(link, output, Some(advice))
}

fn follow(link: &Link, output: Output, advice: Option<Advice>) -> Reporting {
    let (mut state, relay) = (link.state(), link.relay());
    Reporting(tokio::spawn(async move {
        let mut advised = None;
        loop {
            let now = state.borrow_and_update().clone();
            if output.is_json() {
                let host = Arc::clone(&relay.borrow());
                output.event(&event(&host, &now), None);
            }
            match (now, advice) {
                (State::Down { why, .. }, Some(advice))
                    if why.is_permanent() && advised.as_ref() != Some(&why) =>
                {
                    let hint = advice(&why).map(|hint| format!("{hint}; ")).unwrap_or_default();
                    warn!("{hint}retrying now and then until Ctrl-C");
                    advised = Some(why);
                }
                (State::Up { .. }, _) => advised = None,
                (State::Down { .. } | State::Connecting, _) => {}
            }
            if state.changed().await.is_err() {
                return;
            }
        }
    }))
}

/// Reports until it is dropped.
#[derive(Debug)]
pub(crate) struct Reporting(tokio::task::JoinHandle<()>);

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
        State::Down { why, retry_at, .. } => {
            event.state = "down";
            event.why = Some(why.to_string());
            event.lasting = why.is_permanent();
            event.retry_in_ms = Some(millis(retry_at.saturating_duration_since(Instant::now())));
        }
    }
    event
}

/// Milliseconds for events, with microsecond precision.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// What keeps a link from delivering, and whether more time could help.
pub(crate) fn trouble(link: &Link, advice: Advice) -> (String, bool) {
    let why = match (&*link.state().borrow(), link.last_down()) {
        (State::Down { why, .. }, _) => why.clone(),
        // It connects and is rejected by turns.
        (State::Up { .. }, Some(why @ Down::SentAway(_))) => why,
        (State::Up { .. }, _) => return ("the relay has not confirmed it yet".into(), true),
        (State::Connecting, Some(why)) => why,
        (State::Connecting, None) if link.is_connected() => {
            return ("no answer yet (is it a pulsecam relay?)".into(), true);
        }
        (State::Connecting, None) => return ("still connecting".into(), true),
    };
    (advised(&why, advice), is_a_matter_of_time(&why))
}

/// The reason, with advice.
pub(crate) fn advised<Why: fmt::Display>(why: &Why, advice: Advice<Why>) -> String {
    advice(why).map_or_else(|| why.to_string(), |hint| format!("{why} ({hint})"))
}

/// Whether more time could have helped: nothing definite was received.
const fn is_a_matter_of_time(why: &Down) -> bool {
    matches!(
        why,
        Down::Refused
            | Down::Resolving { .. }
            | Down::Unresolved { .. }
            | Down::ConnectTimeout(_)
            | Down::Unreachable(_)
            | Down::HandshakeFailed(_)
            | Down::Silent(_)
            | Down::Stopping
            | Down::Lost(_)
    )
}

/// Discards what arrives, so that it does not fill the memory.
pub(crate) fn discard(mut inbox: crate::link::Inbox) {
    tokio::spawn(async move { while inbox.recv().await.is_some() {} });
}

/// Sends an encoder's frames over the link.
pub(crate) fn sink(link: &Link) -> impl FnMut(crate::wire::FrameInfo, bytes::Bytes) + Send + use<> {
    let link = link.clone();
    move |info, jpeg| link.send_frame(info, jpeg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_given_only_if_there_is_any() {
        let advice = |why: &Down| matches!(why, Down::KeyMissing).then_some("give it");
        assert_eq!(advised(&Down::KeyMissing, advice), format!("{} (give it)", Down::KeyMissing));
        assert_eq!(advised(&Down::Closed, advice), Down::Closed.to_string());
        for why in [Down::KeyRefused, Down::SentAway("full".into()), Down::ClosedAtOnce] {
            assert!(!is_a_matter_of_time(&why), "{why}");
        }
    }
}

//! States as text: the link's line, times, ages and sizes.

use std::time::{Duration, Instant};

use super::{theme::Tone, update::LinkState};
use crate::{
    clock::Age,
    i18n::{Phrase, Translations},
};

/// The state of the link to `host` as a line.
pub(crate) fn line(words: &Translations, host: &str, link: &LinkState, now: Instant) -> (String, Tone) {
    let with = |phrase, why: &str| words.format(phrase, [("host", host), ("why", why)]);
    let counted = |phrase, why: &str, left: u64| {
        let left = left.to_string();
        words.format(phrase, [("host", host), ("why", why), ("seconds", left.as_str())])
    };
    match link {
        LinkState::Connecting => (with(Phrase::Connecting, ""), Tone::Warning),
        LinkState::Up { rtt: None } => (with(Phrase::Connected, ""), Tone::Good),
        LinkState::Up { rtt: Some(rtt) } => {
            let time = millis(*rtt);
            let line = words.format(Phrase::ConnectedRoundTrip, [("host", host), ("time", time.as_str())]);
            (line, Tone::Good)
        }
        LinkState::Down { why, retry_at } => {
            let line = match seconds_until(*retry_at, now) {
                0 => with(Phrase::Reconnecting, why),
                left => counted(Phrase::ReconnectingIn, why, left),
            };
            (line, Tone::Bad)
        }
        LinkState::Lasting { why, retry_at } => {
            let line = match seconds_until(*retry_at, now) {
                0 => with(Phrase::Lasting, why),
                left => counted(Phrase::LastingRetryIn, why, left),
            };
            (line, Tone::Bad)
        }
        LinkState::Refused { why, retry_at } => {
            let left = retry_at.map_or(0, |retry_at| seconds_until(retry_at, now));
            let line = match left {
                0 => with(Phrase::Refused, why),
                left => counted(Phrase::RefusedRetryIn, why, left),
            };
            (line, Tone::Bad)
        }
    }
}

/// When that line changes by itself, because it counts down.
pub(crate) fn next_change(link: &LinkState, now: Instant) -> Option<Instant> {
    let retry_at = match link {
        LinkState::Down { retry_at, .. } | LinkState::Lasting { retry_at, .. } => Some(*retry_at),
        LinkState::Refused { retry_at, .. } => *retry_at,
        LinkState::Connecting | LinkState::Up { .. } => None,
    };
    let retry_at = retry_at.filter(|retry_at| *retry_at > now)?;
    // The displayed number changes once the time left is one second less.
    retry_at.checked_sub(Duration::from_secs(seconds_until(retry_at, now) - 1))
}

/// Whole seconds until `then`, rounded up, so that 0 means now.
pub(crate) fn seconds_until(then: Instant, now: Instant) -> u64 {
    let left = then.saturating_duration_since(now);
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}

/// Formats a short time.
pub(crate) fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    match millis {
        ..9.95 => format!("{millis:.1} ms"),
        ..9_999.5 => format!("{millis:.0} ms"),
        _ => format!("{:.0} s", millis / 1e3),
    }
}

/// Formats a longer time: minutes and seconds, and hours if there are any.
pub(crate) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Formats an age with its uncertainty; `±?` if the offset between two machines' clocks is unknown.
pub(crate) fn aged(age: Age) -> String {
    let within = age.within.map_or("?".to_owned(), millis);
    format!("{} ±{within}", millis(age.time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_is_repainted_each_time_its_number_changes() {
        let now = Instant::now();
        let retry_at = now + Duration::from_millis(2_250);
        let down = LinkState::Down { why: String::new(), retry_at };
        let mut at = now;
        let mut numbers = vec![seconds_until(retry_at, at)];
        while let Some(next) = next_change(&down, at) {
            assert!(next > at);
            at = next;
            numbers.push(seconds_until(retry_at, at));
        }
        assert_eq!(numbers, [3, 2, 1, 0]);
        assert_eq!(next_change(&LinkState::Up { rtt: None }, now), None, "an idle window sleeps");
    }

    #[test]
    fn short_times_and_amounts_are_readable() {
        let shown = |micros| millis(Duration::from_micros(micros));
        assert_eq!(shown(420), "0.4 ms");
        assert_eq!(shown(9_960), "10 ms");
        assert_eq!(shown(12_400), "12 ms");
        assert_eq!(shown(12_000_000), "12 s");
        assert_eq!(clock(Duration::from_secs(62)), "1:02");
        assert_eq!(clock(Duration::from_secs(3_723)), "1:02:03");
    }
}

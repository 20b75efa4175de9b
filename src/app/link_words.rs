//! The link's state in the words and the language of the window.

use crate::{
    i18n::{Phrase, Translations},
    link::{Down, State},
    view::LinkState,
};

/// The state in the window's words.
pub(super) fn shown(state: &State, words: &Translations) -> LinkState {
    match state {
        State::Connecting => LinkState::Connecting,
        State::Up { rtt, .. } => LinkState::Up { rtt: *rtt },
        State::Down { why, retry_at, .. } if why.is_permanent() => {
            LinkState::Lasting { why: reason(why, words), retry_at: *retry_at }
        }
        State::Down { why, retry_at, .. } if refuses(why) => {
            LinkState::Refused { why: reason(why, words), retry_at: Some(*retry_at) }
        }
        State::Down { why, retry_at, .. } => LinkState::Down { why: reason(why, words), retry_at: *retry_at },
    }
}

/// Whether the relay is there and rejects us.
const fn refuses(why: &Down) -> bool {
    matches!(why, Down::SentAway(_))
}

/// The reason why the link is down, in the window's words.
pub(super) fn reason(why: &Down, words: &Translations) -> String {
    let with = |phrase, reason: &str| words.format(phrase, [("reason", reason)]);
    let after = |phrase, time| words.format(phrase, [("time", humantime::format_duration(time).to_string())]);
    match why {
        Down::Refused => words.text(Phrase::WhyRefused),
        Down::ConnectTimeout(time) => after(Phrase::WhyNoAnswer, *time),
        Down::Resolving { host, limit } => {
            let time = humantime::format_duration(*limit).to_string();
            words.format(Phrase::WhyResolving, [("host", host.as_str()), ("time", &time)])
        }
        Down::Unresolved { host, reason } => {
            words.format(Phrase::WhyUnresolved, [("host", host.as_str()), ("reason", reason)])
        }
        Down::Unreachable(reason) => with(Phrase::WhyUnreachable, reason),
        Down::Tls(reason) | Down::Untrusted(reason) => with(Phrase::WhyTls, reason),
        Down::HandshakeFailed(reason) => with(Phrase::WhyHandshake, reason),
        Down::TlsWanted => words.text(Phrase::WhyTlsWanted),
        Down::KeyMissing => words.text(Phrase::WhyKeyMissing),
        Down::KeyRefused => words.text(Phrase::WhyKeyRefused),
        Down::NoKeyAsked => words.text(Phrase::WhyNoKeyAsked),
        Down::RelayNotAuthenticated => words.text(Phrase::WhyImpostor),
        Down::NotARelay(reason) => with(Phrase::WhyNotARelay, reason),
        Down::ClosedAtOnce => words.text(Phrase::WhyClosedAtOnce),
        Down::Closed | Down::Stopping => words.text(Phrase::WhyClosed),
        Down::SentAway(reason) => with(Phrase::WhySentAway, reason),
        Down::Silent(time) => after(Phrase::WhySilent, *time),
        Down::Malformed(reason) | Down::Lost(reason) => with(Phrase::WhyLost, reason),
        other => with(Phrase::WhyLost, &other.to_string()),
    }
}

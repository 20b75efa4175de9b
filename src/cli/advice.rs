//! What to do about a link that does not come up, in the words of the command line: the library says what is wrong, and this adds which
//! option helps.

use crate::link::{Down, Undeliverable};

/// What to change, if that is known.
pub(super) const fn to_change(why: &Down) -> Option<&'static str> {
    Some(match why {
        Down::TlsWanted => "--tls, with --tls-ca or --tls-pin unless its certificate is of a known authority",
        Down::Untrusted(_) => "trust it with --tls-pin and its fingerprint, or with --tls-ca and its file",
        Down::KeyMissing => "give it with --key-file, or in the variable PULSECAM_KEY",
        Down::KeyRefused => "is --key-file, or the variable PULSECAM_KEY, the one for this relay?",
        Down::NoKeyAsked => "leave --key-file and PULSECAM_KEY out, or start the relay with the key",
        Down::Impostor | Down::NotARelay(_) => "are host and port right?",
        _ => return None,
    })
}

/// Whether more time could have helped: nobody has said anything that speaks against it.
pub(super) const fn is_a_matter_of_time(why: &Down) -> bool {
    matches!(
        why,
        Down::Refused
            | Down::Resolving { .. }
            | Down::Unresolved { .. }
            | Down::ConnectTimeout(_)
            | Down::Unreachable(_)
            | Down::HandshakeFailed(_)
            | Down::Silent(_)
            | Down::Lost(_)
    )
}

/// The reason with what to change.
pub(super) fn advised(why: &Down) -> String {
    to_change(why).map_or_else(|| why.to_string(), |hint| format!("{why} ({hint})"))
}

/// Why a message did not arrive, with what to change.
pub(super) fn undelivered(why: &Undeliverable) -> String {
    match why {
        Undeliverable::Refused(why) => advised(why),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_named_only_if_it_helps() {
        assert!(advised(&Down::KeyMissing).contains("--key-file"));
        assert_eq!(advised(&Down::Closed), Down::Closed.to_string());
        for why in [Down::KeyRefused, Down::SentAway("full".into()), Down::ClosedAtOnce] {
            assert!(!is_a_matter_of_time(&why), "{why}");
        }
    }
}

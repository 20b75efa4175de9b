//! What to do about what went wrong, in the words of the command line: the library says what is wrong, and this adds which option helps.

use std::io;

use super::Error;
use crate::{capture, key, link::Down, pipeline, still, tls};

/// What to change about a link that does not come up, if that is known.
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

/// What else the command line can say about an error, to be appended to it.
pub(super) fn about(error: &Error) -> String {
    match error {
        Error::Listen { source, .. } => match source.kind() {
            io::ErrorKind::AddrInUse => " (another relay runs there? choose another port with --listen)",
            io::ErrorKind::PermissionDenied => " (ports below 1024 need root: choose one above)",
            _ => "",
        }
        .into(),
        Error::Source(why) | Error::Pipeline(pipeline::Error::Source(why)) => match why {
            capture::Error::NoSuchSource(_) => {
                ": --source takes camera, pattern, a photo, a folder of photos, an MJPEG file, a numbered sequence such as shots/%04d.jpg, or - for standard input"
            }
            capture::Error::NoCamera => ": plug one in, or use --source pattern",
            _ => "",
        }
        .into(),
        Error::Exists { .. } => " (--force replaces it)".into(),
        Error::NotDelivered { patience: true, .. } => " (give it longer with --deadline)".into(),
        Error::Tls(tls::Error::NoAuthorities) => {
            ": name one with --tls-ca, or the relay's fingerprint with --tls-pin".into()
        }
        Error::Key(key::Error::TooShort(_)) => ": `pulsecam key` makes a good one".into(),
        Error::Picture { source: still::Error::Foreign(foreign), .. } if foreign.is_film() => {
            " | pulsecam send HOST --source -".into()
        }
        Error::PictureTooLarge { recoded, .. } => {
            let quality = if *recoded { ", or with a lower --quality" } else { "" };
            format!(", with --size 1920x1080{quality} (--max-message allows more)")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_option_is_named_only_if_it_helps() {
        assert!(to_change(&Down::KeyMissing).unwrap().contains("--key-file"));
        assert_eq!(to_change(&Down::Closed), None);
        assert!(about(&Error::Source(capture::Error::NoCamera)).contains("--source pattern"));
        let late = |patience| Error::NotDelivered {
            what: "it".into(),
            host: "desk".into(),
            deadline: Duration::from_secs(1),
            why: Down::Refused.to_string(),
            patience,
        };
        assert!(about(&late(true)).contains("--deadline"));
        assert!(about(&late(false)).is_empty());
    }
}

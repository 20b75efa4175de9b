//! Hints on errors: the library says what is wrong, and this adds the option that helps.

use std::io;

use super::Error;
#[cfg(feature = "discovery")]
use crate::app::relays::Advice;
#[cfg(feature = "cluster")]
use crate::relay::cluster;
#[cfg(feature = "relay")]
use crate::{app::relay::Hints, relay::Setting};
use crate::{auth, tls};
#[cfg(feature = "client")]
use crate::{
    capture, jpeg,
    link::Down,
    pipeline::{self, Undecodable},
    still,
};

/// The hints of a relay's log lines.
#[cfg(feature = "relay")]
pub(super) const RELAY: Hints = Hints {
    error: about,
    setting: to_set,
    open: "protect it with --key-file and --tls-cert (`pulsecam key`, `pulsecam cert`), \
           or listen on one address: --listen 127.0.0.1",
};

/// What to do if no relay, or more than one, is found on the network.
#[cfg(feature = "discovery")]
pub(super) const FOUND: Advice = Advice {
    none: "name one (HOST or HOST:PORT, such as desk.local), set PULSECAM_HOST, or start one with `pulsecam relay --announce`; \
           `pulsecam demo` runs all of it on this machine",
    several: "name one, as in `pulsecam view ADDRESS`",
};

/// The option that chooses what is recorded to standard output.
#[cfg(feature = "client")]
pub(super) const TO_CHOOSE: &str = "choose it with --stream";

/// The option for a setting of a relay.
#[cfg(feature = "relay")]
pub(super) const fn to_set(setting: Setting) -> &'static str {
    match setting {
        Setting::MaxClients => "--max-clients",
        Setting::ClientTimeout => "--client-timeout",
        Setting::Mailbox => "--mailbox",
        Setting::Tls => "--tls-cert",
        Setting::Keys => "--key-file",
        Setting::ClientsPerAddress => "--max-per-address",
        Setting::JoinsPerSecond => "--max-joins",
        Setting::MessagesPerSecond => "--max-messages",
        Setting::BytesPerSecond => "--max-rate",
        Setting::MessageTime => "--message-time",
        Setting::HelloTime => "--hello-time",
        Setting::Text => "--max-text",
        _ => "see --help",
    }
}

/// The option to change if a link does not come up, if one is known to help.
#[cfg(feature = "client")]
pub(super) const fn to_change(why: &Down) -> Option<&'static str> {
    Some(match why {
        Down::TlsWanted => {
            "use --tls, and --tls-ca or --tls-pin unless a known authority signed its certificate"
        }
        Down::Untrusted(_) => "trust it with --tls-pin FINGERPRINT, or with --tls-ca FILE",
        Down::KeyMissing => "set it with --key-file, or in the variable PULSECAM_KEY",
        Down::KeyRefused => "is --key-file, or the variable PULSECAM_KEY, the key of this relay?",
        Down::NoKeyAsked => "omit --key-file and PULSECAM_KEY, or start the relay with the key",
        Down::RelayNotAuthenticated | Down::NotARelay(_) => "are host and port correct?",
        _ => return None,
    })
}

/// The option to change if a picture from a peer cannot be decoded, if one helps.
#[cfg(feature = "client")]
pub(super) fn to_decode(why: &Undecodable) -> Option<&'static str> {
    let helps = match why {
        Undecodable::Frame(why) | Undecodable::Image(still::Error::Jpeg(why)) => {
            matches!(why, jpeg::Error::TooManyPixels { .. })
        }
        // Beyond this the option cannot be raised.
        Undecodable::Image(still::Error::TooManyPixels { width, height, .. }) => {
            u64::from(*width) * u64::from(*height) <= jpeg::MAX_PIXELS as u64
        }
        _ => false,
    };
    helps.then_some("raise the limit with --max-megapixels")
}

/// The hint to append to an error; empty if there is none.
pub(super) fn about(error: &Error) -> String {
    match error {
        Error::Listen { source, .. } => match source.kind() {
            io::ErrorKind::AddrInUse => {
                " (is another relay running there? choose another port with --listen)"
            }
            io::ErrorKind::PermissionDenied => " (ports below 1024 need root: choose a higher port)",
            _ => "",
        }
        .into(),
        Error::NoAddress { .. } => {
            ": write ADDR:PORT, such as 127.0.0.1:6868, or a port alone for all addresses".into()
        }
        Error::Exists { .. } => " (--force replaces it)".into(),
        Error::Tls(tls::Error::NoAuthorities) => {
            ": name one with --tls-ca, or the relay's fingerprint with --tls-pin".into()
        }
        Error::Key(auth::Error::TooShort(_)) => ": `pulsecam key` creates a good one".into(),
        #[cfg(feature = "cluster")]
        Error::Cluster(cluster::Error::NoKey(_)) => {
            ": make one with `pulsecam key`, copy it to every relay, and name it with --cluster-key-file"
                .into()
        }
        #[cfg(feature = "cluster")]
        Error::Unreachable(_) => ": name one with --advertise".into(),
        #[cfg(all(feature = "client", feature = "discovery"))]
        Error::Unanswered { reason, .. } if reason.contains("https") => ": use --tls".into(),
        #[cfg(feature = "relay")]
        Error::NoTerminalForDashboard => ": omit --dashboard, and read the log".into(),
        #[cfg(feature = "relay")]
        Error::NoStateFolder => ", or use --tls-cert".into(),
        #[cfg(feature = "client")]
        error => about_client(error),
        #[cfg(not(feature = "client"))]
        _ => String::new(),
    }
}

/// The hint on errors of commands that send or view.
#[cfg(feature = "client")]
fn about_client(error: &Error) -> String {
    match error {
        Error::Source(why) | Error::Pipeline(pipeline::Error::Source(why)) => match why {
            // A file's name with a slip; a word without a dot may be meant as something else.
            capture::Error::NoSuchSource(name) if std::path::Path::new(name).extension().is_some() => "",
            capture::Error::NoSuchSource(_) => {
                ": --source takes camera, pattern, a photo, a folder of photos, an MJPEG file, \
                 a numbered sequence such as shots/%04d.jpg, or - for standard input"
            }
            capture::Error::NoCamera => ": plug one in, or use --source pattern",
            _ => "",
        }
        .into(),
        Error::NoTerminalForStreams => ": run it in one, or use --no-window".into(),
        Error::NotDelivered { patience: true, .. } => " (allow more time with --deadline)".into(),
        Error::LineTooLong { .. } => " (raise the limit with --max-message)".into(),
        Error::Picture { source: still::Error::Foreign(foreign), .. } if foreign.is_film() => {
            " | pulsecam send HOST --source -".into()
        }
        Error::PictureTooLarge { recoded, .. } => {
            let quality = if *recoded { ", or a lower --quality" } else { "" };
            format!(" with --size 1920x1080{quality}, or raise --max-message")
        }
        _ => String::new(),
    }
}

#[cfg(all(test, feature = "client"))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_option_is_named_only_if_it_helps() {
        assert!(to_change(&Down::KeyMissing).unwrap().contains("--key-file"));
        assert_eq!(to_change(&Down::Closed), None);
        assert!(about(&Error::Source(capture::Error::NoCamera)).contains("--source pattern"));
        let missing = |name: &str| about(&Error::Source(capture::Error::NoSuchSource(name.into())));
        assert!(missing("patern").contains("--source takes") && missing("talk.mkv").is_empty());
        let late = |patience| Error::NotDelivered {
            what: "it".into(),
            host: "desk".into(),
            deadline: Duration::from_secs(1),
            why: Down::Refused.to_string(),
            patience,
        };
        assert!(about(&late(true)).contains("--deadline"));
        assert!(about(&late(false)).is_empty());
        let line = Error::LineTooLong { number: 1, bytes: 3_000, max_message: 2_000 };
        assert!(about(&line).contains("--max-message"));
        assert!(about(&Error::Pipeline(capture::Error::NoCamera.into())).contains("--source pattern"));
    }

    #[test]
    fn the_limit_of_pixels_is_named_only_if_it_can_be_raised() {
        let jpeg = || jpeg::Error::TooManyPixels { width: 2_000, height: 1_000, allowed: 1_000_000 };
        let png = |width| still::Error::TooManyPixels { width, height: 1_000, allowed: 1_000_000 };
        for raised in [jpeg().into(), still::Error::Jpeg(jpeg()).into(), png(40_000).into()] {
            assert!(to_decode(&raised).unwrap().contains("--max-megapixels"), "{raised}");
        }
        let too_large = || jpeg::Error::TooLarge { width: 20_000, height: 20_000 };
        for fixed in [too_large().into(), still::Error::Jpeg(too_large()).into(), png(40_001).into()] {
            assert_eq!(to_decode(&fixed), None, "{fixed}");
        }
    }
}
